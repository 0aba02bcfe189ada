package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"speechsim/extract"
)

// partWork makes one part of one product while the utterances go by. begin comes before the first collect, with what an
// earlier run had saved of the part (nil: nothing), and finish after the last; reduce may come before begin, while the part
// before is still being collected.
type partWork interface {
	product() *extract.Entry
	sources(u int) []int
	reduce(u int, acts []*extract.Activations) (any, error)
	begin(saved *extract.Partial) error
	collect(ctx context.Context, u int, reduced any, acts []*extract.Activations, unreadable error) error
	save(ctx context.Context, utterances int) error // what there is after the part's first utterances
	finish(ctx context.Context) error
	abandon() // leaves nothing of what is neither saved nor finished
}

// walks is how many times the audio is heard: more than once where the moments of all frames take too much memory and the
// frames are not kept.
func (p *Plan) walks() int {
	n := 1
	for _, b := range p.bases {
		for _, t := range b.each() {
			n = max(n, t.walk+1)
		}
	}
	return n
}

// missingWork lists what part still needs from a walk over its utterances. Rows and attention are made in the first walk.
func (p *Plan) missingWork(walk, part int) []partWork {
	var out []partWork
	for _, key := range p.pooledKeys() {
		r := p.pooled[key]
		if walk == 0 && !r.entry.Finished() && !r.entry.HasPart(part) {
			out = append(out, &poolWork{plan: p, pooledRows: r, part: part})
		}
	}
	for _, b := range p.bases {
		for _, t := range b.each() {
			switch {
			case t.walk != walk || t.input == kept || t.frames != "" || t.isMeasured() || t.entry.HasPart(part):
			case t.unit == "frame":
				out = append(out, &frameWork{plan: p, b: t, part: part})
			case t.unit == "attention":
				out = append(out, &headWork{plan: p, b: t, part: part})
			}
		}
	}
	return out
}

// walkSources are the sources that a walk hears: all that rows and attention need in the first, and those of the moments that
// are made in it.
func (p *Plan) walkSources(walk int) (out []int) {
	if walk == 0 {
		for _, key := range p.pooledKeys() {
			out = appendOnce(out, key.source)
		}
	}
	for _, b := range p.bases {
		for _, t := range b.each() {
			if t.walk == walk && t.frames == "" && (t.unit == "frame" && t.input == layers || t.unit == "attention") {
				for _, s := range p.heard(t) {
					out = appendOnce(out, s)
				}
			}
		}
	}
	return out
}

// lacks says whether a part still needs any walk.
func (p *Plan) lacks(part int) bool {
	for walk := range p.walks() {
		if len(p.missingWork(walk, part)) > 0 {
			return true
		}
	}
	return false
}

// extractParts walks over the utterances of the given parts, once for all that one walk can make; after is called after each.
func (p *Plan) extractParts(ctx context.Context, parts []int, after func(walk int) error) error {
	for walk := range p.walks() {
		done := !slices.ContainsFunc(parts, func(part int) bool { return len(p.missingWork(walk, part)) > 0 })
		if p.walks() > 1 && !done {
			if err := p.openOnly(p.walkSources(walk)); err != nil {
				return err
			}
		}
		if err := p.walkOver(ctx, walk, parts); err != nil {
			return err
		}
		for _, b := range p.bases {
			for _, t := range b.each() {
				t.earlier, t.earlierBlock = nil, nil // their memory
			}
		}
		if err := after(walk); err != nil {
			return err
		}
	}
	return nil
}

