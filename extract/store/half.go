package store

import (
	"math"
)

// largestHalf is the largest number of float16.
const largestHalf = 65504

// toHalf rounds x to the nearest float16, ties to even. What is beyond the range becomes an infinity; a NaN stays one.
func toHalf(x float32) uint16 {
	const (
		infinity  = 0xff << 23
		overflow  = (127 + 16) << 23 // 65536
		subnormal = (127 - 14) << 23 // 2^-14: below it a float16 has the unit 2^-24
		rebias    = (127 - 15) << 23
	)
	b := math.Float32bits(x)
	sign := uint16(b >> 16 & 0x8000)
	b &= 0x7fffffff
	switch {
	case b > infinity:
		return sign | 0x7e00
	case b >= overflow:
		return sign | 0x7c00
	case b < subnormal:
		// The unit in the last place of 0.5 is 2^-24: the addition rounds as float16 would.
		return sign | uint16(math.Float32bits(math.Float32frombits(b)+0.5)-math.Float32bits(0.5))
	}
	b += 0xfff + b>>13&1 // half of the unit that stays, less one where the number below is even
	return sign | uint16((b-rebias)>>13)
}

// fromHalf is the value of a float16, exactly.
func fromHalf(h uint16) float32 {
	const scale = 0x1p112 // 127 - 15: the difference of the biases, which also makes subnormal numbers normal
	sign, magnitude := uint32(h&0x8000)<<16, uint32(h&0x7fff)<<13
	if magnitude >= 0x7c00<<13 { // infinity or NaN
		return math.Float32frombits(sign | magnitude | 0xff<<23)
	}
	return math.Float32frombits(sign | math.Float32bits(math.Float32frombits(magnitude)*scale))
}
