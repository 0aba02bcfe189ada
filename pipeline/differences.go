package pipeline

import (
	"slices"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// replicates are the cells of a basis with each group left out.
type replicates struct {
	*metrics.Replicates
	b     *basis
	cells []results.Cell
	at    map[int]int // cell -> statistic
}

// differences asks, for each metric and layer of y, which layers of x are more like it than others: a layer than the one
// before it, a model's best than its second best, the best model's best layer than the other models' best.
func (r *replicates) differences() []results.Difference {
	var out []results.Difference
	size := len(r.b.x) * len(r.b.y)
	for first := 0; first < len(r.cells); first += size {
		for _, kind := range r.b.k.Differences {
			for y := range r.b.y {
				for _, pair := range r.pairs(kind, first, y) {
					if d, ok := r.difference(kind, pair[0], pair[1]); ok {
						out = append(out, d)
					}
				}
			}
		}
	}
	return out
}

// pairs lists the cells of one metric and one layer of y to compare; first is the metric's first cell.
func (r *replicates) pairs(kind string, first, y int) (pairs [][2]int) {
	var models [][]int // cells with an interval, model by model
	last := -1
	for x, i := range r.b.x {
		c := first + x*len(r.b.y) + y
		if _, ok := r.at[c]; !ok {
			continue
		}
		if source := r.b.stack[i].source; source != last {
			models, last = append(models, nil), source
		}
		models[len(models)-1] = append(models[len(models)-1], c)
	}
	own := r.b.stack[r.b.y[y]].source
	var best []int // of each other model than y's
	for _, cells := range models {
		if kind == results.Neighbours {
			for k := 1; k < len(cells); k++ {
				pairs = append(pairs, [2]int{cells[k], cells[k-1]})
			}
			continue
		}
		if i, _ := r.b.sides(cells[0]); r.b.stack[i].source == own {
			continue
		}
		ranked := r.ranked(cells)
		best = append(best, ranked[0])
		if kind == results.Best && len(ranked) > 1 {
			pairs = append(pairs, [2]int{ranked[0], ranked[1]})
		}
	}
	if kind == results.Models {
		best = r.ranked(best)
		for k := 1; k < len(best); k++ {
			pairs = append(pairs, [2]int{best[0], best[k]})
		}
	}
	return pairs
}

// ranked are cells from the largest value to the smallest.
func (r *replicates) ranked(cells []int) []int {
	cells = slices.Clone(cells)
	slices.SortStableFunc(cells, func(a, b int) int {
		switch x, y := *r.cells[a].Value, *r.cells[b].Value; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return cells
}

func (r *replicates) difference(kind string, a, b int) (results.Difference, bool) {
	d, ok := r.Difference(r.at[a], r.at[b])
	x := &r.cells[a]
	return results.Difference{Comparison: x.Comparison, Metric: x.Metric, Variant: x.Variant, Params: x.Params, Kind: kind, X: x.X, Than: r.cells[b].X, Y: x.Y,
		Value: d.Value, Lo: d.Lo, Hi: d.Hi, SE: d.SE, P: d.P()}, ok
}
