package audio

import (
	"math"
	"sync"
)

// The Kaiser filter: a sinc under a Kaiser window, designed as soxr's quality "HQ" (librosa's default) is. One sample here is
// one at the lower of the two rates.
const (
	passBand = 0.913 // of the lower Nyquist frequency; the stop band begins at 1
	reach    = 96    // samples on each side
	beta     = 13    // of the window: 2 reach samples with this transition band allow a stop band at -128 dB

	steps = 128 // of the table a sample: between them, cubic interpolation is right within 1e-9
)

// kaiserTable is the right half of the impulse response, h(t) at t = (i - 1) / steps, with a point more at each end for
// interpolation:
//
//	h(t) = f sinc(f t) w(t / reach),  w(u) = I0(beta sqrt(1 - u^2)) / I0(beta)
//
// where f is the middle of the transition band and I0 the modified Bessel function (J. F. Kaiser, Nonrecursive digital filter
// design using the I0-sinh window function, ISCAS 1974).
var kaiserTable = sync.OnceValue(func() []float64 {
	const f = (passBand + 1) / 2
	h := make([]float64, reach*steps+3)
	for i := range h {
		t := float64(i-1) / steps
		u := t / reach
		h[i] = f * sinc(f*t) * besselI0(beta*math.Sqrt(max(0, 1-u*u))) / besselI0(beta)
	}
	return h
})

// kaiserPhase is Resampler.phase for Kaiser. Each phase's taps are scaled to the sum of 1, so that a constant stays one and
// brings no images.
func kaiserPhase(taps []float32, from, to, p int) ([]float32, int) {
	table := kaiserTable()
	// Tap k is at the time (k - p from / to) in samples of the input, (k to - p from) / max(from, to) in those of the lower rate.
	higher := max(from, to)
	span := reach * higher
	first := int(math.Ceil(float64(p*from-span) / float64(to)))
	last := (p*from + span) / to
	perSample := steps / float64(higher)
	var sum float64
	for k := first; k <= last; k++ {
		at := math.Abs(float64(k*to-p*from)) * perSample
		i := min(int(at), reach*steps-1)
		v := cubic(table[i:i+4], at-float64(i))
		sum += v
		taps = append(taps, float32(v))
	}
	for i, v := range taps {
		taps[i] = float32(float64(v) / sum)
	}
	return taps, first
}

// cubic is the polynomial through four values at -1, 0, 1 and 2, at the place t.
func cubic(v []float64, t float64) float64 {
	_ = v[3]
	a, b, c, d := t+1, t, t-1, t-2
	return c*d*(a*v[1]/2-b*v[0]/6) + a*b*(c*v[3]/6-d*v[2]/2)
}

// besselI0 is the modified Bessel function of order 0, by its power series.
func besselI0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-17*sum; k++ {
		term *= x * x / (4 * k * k)
		sum += term
	}
	return sum
}

func sinc(t float64) float64 {
	if t == 0 {
		return 1
	}
	return math.Sin(math.Pi*t) / (math.Pi * t)
}