// walkOver walks once over the utterances of those of the given parts, in order, that lack something. A part is written
// as soon as its last utterance is collected, while the models are at work on the next: no core waits for the end of a part.
// A run that is stopped saves the part that it is at.
func (p *Plan) walkOver(ctx context.Context, walk int, parts []int) error {
	seconds := 0.0
	for _, part := range parts {
		seconds += p.secondsOf(p.usable(part))
	}
	stage := "extracting"
	if n := p.walks(); n > 1 {
		stage = fmt.Sprintf("extracting (walk %d of %d)", walk+1, n)
	}
	p.opts.Progress.Stage(stage, seconds, "s of audio")
	collecting, cancel := outlast(ctx, collectWithin)
	defer cancel()
	saving, cancel := outlast(ctx, saveWithin)
	defer cancel()
	v := &visitor{plan: p, ctx: collecting, saving: saving, works: make([][]*begunWork, len(p.parts)), at: -1, next: time.Now().Add(savePause(0)),
		partOf: make([]int, len(p.samples)), position: make([]int, len(p.samples))}
	defer v.close()
	var utterances []int
	for _, part := range parts {
		v.works[part] = p.resume(walk, part)
		usable, first := p.usable(part), math.MaxInt
		for _, w := range v.works[part] {
			first = min(first, w.first)
		}
		first = min(first, len(usable))
		p.opts.Progress.Skip(p.secondsOf(usable[:first]))
		for i, u := range usable {
			v.partOf[u], v.position[u] = part, i
		}
		utterances = append(utterances, usable[first:]...)
	}
	if m := p.modelMemory(p.walkSources(walk)); len(utterances) > 0 {
		if warning := m.warning(p, processBytes+m.bytes); warning != "" {
			p.opts.Progress.Note("%s", warning)
		}
	}
	err := extract.Walk(ctx, p.Corpus, utterances, p.sources, p.opts.Workers, v)
	if err == nil {
		err = v.advance(len(p.parts))
	}
	if err != nil {
		v.save()
	}
	return p.diskError(err)
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

// visitor hands one walk to the works of all parts and products.
type visitor struct {
	plan     *Plan
	ctx      context.Context // of adding an utterance, which must not be cut in half: it lasts longer than that of the walk
	saving   context.Context // of saving: it lasts longer still
	works    [][]*begunWork  // of each part
	partOf   []int           // of each utterance
	position []int           // of each utterance in its part
	at       int             // the part that is being collected
	next     time.Time       // when the part is saved again
}

// advance finishes the parts before part and begins it.
func (v *visitor) advance(part int) error {
	for v.at < part {
		if v.at >= 0 {
			for _, w := range v.works[v.at] {
				if err := w.finish(v.ctx); err != nil {
					return err
				}
				w.finished = true
			}
			v.works[v.at] = nil // their memory
		}
		v.at++
		if v.at == len(v.works) {
			return nil
		}
		for _, w := range v.works[v.at] {
			if err := w.start(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *visitor) Sources(u int) []int {
	var out []int
	for _, w := range v.works[v.partOf[u]] {
		if v.position[u] < w.first {
			continue
		}
		for _, s := range w.sources(u) {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

func (v *visitor) Reduce(u int, acts []*extract.Activations) (any, error) {
	works := v.works[v.partOf[u]]
	out := make([]any, len(works))
	for i, w := range works {
		if v.position[u] < w.first {
			continue
		}
		var err error
		if out[i], err = w.reduce(u, acts); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (v *visitor) Collect(_ context.Context, u int, reduced any, acts []*extract.Activations, unreadable error) error {
	if err := v.advance(v.partOf[u]); err != nil {
		return err
	}
	for i, w := range v.works[v.at] {
		if v.position[u] < w.first {
			continue
		}
		if err := w.collect(v.ctx, u, reduced.([]any)[i], acts, unreadable); err != nil {
			w.broken = true
			return err
		}
		w.done = v.position[u] + 1
	}
	v.plan.opts.Progress.Add(v.plan.secondsOf([]int{u}))
	began := time.Now()
	if began.Before(v.next) {
		return nil
	}
	for _, w := range v.works[v.at] {
		if err := w.keep(v.saving); err != nil {
			return err
		}
	}
	v.next = time.Now().Add(savePause(time.Since(began)))
	return nil
}
