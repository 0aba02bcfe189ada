//go:build cgo

package linalg

// #cgo CFLAGS: -O2
// #include "kernels.h"
import "C"

import "unsafe"

// Centre sets z to x - centre and returns Σ z and Σ z². The lengths of x and z
// are equal.
func Centre(z, x []float32, centre float32) (sum, square float64) {
	z = z[:len(x)]
	if len(x) == 0 {
		return 0, 0
	}
	var sums [2]C.double
	C.kernel_centre(float(x), float(z), C.long(len(x)), C.float(centre), &sums[0])
	return float64(sums[0]), float64(sums[1])
}

// Beyond reports whether some |x| is at least 2^exponent, or is not finite.
// The exponent is from 0 to 128.
func Beyond(x []float32, exponent int) bool {
	return len(x) > 0 && C.kernel_beyond(float(x), C.long(len(x)), C.int(exponent)) != 0
}

func centreRows32(z, x Dense[float32], centre, sum, square, from, distances []float64) {
	z.valid("z")
	x.valid("x")
	if x.Rows == 0 || x.Cols == 0 {
		clear(distances)
		return
	}
	rounded := make([]float32, len(centre))
	for u, c := range centre {
		rounded[u] = float32(c)
	}
	C.kernel_centre_rows(C.long(x.Rows), C.long(x.Cols), float(x.Data), C.long(x.Stride), float(z.Data), C.long(z.Stride),
		float(rounded), double(sum), double(square), double(from), double(distances))
}

func addMoved32(sum Dense[float64], product Dense[float32], upper bool, n int, u, v Moved) {
	sum.valid("sum")
	product.valid("product")
	if product.Rows == 0 || product.Cols == 0 {
		return
	}
	C.kernel_add_moved(C.long(product.Rows), C.long(product.Cols), flag(upper), float(product.Data), C.long(product.Stride),
		double(sum.Data), C.long(sum.Stride), C.double(n), double(u.Delta), double(u.Sum), double(v.Delta), double(v.Sum))
}

func (s Sparse) addRows(sum []float64, rows []int32, weights []float64) {
	if len(rows) == 0 || len(s.Entries) == 0 {
		return
	}
	C.kernel_add_rows((*C.struct_sparse_entry)(unsafe.Pointer(&s.Entries[0])), (*C.int64_t)(&s.Starts[0]), C.long(len(rows)), (*C.int32_t)(&rows[0]),
		double(weights), double(sum))
}

func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

func float(x []float32) *C.float   { return (*C.float)(unsafe.SliceData(x)) }
func double(x []float64) *C.double { return (*C.double)(unsafe.SliceData(x)) }
