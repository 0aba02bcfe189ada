package linalg_test

import (
	"math"
	"math/rand/v2"
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
