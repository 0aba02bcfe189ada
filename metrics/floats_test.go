package metrics

import (
	"errors"
	"fmt"
	"math"
	"testing"
)

// TestSinglePrecision: whatever the scale of a layer, its offset, or a few rows or units far above or below the others, single
// precision gives the CKA of double precision, or says that it can't.
func TestSinglePrecision(t *testing.T) {
	r := random(77)
	const rows, units = 400, 12
	shared := make([]float64, rows*units)
	for k := range shared {
		shared[k] = r.NormFloat64()
	}
	layer := func(change func(row, unit int, v float64) float64) (m32, m64 Matrix) {
		m32 = Matrix{Rows: rows, Cols: units, Data: make([]float32, rows*units)}
		m64 = Matrix{Rows: rows, Cols: units, Data64: make([]float64, rows*units)}
		for k := range m32.Data {
			m32.Data[k] = float32(change(k/units, k%units, .5*shared[k]+r.NormFloat64()))
			m64.Data64[k] = float64(m32.Data[k])
		}
		return m32, m64
	}
	plain32, plain64 := layer(func(_, _ int, v float64) float64 { return v })
	refused := map[string]bool{}
	check := func(name string, change func(row, unit int, v float64) float64) {
		x32, x64 := layer(change)
		for _, variant := range []string{"debiased", "biased"} {
			exact := momentsOf(t, PureGo(), Options{SquaredNorms: true, Float64: true}, x64, plain64)
			want, noValue := CKA(exact, 0, 1, variant)
			m, err := NewMoments(PureGo(), []int{units, units}, Options{SquaredNorms: true})
			if err != nil {
				t.Fatal(err)
			}
			err = m.Add(t.Context(), []Matrix{x32, plain32})
			var beyond *RangeError
			var got Value
			if err == nil {
				got, err = CKA(m, 0, 1, variant)
			}
			var undefined *UndefinedError
			switch {
			case errors.As(err, &beyond), errors.As(err, &undefined) && undefined.Precision:
				refused[name] = true
			case err != nil:
				t.Errorf("%s, %s: %v", name, variant, err)
			case noValue != nil:
				t.Errorf("%s, %s: %v, and in double precision %v", name, variant, got.Value, noValue)
			case math.Abs(got.Value-want.Value) > 1e-5:
				t.Errorf("%s, %s: %v, and in double precision %v", name, variant, got.Value, want.Value)
			}
		}
	}
	for scale := 10.; scale < 1e9; scale *= math.Sqrt(10) {
		check(fmt.Sprintf("one row of scale %.3g", scale), func(row, _ int, v float64) float64 {
			if row == 250 {
				return scale * v
			}
			return v
		})
	}
	for e := -30; e <= 30; e += 3 {
		scale := math.Pow(10, float64(e))
		check(fmt.Sprintf("a layer of scale 1e%d", e), func(_, _ int, v float64) float64 { return scale * v })
		if e <= 4 {
			check(fmt.Sprintf("an offset of 1e%d", e), func(_, _ int, v float64) float64 { return v + scale })
		}
		check(fmt.Sprintf("a unit of scale 1e%d", e), func(_, unit int, v float64) float64 {
			if unit == 3 {
				return scale * v
			}
			return v
		})
		check(fmt.Sprintf("three rows of scale 1e%d", e), func(row, _ int, v float64) float64 {
			if row%150 == 7 {
				return scale * v
			}
			return v
		})
	}
	for _, name := range []string{"one row of scale 31.6", "a layer of scale 1e0", "a layer of scale 1e-6", "a layer of scale 1e3", "a unit of scale 1e-30", "a unit of scale 1e3", "an offset of 1e3", "three rows of scale 1e0"} {
		if refused[name] {
			t.Errorf("%s is refused", name)
		}
	}
	for _, name := range []string{"three rows of scale 1e6", "one row of scale 1e+05"} {
		if !refused[name] {
			t.Errorf("%s is not refused", name)
		}
	}
}
