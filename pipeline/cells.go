package pipeline

import (
	"context"
	"errors"
	"fmt"

	"speechsim/metrics"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/results"
)

// value computes one cell of a basis. What it finds beside the value goes into c.
type value func(c *results.Cell, m measure, i, j int) (metrics.Value, error)

// cell says what cell c of a basis is: those of each metric stand together.
func (b *basis) cell(c int) (measure, layerPair) {
	return b.measures()[c/len(b.cells)], b.pair(c)
}

func (b *basis) pair(c int) layerPair { return b.cells[c%len(b.cells)] }

// cellsOf computes all cells of a basis, n being its rows, and what each matched. A metric that is undefined on these data
// gives a cell that says why; any other error ends the run.
func (p *Plan) cellsOf(ctx context.Context, b *basis, n int, compute value) ([]results.Cell, [][]results.Match, error) {
	cells := make([]results.Cell, len(b.measures())*len(b.cells))
	matches := make([][]results.Match, len(cells))
	err := progress.Each(ctx, p.opts.Workers, len(cells), p.opts.Progress, func(at int) error {
		v, pair := b.cell(at)
		i, j := pair.x, pair.y
		c := &cells[at]
		*c = results.Cell{Comparison: b.k.Name, Metric: v.Name, Variant: v.variant.Name, Params: b.paramsOf(v), X: p.layerName(b.stack[i]), Y: p.layerName(b.stack[j]),
			Rows: b.unit, N: n, DX: b.stack[i].units, DY: b.stack[j].units}
		got, err := compute(c, v, i, j)
		var undefined *metrics.UndefinedError
		if errors.As(err, &undefined) {
			c.Error = undefined.Reason
			if got.N > 0 {
				c.N = got.N
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("comparison %s: %s %s of %s and %s: %w", b.k.Name, v.Name, v.variant.Name, c.X, c.Y, err)
		}
		c.Value, c.N, c.DX, c.DY, c.Warnings = &got.Value, got.N, got.DX, got.DY, got.Warnings
		if i != j {
			matches[at] = matchesOf(c, got.Match)
		}
		return nil
	})
	return cells, matches, err
}

func (p *Plan) layerName(l stacked) results.Layer {
	return results.Layer{Model: p.sources[l.source].Name, Layer: l.name}
}
