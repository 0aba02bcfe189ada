package pipeline

import (
	"context"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// sketchFrom is the number of units of both sides from which a null of CKA is drawn from random projections: below it
// they save nothing.
const sketchFrom = 4 * metrics.SketchWidth

// nulls gives cells the distribution of their values on rows that are paired by chance.
func (c *matrixComparison) nulls(ctx context.Context, l *matrixLevel, m *metrics.Moments, o metrics.Options, cells []*matrixCell) error {
	var exact []*matrixCell
	bySketch := map[string]*matrixCell{} // of CKA, by variant
	for _, cell := range cells {
		switch {
		case !cell.result.OK():
		case cell.Name == "cka" && !l.byType && min(c.x.Cols, c.y.Cols) >= sketchFrom:
			bySketch[cell.variant.Name] = cell
		default:
			exact = append(exact, cell)
		}
	}
	if len(exact)+len(bySketch) == 0 {
		return nil
	}
	matrices, err := l.matrices()
	if err != nil {
		return err
	}
	if err := c.sketchedNulls(ctx, l, m, matrices, bySketch); err != nil || len(exact) == 0 {
		return err
	}
	at := places(exact)
	x, y := matrices[:1], matrices[1:]
	if l.flip { // what is shuffled comes second
		x, y = y, x
		for k := range at {
			at[k].X, at[k].Y = at[k].Y, at[k].X
		}
	}
	statistics := metrics.Statistics(ctx, at)
	c.Progress.Stage("null", float64(c.Null+1), "draws")
	null, err := metrics.NullOf(ctx, c.backend, x, y, o, l.shuffle, c.Null, func(m *metrics.Moments) ([]float64, error) {
		defer c.Progress.Add(1)
		return statistics(m)
	})
	if err != nil {
		return err
	}
	for k, cell := range exact {
		cell.judge(null, k)
	}
	return nil
}

// sketchedNulls draws the nulls of CKA from random projections of the rows.
func (c *matrixComparison) sketchedNulls(ctx context.Context, l *matrixLevel, m *metrics.Moments, matrices []metrics.Matrix, cells map[string]*matrixCell) error {
	if len(cells) == 0 {
		return nil
	}
	sketch, err := metrics.NewPrincipalSketch(m, nil, metrics.SketchWidth, c.Seed, c.Workers)
	if err != nil {
		return err
	}
	n := matrices[0].Rows
	c.Progress.Stage("random projections", float64(n), "rows")
	for from := 0; from < n; from += matrixRows {
		to := min(from+matrixRows, n)
		if err := sketch.Add(ctx, []metrics.Matrix{rowsFrom(matrices[0], from, to), rowsFrom(matrices[1], from, to)}); err != nil {
			return err
		}
		c.Progress.Add(float64(to - from))
	}
	for _, variant := range []string{"debiased", "biased"} {
		cell := cells[variant]
		if cell == nil {
			continue
		}
		c.Progress.Stage("null of "+variant+" CKA", float64(c.Null), "draws")
		null, err := metrics.NullCKA(ctx, m, sketch, variant, [][2]int{{0, 1}}, l.shuffle, c.Null)
		if err != nil {
			return err
		}
		c.Progress.Add(float64(c.Null))
		cell.judge(null, 0)
	}
	return nil
}

// judge sets p and the chance level from statistic k of a null.
func (m *matrixCell) judge(null *metrics.Null, k int) {
	if !m.result.OK() {
		return
	}
	if s, ok := null.Summary(k, *m.result.Value); ok {
		m.result.P = &s.P
		m.result.Null = &results.Null{Mean: s.Mean, Q95: s.Q95, Calibrated: &s.Calibrated, Draws: len(null.Draws), About: null.About}
	}
}
