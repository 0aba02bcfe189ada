package models

import (
	"math"
	"sync"

	"gonum.org/v1/gonum/dsp/fourier"
)

// whisperMels is the log-mel spectrogram that Whisper takes (Radford et al. 2023, section 2.2), at 16 kHz: of frames of 400
// samples, one every 160, centred on their first sample with the edges reflected, and tapered by a periodic Hann window, the
// power in bands of the mel scale up to 8 kHz; then
//
//	e = max(log10(max(power, 1e-10)), the utterance's largest - 8)
//	x = (e + 4) / 4
//
// The bands are those of Slaney's Auditory Toolbox: the scale is linear below 1 kHz and logarithmic above, and every triangle has
// the same area. It may be used by several goroutines.
type whisperMels struct {
	taper   [whisperWindow]float64
	filters []melFilter
}

const (
	whisperRate   = 16000
	whisperWindow = 400 // samples, and of the Fourier transform
	whisperShift  = 160
	whisperRange  = 8 // powers of ten below the largest
	whisperFloor  = 1e-10
)

var whisper80, whisper128 = sync.OnceValue(func() *whisperMels { return newWhisperMels(80) }), sync.OnceValue(func() *whisperMels { return newWhisperMels(128) })

func newWhisperMels(bands int) *whisperMels {
	w := new(whisperMels)
	for i := range w.taper {
		w.taper[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/whisperWindow)
	}
	edge := func(i int) float64 { return slaneyHertz(slaneyMel(whisperRate/2) * float64(i) / float64(bands+1)) }
	for m := range bands {
		left, top, right := edge(m), edge(m+1), edge(m+2)
		var filter melFilter
		for bin := range whisperWindow/2 + 1 {
			at := float64(bin) * whisperRate / whisperWindow
			weight := min((at-left)/(top-left), (right-at)/(right-top))
			if weight <= 0 {
				continue
			}
			if filter.weights == nil {
				filter.first = bin
			}
			filter.weights = append(filter.weights, weight*2/(right-left))
		}
		w.filters = append(w.filters, filter)
	}
	return w
}

// Slaney's mel scale: 15 mels up to 1 kHz, then 27 mels for each factor of 6.4.
const (
	slaneyLinear = 15 / 1000. // mels a hertz
	slaneyBend   = 1000       // Hz
	slaneyFactor = 6.4
	slaneySteps  = 27
)

func slaneyMel(hertz float64) float64 {
	if hertz < slaneyBend {
		return hertz * slaneyLinear
	}
	return slaneyBend*slaneyLinear + slaneySteps*math.Log(hertz/slaneyBend)/math.Log(slaneyFactor)
}

func slaneyHertz(mel float64) float64 {
	if bend := slaneyBend * slaneyLinear; mel >= bend {
		return slaneyBend * math.Pow(slaneyFactor, (mel-bend)/slaneySteps)
	}
	return mel / slaneyLinear
}

// feed is the spectrogram as [1, bands, frames]. The samples are followed by silence up to a whole number of steps of so many
// samples, as the frames of the layers are.
func (w *whisperMels) feed(samples []float32, step int) ([]float32, []int64) {
	length := (len(samples) + step - 1) / step * step
	frames, bands := length/whisperShift, len(w.filters)
	logs := make([]float64, bands*frames)
	transform := fourier.NewFFT(whisperWindow)
	frame := make([]float64, whisperWindow)
	spectrum := make([]complex128, whisperWindow/2+1)
	power := make([]float64, whisperWindow/2+1)
	largest := math.Log10(whisperFloor)
	for t := range frames {
		clear(power)
		if w.cut(samples, length, t*whisperShift-whisperWindow/2, frame) {
			transform.Coefficients(spectrum, frame)
			for i, c := range spectrum {
				power[i] = real(c)*real(c) + imag(c)*imag(c)
			}
		}
		for b, filter := range w.filters {
			var sum float64
			for i, weight := range filter.weights {
				sum += weight * power[filter.first+i]
			}
			e := math.Log10(max(sum, whisperFloor))
			logs[b*frames+t] = e
			largest = max(largest, e)
		}
	}
	out := make([]float32, len(logs))
	for i, e := range logs {
		out[i] = float32((max(e, largest-whisperRange) + 4) / 4)
	}
	return out, []int64{1, int64(bands), int64(frames)}
}

// cut takes the frame that begins at a sample, tapered, of samples that are followed by silence up to a length and reflected at
// both ends. It says whether there is any sound in it: most of what is padded is silence.
func (w *whisperMels) cut(samples []float32, length, start int, frame []float64) (sound bool) {
	for i := range frame {
		at := start + i
		if at < 0 {
			at = -at
		}
		if at >= length {
			at = 2*(length-1) - at
		}
		frame[i] = 0
		if at < len(samples) {
			frame[i] = w.taper[i] * float64(samples[at])
			sound = sound || samples[at] != 0
		}
	}
	return sound
}
