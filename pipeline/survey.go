package pipeline

import (
	"context"
	"slices"

	"speechsim/configs"
)

// Survey is what can be known of a run without its models: enough to hand it to a cluster from a machine that has none.
type Survey struct {
	RunDir string
	Store  string
	Parts  int     // and so the shards that have something to do
	Hours  float64 // of audio
	Merged bool    // the results are there already
	Status *Status
}

// TakeSurvey checks the config and the corpus, and takes the digests of the audio, so that the shards need not read the
// whole corpus each.
func TakeSurvey(ctx context.Context, cfg *configs.Config, o Options) (*Survey, error) {
	p, err := openPlan(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	s := &Survey{RunDir: p.RunDir, Store: p.store.Dir}
	if s.Status, err = ReadStatus(cfg, o); err != nil {
		return nil, err
	}
	stamp, err := p.stamp()
	if err != nil {
		return nil, err
	}
	if s.Merged = p.findFinished(stamp) != nil; s.Merged {
		return s, nil
	}
	// What shards made for another config or other inputs counts for nothing here.
	s.Status.Shards = slices.DeleteFunc(s.Status.Shards, func(r *ShardRecord) bool { return r.Inputs.Stamp != stamp })
	if err := p.checkCorpus(ctx); err != nil {
		return nil, err
	}
	if _, err := p.audioDigests(ctx); err != nil {
		return nil, err
	}
	s.Parts, s.Hours = len(partition(p.Corpus)), p.Seconds()/3600
	return s, p.digests.Save()
}
