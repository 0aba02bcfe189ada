package matrices

import (
	"context"
	"errors"

	"speechsim/metrics"
	"speechsim/pipeline/inference"
	"speechsim/pipeline/results"
)

// sketchFrom is the number of units of both sides from which a null of CKA is drawn from random projections: below it
// they save nothing.
const sketchFrom = 4 * metrics.SketchWidth

// nulls draws the permutation nulls of the cells of a level. All are one family, however they were drawn.
type nulls struct {
	*comparison
	level  *level
	family metrics.Null
	drawn  []*results.Cell // in the order of the family
}

// draw gives cells their null. m are the moments of all rows.
func (d *nulls) draw(ctx context.Context, m *metrics.Moments, o metrics.Options, cells []*cell) error {
	var exact, sketched []*cell
	for _, cell := range cells {
		switch {
		case !cell.result.OK() || !cell.HasNull():
		case cell.Grouped() && d.level.byType:
			inference.NoNull(&cell.result, metrics.ErrNotGroups)
		case cell.Name == "cka" && !d.level.byType && (cell.Grouped() || min(d.x.Cols, d.y.Cols) >= sketchFrom && d.level.shuffle.Rows() > metrics.GramRows):
			sketched = append(sketched, cell)
		default:
			exact = append(exact, cell)
		}
	}
	if len(exact)+len(sketched) == 0 {
		return nil
	}
	matrices, err := d.level.matrices()
	if err != nil {
		return err
	}
	if len(sketched) > 0 {
		if err := d.sketched(ctx, m, matrices, sketched); err != nil {
			return err
		}
	}
	if len(exact) > 0 {
		if err := d.exact(ctx, matrices, o, exact); err != nil {
			return err
		}
	}
	d.family.Part = d.level.part
	inference.Nulls(d.drawn, &d.family, "", results.CorrectFamily)
	return nil
}

func (d *nulls) add(null *metrics.Null, cells ...*cell) {
	d.family.Append(null)
	for _, cell := range cells {
		d.drawn = append(d.drawn, &cell.result)
	}
}

// exact computes each draw from all rows.
func (d *nulls) exact(ctx context.Context, matrices []metrics.Matrix, o metrics.Options, cells []*cell) error {
	at := places(cells)
	x, y := matrices[:1], matrices[1:]
	if d.level.flip { // what is shuffled comes second
		x, y = y, x
		for k := range at {
			at[k].X, at[k].Y = at[k].Y, at[k].X
		}
	}
	d.Progress.Stage("null", float64(d.Null), "draws")
	null, err := metrics.NullOf(ctx, d.backend, x, y, o, d.level.shuffle, d.Null, at, func() { d.Progress.Add(1) })
	if err != nil {
		return err
	}
	d.add(null, cells...)
	return nil
}

// sketched draws nulls of CKA from random projections of the rows.
func (d *nulls) sketched(ctx context.Context, m *metrics.Moments, matrices []metrics.Matrix, cells []*cell) (err error) {
	if d.level.part {
		if m, err = d.own(ctx, matrices); err != nil {
			return err
		}
	}
	sketch, err := metrics.NewPrincipalSketch(m, nil, metrics.SketchWidth, d.Seed, d.Workers)
	if err != nil {
		return err
	}
	d.Progress.Stage("random projections", float64(matrices[0].Rows), "rows")
	err = inBlocks(matrices, func(block []metrics.Matrix) error {
		defer d.Progress.Add(float64(block[0].Rows))
		return sketch.Add(ctx, block)
	})
	if err != nil {
		return err
	}
	for _, cell := range cells {
		d.Progress.Stage("null of "+cell.Variant.Name+" CKA", float64(d.Null), "draws")
		null, err := d.cka(ctx, m, sketch, cell)
		if cell.hasNoNull(err) {
			continue
		}
		if err != nil {
			return err
		}
		d.Progress.Add(float64(d.Null))
		d.add(null, cell)
	}
	return nil
}

// cka draws the null of one variant.
func (d *nulls) cka(ctx context.Context, m *metrics.Moments, sketch *metrics.Sketch, cell *cell) (*metrics.Null, error) {
	pairs := [][2]int{{0, 1}}
	if cell.Grouped() {
		return metrics.NullGrouped(ctx, sketch, []float64{cell.scale}, pairs, d.level.shuffle, d.Null)
	}
	return metrics.NullCKA(ctx, m, sketch, cell.Variant.Name, pairs, d.level.shuffle, d.Null)
}

// own are the moments of each of some matrices with itself.
func (d *nulls) own(ctx context.Context, matrices []metrics.Matrix) (*metrics.Moments, error) {
	own, err := metrics.OwnMoments(d.backend, []int{matrices[0].Cols, matrices[1].Cols}, metrics.Options{SquaredNorms: true, Float64: d.Float64, Workers: d.Workers})
	if err != nil {
		return nil, err
	}
	return own, inBlocks(matrices, func(block []metrics.Matrix) error { return own.Add(ctx, block) })
}

// inBlocks visits the rows of both sides a block at a time.
func inBlocks(matrices []metrics.Matrix, visit func(block []metrics.Matrix) error) error {
	n := matrices[0].Rows
	for from := 0; from < n; from += metrics.BlockRows {
		to := min(from+metrics.BlockRows, n)
		if err := visit([]metrics.Matrix{rowsFrom(matrices[0], from, to), rowsFrom(matrices[1], from, to)}); err != nil {
			return err
		}
	}
	return nil
}

// hasNoNull says whether an error is that a metric is undefined on the rows that are permuted, and says so in the cell, which has its
// value on all rows.
func (c *cell) hasNoNull(err error) bool {
	var undefined *metrics.UndefinedError
	if !errors.As(err, &undefined) {
		return false
	}
	inference.NoNull(&c.result, err)
	return true
}
