package pipeline

import (
	"context"
	"fmt"
	"time"

	"speechsim/configs"
	"speechsim/pipeline/collect"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/load"
	"speechsim/pipeline/publish"
	"speechsim/pipeline/shard"
	"speechsim/pipeline/study"
)

// ShardOutcome says what a shard left in the store.
type ShardOutcome struct {
	Parts   []string // groups of the parts that are done
	Seconds float64  // of audio in them
	Record  string   // file that says so
}

// RunShard makes the parts of one shard and leaves them in the store, for [Prepared.Merge]. Parts that are there are not made
// again, so a shard that was killed goes on, and one that runs twice does nothing the second time.
func (r *Prepared) RunShard(ctx context.Context, s shard.Shard) (*ShardOutcome, error) {
	if r.finished != nil {
		return &ShardOutcome{}, nil
	}
	if s.Count > shard.Max {
		return nil, fmt.Errorf("shard %s: work is cut into at most %d parts, so at most %d shards have something to do", s, shard.Max, shard.Max)
	}
	p := r.plan
	parts := shard.Shares(p.PartSeconds(), s.Count)[s.Index-1]
	if len(parts) == 0 {
		p.Progress.Note("shard %s has nothing to do: the corpus has %s, and a group is never cut", s, text.Count(len(p.Parts), "group", "groups"))
	}
	record := shard.NewRecord(p, s, parts)
	if err := record.Write(); err != nil {
		return nil, r.explain(err)
	}
	stop := record.KeepWriting()
	err := collect.Passes(ctx, p, parts, func(int) error { return nil })
	stop()
	if err != nil {
		err = r.explain(err)
		record.Fail(ctx, err)
		return nil, err
	}
	if err := record.Finish(); err != nil {
		return nil, r.explain(err)
	}
	return &ShardOutcome{Parts: record.Parts, Seconds: record.Audio, Record: record.Path}, nil
}

// pollEvery is how often Merge looks again for parts that it waits for.
var pollEvery = 2 * time.Second

// Merge computes the cells from what the shards left, and refuses to make parts itself. It waits for missing parts as
// long as wait. The result is that of [Prepared.Run] on one machine, byte for byte: a shard makes whole parts, and these are
// added in the same order.
func (r *Prepared) Merge(ctx context.Context, wait time.Duration) (*Outcome, error) {
	if r.finished != nil {
		return r.Run(ctx)
	}
	until := time.Now().Add(wait)
	said := false
	for {
		missing, err := shard.Missing(r.plan)
		if err != nil {
			return nil, err
		}
		if missing == nil {
			r.merging = true
			return r.Run(ctx)
		}
		if time.Now().After(until) {
			return nil, missing
		}
		if !said {
			r.plan.Progress.Note("waiting for %s of other shards", text.Count(len(missing.Parts), "part", "parts"))
			said = true
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

// Preflight is what can be known of a run without its models: enough to hand it to a cluster from a machine that has none.
type Preflight struct {
	RunDir string
	Store  string
	Parts  int     // and so the shards that have something to do
	Hours  float64 // of audio
	Merged bool    // the results are there already
	Status *shard.Status
}

// TakePreflight checks the config and the corpus, and takes the digests of the audio, so that the shards need not read the
// whole corpus each.
func TakePreflight(ctx context.Context, cfg *configs.Config, o Options) (*Preflight, error) {
	st, err := study.Resolve(cfg)
	if err != nil {
		return nil, err
	}
	files, err := load.Locate(ctx, st, o)
	if err != nil {
		return nil, err
	}
	f := &Preflight{RunDir: files.RunDir, Store: files.Store.Dir}
	if f.Status, err = Status(cfg, o); err != nil {
		return nil, err
	}
	finished, err := publish.Finished(files)
	if f.Merged = finished != nil; err != nil || f.Merged {
		return f, err
	}
	f.Status.Only(files.Stamp)
	speech, err := load.ReadSpeech(ctx, files)
	if err != nil {
		return nil, err
	}
	if _, err := load.AudioDigests(ctx, files, speech); err != nil {
		return nil, err
	}
	f.Parts, f.Hours = len(speech.Parts), speech.Seconds()/3600
	return f, files.Digests.Save()
}

// Status says how far the run of a config and its shards are.
func Status(cfg *configs.Config, o Options) (*shard.Status, error) {
	s, err := shard.ReadStatus(load.StoreDir(cfg, o), load.RunDir(cfg, o), cfg.Name)
	if err != nil {
		return nil, err
	}
	other, err := publish.OtherConfig(cfg, s.Run)
	s.Results(publish.Maker(s.Run), other)
	return s, err
}
