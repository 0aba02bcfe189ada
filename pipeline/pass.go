package pipeline

import (
	"context"

	"speechsim/extract"
)

// partWork makes one part of one product while the utterances go by.
type partWork interface {
	sources(u int) []int
	reduce(u int, acts []*extract.Activations) (any, error)
	collect(ctx context.Context, u int, reduced any, acts []*extract.Activations, unreadable error) error
	finish(ctx context.Context) error
}

// missingWork lists what part still needs from a walk over its utterances.
func (p *Plan) missingWork(part int) ([]partWork, error) {
	var out []partWork
	for _, key := range p.pooledKeys() {
		r := p.pooled[key]
		if !r.entry.Finished() && !r.entry.HasPart(part) {
			out = append(out, p.newPoolWork(r, part))
		}
	}
	for _, b := range p.bases {
		if b.input == kept || b.entry.HasPart(part) {
			continue
		}
		var w partWork
		var err error
		switch b.unit {
		case "frame":
			w, err = p.newFrameWork(b, part)
		case "attention":
			w, err = p.newHeadWork(b, part)
		default:
			continue // from pooled rows, without a walk
		}
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// extractPart walks over the utterances of a part for everything that is still missing there.
func (p *Plan) extractPart(ctx context.Context, part int) error {
	works, err := p.missingWork(part)
	if err != nil {
		return err
	}
	if len(works) > 0 {
		v := &visitor{plan: p, works: works}
		if err := extract.Walk(ctx, p.Corpus, p.usable(part), p.sources, p.opts.Workers, v); err != nil {
			return err
		}
		for _, w := range works {
			if err := w.finish(ctx); err != nil {
				return p.diskError(err)
			}
		}
	} else {
		p.opts.Progress.Add(p.secondsOf(p.usable(part)))
	}
	return nil
}

// usable are the utterances of a part that passed the checks.
func (p *Plan) usable(part int) []int {
	var out []int
	for _, u := range p.parts[part].utterances {
		if p.samples[u] >= 0 {
			out = append(out, u)
		}
	}
	return out
}

func (p *Plan) secondsOf(utterances []int) float64 {
	n := 0
	for _, u := range utterances {
		n += p.samples[u]
	}
	return float64(n) / float64(p.Corpus.Spec.Audio.Rate)
}

// visitor hands one walk to the works of all products.
type visitor struct {
	plan  *Plan
	works []partWork
}

func (v *visitor) Sources(u int) []int {
	var out []int
	seen := map[int]bool{}
	for _, w := range v.works {
		for _, s := range w.sources(u) {
			if !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	return out
}

func (v *visitor) Reduce(u int, acts []*extract.Activations) (any, error) {
	out := make([]any, len(v.works))
	for i, w := range v.works {
		var err error
		if out[i], err = w.reduce(u, acts); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (v *visitor) Collect(ctx context.Context, u int, reduced any, acts []*extract.Activations, unreadable error) error {
	for i, w := range v.works {
		if err := w.collect(ctx, u, reduced.([]any)[i], acts, unreadable); err != nil {
			return err
		}
	}
	v.plan.opts.Progress.Add(v.plan.secondsOf([]int{u}))
	return nil
}
