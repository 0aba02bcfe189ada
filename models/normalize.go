package models

import "math"

// normalised is the waveform as the card wants it.
func (m *Model) normalised(x []float32) []float32 {
	if m.card.Normalize == ZeroMeanUnit {
		return zeroMeanUnitVar(x, m.card.epsilon())
	}
	return x
}

// zeroMeanUnitVar returns (x - mean) / sqrt(variance + epsilon) with the
// population variance, as transformers' Wav2Vec2FeatureExtractor does it. Sums
// are taken in float64, so the result does not depend on the length.
func zeroMeanUnitVar(x []float32, epsilon float64) []float32 {
	if len(x) == 0 {
		return nil
	}
	var sum float64
	for _, v := range x {
		sum += float64(v)
	}
	mean := sum / float64(len(x))
	var squares float64
	for _, v := range x {
		d := float64(v) - mean
		squares += d * d
	}
	scale := 1 / math.Sqrt(squares/float64(len(x))+epsilon)
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32((float64(v) - mean) * scale)
	}
	return out
}
