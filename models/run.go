package models

import (
	"context"
	"fmt"
	"slices"

	"speechsim/models/internal/ort"
)

// Input is one utterance: Samples for an audio model, at the card's rate, in
// [-1, 1) and not normalised; IDs for a text model, with the special tokens.
type Input struct {
	Samples []float32
	IDs     []int64
}

// Activations are the outputs of one Run. Data may lie in memory that the model
// lends: it is valid until Close, which must be called.
type Activations struct {
	Layers     []Tensor
	Attentions []Tensor
	outputs    *ort.Outputs
}

// Tensor is one output, row-major: a layer is [frames, units], an attention map
// [heads, frames, frames] with the query before the key.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// Close gives the memory back. The tensors' Data must not be used afterwards.
func (a *Activations) Close() {
	if a.outputs != nil {
		a.outputs.Release()
	}
	*a = Activations{}
}

// Run computes the chosen layers and attention maps of one utterance. Several
// goroutines may call it at once. When ctx ends, it stops and returns the
// context's error.
func (m *Model) Run(ctx context.Context, in Input) (*Activations, error) {
	if m.described {
		return nil, fmt.Errorf("model %s: %s does not exist; a card alone is enough for planning only", m.name, m.path)
	}
	if m.session == nil {
		return nil, fmt.Errorf("model %s is closed", m.name)
	}
	var a *Activations
	var err error
	if m.card.Kind == Text {
		a, err = m.runText(ctx, in.IDs)
	} else {
		a, err = m.runAudio(ctx, in.Samples)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("model %s: %w", m.name, err)
	}
	return a, nil
}

func (m *Model) runText(ctx context.Context, ids []int64) (*Activations, error) {
	c := m.card
	if len(ids) == 0 {
		return nil, fmt.Errorf("there are no token ids, but this is a text model")
	}
	if c.MaxTokens > 0 && len(ids) > c.MaxTokens {
		return nil, fmt.Errorf("%d tokens are more than the %d positions of the model: split the text", len(ids), c.MaxTokens)
	}
	for i, id := range ids {
		if id < 0 || c.Vocabulary > 0 && id >= int64(c.Vocabulary) {
			return nil, fmt.Errorf("token %d has id %d, the embedding has %d rows: the vocabulary belongs to another model", i, id, c.Vocabulary)
		}
	}
	feeds, err := m.textFeeds(ids, len(ids))
	if err != nil {
		return nil, err
	}
	return m.compute(ctx, feeds, len(ids))
}

// textFeeds feeds token ids, of which the first ones, so many, are real.
func (m *Model) textFeeds(ids []int64, valid int) ([]ort.Input, error) {
	c := m.card
	shape := []int64{1, int64(len(ids))}
	var feeds []ort.Input
	for _, info := range m.session.Inputs {
		in := ort.Input{Name: info.Name, Shape: shape, Int64: ids}
		switch info.Name {
		case c.Input:
		case c.Mask:
			in.Int64 = maskOf(valid, len(ids))
		case c.TokenTypes:
			in.Int64 = make([]int64, len(ids))
		default:
			return nil, unknownInput(info, c)
		}
		feeds = append(feeds, asElement(in, info.Element))
	}
	return feeds, nil
}

func (m *Model) runAudio(ctx context.Context, samples []float32) (*Activations, error) {
	c := m.card
	if samples == nil {
		return nil, fmt.Errorf("there are no samples, but this is an audio model")
	}
	if c.Frames(len(samples)) == 0 {
		return nil, fmt.Errorf("%d samples are too short: one frame takes %d (%.3f s)",
			len(samples), c.least(), float64(c.least())/float64(c.SampleRate))
	}
	samples = m.normalised(samples)
	chunks := c.chunks(len(samples))
	if len(chunks) > 1 {
		return m.runChunks(ctx, samples, chunks)
	}
	return m.runChunk(ctx, samples[:chunks[0]], len(samples))
}

// runChunk encodes a part of an utterance of so many samples.
func (m *Model) runChunk(ctx context.Context, samples []float32, total int) (*Activations, error) {
	feeds, err := m.audioFeeds(samples, len(samples), total)
	if err != nil {
		return nil, err
	}
	return m.compute(ctx, feeds, len(samples))
}

func unknownInput(info ort.Info, c *Card) error {
	return fmt.Errorf("the graph has an input %q (%v), and nothing says what to feed it: name it in the card if it is the utterance (input: is %q), "+
		"its mask (mask: %q) or segment ids (token_types: %q), else export the model without it",
		info.Name, info.Element, c.Input, c.Mask, c.TokenTypes)
}

// maskOf is 1 for what is real and 0 for what is not.
func maskOf(valid, n int) []int64 {
	mask := make([]int64, n)
	for i := range valid {
		mask[i] = 1
	}
	return mask
}

// asElement turns int64 data into the type that the graph wants.
func asElement(in ort.Input, e ort.Element) ort.Input {
	ints := in.Int64
	switch e {
	case ort.Int32:
		in.Int64, in.Int32 = nil, make([]int32, len(ints))
		for i, v := range ints {
			in.Int32[i] = int32(v)
		}
	case ort.Bool:
		in.Int64, in.Bool = nil, make([]bool, len(ints))
		for i, v := range ints {
			in.Bool[i] = v != 0
		}
	case ort.Float32:
		in.Int64, in.Float32 = nil, make([]float32, len(ints))
		for i, v := range ints {
			in.Float32[i] = float32(v)
		}
	}
	return in
}

