package measure

import (
	"slices"

	"speechsim/pipeline/plan"
	"speechsim/pipeline/results"
)

// contrast tells cells of a task apart by their replicates.
type contrast struct {
	*replicates
	task  *plan.Task
	cells []results.Cell
}

// differences asks, for each metric and layer of y, which layers of x are more like it than others: a layer than the one
// before it, a model's best than its second best, the best model's best layer than the other models' best.
func differences(t *plan.Task, r *replicates, cells []results.Cell) []results.Difference {
	d := contrast{r, t, cells}
	var out []results.Difference
	for first := 0; first < len(cells); first += len(t.Cells) {
		for _, kind := range t.Comparison.Differences {
			for y := range t.Y {
				for _, pair := range d.pairs(kind, first, y) {
					if d, ok := d.difference(kind, pair[0], pair[1]); ok {
						out = append(out, d)
					}
				}
			}
		}
	}
	return out
}

// pairs lists the cells of one metric and one layer of y to compare; first is the metric's first cell.
func (d contrast) pairs(kind string, first, y int) (pairs [][2]int) {
	var models [][]int // cells with an interval, model by model
	last := -1
	for x, i := range d.task.X {
		c := first + x*len(d.task.Y) + y
		if _, ok := d.At[c]; !ok {
			continue
		}
		if source := d.task.Layers[i].Source; source != last {
			models, last = append(models, nil), source
		}
		models[len(models)-1] = append(models[len(models)-1], c)
	}
	own := d.task.Layers[d.task.Y[y]].Source
	var best []int // of each other model than y's
	for _, cells := range models {
		if kind == results.Neighbours {
			for k := 1; k < len(cells); k++ {
				if d.neighbours(cells[k-1], cells[k]) {
					pairs = append(pairs, [2]int{cells[k], cells[k-1]})
				}
			}
			continue
		}
		if at := d.task.PairOf(cells[0]); d.task.Layers[at.X].Source == own {
			continue
		}
		ranked := d.ranked(cells)
		best = append(best, ranked[0])
		if kind == results.Best && len(ranked) > 1 {
			pairs = append(pairs, [2]int{ranked[0], ranked[1]})
		}
	}
	if kind == results.Models {
		best = d.ranked(best)
		for k := 1; k < len(best); k++ {
			pairs = append(pairs, [2]int{best[0], best[k]})
		}
	}
	return pairs
}

// neighbours says whether one layer follows the other: none is between that has no value, and both are of one stage of their model.
func (d contrast) neighbours(a, b int) bool {
	return b-a == len(d.task.Y) && results.Stage(d.cells[a].X.Layer) == results.Stage(d.cells[b].X.Layer)
}

// ranked are cells from the largest value to the smallest.
func (d contrast) ranked(cells []int) []int {
	cells = slices.Clone(cells)
	slices.SortStableFunc(cells, func(a, b int) int {
		switch x, y := *d.cells[a].Value, *d.cells[b].Value; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return cells
}

func (d contrast) difference(kind string, a, b int) (results.Difference, bool) {
	iv, ok := d.Difference(d.At[a], d.At[b])
	x := &d.cells[a]
	return results.Difference{Comparison: x.Comparison, Metric: x.Metric, Variant: x.Variant, Params: x.Params, Kind: kind, X: x.X, Than: d.cells[b].X, Y: x.Y,
		Value: iv.Value, Lo: iv.Lo, Hi: iv.Hi, SE: iv.SE, P: iv.P()}, ok
}
