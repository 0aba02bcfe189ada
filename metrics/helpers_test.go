package metrics

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// openBLAS returns OpenBLAS, or skips.
func openBLAS(t testing.TB) Backend {
	t.Helper()
	b, err := OpenBLAS([]string{os.Getenv("SPEECHSIM_OPENBLAS"), "../lib", "libopenblas.so.0"})
	if err != nil {
		t.Skip(err)
	}
	return b
}

// eachBackend runs the same checks on every implementation.
func eachBackend(t *testing.T, check func(t *testing.T, b Backend)) {
	t.Run("gonum", func(t *testing.T) { check(t, PureGo()) })
	t.Run("openblas", func(t *testing.T) { check(t, openBLAS(t)) })
}

// random returns a source that is the same each time.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x5ca1ab1e)) }

// gaussian returns [rows, cols] of mean 0, sd 1.
func gaussian(r *rand.Rand, rows, cols int) Matrix {
	x := Matrix{Rows: rows, Cols: cols, Stride: cols, Data64: make([]float64, rows*cols)}
	for i := range x.Data64 {
		x.Data64[i] = r.NormFloat64()
	}
	return x
}

// mixed returns x A + noise, so that the result has to do with x.
func mixed(r *rand.Rand, x Matrix, cols int, noise float64) Matrix {
	a := gaussian(r, x.Cols, cols)
	y := gaussian(r, x.Rows, cols)
	for t := range x.Rows {
		for c := range cols {
			v := noise * y.Data64[t*cols+c]
			for k := range x.Cols {
				v += x.Data64[t*x.Cols+k] * a.Data64[k*cols+c] / math.Sqrt(float64(x.Cols))
			}
			y.Data64[t*cols+c] = v
		}
	}
	return y
}

// single returns x in float32.
func single(x Matrix) Matrix {
	x.Data = make([]float32, len(x.Data64))
	for i, v := range x.Data64 {
		x.Data[i] = float32(v)
	}
	x.Data64 = nil
	return x
}

// byUnit returns x as ColMajor.
func byUnit(x Matrix) Matrix {
	y := Matrix{Rows: x.Rows, Cols: x.Cols, Stride: x.Rows, ColMajor: true}
	if x.Data != nil {
		y.Data = make([]float32, len(x.Data))
	} else {
		y.Data64 = make([]float64, len(x.Data64))
	}
	for r := range x.Rows {
		for u := range x.Cols {
			if x.Data != nil {
				y.Data[u*x.Rows+r] = x.Data[r*x.Stride+u]
			} else {
				y.Data64[u*x.Rows+r] = x.Data64[r*x.Stride+u]
			}
		}
	}
	return y
}

// fromRows returns a matrix of the given rows.
func fromRows(rows [][]float64) Matrix {
	x := Matrix{Rows: len(rows), Cols: len(rows[0]), Stride: len(rows[0])}
	for _, row := range rows {
		x.Data64 = append(x.Data64, row...)
	}
	return x
}

// at returns element (r, u) of a row-major matrix.
func at(x Matrix, r, u int) float64 {
	if x.Data64 != nil {
		return x.Data64[r*x.Stride+u]
	}
	return float64(x.Data[r*x.Stride+u])
}

// momentsOf adds the layers in one block.
func momentsOf(t testing.TB, b Backend, o Options, layers ...Matrix) *Moments {
	t.Helper()
	m := emptyFor(t, b, o, layers...)
	if err := m.Add(context.Background(), layers); err != nil {
		t.Fatal(err)
	}
	return m
}

func emptyFor(t testing.TB, b Backend, o Options, layers ...Matrix) *Moments {
	t.Helper()
	var dims []int
	for _, x := range layers {
		dims = append(dims, x.Cols)
	}
	m, err := NewMoments(b, dims, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// slice returns rows [from, to) of each layer.
func slice(layers []Matrix, from, to int) []Matrix {
	var out []Matrix
	for _, x := range layers {
		out = append(out, x.rows(from, to))
	}
	return out
}

// value computes a metric and fails on an error.
func value(t testing.TB, m *Moments, metric, variant string, i, j int) Value {
	t.Helper()
	v, err := Compute(m, metric, variant, i, j)
	if err != nil {
		t.Fatalf("%s %s: %v", metric, variant, err)
	}
	return v
}

// near fails unless got is within tolerance of want.
func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %.15g, want %.15g (off by %.2g, allowed %.2g)", what, got, want, math.Abs(got-want), tolerance)
	}
}

// typeMeans returns the mean row of each type, [types, dim], and the number of
// rows of each.
func typeMeans(x Matrix, types []int, unit bool) (Matrix, []int, error) {
	s := NewTypeSums(slices.Max(types)+1, x.Cols, unit)
	if err := s.Add(x, types); err != nil {
		return Matrix{}, nil, err
	}
	return s.Means()
}
