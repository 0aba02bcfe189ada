package pipeline

import (
	"fmt"

	"speechsim/extract"
)

// needThinned plans the rows for the null of a basis on frames. Frames are reduced while they stream, so some are kept to be
// paired anew: every so many-th of each utterance, as segments one sample long at its centre, which are pooled and stored as
// words are. Of the same stretches of time fewer frames are kept, so that the dependence among rows stays that of speakers
// and utterances.
func (p *Plan) needThinned(b *basis) error {
	k, grid := b.k, p.grid(b)
	card := grid.Model.Card()
	if card.Patches > 1 {
		return p.Config.Errorf(k.Null.Pos, "comparison %q: null: model %q has %d rows at each time, and frames are kept for the null by their time; ask for it on words or phones: rows: {unit: word}",
			k.Name, grid.Name, card.Patches)
	}
	b.step = max(1, (p.countRows(b)+k.Null.Frames-1)/k.Null.Frames)
	b.thinned = p.frameUnit(b, b.step)
	return p.needFrames(b, b.thinned, b.step)
}

// frameUnit names the frames of a basis of which one in so many is kept: a unit as word and phone are.
func (p *Plan) frameUnit(b *basis, step int) string {
	return fmt.Sprintf("1 frame in %d, %s", step, hopText(p.grid(b)))
}

// needFrames plans such frames of the sources of a basis as rows of the store.
func (p *Plan) needFrames(b *basis, unit string, step int) error {
	if p.candidates[unit] == nil {
		card, rate := p.grid(b).Model.Card(), p.Corpus.Spec.Audio.Rate
		t := &extract.Table{Begin: []int{0}}
		for u, samples := range p.samples {
			for i := step / 2; samples >= 0 && i < card.Frames(extract.Scale(samples, rate, card.SampleRate)); i += step {
				seconds := float64(card.Centre(i)) / float64(card.SampleRate)
				from := card.Centre(i) * rate / card.SampleRate
				t.Rows = append(t.Rows, extract.Row{Utterance: u, Segment: i, Start: seconds, End: seconds, From: from, To: from + 1, Word: -1})
			}
			t.Begin = append(t.Begin, len(t.Rows))
		}
		p.candidates[unit] = t
	}
	for _, s := range b.k.sources {
		if err := p.needPooled(s, unit, extract.Centre); err != nil {
			return err
		}
	}
	return nil
}

// thinning says in a null that it is one of some frames only.
func (b *basis) thinning() string {
	if b.step < 2 {
		return ""
	}
	return fmt.Sprintf(", of 1 frame in %d", b.step)
}
