package linalg_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"speechsim/metrics/internal/linalg"
)

func TestCentre(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for n := range 40 {
		x, z := make([]float32, n), make([]float32, n+1)
		z[n] = 77
		sum, square := 0.0, 0.0
		for i := range x {
			x[i] = 100 + float32(r.NormFloat64())
			d := float64(x[i] - 99.5)
			sum += d
			square += d * d
		}
		s, q := linalg.Centre(z[:n], x, 99.5)
		if math.Abs(s-sum) > 1e-12*float64(n) || math.Abs(q-square) > 1e-12*float64(n) || z[n] != 77 {
			t.Errorf("n = %d: sums %g and %g, want %g and %g", n, s, q, sum, square)
		}
		for i := range x {
			if z[i] != x[i]-99.5 {
				t.Fatalf("n = %d: z[%d] = %g", n, i, z[i])
			}
		}
	}
}

func TestBeyond(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		value    float32
		exponent int
		want     bool
	}{
		{0, 0, false}, {1, 0, true}, {-1, 0, true}, {.999, 0, false}, {1e15, 50, false}, {-1.2e15, 50, true}, {math.MaxFloat32, 128, false},
		{inf, 128, true}, {-inf, 50, true}, {float32(math.NaN()), 128, true}, {-float32(math.NaN()), 20, true}, {math.SmallestNonzeroFloat32, 0, false},
	} {
		for n := 1; n < 12; n++ {
			for at := range n {
				x := make([]float32, n)
				x[at] = c.value
				if got := linalg.Beyond(x, c.exponent); got != c.want {
					t.Fatalf("%g at %d of %d, 2^%d: %v", c.value, at, n, c.exponent, got)
				}
			}
		}
	}
	if linalg.Beyond(nil, 0) {
		t.Error("nothing is beyond")
	}
}

// TestAddRows: rows of all lengths, some of them none, and the same one again.
func TestAddRows(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	const rows, columns = 60, 50
	dense := linalg.New[float32](rows, columns)
	s := linalg.Sparse{Starts: make([]int64, rows+1)}
	for i := range rows {
		for _, c := range r.Perm(columns)[:i%33] {
			dense.Data[i*columns+c] = float32(r.NormFloat64())
			s.Entries = append(s.Entries, linalg.SparseEntry{Column: int32(c), Value: dense.At(i, c)})
		}
		s.Starts[i+1] = int64(len(s.Entries))
	}
	for n := range 2 * rows {
		got, want := make([]float64, columns), make([]float64, columns)
		var added []int32
		var weights []float64
		for range n {
			added, weights = append(added, int32(r.IntN(rows))), append(weights, r.NormFloat64())
		}
		s.AddRows(got, added, weights)
		for i, row := range added {
			for c := range want {
				want[c] += weights[i] * float64(dense.At(int(row), c))
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d rows: %v, want %v", n, got, want)
		}
	}
	linalg.Sparse{Starts: make([]int64, 2)}.AddRows(make([]float64, 3), []int32{0}, []float64{1})
}
