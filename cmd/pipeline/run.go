package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"speechsim/configs"
	"speechsim/pipeline"
	"speechsim/pipeline/native"
	"speechsim/pipeline/shard"
)

// options are the flags of the commands that take a config.
type options struct {
	sets        list
	runs, store string
	workers     int
	strict      bool
	replace     bool
	json        bool
}

func (o *options) register(c *call) {
	c.flags.Var(&o.sets, "set", "override a config key by `key=value`, such as models.hubert.layers=0-6; may be repeated")
	c.flags.StringVar(&o.runs, "runs", "", "`folder` of the run directories (default: the config's, else runs)")
	c.flags.StringVar(&o.store, "store", "", "`folder` of the activation store (default: the config's, else store)")
	c.flags.IntVar(&o.workers, "workers", 0, "number of utterances processed in parallel (default: one per core); the results do not depend on it")
	c.flags.BoolVar(&o.strict, "strict", false, "fail on an input that would otherwise be skipped, and on cells without a value")
	c.flags.BoolVar(&o.replace, "replace", false, "replace the run of another config that has the same name")
	c.flags.BoolVar(&o.json, "json", false, "print progress and outcome as one JSON object per line")
}

func (o *options) pipeline(c *call) pipeline.Options {
	return pipeline.Options{Workers: o.workers, Runs: o.runs, Store: o.store, Strict: o.strict, Replace: o.replace, Progress: c.progress(o.json)}
}

// config reads the config named by the one argument.
func (o *options) config(c *call) (*configs.Config, error) {
	if err := c.parse(1, 1); err != nil {
		return nil, err
	}
	return o.load(c.args[0])
}

func (o *options) load(file string) (*configs.Config, error) { return configs.Load(file, o.sets) }

var runCommand = &command{
	name: "run", args: "CONFIG", summary: "extract activations, compute the metrics and draw the figures of a config",
	run: func(ctx context.Context, c *call) (int, error) {
		var o options
		o.register(c)
		var part shard.Shard
		c.flags.Func("shard", "compute only shard `I/N` of the utterances, such as 3/16, and leave it in the store for pipeline merge", func(s string) (err error) {
			part, err = shard.Parse(s)
			return err
		})
		cfg, err := o.config(c)
		if err != nil {
			return exitUsage, err
		}
		settings := o.pipeline(c)
		settings.Shared = part.Count > 0
		plan, err := pipeline.Prepare(ctx, cfg, settings)
		if err != nil {
			return exitFailed, err
		}
		defer plan.Close()
		if part.Count > 0 {
			return runShard(ctx, c, plan, part)
		}
		return finish(c, plan, o.json, func() (*pipeline.Outcome, error) { return plan.Run(ctx) })
	},
}

// finish computes and prints the outcome of a run.
func finish(c *call, plan *pipeline.Prepared, asJSON bool, compute func() (*pipeline.Outcome, error)) (int, error) {
	outcome, err := compute()
	if err != nil {
		return exitFailed, err
	}
	printOutcome(c, plan, outcome, asJSON)
	if len(outcome.Failed) > 0 || len(outcome.Undefined) > 0 {
		return exitSkipped, nil
	}
	return exitDone, nil
}

// shownFailures is how many skipped inputs are printed; dropped.csv lists all of them.
const shownFailures = 10

func printOutcome(c *call, plan *pipeline.Prepared, o *pipeline.Outcome, asJSON bool) {
	if asJSON {
		line, err := json.Marshal(map[string]any{"event": "done", "run": o.Dir, "cells": o.Cells, "figures": o.Figures, "report": o.Report, "skipped": o.Failed, "undefined": o.Undefined, "already_done": o.AlreadyDone, "deleted_moments_bytes": plan.DeletedBytes()})
		if err != nil {
			panic(err) // strings and numbers always marshal
		}
		fmt.Fprintf(c.stdout, "%s\n", line)
		return
	}
	for i, f := range o.Failed {
		if i == shownFailures {
			fmt.Fprintf(c.stderr, "... and %d more\n", len(o.Failed)-i)
			break
		}
		fmt.Fprintf(c.stderr, "skipped %s: %s\n", f.Utterance, f.Error)
	}
	if o.AlreadyDone {
		fmt.Fprintf(c.stdout, "%s is complete: nothing has changed since it was made\n", o.Dir)
	} else {
		fmt.Fprint(c.stdout, plan.Describe())
		fmt.Fprintf(c.stdout, "%s in %.1f s\n", count(o.Cells, "cell", "cells"), o.Seconds)
	}
	if plan.DeletedBytes() > 0 {
		fmt.Fprintf(c.stdout, "%.1f MiB of moments that no other run in %s uses were deleted; a metric that is added to frames or attention runs the models again (store: {keep: all} keeps them)\n", float64(plan.DeletedBytes())/(1<<20), filepath.Dir(o.Dir))
	}
	printUndefined(c.stdout, o)
	fmt.Fprintf(c.stdout, "results  %s (and results.csv)\n", filepath.Join(o.Dir, "results.jsonl"))
	printFiles(c.stdout, o)
	if n := len(o.Failed); n > 0 {
		fmt.Fprintf(c.stdout, "%s\n", count(n, "input was skipped; dropped.csv lists it", "inputs were skipped; dropped.csv lists them"))
	}
}

