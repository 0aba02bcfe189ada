package metrics

import (
	"fmt"
	"math"

	"speechsim/metrics/internal/linalg"
)

// Matrix is the rows of one layer: [Rows, Cols] means rows (frames, segments,
// attention cells) by units (neurons, heads). The elements are in Data, or, for
// data that was computed in double precision, in Data64.
//
// Element (r, u) is at r*Stride + u, or at u*Stride + r if ColMajor, which is
// how attention comes out of a model: [heads, queries*keys]. A Stride of 0
// means that there is no padding.
type Matrix struct {
	Rows, Cols, Stride int
	Data               []float32
	Data64             []float64
	ColMajor           bool
}

// shaped returns the matrix with its stride filled in, or says what is wrong.
func (x Matrix) shaped() (Matrix, error) {
	lines, line := x.Rows, x.Cols
	if x.ColMajor {
		lines, line = line, lines
	}
	if x.Stride == 0 {
		x.Stride = line
	}
	if x.Rows < 0 || x.Cols < 0 || x.Stride < line {
		return x, fmt.Errorf("a matrix of shape [%d, %d] can't have stride %d", x.Rows, x.Cols, x.Stride)
	}
	if x.Data != nil && x.Data64 != nil {
		return x, fmt.Errorf("a matrix has both Data and Data64; exactly one may be set")
	}
	need := 0
	if lines > 0 && line > 0 {
		need = (lines-1)*x.Stride + line
	}
	if have := max(len(x.Data), len(x.Data64)); have < need {
		return x, fmt.Errorf("a matrix of shape [%d, %d], stride %d needs %d elements and has %d", x.Rows, x.Cols, x.Stride, need, have)
	}
	return x, nil
}

// rows returns rows [from, to), sharing memory.
func (x Matrix) rows(from, to int) Matrix {
	offset := from * x.Stride
	if x.ColMajor {
		offset = from
	}
	x.Rows = to - from
	if x.Rows == 0 || x.Cols == 0 {
		return x
	}
	if x.Data64 != nil {
		x.Data64 = x.Data64[offset:]
	} else {
		x.Data = x.Data[offset:]
	}
	return x
}

// lines visits the contiguous stretches of the matrix in order: its rows, or,
// if ColMajor, its units. One of the slices is nil.
func (x Matrix) lines(visit func(i int, f32 []float32, f64 []float64)) {
	lines, line := x.Rows, x.Cols
	if x.ColMajor {
		lines, line = line, lines
	}
	if line == 0 {
		return
	}
	for i := range lines {
		from := i * x.Stride
		if x.Data64 != nil {
			visit(i, nil, x.Data64[from:from+line])
		} else {
			visit(i, x.Data[from:from+line], nil)
		}
	}
}

// beyond reports whether some element has a magnitude of 2^exponent or more, or
// is not finite.
func (x Matrix) beyond(exponent int) bool {
	limit, found := math.Ldexp(1, exponent), false
	x.lines(func(_ int, f32 []float32, f64 []float64) {
		found = found || f32 != nil && linalg.Beyond(f32, min(exponent, 128))
		for _, v := range f64 {
			if !(math.Abs(v) < limit) {
				found = true
			}
		}
	})
	return found
}

// checkRange returns a NonFiniteError or a RangeError for a layer with elements
// that are not finite, or have a magnitude of 2^exponent or more.
func (x Matrix) checkRange(layer, exponent int) error {
	if !x.beyond(exponent) {
		return nil
	}
	if row, unit, value := x.nonFinite(); row < x.Rows {
		return &NonFiniteError{Layer: layer, Row: row, Unit: unit, Value: value}
	}
	largest := 0.0
	x.lines(func(_ int, f32 []float32, f64 []float64) {
		for _, v := range f32 {
			largest = max(largest, math.Abs(float64(v)))
		}
		for _, v := range f64 {
			largest = max(largest, math.Abs(v))
		}
	})
	return &RangeError{Layer: layer, Value: largest, Limit: math.Ldexp(1, exponent)}
}

// nonFinite finds the first element (in row order) that is NaN or infinite.
func (x Matrix) nonFinite() (row, unit int, value float64) {
	row = x.Rows
	x.lines(func(i int, f32 []float32, f64 []float64) {
		for k := range max(len(f32), len(f64)) {
			var v float64
			if f64 != nil {
				v = f64[k]
			} else {
				v = float64(f32[k])
			}
			r, u := i, k
			if x.ColMajor {
				r, u = k, i
			}
			if (math.IsNaN(v) || math.IsInf(v, 0)) && r < row {
				row, unit, value = r, u, v
			}
		}
	})
	return row, unit, value
}
