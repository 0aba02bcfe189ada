package models

import (
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
