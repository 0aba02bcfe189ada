package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"speechsim/pipeline"
	"speechsim/pipeline/shard"
	"speechsim/pipeline/slurm"
)

func runShard(ctx context.Context, c *call, plan *pipeline.Prepared, s shard.Shard) (int, error) {
	o, err := plan.RunShard(ctx, s)
	if err != nil {
		return exitFailed, err
	}
	if o.Record == "" {
		fmt.Fprintf(c.stdout, "%s is complete: shard %s has nothing to do\n", plan.RunDir, s)
		return exitDone, nil
	}
	fmt.Fprintf(c.stdout, "shard %s is done: %s (%s), %.1f min of audio\n", s, count(len(o.Parts), "part", "parts"), strings.Join(o.Parts, ", "), o.Seconds/60)
	fmt.Fprintf(c.stdout, "when all %d are done: pipeline merge %s\n", s.Count, c.args[0])
	return exitDone, nil
}

var mergeCommand = &command{
	name: "merge", args: "CONFIG", summary: "compute the results of a run from its finished shards",
	run: func(ctx context.Context, c *call) (int, error) {
		var o options
		o.register(c)
		wait := c.flags.Duration("wait", 0, "wait for shards that are not done, for at most this `duration`, such as 10m")
		cfg, err := o.config(c)
		if err != nil {
			return exitUsage, err
		}
		plan, err := pipeline.Prepare(ctx, cfg, o.pipeline(c))
		if err != nil {
			return exitFailed, err
		}
		defer plan.Close()
		return finish(c, plan, o.json, func() (*pipeline.Outcome, error) { return plan.Merge(ctx, *wait) })
	},
}

// askSlurm adds the state of the submitted shards in Slurm. On a machine without Slurm it adds nothing.
func askSlurm(ctx context.Context, s *shard.Status, dir string) error {
	sub, err := slurm.ReadSubmission(dir)
	if err != nil || sub == nil {
		return err
	}
	if _, err := exec.LookPath("squeue"); err != nil {
		return nil
	}
	tasks, err := sub.Active(ctx)
	if err != nil {
		return err
	}
	queued := map[int]string{}
	for _, t := range tasks {
		queued[t.Shard] = strings.ToLower(t.State) + " in job " + t.Array
	}
	s.Managed(sub.Shards, queued)
	return nil
}

var statusCommand = &command{
	name: "status", args: "CONFIG", summary: "show how far a run is, and which of its shards are done, running or failed",
	run: func(ctx context.Context, c *call) (int, error) {
		var o options
		o.register(c)
		cfg, err := o.config(c)
		if err != nil {
			return exitUsage, err
		}
		state, err := pipeline.Status(cfg, o.pipeline(c))
		if err != nil {
			return exitFailed, err
		}
		if err := askSlurm(ctx, state, filepath.Join(state.Run, "slurm")); err != nil {
			return exitFailed, err
		}
		if o.json {
			return exitDone, json.NewEncoder(c.stdout).Encode(state)
		}
		fmt.Fprint(c.stdout, state.Text(time.Now()))
		return exitDone, nil
	},
}
