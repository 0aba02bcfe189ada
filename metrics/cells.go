package metrics

import (
	"context"
	"errors"
	"math"

	"speechsim/metrics/internal/parallel"
)

// Cell names one value of a result: a metric, a variant ("" the default), and
// the layers x and y.
type Cell struct {
	Metric, Variant string
	X, Y            int
}

// CellValue is the value of a cell, or the reason why it has none.
type CellValue struct {
	Value
	Err error // an *UndefinedError, or nil
}

// ComputeCells computes many cells of the same moments, on as many goroutines
// as the moments have workers. A cell that is undefined says so in its place;
// any other error ends the whole.
func ComputeCells(ctx context.Context, m *Moments, cells []Cell) ([]CellValue, error) {
	values := make([]CellValue, len(cells))
	parallel.Run(m.workers, len(cells), func(_, k int) {
		if err := ctx.Err(); err != nil {
			values[k].Err = err
			return
		}
		c := cells[k]
		values[k].Value, values[k].Err = Compute(m, c.Metric, c.Variant, c.X, c.Y)
	})
	for _, v := range values {
		var undefined *UndefinedError
		if v.Err != nil && !errors.As(v.Err, &undefined) {
			return nil, v.Err
		}
	}
	return values, nil
}

// Statistics returns the function that Jackknife wants for cells: their
// numbers, NaN where undefined.
func Statistics(ctx context.Context, cells []Cell) func(m *Moments) ([]float64, error) {
	return func(m *Moments) ([]float64, error) {
		values, err := ComputeCells(ctx, m, cells)
		numbers := make([]float64, len(values))
		for k, v := range values {
			numbers[k] = v.Value.Value
			if v.Err != nil {
				numbers[k] = math.NaN()
			}
		}
		return numbers, err
	}
}
