package plan

import (
	"speechsim/extract/store"
	"speechsim/pipeline/join"
	"speechsim/pipeline/load"
	"speechsim/pipeline/results"
)

// RowCount counts the rows of a task as planned: audio may yet turn out to be unreadable.
func (t *Task) RowCount() int {
	if t.OnSegments() {
		return segmentCount(t)
	}
	model, in := frameModel(t), t.Inputs
	n := 0
	for u, samples := range in.Lengths {
		if samples < 0 {
			continue
		}
		frames := model.Frames(in.Corpus, u, samples)
		if t.RowUnit == "attention" {
			frames *= frames
		}
		n += frames
	}
	return n
}

func segmentCount(t *Task) int {
	j := joinRows(t, t.RowsFrom, make([]map[string]string, len(t.RowsFrom)))
	if n := t.RowSet.First; n > 0 {
		j = j.First(n)
	}
	if t.RowSet.Level != results.TypeLevel {
		return len(j.Rows)
	}
	_, labels := j.Types()
	return len(labels)
}

// NullRowCount is how many rows the null of a task permutes.
func (t *Task) NullRowCount() int {
	if t.NullFrames != nil {
		return len(t.NullFrames.Rows[0].Candidates.Rows)
	}
	return t.RowCount()
}

// PartCount is the number of parts of a task, which are the groups of its intervals; rows are those that were joined, nil for
// frames and attention that are not kept.
func (t *Task) PartCount(rows *join.Rows) int {
	if rows != nil {
		return len(rows.Parts)
	}
	return len(t.Inputs.Parts)
}

// GroupCount is the number of groups of intervals of so many rows, before these are joined.
func (t *Task) GroupCount(rows int) int {
	if t.RowSet.Level == results.TypeLevel {
		return min(load.MaxParts, rows)
	}
	return len(t.Inputs.Parts)
}

// SumsOf is where a part of the tile's sums is kept; nil where the rows have none of the part. Of the first n rows, parts that
// are there as a whole are those of all rows: only the one that n cuts is made for itself.
func (t *Tile) SumsOf(part int, rows *join.Rows) *store.Entry {
	switch {
	case rows == nil || rows.Cut == nil || !rows.Cut[part]:
		return t.Sums
	case len(rows.Parts[part]) == 0:
		return nil
	}
	return t.CutSums
}

// MissingParts counts the parts of sums that are to be made, as far as that can be known before rows are joined.
func (t *Tile) MissingParts() int {
	parts, sums := len(t.Inputs.Parts), t.Sums
	switch {
	case t.CutSums != nil:
		parts, sums = 1, t.CutSums // at least: as many as n cuts
	case t.RowSet.Level == results.TypeLevel:
		parts = min(load.MaxParts, t.RowCount())
	}
	missing := 0
	for part := range parts {
		if !sums.HasPart(part) {
			missing++
		}
	}
	return missing
}