// compute runs the session once and shapes its outputs. n is the length of the
// input in samples or tokens.
func (m *Model) compute(ctx context.Context, feeds []ort.Input, n int) (*Activations, error) {
	out, err := m.fetch(ctx, feeds, n)
	if err != nil {
		return nil, err
	}
	a := &Activations{outputs: out}
	padded := m.card.Padded(n)
	for _, l := range m.layers {
		t, err := layerTensor(&out.Values[m.output(l)], l, m.card.LayerFrames(l, padded))
		if err != nil {
			a.Close()
			return nil, err
		}
		a.Layers = append(a.Layers, t.firstRows(m.card.LayerFrames(l, n)))
	}
	for _, l := range m.attentions {
		t, err := attentionTensor(&out.Values[m.output(l)], l, m.card.Frames(padded))
		if err != nil {
			a.Close()
			return nil, err
		}
		a.Attentions = append(a.Attentions, t.firstFrames(m.card.Frames(n)))
	}
	return a, nil
}

// layerTensor views an output as [frames, units].
func layerTensor(v *ort.Value, l LayerOutput, frames int) (Tensor, error) {
	data := v.Float32
	if data == nil {
		return Tensor{}, fmt.Errorf("layer %s (tensor %s) is %v: only float32 models are compared, export it in float32", l.Name, l.Tensor, v.Element)
	}
	shape := slices.Clone(v.Shape)
	switch {
	case len(shape) == 3 && shape[0] == 1:
		shape = shape[1:]
	case len(shape) == 3 && shape[1] == 1: // time first, as fairseq's encoders work
		shape = []int64{shape[0], shape[2]}
	}
	if len(shape) != 2 {
		return Tensor{}, fmt.Errorf("layer %s (tensor %s) has shape %v, expected [1, frames, units]", l.Name, l.Tensor, v.Shape)
	}
	rows, cols := int(shape[0]), int(shape[1])
	if l.ChannelsFirst {
		data = transpose(data, rows, cols)
		rows, cols = cols, rows
	}
	switch {
	case rows > frames:
		return Tensor{}, fmt.Errorf("layer %s (tensor %s) has shape %v, more positions than the %d frames that the card's hop and window give: correct hop and window "+
			"or, where the model pads the audio, export it with its layers cut to the frames of the audio", l.Name, l.Tensor, v.Shape, frames)
	case rows < frames:
		return Tensor{}, fmt.Errorf("layer %s (tensor %s) has shape %v, but the card's hop and window give %d frames: correct hop and window",
			l.Name, l.Tensor, v.Shape, frames)
	}
	return Tensor{Name: l.Name, Shape: []int{rows, cols}, Data: data}, nil
}

// firstRows is a layer without the rows of the padding.
func (t Tensor) firstRows(rows int) Tensor {
	units := t.Shape[1]
	return Tensor{Name: t.Name, Shape: []int{rows, units}, Data: t.Data[:rows*units]}
}

// firstFrames is an attention map without the queries and keys of the padding. What the keys have of the attention is left out, so
// the rows need not sum to one.
func (t Tensor) firstFrames(frames int) Tensor {
	heads, all := t.Shape[0], t.Shape[1]
	if frames == all {
		return t
	}
	cut := newTensor(t.Name, heads, frames, frames)
	for row := range heads * frames {
		from := (row/frames*all + row%frames) * all
		copy(cut.Data[row*frames:(row+1)*frames], t.Data[from:])
	}
	return cut
}

// transpose copies a [rows, cols] matrix into [cols, rows].
func transpose(x []float32, rows, cols int) []float32 {
	out := make([]float32, len(x))
	for i := range rows {
		for j, v := range x[i*cols : (i+1)*cols] {
			out[j*rows+i] = v
		}
	}
	return out
}

// attentionTensor views an output as [heads, frames, frames]: [1, H, T, T] and,
// with one utterance at a time, [1*H, T, T] are the same memory.
func attentionTensor(v *ort.Value, l LayerOutput, frames int) (Tensor, error) {
	data := v.Float32
	if data == nil {
		return Tensor{}, fmt.Errorf("attention %s (tensor %s) is %v: export the model in float32", l.Name, l.Tensor, v.Element)
	}
	shape := v.Shape
	if len(shape) == 4 && shape[0] == 1 {
		shape = shape[1:]
	}
	if len(shape) == 3 && shape[1] == shape[2] && int(shape[1]) > frames {
		return Tensor{}, fmt.Errorf("attention %s (tensor %s) has shape %v, more positions than the %d frames of the audio: the model pads the audio, and its maps are of the padding too; "+
			"write attentions: [] into the card to compare the layers alone", l.Name, l.Tensor, v.Shape, frames)
	}
	if len(shape) != 3 || int(shape[1]) != frames || int(shape[2]) != frames {
		return Tensor{}, fmt.Errorf("attention %s (tensor %s) has shape %v, expected [1, heads, %d, %d]", l.Name, l.Tensor, v.Shape, frames, frames)
	}
	return Tensor{Name: l.Name, Shape: []int{int(shape[0]), frames, frames}, Data: data}, nil
}
