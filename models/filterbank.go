package models

import (
	"math"
	"math/bits"

	"gonum.org/v1/gonum/dsp/fourier"
)

// filterBankSpec is a log-mel filter bank as Kaldi computes it and torchaudio
// (compliance.kaldi.fbank) copies it: frames without padding ("snip edges"),
// mean removed, pre-emphasis .97, a window, power spectrum, triangles on the mel
// scale from 20 Hz to the Nyquist frequency, logarithm. No dither, no energy.
type filterBankSpec struct {
	rate, window, shift int // Hz, samples, samples
	mels                int
	taper               func(i, n int) float64
	scale               float64 // of the waveform
	mean, deviation     float64 // (log energy - mean) / deviation
}

// hann is the symmetric Hann window of n points.
func hann(i, n int) float64 { return 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(n-1)) }

// povey is Kaldi's own: like Hann, but it does not go to zero as steeply.
func povey(i, n int) float64 { return math.Pow(hann(i, n), 0.85) }

const (
	preEmphasis = 0.97
	lowestMel   = 20.0          // Hz
	energyFloor = 1.1920929e-07 // float32's epsilon, under the logarithm
)

// filterBank computes one spec. It may be used by several goroutines.
type filterBank struct {
	filterBankSpec
	size    int // of the Fourier transform
	tapers  []float64
	filters []melFilter
}

// melFilter is a triangle: weights of the bins from first on. With many mels,
// low triangles fall between two bins and are empty; Kaldi leaves them so, and
// their output is the logarithm of the floor.
type melFilter struct {
	first   int
	weights []float64
}

func newFilterBank(s filterBankSpec) *filterBank {
	f := &filterBank{filterBankSpec: s, size: 1 << bits.Len(uint(s.window-1))}
	for i := range s.window {
		f.tapers = append(f.tapers, s.taper(i, s.window))
	}
	mel := func(hz float64) float64 { return 1127 * math.Log(1+hz/700) }
	low, high := mel(lowestMel), mel(float64(s.rate)/2)
	step := (high - low) / float64(s.mels+1)
	for m := range s.mels {
		left := low + float64(m)*step
		var filter melFilter
		for bin := range f.size / 2 { // the Nyquist bin belongs to none
			at := mel(float64(bin) * float64(s.rate) / float64(f.size))
			w := min((at-left)/step, (left+2*step-at)/step)
			if w <= 0 {
				continue
			}
			if filter.weights == nil {
				filter.first = bin
			}
			filter.weights = append(filter.weights, w)
		}
		f.filters = append(f.filters, filter)
	}
	return f
}

// feed is the filter bank of the samples as [1, frames, mels].
func (f *filterBank) feed(samples []float32) ([]float32, []int64) {
	frames := 0
	if len(samples) >= f.window {
		frames = (len(samples)-f.window)/f.shift + 1
	}
	out := make([]float32, 0, frames*f.mels)
	transform := fourier.NewFFT(f.size)
	frame := make([]float64, f.size)
	var spectrum []complex128
	power := make([]float64, f.size/2)
	for t := range frames {
		f.cut(samples[t*f.shift:t*f.shift+f.window], frame)
		spectrum = transform.Coefficients(spectrum, frame)
		for i := range power {
			re, im := real(spectrum[i]), imag(spectrum[i])
			power[i] = re*re + im*im
		}
		for _, filter := range f.filters {
			var energy float64
			for i, w := range filter.weights {
				energy += w * power[filter.first+i]
			}
			out = append(out, float32((math.Log(max(energy, energyFloor))-f.mean)/f.deviation))
		}
	}
	return out, []int64{1, int64(frames), int64(f.mels)}
}

// cut prepares one frame: scaled, without its mean, pre-emphasised, tapered, and
// zero up to the size of the transform.
func (f *filterBank) cut(samples []float32, into []float64) {
	var sum float64
	for _, x := range samples {
		sum += float64(x)
	}
	mean := sum / float64(len(samples))
	before := f.scale * (float64(samples[0]) - mean) // the first sample is its own predecessor
	for i, x := range samples {
		v := f.scale * (float64(x) - mean)
		into[i] = (v - preEmphasis*before) * f.tapers[i]
		before = v
	}
	clear(into[len(samples):])
}
