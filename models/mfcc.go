package models

import "math"

const (
	mfccMels     = 23 // bands that the coefficients are computed from
	coefficients = 13 // C0 to C12
	lifter       = 22
	deltaWindow  = 2 // frames on either side
	deltaOrder   = 2 // differences, and differences of these
)

// NewMFCC makes mel-frequency cepstral coefficients with their differences in time, for audio of a rate in Hz: C0 to C12, their
// deltas and the deltas of these, 39 units.
//
// They are those of Kaldi's compute-mfcc-feats --use-energy=false --dither=0 and add-deltas (feature-mfcc.cc, mel-computations.cc,
// feature-functions.cc): from the logarithms e of 23 mel bands,
//
//	c[k] = (1 + 11 sin(pi k / 22)) sqrt((k = 0 ? 1 : 2) / 23) sum over n of e[n] cos(pi k (n + 1/2) / 23)
//
// and of frame t the delta sum over j = -2 .. 2 of j c[t+j] / 10. The weights of the deltas of deltas are those of the deltas
// folded with themselves, nine frames, and the first and the last frame stand for those beyond them.
func NewMFCC(rate int) *Acoustics {
	a := newAcoustics("mfcc", rate, mfccMels)
	a.units = coefficients * (1 + deltaOrder)
	transform := cepstralTransform()
	a.from = func(mels Tensor) Tensor {
		frames := mels.Shape[0]
		t := Tensor{Name: a.name, Shape: []int{frames, a.units}, Data: make([]float32, frames*a.units)}
		for i := range frames {
			for k := range transform {
				sum := 0.0
				for n, w := range transform[k] {
					sum += w * float64(mels.Data[i*mfccMels+n])
				}
				t.Data[i*a.units+k] = float32(sum)
			}
		}
		addDeltas(t, coefficients)
		return t
	}
	return a
}

// cepstralTransform is the cosine transform with the lifter, [coefficients, bands].
func cepstralTransform() (rows [coefficients][mfccMels]float64) {
	for k := range rows {
		scale := math.Sqrt(2.0 / mfccMels)
		if k == 0 {
			scale = math.Sqrt(1.0 / mfccMels)
		}
		scale *= 1 + lifter/2*math.Sin(math.Pi*float64(k)/lifter)
		for n := range rows[k] {
			rows[k][n] = scale * math.Cos(math.Pi*float64(k)*(float64(n)+.5)/mfccMels)
		}
	}
	return rows
}

// addDeltas fills the units of each frame behind the first so many with their differences in time, order by order.
func addDeltas(t Tensor, static int) {
	frames, units := t.Shape[0], t.Shape[1]
	weights := []float64{1}
	for at := static; at < units; at += static {
		weights = foldSlope(weights)
		reach := len(weights) / 2
		for i := range frames {
			for k := range static {
				sum := 0.0
				for j, w := range weights {
					from := min(max(i+j-reach, 0), frames-1)
					sum += w * float64(t.Data[from*units+k])
				}
				t.Data[i*units+at+k] = float32(sum)
			}
		}
	}
}

// foldSlope folds weights of frames with those of the slope of a line through 2 deltaWindow + 1 frames.
func foldSlope(weights []float64) []float64 {
	norm := 0.0
	for j := -deltaWindow; j <= deltaWindow; j++ {
		norm += float64(j * j)
	}
	out := make([]float64, len(weights)+2*deltaWindow)
	for i, w := range weights {
		for j := -deltaWindow; j <= deltaWindow; j++ {
			out[i+j+deltaWindow] += w * float64(j) / norm
		}
	}
	return out
}
