package pipeline

import (
	"cmp"
	"math"
	"slices"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

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
