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
	var failed []extract.Failure
	for part := range p.parts {
		var m *metrics.Moments
		f, err := b.entry.ReadPart(part, func(in io.Reader) error {
			var err error
			m, err = metrics.ReadMoments(in, p.backend, p.momentsOptions(b))
			return err
		})
		if err != nil {
			return nil, nil, err
		}
		failed = append(failed, f...)
		if whole == nil {
			whole = m
		} else if err := whole.Merge(m); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", b.entry.PartPath(part), err)
		}
	}
	return whole, failed, nil
}

// cellsOf computes all cells of a basis. A metric that is undefined on these data gives a cell that says why; any other
// error ends the run.
func (p *Plan) cellsOf(ctx context.Context, b *basis, m *metrics.Moments) ([]results.Cell, error) {
	measures := b.k.measuresOf(b.input)
	cells := make([]results.Cell, len(measures)*len(b.x)*len(b.y))
	err := p.parallel(ctx, len(cells), func(n int) error {
		v := measures[n/(len(b.x)*len(b.y))]
		i, j := b.sides(n)
		c := &cells[n]
		*c = results.Cell{Comparison: b.k.Name, Metric: v.Name, Variant: v.variant.Name, X: p.layerName(b.stack[i]), Y: p.layerName(b.stack[j]),
			Rows: b.unit, N: m.N(), DX: b.stack[i].units, DY: b.stack[j].units}
		value, err := metrics.Compute(m, v.Name, v.variant.Name, i, j)
		var undefined *metrics.UndefinedError
		if errors.As(err, &undefined) {
			c.Error = undefined.Reason
			return nil
		}
		if err != nil {
			return fmt.Errorf("comparison %s: %s %s of %s and %s: %w", b.k.Name, v.Name, v.variant.Name, c.X, c.Y, err)
		}
		x := value.Value
		c.Value, c.N, c.DX, c.DY, c.Warnings = &x, value.N, value.DX, value.DY, value.Warnings
		return nil
	})
	return cells, err
}

func (p *Plan) layerName(l stacked) results.Layer {
	return results.Layer{Model: p.sources[l.source].Name, Layer: l.name}
}
