package inference

import (
	"slices"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// Run is the cells of a run with their replicates.
type Run struct {
	Cells      []results.Cell
	Replicates []results.Replicates
}

// Between returns the differences of the cells that two runs have, ours less theirs, where both left out the same groups: then what
// the groups have in common cancels.
func Between(ours, theirs *Run) map[results.Key]results.Difference {
	type place struct {
		set *results.Replicates
		k   int
	}
	at := map[results.Key]place{}
	for i := range theirs.Replicates {
		r := &theirs.Replicates[i]
		for k, c := range r.Cells {
			at[theirs.Cells[c].Key()] = place{r, k}
		}
	}
	found := map[results.Key]results.Difference{}
	for i := range ours.Replicates {
		r := &ours.Replicates[i]
		for k, c := range r.Cells {
			key := ours.Cells[c].Key()
			other, ok := at[key]
			if !ok || !slices.Equal(r.Groups, other.set.Groups) {
				continue
			}
			if iv, ok := metrics.Between(single(r, k), 0, single(other.set, other.k), 0); ok {
				found[key] = results.Difference{Value: iv.Value, Lo: iv.Lo, Hi: iv.Hi, SE: iv.SE, P: iv.P()}
			}
		}
	}
	return found
}

// single are the replicates of one cell.
func single(r *results.Replicates, k int) *metrics.Replicates {
	out := &metrics.Replicates{Whole: r.Whole[k : k+1], Sizes: r.Sizes}
	for _, v := range r.Left(k) {
		out.Left = append(out.Left, []float64{v})
	}
	return out
}
