package audio

import (
	"fmt"

	blas "gonum.org/v1/gonum/blas/gonum"
)

// A Resampler names a filter for another sampling rate.
type Resampler string

const (
	Kaiser     Resampler = "kaiser"     // flat to .91 of the lower Nyquist frequency, images and aliases below -120 dB
	Torchaudio Resampler = "torchaudio" // torchaudio.functional.resample with its default arguments
)

// Resamplers are all that there are, the default first.
var Resamplers = []Resampler{Kaiser, Torchaudio}

// phase is the filter of the output samples p, p + to, ...: its taps, appended to taps, and the input sample, counted from
// that of the phase's first output, to which the first tap belongs. It is the filter's impulse response about the time
// p from / to, so it neither shifts nor bends phases.
func (r Resampler) phase(taps []float32, from, to, p int) (_ []float32, first int) {
	switch r {
	case Kaiser, "":
		return kaiserPhase(taps, from, to, p)
	case Torchaudio:
		return torchaudioPhase(taps, from, to, p)
	}
	panic(fmt.Sprintf("audio: no resampler %q", string(r)))
}

// Resample changes the sampling rate of x from one rate to another, in Hz. The result has ceil(len(x) to / from) samples, of
// which sample i is at the time i / to; x is 0 outside its range. x is returned as it is if the rates are equal. Resample panics if
// a rate is not positive or there is no such resampler; "" is Kaiser.
//
// With from and to divided by their greatest common divisor, output sample q to + p (p < to) is
//
//	y = sum_k h_p[k] x[q from + k]
//
// so the ratio is exact for any two rates, and one filter h_p a phase p is enough. Filters are made one at a time, as each
// is used for all its outputs, so that rates without a common divisor need no more memory than others.
func Resample(x []float32, from, to int, r Resampler) []float32 {
	if from <= 0 || to <= 0 {
		panic("audio: Resample: a sampling rate is not positive")
	}
	if from == to {
		return x
	}
	g := gcd(from, to)
	from, to = from/g, to/g
	y := make([]float32, (int64(len(x))*int64(to)+int64(from)-1)/int64(from))
	var taps []float32
	for p := range min(to, len(y)) {
		var first int
		taps, first = r.phase(taps[:0], from, to, p)
		for i := p; i < len(y); i += to {
			start := i/to*from + first
			lo, hi := max(0, -start), min(len(taps), len(x)-start)
			if lo < hi {
				// Summed in single precision: its noise, at -134 dB, is below what the filter lets through, and the time is half.
				y[i] = blas.Implementation{}.Sdot(hi-lo, taps[lo:hi], 1, x[start+lo:start+hi], 1)
			}
		}
	}
	return y
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
