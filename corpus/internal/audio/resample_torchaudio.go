package audio

import "math"

// The filter of torchaudio.functional.resample with its default arguments.
const (
	lowpassWidth = 6    // zero crossings of the sinc on each side
	rolloff      = 0.99 // of the Nyquist frequency
)

// torchaudioPhase is Resampler.phase for Torchaudio: a sinc under a Hann window (J. O. Smith, Digital Audio Resampling, 2020),
//
//	h_p[k] = w(t) sinc(t) b / from,  t = b (k / from - p / to)
//
// where b = rolloff min(from, to), and w(t) = cos^2(pi t / 12) inside |t| < 6. The result agrees with torchaudio's within 1e-6. So
// short a filter begins to fall at .8 of the Nyquist frequency and folds what is a little above it back at -10 dB.
func torchaudioPhase(taps []float32, from, to, p int) ([]float32, int) {
	b := rolloff * float64(min(from, to))
	centre := float64(p) * float64(from) / float64(to)
	reach := lowpassWidth * float64(from) / b
	first := int(math.Ceil(centre - reach))
	last := int(math.Floor(centre + reach))
	for k := first; k <= last; k++ {
		t := b * (float64(k)/float64(from) - float64(p)/float64(to))
		w := math.Cos(t * math.Pi / lowpassWidth / 2)
		taps = append(taps, float32(w*w*sinc(t)*b/float64(from))) // torchaudio keeps its filters in float32
	}
	return taps, first
}
