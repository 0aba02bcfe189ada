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
// before it, a model's best than its others, the best model's best layer than the other models' best, a model's best than that of
// its control and than the acoustic baselines.
func differences(t *plan.Task, r *replicates, cells []results.Cell) []results.Difference {
	d := contrast{r, t, cells}
	var out []results.Difference
	for first := 0; first < len(cells); first += len(t.Cells) {
		for y := range t.Y {
			sides := d.sides(first, y)
			for _, kind := range t.Comparison.Differences {
				for _, pair := range d.pairs(kind, sides) {
					if d, ok := d.difference(kind, pair[0], pair[1]); ok {
						out = append(out, d)
					}
				}
			}
		}
	}
	return out
}

// side is the cells of one model with one layer of y, those that have an interval.
type side struct {
	model string
	own   bool  // it is the model of y
	cells []int // in the order of layers
	order []int // from the largest value to the smallest
}

// sides lists the cells of one metric and one layer of y model by model; first is the metric's first cell.
func (d contrast) sides(first, y int) (sides []side) {
	last := -1
	for x, i := range d.task.X {
		c := first + x*len(d.task.Y) + y
		if _, ok := d.At[c]; !ok {
			continue
		}
		if source := d.task.Layers[i].Source; source != last {
			sides, last = append(sides, side{model: d.cells[c].X.Model, own: source == d.task.Layers[d.task.Y[y]].Source}), source
		}
		s := &sides[len(sides)-1]
		s.cells = append(s.cells, c)
	}
	for i := range sides {
		sides[i].order = d.ranked(sides[i].cells)
	}
	return sides
}

// pairs lists the cells to compare.
func (d contrast) pairs(kind string, sides []side) (pairs [][2]int) {
	others := slices.DeleteFunc(slices.Clone(sides), func(s side) bool { return s.own }) // of a layer with its own model, none is the best
	switch kind {
	case results.Neighbours:
		for _, s := range sides {
			for k := 1; k < len(s.cells); k++ {
				if d.neighbours(s.cells[k-1], s.cells[k]) {
					pairs = append(pairs, [2]int{s.cells[k], s.cells[k-1]})
				}
			}
		}
	case results.Best:
		for _, s := range others {
			for _, c := range s.order[1:] {
				pairs = append(pairs, [2]int{s.order[0], c})
			}
		}
	case results.Models:
		var best []int
		for _, s := range others {
			best = append(best, s.order[0])
		}
		for k, c := range d.ranked(best) {
			if k > 0 {
				pairs = append(pairs, [2]int{d.ranked(best)[0], c})
			}
		}
	default:
		for _, a := range others {
			for _, b := range others {
				pairs = append(pairs, d.against(kind, a, b)...)
			}
		}
	}
	return pairs
}

// against lists the cells of a model to compare with those of another, its control or a baseline; none where that is neither.
func (d contrast) against(kind string, a, b side) (pairs [][2]int) {
	config := d.task.Inputs.Config
	switch kind {
	case results.Baseline:
		if !config.Model(a.model).Baseline() && config.Model(b.model).Baseline() && !config.IsControl(a.model) {
			pairs = append(pairs, [2]int{a.order[0], b.order[0]})
		}
	case results.Control:
		if !slices.Contains(config.ControlsOf(a.model), b.model) {
			return nil
		}
		pairs = append(pairs, [2]int{a.order[0], b.order[0]})
		for _, p := range a.cells {
			for _, q := range b.cells {
				if d.cells[p].X.Layer == d.cells[q].X.Layer && (p != a.order[0] || q != b.order[0]) {
					pairs = append(pairs, [2]int{p, q})
				}
			}
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
	x, than := &d.cells[a], &d.cells[b]
	return results.Difference{Comparison: x.Comparison, Metric: x.Metric, Variant: x.Variant, Params: x.Params, Kind: kind, X: x.X, Than: than.X, Y: x.Y,
		Value: *x.Value - *than.Value, Lo: iv.Lo, Hi: iv.Hi, SE: iv.SE, P: iv.P()}, ok
}
