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
	x.lines(func(line int, f32 []float32, f64 []float64) {
		for k := range max(len(f32), len(f64)) {
			r, u := line, k
			if x.ColMajor {
				r, u = k, line
			}
			var v float64
			if f64 != nil {
				v = f64[k]
			} else {
				v = float64(f32[k])
			}
			out.Data[r*out.Stride+u] = T(v - centre[u])
		}
	})
	return out
}
