//go:build !cgo

package linalg

import "math"

// Centre sets z to x - centre and returns Σ z and Σ z². The lengths of x and z
// are equal.
func Centre(z, x []float32, centre float32) (sum, square float64) {
	z = z[:len(x)]
	for i, v := range x {
		z[i] = v - centre
		d := float64(z[i])
		sum += d
		square += d * d
	}
	return sum, square
}

// Beyond reports whether some |x| is at least 2^exponent, or is not finite.
// The exponent is from 0 to 128.
func Beyond(x []float32, exponent int) bool {
	var seen uint32
	for _, v := range x {
		seen |= math.Float32bits(v)&(255<<23) + uint32(256-127-exponent)<<23
	}
	return seen>>31 != 0
}

func centreRows32(z, x Dense[float32], centre, sum, square, from, distances []float64) {
	centreRows(z, x, centre, sum, square, from, distances)
}

func addMoved32(sum Dense[float64], product Dense[float32], upper bool, n int, u, v Moved) {
	addMoved(sum, product, upper, n, u, v)
}

func (s Sparse) addRows(sum []float64, rows []int32, weights []float64) {
	for i, r := range rows {
		for _, e := range s.Entries[s.Starts[r]:s.Starts[r+1]] {
			sum[e.Column] += weights[i] * float64(e.Value)
		}
	}
}
