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
			a, b := &ours.Cells[c], &theirs.Cells[other.set.Cells[other.k]]
			if iv, ok := metrics.Between(single(r, k), 0, single(other.set, other.k), 0); ok && a.OK() && b.OK() {
				found[key] = results.Difference{Value: *a.Value - *b.Value, Lo: iv.Lo, Hi: iv.Hi, SE: iv.SE, P: iv.P()}
			}
		}
	}
	return found
}

// Paired returns the differences of layers of the same name in two models against the same layer of y, at most so many: what the page shows as one
// model minus another. Both leave out the same groups, so what these have in common cancels.
func (run *Run) Paired(most int) (list []results.Difference) {
	type key struct {
		measure results.Key // of the cell, without x's model
		layer   string
	}
	for i := range run.Replicates {
		r := &run.Replicates[i]
		models := map[key][]int{} // places among the replicates
		for k, c := range r.Cells {
			x := &run.Cells[c]
			of := key{x.Key(), x.X.Layer}
			of.measure.X = results.Layer{}
			for _, other := range models[of] {
				if len(list) == most {
					return list
				}
				if d, ok := run.difference(r, other, k); ok {
					list = append(list, d)
				}
			}
			models[of] = append(models[of], k)
		}
	}
	return list
}

// difference is that of cell a of some replicates less cell b.
func (run *Run) difference(r *results.Replicates, a, b int) (results.Difference, bool) {
	pair := &metrics.Replicates{Whole: []float64{r.Whole[a], r.Whole[b]}, Sizes: r.Sizes}
	left, than := r.Left(a), r.Left(b)
	for g := range left {
		pair.Left = append(pair.Left, []float64{left[g], than[g]})
	}
	iv, ok := pair.Difference(0, 1)
	x, y := &run.Cells[r.Cells[a]], &run.Cells[r.Cells[b]]
	if !ok || !x.OK() || !y.OK() {
		return results.Difference{}, false
	}
	return results.Difference{Comparison: x.Comparison, Metric: x.Metric, Variant: x.Variant, Params: x.Params, X: x.X, Than: y.X, Y: x.Y,
		Value: *x.Value - *y.Value, Lo: iv.Lo, Hi: iv.Hi, SE: iv.SE, P: iv.P()}, true
}

// single are the replicates of one cell.
func single(r *results.Replicates, k int) *metrics.Replicates {
	out := &metrics.Replicates{Whole: r.Whole[k : k+1], Sizes: r.Sizes}
	for _, v := range r.Left(k) {
		out.Left = append(out.Left, []float64{v})
	}
	return out
}
