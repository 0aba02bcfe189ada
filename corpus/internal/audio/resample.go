package audio

import "math"

// The filter of torchaudio.functional.resample with its default arguments.
const (
	lowpassWidth = 6    // zero crossings of the sinc on each side
	rolloff      = 0.99 // of the Nyquist frequency
)

// Resample changes the sampling rate of x from one rate to another, in Hz, by a sinc interpolation with a Hann window:
// torchaudio's default (J. O. Smith, Digital Audio Resampling, 2020), which is what speech models were trained behind. The
// result has ceil(len(x) to / from) samples and agrees with torchaudio's within 1e-6. x is returned as it is if the rates
// are equal. It panics if a rate is not positive.
//
// With from and to divided by their greatest common divisor, output sample q to + p (p < to) is
//
//	y = sum_k h_p[k] x[q from + k],  h_p[k] = w(t) sinc(t) b / from,  t = b (k / from - p / to)
//
// where b = rolloff min(from, to), w(t) = cos^2(pi t / 12) inside |t| < 6 and 0 outside, and x is 0 outside its range. So one
// filter a phase p is enough, each of about 12 max(1, from/to) taps.
func Resample(x []float32, from, to int) []float32 {
	if from <= 0 || to <= 0 {
		panic("audio: Resample: a sampling rate is not positive")
	}
	if from == to {
		return x
	}
	g := gcd(from, to)
	from, to = from/g, to/g
	n := int((int64(len(x))*int64(to) + int64(from) - 1) / int64(from))
	y := make([]float32, n)
	for p := 0; p < min(to, n); p++ {
		taps, first := phase(from, to, p)
		for i := p; i < n; i += to {
			start := i/to*from + first
			lo, hi := max(0, -start), min(len(taps), len(x)-start)
			if lo < hi {
				y[i] = dot(taps[lo:hi], x[start+lo:start+hi])
			}
		}
	}
	return y
}

// dot is the inner product of two slices of one length. Four sums, because one would make every addition wait for the last.
func dot(taps []float64, x []float32) float32 {
	var a, b, c, d float64
	for len(taps) >= 4 && len(x) >= 4 {
		a += taps[0] * float64(x[0])
		b += taps[1] * float64(x[1])
		c += taps[2] * float64(x[2])
		d += taps[3] * float64(x[3])
		taps, x = taps[4:], x[4:]
	}
	for k, v := range x {
		a += taps[k] * float64(v)
	}
	return float32((a + b) + (c + d))
}

// phase is the filter of the output samples p, p + to, ...: its taps, and the input sample, counted from that of the
// phase's first output, to which the first tap belongs.
func phase(from, to, p int) (taps []float64, first int) {
	b := rolloff * float64(min(from, to))
	centre := float64(p) * float64(from) / float64(to)
	reach := lowpassWidth * float64(from) / b
	first = int(math.Ceil(centre - reach))
	last := int(math.Floor(centre + reach))
	taps = make([]float64, last-first+1)
	for i := range taps {
		t := b * (float64(first+i)/float64(from) - float64(p)/float64(to))
		w := math.Cos(t * math.Pi / lowpassWidth / 2)
		// torchaudio keeps its filters in float32; to round as it does takes us closer to it.
		taps[i] = float64(float32(w * w * sinc(t) * b / float64(from)))
	}
	return taps, first
}

func sinc(t float64) float64 {
	if t == 0 {
		return 1
	}
	return math.Sin(math.Pi*t) / (math.Pi * t)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
