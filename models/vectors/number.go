package vectors

import (
	"bytes"
	"math"
	"strconv"
)

// powersOf10 are the powers of ten that a float64 holds exactly.
var powersOf10 = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// parseFloat32 reads a number: bit for bit what strconv.ParseFloat(b, 32) gives,
// and false where that fails or the number is not finite.
func parseFloat32(b []byte) (float32, bool) {
	if x, ok := parseShort(b); ok {
		return x, true
	}
	x, err := strconv.ParseFloat(string(b), 32)
	return float32(x), err == nil && !math.IsInf(x, 0) && !math.IsNaN(x)
}

// parseShort reads the numbers that one rounding gets right, which are nearly all
// that occur, and false for every other text.
//
// A decimal is digits * 10^exponent. Where both factors are exact in float64 (digits
// below 2^53, exponent at most 22) the product or quotient is the float64 nearest to
// the decimal (Clinger, "How to Read Floating Point Numbers Accurately", 1990).
// Rounding that once more to float32 can go wrong only where it lies exactly between
// two float32: those are left to strconv, as are numbers below the normal range.
func parseShort(b []byte) (float32, bool) {
	i, negative := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		i = 1
	}
	var digits uint64
	count, point := 0, -1
	for ; i < len(b); i++ {
		d := b[i] - '0'
		if d > 9 {
			if b[i] != '.' || point >= 0 {
				break
			}
			point = count
			continue
		}
		digits = digits*10 + uint64(d)
		count++
	}
	if count == 0 || count > 19 { // 19 digits are below 2^64
		return 0, false
	}
	exponent := 0
	if point >= 0 {
		exponent = point - count
	}
	if i < len(b) {
		e, ok := parseExponent(b[i:])
		if !ok {
			return 0, false
		}
		exponent += e
	}
	if digits >= 1<<53 || exponent < -22 || exponent > 22 {
		return 0, false
	}
	x := float64(digits)
	if exponent < 0 {
		x /= powersOf10[-exponent]
	} else {
		x *= powersOf10[exponent]
	}
	const below, half = 1<<29 - 1, 1 << 28 // the 29 bits that float32 does without
	if math.Float64bits(x)&below == half || x < 0x1p-126 && x != 0 {
		return 0, false
	}
	if negative {
		x = -x
	}
	return float32(x), true
}

// parseExponent reads "e-05": one or two digits, which is all that is needed here.
func parseExponent(b []byte) (int, bool) {
	if len(b) < 2 || b[0]|0x20 != 'e' {
		return 0, false
	}
	b = b[1:]
	sign := 1
	if b[0] == '-' || b[0] == '+' {
		if b[0] == '-' {
			sign = -1
		}
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 2 || !allDigits(b) {
		return 0, false
	}
	e := 0
	for _, c := range b {
		e = e*10 + int(c-'0')
	}
	return sign * e, true
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// isNumber says whether a field reads as a number, "nan" and "inf" included, so
// that a line that has them is reported for them and not for its number of fields.
func isNumber(b []byte) bool {
	if _, ok := parseShort(b); ok {
		return true
	}
	_, err := strconv.ParseFloat(string(b), 32)
	return err == nil
}

// isFraction says whether a field is a number as vectors have them and words
// ("route 66") do not: with digits after a point, or an exponent.
func isFraction(b []byte) bool {
	if at := bytes.IndexAny(b, ".eE"); at < 0 || at == len(b)-1 {
		return false
	}
	_, ok := parseFloat32(b)
	return ok
}
