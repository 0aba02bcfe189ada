package metrics

import (
	"fmt"
	"math"
	"testing"
)

// TestLeading: the first components of a layer are those of its whole spectrum, up to sign.
func TestLeading(t *testing.T) {
	eachBackend(t, func(t *testing.T, b Backend) {
		const units, k = 120, 8
		r := random(12)
		x := gaussian(r, 400, units)
		for row := range x.Rows {
			for u := range units {
				x.Data64[row*units+u] *= math.Pow(.9, float64(u))
			}
		}
		m, err := NewMoments(b, []int{units}, Options{Float64: true})
		if err == nil {
			err = m.Add(t.Context(), []Matrix{x})
		}
		if err != nil {
			t.Fatal(err)
		}
		whole, err := m.spectrumOf(0, false)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.leading(0, k)
		if err != nil {
			t.Fatal(err)
		}
		if got.Rows != k || got.Cols != units {
			t.Fatalf("[%d, %d]", got.Rows, got.Cols)
		}
		for i := range k {
			near(t, fmt.Sprintf("component %d", i), math.Abs(dot(got.Row(i), whole.vectors.Row(i))), 1, 1e-3)
			for j := range i {
				near(t, fmt.Sprintf("components %d and %d", i, j), dot(got.Row(i), got.Row(j)), 0, 1e-10)
			}
		}
		again, err := m.leading(0, k)
		if err != nil || again.Data[0] != got.Data[0] {
			t.Error("asked again, it says something else")
		}
	})
}
