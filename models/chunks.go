package models

import "context"

// runChunks encodes an utterance piece by piece, as EncodecMAE does with more
// than four seconds, and puts the pieces side by side. A frame attends only to
// its own piece, so the attention maps are zero elsewhere.
func (m *Model) runChunks(ctx context.Context, samples []float32, chunks []int) (*Activations, error) {
	joined := m.joinedTensors(len(samples))
	frame, start := 0, 0
	for _, n := range chunks {
		a, err := m.runChunk(ctx, samples[start:start+n], len(samples))
		if err != nil {
			return nil, err
		}
		for i, part := range a.Layers {
			row := m.card.LayerFrames(m.layers[i], start)
			copy(joined.Layers[i].rows(row, part.Shape[1]), part.Data)
		}
		for i, part := range a.Attentions {
			joined.Attentions[i].place(part, frame)
		}
		a.Close()
		start += n
		frame += m.card.Frames(n)
	}
	return joined, nil
}

// joinedTensors makes room for the outputs of a whole utterance.
func (m *Model) joinedTensors(samples int) *Activations {
	a := new(Activations)
	for _, l := range m.layers {
		a.Layers = append(a.Layers, newTensor(l.Name, m.card.LayerFrames(l, samples), l.Units))
	}
	frames := m.card.Frames(samples)
	for _, l := range m.attentions {
		a.Attentions = append(a.Attentions, newTensor(l.Name, m.card.Heads, frames, frames))
	}
	return a
}

func newTensor(name string, shape ...int) Tensor {
	size := 1
	for _, n := range shape {
		size *= n
	}
	return Tensor{Name: name, Shape: shape, Data: make([]float32, size)}
}

// rows is the data of a layer from a row on.
func (t *Tensor) rows(from, units int) []float32 { return t.Data[from*units:] }

// place puts the map of a piece on the diagonal, from a frame on.
func (t *Tensor) place(part Tensor, frame int) {
	heads, size, whole := part.Shape[0], part.Shape[1], t.Shape[1]
	for h := range heads {
		for q := range size {
			to := (h*whole+frame+q)*whole + frame
			copy(t.Data[to:to+size], part.Data[(h*size+q)*size:])
		}
	}
}
