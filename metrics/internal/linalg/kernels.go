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
	C.kernel_centre((*C.float)(&x[0]), (*C.float)(&z[0]), C.long(len(x)), C.float(centre), &sums[0])
	return float64(sums[0]), float64(sums[1])
}

// Beyond reports whether some |x| is at least 2^exponent, or is not finite.
// The exponent is from 0 to 128.
func Beyond(x []float32, exponent int) bool {
	return len(x) > 0 && C.kernel_beyond((*C.float)(&x[0]), C.long(len(x)), C.int(exponent)) != 0
}

// Reaching returns where x[i] >= limit, or x[i] >= limits[i] if limits is not
// nil, in order. It writes to found, which is at least as long as x; so is limits.
func Reaching(found []int32, x []float32, limit float32, limits []float32) []int32 {
	if len(x) == 0 {
		return nil
	}
	if limits != nil {
		limits = limits[:len(x)]
	}
	found = found[:len(x)]
	n := C.kernel_reaching((*C.float)(&x[0]), (*C.float)(unsafe.SliceData(limits)), C.float(limit), C.long(len(x)), (*C.int32_t)(&found[0]))
	return found[:n]
}
