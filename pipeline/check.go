package pipeline

import (
	"context"

	"speechsim/configs"
	"speechsim/corpus"
)

// Check reads the config's corpus and reports what is there and everything that looks wrong, before any compute. full
// decodes the audio too. What it gives as errors is what a run would skip.
func Check(ctx context.Context, cfg *configs.Config, full bool, o Options) (*corpus.Report, error) {
	comparisons, err := resolve(cfg)
	if err != nil {
		return nil, err
	}
	c, err := corpus.Open(ctx, corpusSpec(cfg))
	if err != nil {
		return nil, err
	}
	p := &Plan{Config: cfg, comparisons: comparisons}
	progress := o.Progress
	if progress == nil {
		progress = Quiet{}
	}
	progress.Stage("checking", float64(len(c.Utterances)), "utterances")
	last, tiers := 0, p.tiers()
	check := corpus.CheckOptions{Audio: "header", Workers: o.Workers, LabelsOptional: len(tiers) == 0, Tiers: tiers,
		Progress: func(done, _ int) { progress.Add(float64(done - last)); last = done }}
	if check.Lexicon, err = loadLexicon(cfg, nil); err != nil {
		return nil, err
	}
	if full {
		check.Audio = "full"
	}
	return c.Check(ctx, check)
}
