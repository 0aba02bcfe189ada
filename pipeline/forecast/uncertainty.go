package forecast

import (
	"slices"

	"speechsim/metrics"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/study"
)

// Uncertainty is what the intervals and the null of a task take, from counting: seconds for orders of magnitude.
type Uncertainty struct {
	Groups          int     `json:"interval_groups,omitempty"`
	IntervalSeconds float64 `json:"interval_seconds,omitempty"`
	Draws           int     `json:"null_draws,omitempty"`
	NullSeconds     float64 `json:"null_seconds,omitempty"`
	NullBytes       int64   `json:"null_bytes,omitempty"`
}

// Beside the products, whose speed is measured: reading numbers from memory or the store, and the factorisations of d³
// metrics, which do some 20 d³ multiplications in double precision at a sixth of the speed of products in single precision.
const (
	numbersPerSecond = 250e6
	gatherPerSecond  = 1e9 // numbers of a Gram matrix, taken in another order
	factorProducts   = 120
)

// narrow is how many times as long the narrow products of a draw take as wide ones.
const narrow = 1.5

// lacking are the measures of a task of which the store lacks something.
func lacking(t *plan.Task) []study.Measure {
	var out []study.Measure
	for k, m := range t.Measures {
		if slices.ContainsFunc(t.Tiles, func(tile *plan.Tile) bool {
			return slices.ContainsFunc(tile.Results, func(r plan.Result) bool { return slices.Contains(r.Measures, k) && !r.Done() })
		}) {
			out = append(out, m)
		}
	}
	return out
}

// uncertainty counts the cost of intervals and nulls. speed is that of products, in multiplications a second.
func uncertainty(t *plan.Task, rows int, state int64, speed float64) Uncertainty {
	var c Uncertainty
	pairs := float64(len(t.Cells))
	products := 0.0 // of one row: all pairs of units that are compared
	for _, pair := range t.Blocks {
		products += float64(t.Input.MomentsUnits(t.Layers[pair[0]].Units)) * float64(t.Input.MomentsUnits(t.Layers[pair[1]].Units))
	}
	d := 0.0 // units of a layer
	for _, l := range t.Layers {
		d += float64(t.Input.MomentsUnits(l.Units)) / float64(len(t.Layers))
	}
	statistic := func(m study.Measure) float64 { // all cells, once
		if m.Cost == metrics.Cubic {
			return (pairs + float64(len(t.Layers))) * factorProducts * d * d * d / speed
		}
		return products / numbersPerSecond
	}
	groups := plan.CountGroups(t, rows)
	cross := 0.0 // of what a draw pairs anew
	for _, at := range t.Cells {
		cross += float64(t.Input.MomentsUnits(t.Layers[at.X].Units)) * float64(t.Input.MomentsUnits(t.Layers[at.Y].Units))
	}
	for _, m := range lacking(t) {
		if groups > 1 && t.Comparison.WantsInterval(m) {
			c.Groups = groups
			c.IntervalSeconds += float64(groups) * statistic(m)
		}
		if t.Comparison.Null == nil || !m.HasNull() {
			continue
		}
		c.Draws = t.Comparison.Null.Draws
		if m.Input() == study.Rows { // nothing is multiplied again
			continue
		}
		if study.NullFromGram(m, rows) { // what is above the diagonals of Gram matrices
			above, x, y := float64(rows)*float64(rows)/2, float64(len(t.X)), float64(len(t.Y))
			c.NullSeconds += float64(c.Draws) * above * y * (narrow*x/speed + 1/gatherPerSecond)
			continue
		}
		draw := float64(rows)*cross/speed + statistic(m)
		if t.Comparison.NullFromProjections(m, t.RowSet, rows) {
			draw = float64(rows) * pairs * metrics.SketchWidth * metrics.SketchWidth / speed
		}
		c.NullSeconds += float64(c.Draws) * (narrow*draw + float64(rows)*float64(len(t.Layers))*metrics.SketchWidth/numbersPerSecond)
	}
	if c.Groups > 0 {
		c.IntervalSeconds += float64(groups) * 2 * float64(state/8) / numbersPerSecond // read, and taken from the whole
	}
	return c
}
