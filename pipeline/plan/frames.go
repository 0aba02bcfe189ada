package plan

import (
	"fmt"

	"speechsim/extract"
)

// nullFrames plans the rows for the null of a task on frames. Frames are reduced while they stream, so some are kept to be
// permuted: every so many-th of each utterance, as points in time (extract.FrameRow), which are pooled and stored as
// words are. Of the same stretches of time fewer frames are kept, so that the dependence among rows stays that of speakers
// and utterances.
func (p *planner) nullFrames(t *Task) (*Subsample, error) {
	k, model := t.Comparison, frameModel(t)
	if patches := model.Card().Patches; patches > 1 {
		return nil, p.Config.Errorf(k.Null.Pos.Of("frames"), "comparison %q: null: model %q has %d rows at each time, and frames are kept for the null by their time; ask for it on words or phones: rows: {unit: word}",
			k.Name, model.Name, patches)
	}
	step := max(1, (t.RowCount()+k.Null.Frames-1)/k.Null.Frames)
	rows, err := p.frames(t, step)
	return &Subsample{Step: step, Rows: rows}, err
}

// frameUnit names the frames of a task of which one in so many is kept: a unit as word and phone are. How many frames features have
// is not said by when they are.
func frameUnit(t *Task, step int) string {
	unit := fmt.Sprintf("1 frame in %d, %s", step, hopText(frameModel(t)))
	if model := frameModel(t); model.Features != nil {
		unit += ", of " + model.Name
	}
	return unit
}

// frames plans such frames of the sources of a task as rows of the store.
func (p *planner) frames(t *Task, step int) ([]*RowProduct, error) {
	unit := frameUnit(t, step)
	if p.candidates[unit] == nil {
		model, rate := frameModel(t), p.Corpus.Spec.Audio.Rate
		table := &extract.Table{Begin: []int{0}}
		for u, samples := range p.Lengths {
			if samples >= 0 {
				for i, frames := step/2, model.Frames(p.Corpus, u, samples); i < frames; i += step {
					table.Rows = append(table.Rows, extract.FrameRow(model.Card(), u, i, rate))
				}
			}
			table.Begin = append(table.Begin, len(table.Rows))
		}
		p.candidates[unit] = table
	}
	return p.rowsOf(t.Comparison, unit, extract.Centre)
}
