package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"

	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// total adds the parts of a basis up, in their order.
func (p *Plan) total(b *basis) (*metrics.Moments, []extract.Failure, error) {
	var whole *metrics.Moments
	failed, err := p.eachPart(b, func(part int, in io.Reader) error {
		m, err := metrics.ReadMoments(in, p.backend, p.momentsOptions(b))
		if err != nil || whole == nil {
			whole = m
			return err
		}
		return whole.Merge(m)
	})
	return whole, failed, err
}

// totalRows is total for the accumulator of attention maps by the query.
func (p *Plan) totalRows(b *basis) (*metrics.AttentionRows, []extract.Failure, error) {
	var whole *metrics.AttentionRows
	failed, err := p.eachPart(b, func(part int, in io.Reader) error {
		m, err := metrics.ReadAttentionRows(in, p.backend, p.opts.Workers)
		if err != nil || whole == nil {
			whole = m
			return err
		}
		return whole.Merge(m)
	})
	return whole, failed, err
}

func (p *Plan) eachPart(b *basis, read func(part int, in io.Reader) error) (failed []extract.Failure, err error) {
	for part := range p.partCount(b) {
		entry := b.entryOf(part)
		if entry == nil {
			continue
		}
		f, err := entry.ReadPart(part, func(in io.Reader) error { return read(part, in) })
		if err != nil {
			return nil, err
		}
		failed = append(failed, f...)
	}
	return failed, nil
}

// value computes one cell of a basis.
type value func(m measure, i, j int) (metrics.Value, error)

// cellsOf computes all cells of a basis, n being its rows. A metric that is undefined on these data gives a cell that says
// why; any other error ends the run.
func (p *Plan) cellsOf(ctx context.Context, b *basis, n int, compute value) ([]results.Cell, error) {
	measures := b.measures()
	cells := make([]results.Cell, len(measures)*len(b.x)*len(b.y))
	err := p.parallel(ctx, len(cells), func(at int) error {
		v := measures[at/(len(b.x)*len(b.y))]
		i, j := b.sides(at)
		c := &cells[at]
		*c = results.Cell{Comparison: b.k.Name, Metric: v.Name, Variant: v.variant.Name, Params: b.paramsOf(v), X: p.layerName(b.stack[i]), Y: p.layerName(b.stack[j]),
			Rows: b.unit, N: n, DX: b.stack[i].units, DY: b.stack[j].units}
		got, err := compute(v, i, j)
		var undefined *metrics.UndefinedError
		if errors.As(err, &undefined) {
			c.Error = undefined.Reason
			return nil
		}
		if err != nil {
			return fmt.Errorf("comparison %s: %s %s of %s and %s: %w", b.k.Name, v.Name, v.variant.Name, c.X, c.Y, err)
		}
		c.Value, c.N, c.DX, c.DY, c.Warnings = &got.Value, got.N, got.DX, got.DY, got.Warnings
		return nil
	})
	return cells, err
}

func (p *Plan) layerName(l stacked) results.Layer {
	return results.Layer{Model: p.sources[l.source].Name, Layer: l.name}
}
