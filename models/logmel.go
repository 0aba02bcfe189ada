package models

// logMels is how many bands a [LogMel] has: what speech recognisers are fed with.
const logMels = 80

// LogMel is a log-mel filter bank as Kaldi computes it: 80 bands, windows of 25
// ms every 10 ms. It is no model, but what a model of speech can be compared with.
type LogMel struct {
	bank *filterBank
	card *Card
}

// NewLogMel makes the filter bank for audio of a rate in Hz.
func NewLogMel(rate int) *LogMel {
	window, shift := rate*25/1000, rate/100
	return &LogMel{
		newFilterBank(filterBankSpec{rate: rate, window: window, shift: shift, mels: logMels, taper: povey, scale: 1 << 15, deviation: 1}),
		&Card{Kind: Audio, SampleRate: rate, Window: window, Hop: shift},
	}
}

// Card says when the frames are.
func (m *LogMel) Card() *Card { return m.card }

// Bands is the number of bands.
func (m *LogMel) Bands() int { return logMels }

// Frames is the filter bank of the samples, [frames, bands].
func (m *LogMel) Frames(samples []float32) Tensor {
	data, shape := m.bank.feed(samples)
	return Tensor{Name: "logmel", Shape: []int{int(shape[1]), int(shape[2])}, Data: data}
}
