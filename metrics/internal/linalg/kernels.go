//go:build cgo

package linalg

// #cgo CFLAGS: -O2
// #include "kernels.h"
import "C"

// Centre sets z to x - centre and returns Σ z and Σ z². The lengths of x and z
// are equal.
func Centre(z, x []float32, centre float32) (sum, square float64) {
	z = z[:len(x)]
	if len(x) == 0 {
		return 0, 0
	}
	var sums [2]C.double
	C.kernel_centre((*C.float)(&x[0]), (*C.float)(&z[0]), C.long(len(x)), C.float(centre), &sums[0])
	return float64(sums[0]), float64(sums[1])
}

// Beyond reports whether some |x| is at least 2^exponent, or is not finite.
// The exponent is from 0 to 128.
func Beyond(x []float32, exponent int) bool {
	return len(x) > 0 && C.kernel_beyond((*C.float)(&x[0]), C.long(len(x)), C.int(exponent)) != 0
}
