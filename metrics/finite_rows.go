package metrics

import (
	"fmt"

	"speechsim/metrics/internal/linalg"
)

// Finite returns x with its stride filled in, or says where it is not finite.
func Finite(x Matrix, layer int) (Matrix, error) {
	x, err := x.shaped()
	if err != nil {
		return x, fmt.Errorf("layer %d: %w", layer, err)
	}
	return x, x.checkRange(layer, 50)
}

// denseRows returns a copy of x by rows, less the mean if centred.
func denseRows[T linalg.Float](x Matrix, centred bool) linalg.Dense[T] {
	centre := make([]float64, x.Cols)
	if centred {
		if x.Data64 != nil {
			columnMeans(centre, x, x.Data64, 1)
		} else {
			columnMeans(centre, x, x.Data, 1)
		}
	}
	return minus[T](x, centre)
}

// minus returns the rows of x less a centre.
func minus[T linalg.Float](x Matrix, centre []float64) linalg.Dense[T] {
	out := linalg.New[T](x.Rows, x.Cols)
	setMinus(out, x, centre)
	return out
}

// setMinus sets out, of the shape of x, to the rows of x less a centre.
func setMinus[T linalg.Float](out linalg.Dense[T], x Matrix, centre []float64) {
	switch {
	case x.Rows == 0 || x.Cols == 0:
	case x.Data64 != nil:
		setMinusOf(out, x, x.Data64, centre)
	default:
		setMinusOf(out, x, x.Data, centre)
	}
}

func setMinusOf[T, S linalg.Float](out linalg.Dense[T], x Matrix, data []S, centre []float64) {
	if x.ColMajor {
		for u, c := range centre[:x.Cols] {
			for r, v := range data[u*x.Stride:][:x.Rows] {
				out.Data[r*out.Stride+u] = T(float64(v) - c)
			}
		}
		return
	}
	for r := range x.Rows {
		from, to, less := data[r*x.Stride:][:x.Cols], out.Row(r)[:x.Cols], centre[:x.Cols]
		for u, v := range from {
			to[u] = T(float64(v) - less[u])
		}
	}
}