// shownReasons is how many reasons for cells without a value are printed; results.jsonl has that of each cell.
const shownReasons = 5

func printUndefined(w io.Writer, o *pipeline.Outcome) {
	if len(o.Undefined) == 0 {
		return
	}
	fmt.Fprintf(w, "%s, %d without a value:\n", count(o.Cells, "cell", "cells"), o.Undefined.Cells())
	for i, u := range o.Undefined {
		if i == shownReasons {
			fmt.Fprintf(w, "  ... and for %s\n", count(len(o.Undefined)-i, "more reason", "more reasons"))
			break
		}
		fmt.Fprintf(w, "  %-6d %s\n", u.Cells, u)
	}
}

func printFiles(w io.Writer, o *pipeline.Outcome) {
	for _, f := range o.Figures {
		fmt.Fprintf(w, "figure   %s\n", f)
	}
	fmt.Fprintf(w, "report   %s\n", o.Report)
}

var planCommand = &command{
	name: "plan", args: "CONFIG", summary: "estimate the rows, disk space, memory and time of a run; model cards are enough",
	run: func(ctx context.Context, c *call) (int, error) {
		var o options
		o.register(c)
		cfg, err := o.config(c)
		if err != nil {
			return exitUsage, err
		}
		settings := o.pipeline(c)
		settings.Cards = true
		plan, err := pipeline.Prepare(ctx, cfg, settings)
		if err != nil {
			return exitFailed, err
		}
		defer plan.Close()
		e, err := plan.Forecast(ctx)
		if err != nil {
			return exitFailed, err
		}
		if o.json {
			return exitDone, json.NewEncoder(c.stdout).Encode(e)
		}
		fmt.Fprint(c.stdout, e)
		return exitDone, nil
	},
}

var checkCommand = &command{
	name: "check", args: "CONFIG", summary: "check the corpus and its alignments before computing anything",
	run: func(ctx context.Context, c *call) (int, error) {
		var o options
		o.register(c)
		full := c.flags.Bool("audio", false, "also decode all audio and look for clipping, silence, truncation, and labels shifted against the sound")
		dropped := c.flags.String("dropped", "", "write the dropped.csv of a run to `file`: every segment that does not become a row, and why")
		cfg, err := o.config(c)
		if err != nil {
			return exitUsage, err
		}
		report, err := pipeline.Check(ctx, cfg, *full, o.pipeline(c))
		if err != nil {
			return exitFailed, err
		}
		if o.json {
			err = json.NewEncoder(c.stdout).Encode(report)
		} else {
			err = report.Write(c.stdout)
		}
		if err == nil && *dropped != "" {
			err = report.WriteDropped(*dropped)
		}
		if err != nil {
			return exitFailed, err
		}
		switch {
		case report.Errors() == 0 && (report.Warnings() == 0 || !o.strict):
			return exitDone, nil
		case o.strict:
			return exitFailed, nil
		}
		return exitSkipped, nil
	},
}

var versionCommand = &command{
	name: "version", args: "", summary: "print the versions and paths of the program and its native libraries",
	run: func(_ context.Context, c *call) (int, error) {
		if err := c.parse(0, 0); err != nil {
			return exitUsage, err
		}
		fmt.Fprint(c.stdout, native.VersionText(configs.Libraries{}))
		return exitDone, nil
	},
}
