package models

// Acoustics are features that are computed from the sound alone, in windows of 25 ms every 10 ms. They are no model, but what a
// model of speech can be compared with: see [NewLogMel] and [NewMFCC].
type Acoustics struct {
	name  string
	units int
	bank  *filterBank
	card  *Card
	from  func(mels Tensor) Tensor // what is made of the bands, nil where these are the features
}

// logMels is how many bands a log-mel filter bank has: what speech recognisers are fed with.
const logMels = 80

// NewLogMel makes a log-mel filter bank as Kaldi computes it, of 80 bands, for audio of a rate in Hz.
func NewLogMel(rate int) *Acoustics {
	a := newAcoustics("logmel", rate, logMels)
	a.units = logMels
	return a
}

func newAcoustics(name string, rate, mels int) *Acoustics {
	window, shift := rate*25/1000, rate/100
	return &Acoustics{
		name: name,
		bank: newFilterBank(filterBankSpec{rate: rate, window: window, shift: shift, mels: mels, taper: povey, scale: 1 << 15, deviation: 1}),
		card: &Card{Kind: Audio, SampleRate: rate, Window: window, Hop: shift},
	}
}

// Card says when the frames are.
func (a *Acoustics) Card() *Card { return a.card }

// Units is the number of features of a frame.
func (a *Acoustics) Units() int { return a.units }

// Frames are the features of the samples, [frames, units].
func (a *Acoustics) Frames(samples []float32) Tensor {
	data, shape := a.bank.feed(samples)
	t := Tensor{Name: a.name, Shape: []int{int(shape[1]), int(shape[2])}, Data: data}
	if a.from != nil {
		return a.from(t)
	}
	return t
}
