package models

import (
	"math"
	"slices"
	"sync"

	"speechsim/models/internal/ort"
)

// A front end turns samples into the features that a graph takes, where the
// original computes them outside its network.

// beatsFilterBank is what BEATs.preprocess computes: the waveform is scaled to
// 16 bits, and the result normalised with two standard deviations.
var beatsFilterBank = sync.OnceValue(func() *filterBank {
	return newFilterBank(filterBankSpec{rate: 16000, window: 400, shift: 160, mels: 128, taper: povey,
		scale: 1 << 15, mean: 15.41663, deviation: 2 * 6.55582})
})

// encodecMAEFilterBank is the "mel" feature of EncodecMAE v2: 26.56 and 13.28 ms
// at 24 kHz, cut to whole samples as torchaudio does, of the unscaled waveform.
var encodecMAEFilterBank = sync.OnceValue(func() *filterBank {
	return newFilterBank(filterBankSpec{rate: 24000, window: 637, shift: 318, mels: 256, taper: hann,
		scale: 1, mean: -6.12, deviation: 4.82})
})

// w2vBERTFilterBank is that of w2v-BERT 2.0 before it is normalised (transformers' SeamlessM4TFeatureExtractor).
var w2vBERTFilterBank = sync.OnceValue(func() *filterBank {
	return newFilterBank(filterBankSpec{rate: 16000, window: 400, shift: 160, mels: 80, taper: povey, scale: 1 << 15, deviation: 1})
})

// w2vBERTFeatures are the filter bank of the samples with each band normalised over the utterance,
//
//	(x - mean) / sqrt(sample variance + 1e-7)
//
// and two rows side by side, [1, rows/2, 160]. A last row without a second one counts for the normalisation alone: the original makes a frame of it
// that no other sees.
func w2vBERTFeatures(samples []float32) ([]float32, []int64) {
	data, shape := w2vBERTFilterBank().feed(samples)
	rows, bands := int(shape[1]), int(shape[2])
	for b := range bands {
		var sum, squares float64
		for at := b; at < len(data); at += bands {
			sum += float64(data[at])
		}
		mean := sum / float64(rows)
		for at := b; at < len(data); at += bands {
			squares += (float64(data[at]) - mean) * (float64(data[at]) - mean)
		}
		deviation := math.Sqrt(squares/float64(rows-1) + 1e-7)
		for at := b; at < len(data); at += bands {
			data[at] = float32((float64(data[at]) - mean) / deviation)
		}
	}
	frames := rows / 2
	return data[:frames*2*bands], []int64{1, int64(frames), int64(2 * bands)}
}

// encodecHop is what the key mask of EncodecMAE counts in: the hop of Encodec,
// although the mel frames are 318 samples apart.
const encodecHop = 320

// audioFeeds feeds one chunk of an utterance, of which the first samples, so
// many, are real: all of them in every run but the check of the mask. total is
// the length of the whole utterance.
func (m *Model) audioFeeds(samples []float32, valid, total int) ([]ort.Input, error) {
	c := m.card
	if n := c.Padded(len(samples)); n > len(samples) {
		samples = slices.Concat(samples, make([]float32, n-len(samples)))
	}
	data, shape := samples, []int64{1, int64(len(samples))}
	steps := len(samples) // of the mask
	switch c.FrontEnd {
	case FrontEndBEATs:
		data, shape = beatsFilterBank().feed(samples)
		steps = int(shape[1])
		valid = steps
	case FrontEndW2VBERT:
		data, shape = w2vBERTFeatures(samples[:valid])
		valid, steps = int(shape[1]), c.Frames(len(samples))
		data = slices.Concat(data, make([]float32, (steps-valid)*int(shape[2])))
		shape[1] = int64(steps)
	case FrontEndWhisper80:
		data, shape = whisper80().feed(samples, c.Hop)
	case FrontEndWhisper128:
		data, shape = whisper128().feed(samples, c.Hop)
	case FrontEndEncodecMAEMel:
		data, shape = encodecMAEFilterBank().feed(samples)
		steps = int(shape[1])
		// The original measures every chunk by the length of the utterance (a
		// loop variable is shadowed), so it masks only in a lone short chunk.
		valid = min(steps, min(total, c.Chunk)/encodecHop)
	}
	var feeds []ort.Input
	for _, info := range m.session.Inputs {
		switch info.Name {
		case c.Input:
			feeds = append(feeds, ort.Input{Name: info.Name, Shape: shape, Float32: data})
		case c.Mask:
			mask := ort.Input{Name: info.Name, Shape: []int64{1, int64(steps)}, Int64: maskOf(valid, steps)}
			feeds = append(feeds, asElement(mask, info.Element))
		default:
			return nil, unknownInput(info, c)
		}
	}
	return feeds, nil
}
