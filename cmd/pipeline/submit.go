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

// mostShards is into how many shards a run is cut when nobody says.
const mostShards = 16

var submitCommand = &command{
	name: "submit", args: "CONFIG [-- SBATCH-OPTIONS]", summary: "hand a run to Slurm: an array of shards and a merge",
	run: func(ctx context.Context, c *call) (int, error) {
		var o options
		o.register(c)
		onSlurm := c.flags.Bool("slurm", false, "submit to Slurm (the only engine there is; docs/cluster.md shows Kubernetes)")
		shards := c.flags.Int("shards", 0, "number of shards (default: as many as the corpus has parts, at most 16)")
		partition := c.flags.String("partition", "", "Slurm's `partition`")
		gres := c.flags.String("gres", "", "`resources` of each shard, such as gpu:1")
		dry := c.flags.Bool("dry-run", false, "print the scripts, submit nothing")
		if err := c.parse(1, -1); err != nil {
			return exitUsage, err
		}
		if !*onSlurm {
			return exitUsage, usagef("say where to: --slurm")
		}
		if *shards < 0 || *shards > shard.Max {
			return exitUsage, usagef("--shards %d: from 1 to %d, the most parts that work is cut into", *shards, shard.Max)
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
			return exitUsage, fmt.Errorf("--shards %d: the corpus has %d groups of speakers and a group is never cut, so at most %d shards have something to do", n, s.Parts, s.Parts)
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
		if s.Status.Of != n { // the first time, or cut anew
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
		fmt.Fprintf(c.stdout, "how far they are: pipeline status %s\n", c.args[0])
		return exitDone, nil
	},
}

// slurmJob describes the run of these flags; both jobs are called as this program was.
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
	if o.strict {
		args = append(args, "--strict")
	}
	return &slurm.Job{Name: name, Program: program, Args: args, WorkDir: wd, Dir: dir, Shards: shards}, nil
}
