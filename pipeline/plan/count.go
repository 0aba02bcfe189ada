package plan

import (
	"speechsim/metrics"
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

// PilotStep says of which frames of an utterance directions are found: one in so many, so that they are of more utterances than fit
// otherwise, of up to an eighth of the corpus.
func PilotStep(t *Task) int {
	const share, most = 8, 4
	return max(1, min(most, t.RowCount()/(share*metrics.PilotRows)))
}

// PartCount is the number of parts of a task, which are the groups of its intervals; rows are those that were joined, nil for
// frames and attention that are not kept.
func (t *Task) PartCount(rows *join.Rows) int {
	if rows != nil {
		return len(rows.Parts)
	}
	return len(t.Inputs.Parts)
}

// MostGroups bounds the groups of which the store keeps moments of frames: each takes the square of all units. An interval of 25 groups is 3 % wider
// than one of 50, by Student's t.
const MostGroups = 25

// Groups are the parts whose sums are kept as one, which are the groups of intervals.
func (t *Task) Groups() [][]int {
	parts := len(t.Inputs.Parts)
	groups := parts
	if t.RowUnit == "frame" {
		groups = min(parts, MostGroups)
	}
	out := make([][]int, groups)
	for g := range out {
		for part := g * parts / groups; part < (g+1)*parts/groups; part++ {
			out[g] = append(out[g], part)
		}
	}
	return out
}

// CountGroups is the number of groups of intervals of so many rows of a task.
func CountGroups(t *Task, rows int) int {
	if t.RowSet.Level == results.TypeLevel {
		return min(load.MaxParts, rows)
	}
	return len(t.Groups())
}
