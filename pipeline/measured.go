package pipeline

import (
	"context"
	"slices"

	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// measured is what a basis gives: its cells, and what their intervals and nulls are made of. Those of tiles are joined to
// that of the whole before anything is judged, so a difference of layers or the largest value of a draw may span tiles.
type measured struct {
	cells     []results.Cell
	matches   [][]results.Match // of each cell
	left      *replicates       // nil: none
	nulls     []*drawn          // of each metric, nil where it has none
	retrieved []results.Retrieved
	failed    []extract.Failure
}

// judged computes the cells of a basis with their intervals and nulls.
func (p *Plan) judged(ctx context.Context, b *basis) (f found, err error) {
	var m *measured
	if len(b.tiles) > 0 {
		m, err = p.measureTiles(ctx, b)
	} else {
		m, err = p.measureBasis(ctx, b)
	}
	if err != nil {
		return f, err
	}
	f.cells, f.matches, f.retrieved, f.failed = m.cells, slices.Concat(m.matches...), m.retrieved, m.failed
	f.differences = b.intervals(m.left, m.cells)
	for k, d := range m.nulls {
		if d != nil {
			d.judge(b, m.cells[k*len(b.cells):(k+1)*len(b.cells)])
		}
	}
	return f, nil
}

// measureBasis computes the cells of one basis from what it is made of.
func (p *Plan) measureBasis(ctx context.Context, b *basis) (*measured, error) {
	switch b.input {
	case kept:
		return p.measureRows(ctx, b)
	case queries:
		return p.measureQueries(ctx, b)
	}
	return p.measureMoments(ctx, b)
}

func (p *Plan) measureRows(ctx context.Context, b *basis) (*measured, error) {
	w, err := p.newRowwise(b)
	if err != nil {
		return nil, err
	}
	m := &measured{}
	m.cells, m.matches, err = p.cellsOf(ctx, b, len(b.rows.rows), func(c *results.Cell, m measure, i, j int) (metrics.Value, error) {
		return w.value(ctx, c, m, i, j)
	})
	if err == nil {
		m.nulls, err = p.nulls(ctx, b, nil, m.cells)
	}
	m.retrieved = w.lists()
	return m, err
}

func (p *Plan) measureQueries(ctx context.Context, b *basis) (*measured, error) {
	s, failed, err := p.querySums(b)
	if err != nil {
		return nil, err
	}
	m := &measured{failed: failed}
	m.cells, m.matches, err = p.cellsOf(ctx, b, 0, func(_ *results.Cell, m measure, i, j int) (metrics.Value, error) {
		return s.whole.Value(i, j, m.variant.Name)
	})
	if err == nil {
		m.left, err = replicatesOf(ctx, p, b, s, m.cells, attentionStatistics)
	}
	return m, err
}

func (p *Plan) measureMoments(ctx context.Context, b *basis) (*measured, error) {
	if b.rows != nil { // kept in the store: words and phones, and frames where tiles need them again
		if err := p.storedMoments(ctx, b); err != nil {
			return nil, err
		}
	}
	s, failed, err := p.momentSums(b)
	if err != nil {
		return nil, err
	}
	m := &measured{failed: failed}
	heldOut, err := b.heldOut(ctx, s)
	if err != nil {
		return nil, err
	}
	m.cells, m.matches, err = p.cellsOf(ctx, b, s.whole.N(), func(_ *results.Cell, m measure, i, j int) (metrics.Value, error) {
		if m.heldOut() {
			v := heldOut[[2]int{i, j}]
			return v.Value, v.Err
		}
		return metrics.Compute(s.whole, m.Name, m.variant.Name, i, j)
	})
	if err == nil {
		m.left, err = replicatesOf(ctx, p, b, s, m.cells, func(cells []metrics.Cell) func(*metrics.Moments) ([]float64, error) {
			return metrics.Statistics(ctx, cells)
		})
	}
	if err == nil && b.input == layers {
		m.nulls, err = p.nulls(ctx, b, s.whole, m.cells)
	}
	return m, err
}
