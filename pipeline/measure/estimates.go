package measure

import (
	"context"

	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/inference"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
	"speechsim/pipeline/sums"
)

// estimates is what a tile or one metric of it gives: its cells, and what their intervals and nulls are made of. They are joined to those
// of the whole task before anything is inferred, so a difference of layers or the largest value of a draw may span tiles.
type estimates struct {
	cells      []results.Cell
	matches    [][]results.Match // of each cell
	replicates *replicates       // nil: none
	nulls      []*nullDraws      // of each metric, nil where it has none
	retrieved  []results.Retrieved
	failed     []store.Failure
}

// measureRows computes the metrics that read rows.
func measureRows(ctx context.Context, t *plan.Tile, rows *join.Rows) (*estimates, error) {
	w, err := newRowwise(t, rows)
	if err != nil {
		return nil, err
	}
	e := &estimates{}
	if e.cells, e.matches, err = cellsOf(ctx, t, len(rows.Rows), func(c *results.Cell, m study.Measure, i, j int) (metrics.Value, error) {
		return w.value(ctx, c, m, i, j)
	}); err != nil {
		return nil, err
	}
	e.nulls, err = nulls(ctx, t, rows, nil, nil, w, e.cells)
	e.retrieved = w.lists()
	return e, err
}

// measureAttention computes the metrics on attention maps by the query.
func measureAttention(ctx context.Context, t *plan.Tile) (*estimates, error) {
	s, err := sums.AttentionRows(t)
	if err != nil {
		return nil, err
	}
	e := &estimates{failed: s.Failed}
	if e.cells, e.matches, err = cellsOf(ctx, t, 0, func(_ *results.Cell, m study.Measure, i, j int) (metrics.Value, error) {
		return s.Whole.Value(i, j, m.Variant.Name)
	}); err != nil {
		return nil, err
	}
	e.replicates, err = replicatesOf(ctx, t, nil, s, e.cells, attentionStatistics)
	return e, err
}

// measureMoments computes the metrics that are functions of moments.
func measureMoments(ctx context.Context, t *plan.Tile, rows *join.Rows) (*estimates, error) {
	s, err := momentsOf(ctx, t, rows)
	if err != nil {
		return nil, err
	}
	e := &estimates{failed: s.Failed}
	ofGroups, err := groupCells(ctx, t, rows, s)
	if err != nil {
		return nil, err
	}
	if e.cells, e.matches, err = cellsOf(ctx, t, s.Whole.N(), func(_ *results.Cell, m study.Measure, i, j int) (metrics.Value, error) {
		if m.FromGroups() {
			of := ofGroups[m.Name]
			v := of.Cells[of.at[[2]int{i, j}]]
			return v.Value, v.Err
		}
		v, err := metrics.Compute(s.Whole, m.Name, m.Variant.Name, i, j)
		if t.Input == study.Projections { // of the layers, not of the directions
			v.DX, v.DY = t.Layers[i].Units, t.Layers[j].Units
		}
		return v, err
	}); err != nil {
		return nil, err
	}
	if e.replicates, err = replicatesOf(ctx, t, rows, s, e.cells, func(cells []metrics.Cell) func(*metrics.Moments) ([]float64, error) {
		return metrics.Statistics(ctx, cells)
	}); err != nil {
		return nil, err
	}
	e.replicates = e.replicates.with(t, groupParts(t, s), ofGroups, e.cells)
	groupEffects(t, rows, ofGroups, e.cells)
	if !t.Input.OfAttention() {
		e.nulls, err = nulls(ctx, t, rows, s.Whole, ofGroups, nil, e.cells)
	}
	return e, err
}

// momentsOf are the moments of a tile: of stored words and phones made again, of kept frames made and left in the store, else those that
// were made as frames came.
func momentsOf(ctx context.Context, t *plan.Tile, rows *join.Rows) (*sums.Total[*metrics.Moments], error) {
	if t.OnSegments() {
		return sums.OfRows(ctx, t, rows)
	}
	if rows != nil {
		if err := sums.Keep(ctx, t, rows); err != nil {
			return nil, err
		}
	}
	return sums.Moments(t)
}

// groupEffects tells cells whose interval is made on rows of different groups how much those of one have in common.
func groupEffects(t *plan.Tile, rows *join.Rows, ofGroups map[string]groupMap, cells []results.Cell) {
	for c := range cells {
		m, at := t.MeasureOf(c), t.PairOf(c)
		if at.X != at.Y && cells[c].OK() && wantsGroups(t, rows, m) {
			of := ofGroups[m.Name]
			inference.Groups(&cells[c], of.Effects[of.at[[2]int{at.X, at.Y}]])
		}
	}
}

// wantsGroups says whether a measure that takes rows to be independent gets its interval from rows of different groups. Word types are
// independent, and their groups are chosen by their sizes alone.
func wantsGroups(t *plan.Tile, rows *join.Rows, m study.Measure) bool {
	return m.WantsGroups() && t.Comparison.WantsInterval(m) && t.RowSet.Level != results.TypeLevel && t.PartCount(rows) > 1
}

// groupMap is what a metric that needs the moments of groups apart gives.
type groupMap struct {
	*metrics.OfGroups
	at map[[2]int]int // pair of layers -> place among the cells
}

// groupCells computes the metrics that need the moments of groups apart, by their names; cka also where the interval of another variant does.
func groupCells(ctx context.Context, t *plan.Tile, rows *join.Rows, s *sums.Total[*metrics.Moments]) (map[string]groupMap, error) {
	maps := map[string]groupMap{}
	for _, m := range t.Measures {
		if _, done := maps[m.Name]; done || !m.FromGroups() && !wantsGroups(t, rows, m) {
			continue
		}
		pairs := t.CellPairs()
		of, err := metrics.ComputeGroups(ctx, m.Name, s.Whole, s.Sizes, s.Read, pairs)
		if err != nil {
			return nil, err
		}
		g := groupMap{of, map[[2]int]int{}}
		for k, pair := range pairs {
			g.at[pair] = k
		}
		maps[m.Name] = g
	}
	return maps, nil
}
