package measure

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"speechsim/metrics"
	"speechsim/pipeline/inference"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
)

// compute computes one cell of a tile. What else it finds goes into c.
type compute func(c *results.Cell, m study.Measure, i, j int) (metrics.Value, error)

// cellsOf computes all cells of a tile, n being its rows, and what each matched. A metric that is undefined on these data
// gives a cell that says why; any other error ends the run.
func cellsOf(ctx context.Context, t *plan.Tile, n int, compute compute) ([]results.Cell, [][]results.Match, error) {
	cells := make([]results.Cell, len(t.Measures)*len(t.Cells))
	matches := make([][]results.Match, len(cells))
	t.Inputs.Progress.Stage("cells of "+t.Comparison.Name+t.Suffix(), float64(len(cells)), "cells")
	err := progress.Each(ctx, t.Inputs.Workers, len(cells), t.Inputs.Progress, func(at int) error {
		m, pair := t.MeasureOf(at), t.PairOf(at)
		x, y := t.Layers[pair.X], t.Layers[pair.Y]
		c := &cells[at]
		*c = results.Cell{Comparison: t.Comparison.Name, Metric: m.Name, Variant: m.Variant.Name, Params: t.ParamsOf(m), X: t.LayerName(x), Y: t.LayerName(y),
			Rows: t.RowUnit, N: n, DX: x.Units, DY: y.Units}
		got, err := compute(c, m, pair.X, pair.Y)
		if err := inference.Value(c, got, err); err != nil {
			return fmt.Errorf("comparison %s: %s %s of %s and %s: %w", t.Comparison.Name, m.Name, m.Variant.Name, c.X, c.Y, err)
		}
		if pair.X != pair.Y && c.OK() {
			matches[at] = matchesOf(c, got.Match)
		}
		return nil
	})
	return cells, matches, err
}

// mostMatches is how many units of a layer matches.csv holds for a cell: the best ones. Heads are few, and all are held.
const mostMatches = 20

// matchesOf are the units of x that fared best in a cell, the best first, or all heads in their order.
func matchesOf(c *results.Cell, found []metrics.Match) []results.Match {
	found = slices.Clone(found)
	if c.Rows != "attention" {
		by := func(m metrics.Match) float64 { return m.Value }
		if c.Variant == "absolute" {
			by = func(m metrics.Match) float64 { return math.Abs(m.Value) }
		}
		slices.SortStableFunc(found, func(a, b metrics.Match) int { return cmp.Compare(by(b), by(a)) })
		found = found[:min(len(found), mostMatches)]
	}
	var out []results.Match
	for _, m := range found {
		out = append(out, results.Match{Comparison: c.Comparison, Metric: c.Metric, Variant: c.Variant, Params: c.Params, X: c.X, Y: c.Y,
			Unit: m.X, Matched: c.Y, MatchedUnit: m.Y, Value: m.Value})
	}
	return out
}
