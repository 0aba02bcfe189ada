package models

import (
	"context"
	"errors"
	"slices"

	"speechsim/models/internal/ort"
)

// The shapes of the outputs are foretold, so that ONNX Runtime writes them where
// they are read. Each is known from the first run, but for the number of frames,
// which the card tells from the length of the input.

// open stands in a form for a dimension that counts frames.
const open = -1

// fetch runs the session on an input of n samples or tokens. A shape that was
// foretold wrong is refused by ONNX Runtime: then it is left to find out, and
// the caller sees what came.
func (m *Model) fetch(ctx context.Context, feeds []ort.Input, n int) (*ort.Outputs, error) {
	if m.forms != nil {
		out, err := m.session.Run(ctx, feeds, m.foretell(n))
		var refused *ort.Error
		if !errors.As(err, &refused) {
			return out, err
		}
	}
	out, err := m.session.Run(ctx, feeds, nil)
	if err == nil && m.forms == nil { // in the first try, before Load returns
		m.learnForms(out.Values, n)
	}
	return out, err
}

// learnForms keeps the shapes that came out for an input of n samples or tokens.
func (m *Model) learnForms(values []ort.Value, n int) {
	m.forms = make([][]int64, len(values))
	for _, l := range m.attentions {
		i := m.output(l)
		rank := len(values[i].Shape)
		m.forms[i] = form(values[i], m.card.Frames(n), rank-2, rank-1)
	}
	for _, l := range m.layers {
		i := m.output(l)
		shape := values[i].Shape
		at := len(shape) - 2
		switch {
		case l.ChannelsFirst:
			at = len(shape) - 1
		case len(shape) == 3 && shape[0] != 1: // [frames, 1, units]
			at = 0
		}
		m.forms[i] = form(values[i], m.card.LayerFrames(l, n), at)
	}
}

// form is the shape of a value with the dimensions at the given places open; nil
// when they are not the number of frames, or the elements not float32.
func form(v ort.Value, n int, places ...int) []int64 {
	f := slices.Clone(v.Shape)
	for _, at := range places {
		if v.Float32 == nil || at < 0 || f[at] != int64(n) {
			return nil
		}
		f[at] = open
	}
	return f
}

// foretell gives the shapes of the outputs for an input of n samples or tokens.
func (m *Model) foretell(n int) [][]int64 {
	shapes := make([][]int64, len(m.forms))
	fill := func(l LayerOutput, n int) {
		i := m.output(l)
		shape := slices.Clone(m.forms[i])
		for at, d := range shape {
			if d == open {
				shape[at] = int64(n)
			}
		}
		shapes[i] = shape
	}
	for _, l := range m.attentions {
		fill(l, m.card.Frames(n))
	}
	for _, l := range m.layers {
		fill(l, m.card.LayerFrames(l, n))
	}
	return shapes
}

// output is the place of a layer's tensor among the session's outputs; two
// layers may share one.
func (m *Model) output(l LayerOutput) int { return slices.Index(m.tensors, l.Tensor) }
