package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"speechsim/pipeline"
	"speechsim/pipeline/shard"
	"speechsim/pipeline/slurm"
)

// mostShards bounds the default number of shards.
const mostShards = 16

var submitCommand = &command{
	name: "submit", args: "CONFIG [-- SBATCH-OPTIONS]", summary: "submit a run to Slurm as an array job of shards and a merge job",
	run: func(ctx context.Context, c *call) (int, error) {
		var o options
		o.register(c)
		onSlurm := c.flags.Bool("slurm", false, "submit to Slurm (the only scheduler supported; docs/cluster.md shows Kubernetes)")
		shards := c.flags.Int("shards", 0, "number of shards (default: as many as the corpus has parts, at most 16)")
		partition := c.flags.String("partition", "", "Slurm `partition` of the jobs")
		gres := c.flags.String("gres", "", "generic `resources` of each shard, such as gpu:1")
		dry := c.flags.Bool("dry-run", false, "print the scripts without submitting them")
		if err := c.parse(1, -1); err != nil {
			return exitUsage, err
		}
		if !*onSlurm {
			return exitUsage, usagef("--slurm is missing: it is the only scheduler supported")
		}
		if *shards < 0 || *shards > shard.Max {
			return exitUsage, usagef("--shards %d: expected 1 to %d, the largest number of parts that a corpus is divided into", *shards, shard.Max)
		}
		cfg, err := o.load(c.args[0])
		if err != nil {
			return exitUsage, err
		}
		s, err := pipeline.TakePreflight(ctx, cfg, o.pipeline(c))
		if err != nil {
			return exitFailed, err
		}
		if s.Merged {
			fmt.Fprintf(c.stdout, "%s is complete: nothing to submit\n", s.RunDir)
			return exitDone, nil
		}
		n := *shards
		if n == 0 {
			if n = s.Status.Of; n == 0 {
				n = min(s.Parts, mostShards)
			}
		}
		if n > s.Parts {
			return exitUsage, fmt.Errorf("--shards %d: the corpus has %s of speakers and a group is never split, so at most %s something to do", n, count(s.Parts, "group", "groups"), count(s.Parts, "shard has", "shards have"))
		}
		job, err := o.slurmJob(c, cfg.Name, s.RunDir, n)
		if err != nil {
			return exitFailed, err
		}
		if *partition != "" {
			job.Waits = append(job.Waits, "--partition="+*partition)
		}
		job.Options = append(job.Options, job.Waits...)
		if *gres != "" {
			job.Options = append(job.Options, "--gres="+*gres)
		}
		job.Options = append(job.Options, c.args[1:]...)
		if err := askSlurm(ctx, s.Status, job.Dir); err != nil && !*dry {
			return exitFailed, err
		}
		if s.Status.Of != n { // the first submission, or another number of shards
			s.Status = &shard.Status{Of: n}
		}
		left := s.Status.Unfinished(time.Now())
		if *dry {
			if len(left) > 0 {
				fmt.Fprintf(c.stdout, "# %s\n%s\n", filepath.Join(job.Dir, "shards.sbatch"), job.ShardScript(slurm.Tasks(left)))
			}
			fmt.Fprintf(c.stdout, "# %s\n%s", filepath.Join(job.Dir, "merge.sbatch"), job.MergeScript())
			return exitDone, nil
		}
		sub, err := job.Submit(ctx, left)
		if err != nil {
			return exitFailed, err
		}
		if len(left) > 0 {
			fmt.Fprintf(c.stdout, "shards %s of %d are job %s\n", slurm.Tasks(left), n, sub.Arrays[len(sub.Arrays)-1])
		}
		fmt.Fprintf(c.stdout, "merge is job %s; logs in %s\n", sub.Merge, job.Dir)
		fmt.Fprintf(c.stdout, "to see their progress: pipeline status %s\n", c.args[0])
		return exitDone, nil
	},
}

// slurmJob describes the run with these flags. Both jobs call this program with the arguments of this call.
func (o *options) slurmJob(c *call, name, runDir string, shards int) (*slurm.Job, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	wd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Join(runDir, "slurm"))
	if err != nil {
		return nil, err
	}
	args := []string{c.args[0]}
	for _, s := range o.sets {
		args = append(args, "--set", s)
	}
	if o.runs != "" {
		args = append(args, "--runs", o.runs)
	}
	if o.store != "" {
		args = append(args, "--store", o.store)
	}
	if o.workers > 0 {
		args = append(args, "--workers", fmt.Sprint(o.workers))
	}
	if o.replace {
		args = append(args, "--replace")
	}
	if o.strict {
		args = append(args, "--strict")
	}
	return &slurm.Job{Name: name, Program: program, Args: args, WorkDir: wd, Dir: dir, Shards: shards}, nil
}
