package plan

import (
	"fmt"

	"speechsim/extract"
)

// nullFrames plans the rows for the null of a task on frames. Frames are reduced while they stream, so some are kept to be
// permuted: every so many-th of each utterance, as segments one sample long at its centre, which are pooled and stored as
// words are. Of the same stretches of time fewer frames are kept, so that the dependence among rows stays that of speakers
// and utterances.
func (p *planner) nullFrames(t *Task) (*Subsample, error) {
	k, model := t.Comparison, frameModel(t)
	if patches := model.Model.Card().Patches; patches > 1 {
		return nil, p.Config.Errorf(k.Null.Pos.Of("frames"), "comparison %q: null: model %q has %d rows at each time, and frames are kept for the null by their time; ask for it on words or phones: rows: {unit: word}",
			k.Name, model.Name, patches)
	}
	step := max(1, (t.RowCount()+k.Null.Frames-1)/k.Null.Frames)
	rows, err := p.frames(t, step)
	return &Subsample{Step: step, Rows: rows}, err
}

// frameUnit names the frames of a task of which one in so many is kept: a unit as word and phone are.
func frameUnit(t *Task, step int) string {
	return fmt.Sprintf("1 frame in %d, %s", step, hopText(frameModel(t)))
}

// frames plans such frames of the sources of a task as rows of the store.
func (p *planner) frames(t *Task, step int) ([]*RowProduct, error) {
	unit := frameUnit(t, step)
	if p.candidates[unit] == nil {
		card, rate := frameModel(t).Model.Card(), p.Corpus.Spec.Audio.Rate
		table := &extract.Table{Begin: []int{0}}
		for u, samples := range p.Lengths {
			for i := step / 2; samples >= 0 && i < card.Frames(extract.Scale(samples, rate, card.SampleRate)); i += step {
				seconds := float64(card.Centre(i)) / float64(card.SampleRate)
				from := card.Centre(i) * rate / card.SampleRate
				table.Rows = append(table.Rows, extract.Row{Utterance: u, Segment: i, Start: seconds, End: seconds, From: from, To: from + 1, Word: -1})
			}
			table.Begin = append(table.Begin, len(table.Rows))
		}
		p.candidates[unit] = table
	}
	return p.rowsOf(t.Comparison, unit, extract.Centre)
}
