package asif

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"speechsim/metrics"
)

// openBLAS returns OpenBLAS, or skips.
func openBLAS(t testing.TB) metrics.Backend {
	t.Helper()
	b, err := metrics.OpenBLAS([]string{os.Getenv("SPEECHSIM_OPENBLAS"), "../../lib", "libopenblas.so.0"})
	if err != nil {
		t.Skip(err)
	}
	return b
}

// eachBackend runs the same checks on every implementation.
func eachBackend(t *testing.T, check func(t *testing.T, b metrics.Backend)) {
	t.Run("gonum", func(t *testing.T) { check(t, metrics.PureGo()) })
	t.Run("openblas", func(t *testing.T) { check(t, openBLAS(t)) })
}

// random returns a source that is the same each time.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x5ca1ab1e)) }

// gaussian returns [rows, cols] of mean 0, sd 1.
func gaussian(r *rand.Rand, rows, cols int) metrics.Matrix {
	x := metrics.Matrix{Rows: rows, Cols: cols, Stride: cols, Data64: make([]float64, rows*cols)}
	for i := range x.Data64 {
		x.Data64[i] = r.NormFloat64()
	}
	return x
}

// fromRows returns a matrix of the given rows.
func fromRows(rows [][]float64) metrics.Matrix {
	x := metrics.Matrix{Rows: len(rows), Cols: len(rows[0]), Stride: len(rows[0])}
	for _, row := range rows {
		x.Data64 = append(x.Data64, row...)
	}
	return x
}

// near fails unless got is within tolerance of want.
func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %.15g, want %.15g (off by %.2g, allowed %.2g)", what, got, want, math.Abs(got-want), tolerance)
	}
}
