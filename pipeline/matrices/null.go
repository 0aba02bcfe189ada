package matrices

import (
	"context"

	"speechsim/metrics"
	"speechsim/pipeline/inference"
	"speechsim/pipeline/progress"
)

// sketchFrom is the number of units of both sides from which a null of CKA is drawn from random projections: below it
// they save nothing.
const sketchFrom = 4 * metrics.SketchWidth

// nulls gives cells their permutation null.
func (c *comparison) nulls(ctx context.Context, l *level, m *metrics.Moments, o metrics.Options, cells []*cell) error {
	var exact []*cell
	bySketch := map[string]*cell{} // of CKA, by variant
	for _, cell := range cells {
		switch {
		case !cell.result.OK():
		case cell.Name == "cka" && !l.byType && min(c.x.Cols, c.y.Cols) >= sketchFrom:
			bySketch[cell.Variant.Name] = cell
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
	c.Progress.Stage("null", float64(c.Null), "draws")
	statistics := progress.AfterFirst(c.Progress, metrics.Statistics(ctx, at))
	null, err := metrics.NullOf(ctx, c.backend, x, y, o, l.shuffle, c.Null, statistics)
	if err != nil {
		return err
	}
	null.Part = l.part
	for k, cell := range exact {
		inference.Null(&cell.result, null, k, "")
	}
	return nil
}

// sketchedNulls draws the nulls of CKA from random projections of the rows.
func (c *comparison) sketchedNulls(ctx context.Context, l *level, m *metrics.Moments, matrices []metrics.Matrix, cells map[string]*cell) error {
	if len(cells) == 0 {
		return nil
	}
	if l.part {
		var err error
		if m, err = ownMoments(ctx, c, matrices); err != nil {
			return err
		}
	}
	sketch, err := metrics.NewPrincipalSketch(m, nil, metrics.SketchWidth, c.Seed, c.Workers)
	if err != nil {
		return err
	}
	n := matrices[0].Rows
	c.Progress.Stage("random projections", float64(n), "rows")
	for from := 0; from < n; from += metrics.BlockRows {
		to := min(from+metrics.BlockRows, n)
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
		null.Part = l.part
		inference.Null(&cell.result, null, 0, "")
	}
	return nil
}

// ownMoments are the moments of each of some matrices with itself.
func ownMoments(ctx context.Context, c *comparison, matrices []metrics.Matrix) (*metrics.Moments, error) {
	own, err := metrics.NewMoments(c.backend, []int{matrices[0].Cols, matrices[1].Cols},
		metrics.Options{SquaredNorms: true, Float64: c.Float64, Workers: c.Workers, Pairs: [][2]int{{0, 0}, {1, 1}}})
	if err != nil {
		return nil, err
	}
	for from := 0; from < matrices[0].Rows; from += metrics.BlockRows {
		to := min(from+metrics.BlockRows, matrices[0].Rows)
		if err := own.Add(ctx, []metrics.Matrix{rowsFrom(matrices[0], from, to), rowsFrom(matrices[1], from, to)}); err != nil {
			return nil, err
		}
	}
	return own, nil
}
