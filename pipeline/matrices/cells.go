package matrices

import (
	"context"
	"errors"
	"slices"

	"speechsim/metrics"
	"speechsim/pipeline/inference"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
)

// cell is one cell on its way to the result.
type cell struct {
	study.Measure
	at     metrics.Cell // sides: 0 is x, 1 is y
	result results.Cell
	scale  float64 // of one of groups: the denominator of its value
}

// cellsOf computes the cells of a level.
func (c *comparison) cellsOf(ctx context.Context, l *level) error {
	cells := c.plan(l)
	var ofMoments, ofGroups, ofRows []*cell
	for _, cell := range cells {
		switch cell.Variant.Source {
		case metrics.FromMoments:
			ofMoments = append(ofMoments, cell)
		case metrics.FromGroups:
			ofGroups = append(ofGroups, cell)
		default:
			ofRows = append(ofRows, cell)
		}
	}
	if len(ofMoments)+len(ofGroups) > 0 {
		if err := c.momentCells(ctx, l, ofMoments, ofGroups); err != nil {
			return c.named(err)
		}
	}
	if len(ofRows) > 0 {
		if err := (&rowwise{comparison: c, searches: map[searchKey]*search{}}).compute(ctx, l, ofRows); err != nil {
			return c.named(err)
		}
	}
	for _, cell := range cells {
		c.result.Cells = append(c.result.Cells, cell.result)
	}
	return nil
}

// plan lists the cells of a level: for directed metrics one in each direction, unless a matrix is compared with itself.
func (c *comparison) plan(l *level) []*cell {
	var cells []*cell
	sides := c.sides()
	for _, m := range c.measures {
		if m.Name == "asif" && !l.words {
			continue // no query would have an anchor of its type
		}
		for direction := range 2 {
			if direction == 1 && (!m.Variant.Directed || c.x.Name() == c.y.Name()) {
				continue
			}
			at := metrics.Cell{Metric: m.Name, Variant: m.Variant.Name, X: direction, Y: 1 - direction}
			params := m.Params
			params.Level = l.level
			cells = append(cells, &cell{Measure: m, at: at, result: results.Cell{
				Comparison: l.comparison, Metric: m.Name, Variant: m.Variant.Name, Params: params, X: layerOf(sides[at.X]), Y: layerOf(sides[at.Y]), Rows: l.rows,
				N: c.x.Rows, DX: sides[at.X].Cols, DY: sides[at.Y].Cols}})
		}
	}
	return cells
}

// set fills in the value, or the reason why there is none. Any other error is returned.
func (c *cell) set(v metrics.Value, err error) error { return inference.Value(&c.result, v, err) }

// momentCells computes the metrics of moments, with intervals and nulls.
func (c *comparison) momentCells(ctx context.Context, l *level, ofMoments, ofGroups []*cell) error {
	var variants []metrics.Variant
	for _, cell := range slices.Concat(ofMoments, ofGroups) {
		variants = append(variants, cell.Variant)
	}
	o := metrics.Needs(variants...)
	o.Float64, o.Workers, o.Pairs = c.Float64 || l.float64, c.Workers, [][2]int{{0, 1}}
	b, err := l.moments(ctx, o)
	if err != nil {
		return err
	}
	m, err := b.total(ctx)
	if err != nil {
		return err
	}
	values, err := metrics.ComputeCells(ctx, m, places(ofMoments))
	if err != nil {
		return err
	}
	if !o.Float64 && slices.ContainsFunc(values, needsDouble) {
		c.Float64 = true
		c.note("products are made in double precision: single precision is not enough for these values")
		return c.momentCells(ctx, l, ofMoments, ofGroups)
	}
	for k, cell := range ofMoments {
		if err := cell.set(values[k].Value, values[k].Err); err != nil {
			return err
		}
	}
	if err := c.ofGroups(ctx, b, m, ofGroups); err != nil {
		return err
	}
	if l.intervals { // last: it uses the bundles up
		if err := c.intervals(ctx, b, m, ofMoments); err != nil {
			return err
		}
	}
	if l.shuffle == nil {
		return nil
	}
	return (&nulls{comparison: c, level: l}).draw(ctx, m, o, slices.Concat(ofMoments, ofGroups))
}

// needsDouble says whether double precision would give a cell a value.
func needsDouble(v metrics.CellValue) bool {
	var undefined *metrics.UndefinedError
	return errors.As(v.Err, &undefined) && undefined.Precision
}

// ofGroups computes the cells that need the moments of bundles apart.
func (c *comparison) ofGroups(ctx context.Context, b *bundles, whole *metrics.Moments, cells []*cell) error {
	for _, cell := range cells {
		of, err := metrics.ComputeGroups(ctx, cell.Name, whole, b.sizes(), b.bundle, [][2]int{{cell.at.X, cell.at.Y}})
		if err != nil {
			return err
		}
		if err := cell.set(of.Cells[0].Value, of.Cells[0].Err); err != nil {
			return err
		}
		if cell.Grouped() {
			cell.scale = of.Scales[0]
			inference.Interval(&cell.result, of.Left, 0)
		}
	}
	return nil
}

func places(cells []*cell) []metrics.Cell {
	out := make([]metrics.Cell, len(cells))
	for k, cell := range cells {
		out[k] = cell.at
	}
	return out
}

// intervals gives cells their jackknife intervals: those that cost little, or all if asked for.
func (c *comparison) intervals(ctx context.Context, b *bundles, whole *metrics.Moments, cells []*cell) error {
	if len(b.moments) < 2 {
		return nil
	}
	wanted, err := c.intervalsOfGroups(ctx, b, whole, cells)
	if err != nil || len(wanted) == 0 {
		return err
	}
	c.Progress.Stage("intervals", float64(len(b.moments)), "groups left out")
	statistics := progress.AfterFirst(c.Progress, metrics.Statistics(ctx, places(wanted)))
	replicates, err := metrics.Jackknife(ctx, whole, metrics.InTurn(b.sizes(), b.bundle), statistics)
	if err != nil {
		return err
	}
	for k, cell := range wanted {
		inference.Interval(&cell.result, replicates, k)
	}
	return nil
}

// intervalsOfGroups gives intervals to cells of metrics that take rows to be independent, from rows of different groups, and returns the others that
// want one.
func (c *comparison) intervalsOfGroups(ctx context.Context, b *bundles, whole *metrics.Moments, cells []*cell) (others []*cell, err error) {
	for _, cell := range cells {
		if !c.Interval && cell.Cost != metrics.Quadratic {
			continue
		}
		if !cell.WantsGroups() || !cell.result.OK() || cell.result.Params.Level == results.TypeLevel { // types are independent
			others = append(others, cell)
			continue
		}
		of, err := metrics.ComputeGroups(ctx, cell.Name, whole, b.sizes(), b.bundle, [][2]int{{cell.at.X, cell.at.Y}})
		if err != nil {
			return nil, err
		}
		if inference.Groups(&cell.result, of.Effects[0]); metrics.CountGroups(b.sizes()) < metrics.FewestGroups {
			others = append(others, cell)
		} else {
			inference.Interval(&cell.result, of.Left, 0)
		}
	}
	return others, nil
}
