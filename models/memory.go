package models

// A session computes in an arena, which ONNX Runtime keeps for the next run. At its peak it holds a few copies of the largest tensors
// there are at one time: those of the widest convolution, or of one block of a transformer. The numbers of copies were found by running
// models of 96 to 1024 units on 2 to 32 s of audio, one and two at a time: they are within a tenth of what the process took.
const (
	convolutionCopies = 3.3 // its output, that normalised, that activated, and some of the next convolution's
	scoreCopies       = 3   // of the scores of attention, for every pair of frames: the product, Softmax's, and room that can't be used again
	innerCopies       = 3   // of the inner layer of a block: the product, its activation, and room
	innerWidth        = 4   // of a block's units, by custom
)

// Memory that a session takes beside its weights, and while it is made: protobuf's copy of the file, and the weights as operations want them.
const (
	sessionBytes = 4 << 20
	loadCopies   = 2.6
)

// SessionMemory is the memory that a loaded model takes before it runs, and at the most while it is loaded.
func (m *Model) SessionMemory() (loaded, loading int64) {
	weights := m.WeightBytes()
	return weights + sessionBytes, int64(loadCopies*float64(weights)) + sessionBytes
}

// RunMemory is the memory that a [Model.Run] takes.
type RunMemory struct {
	Outputs   int64 // layers and attention maps, until they are closed
	Inside    int64 // what the session computes in, which it keeps
	Attention int64 // of both, for attention: it grows with the square of the length
}

// RunMemory foretells the memory of a run on n samples or tokens.
func (m *Model) RunMemory(n int) RunMemory {
	var r RunMemory
	padded, widest := m.card.Padded(n), 0
	for _, l := range m.layers {
		r.Outputs += 4 * int64(l.Units) * int64(m.card.LayerFrames(l, padded))
		widest = max(widest, l.Units)
	}
	scores := func(n int) int64 {
		frames := int64(m.card.Frames(n))
		return 4 * frames * frames * int64(max(m.card.Heads, 1))
	}
	maps := scores(padded) * int64(len(m.attentions))
	if m.card.Chunk > 0 {
		padded = min(padded, m.card.Chunk)
	}
	copies := int64(scoreCopies)
	if maps > 0 {
		copies-- // Softmax's are outputs
	}
	frames := int64(m.card.Frames(padded))
	r.Inside = max(int64(convolutionCopies*4*m.widest*float64(frames)), copies*scores(padded), innerCopies*innerWidth*4*int64(widest)*frames)
	r.Outputs, r.Attention = r.Outputs+maps, maps+copies*scores(padded)
	return r
}

// describedConvolution is how many numbers the widest convolution gives for each frame of a model that is known by its card alone: one
// that takes the waveform is taken to begin as wav2vec 2.0 does, with 512 channels every 5 samples.
func describedConvolution(c *Card) float64 {
	if c.Kind != Audio || c.FrontEnd != FrontEndNone {
		return 0
	}
	return 512 * float64(c.Hop) / 5
}
