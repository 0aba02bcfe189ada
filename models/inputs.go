package models

import (
	"fmt"
	"slices"
	"strings"

	"speechsim/models/internal/layers"
	"speechsim/models/internal/onnxproto"
	"speechsim/models/internal/ort"
)

// fedInputs are the inputs of a graph that a caller feeds.
func fedInputs(g *onnxproto.Graph) []onnxproto.Value {
	names := layers.Index(g).InputNames()
	return slices.DeleteFunc(slices.Clone(g.Inputs), func(v onnxproto.Value) bool { return !slices.Contains(names, v.Name) })
}

// checkInputs sees that the program can feed every input of a graph as the card
// says: by its name, its type and its shape, as far as the file tells them. What
// the card does not say yet is not known to be wrong.
func (c *Card) checkInputs(g *onnxproto.Graph) error {
	if c.Input == "" || c.Kind != Audio && c.Kind != Text {
		return nil
	}
	for _, in := range fedInputs(g) {
		var err error
		switch in.Name {
		case c.Input:
			err = c.checkUtterance(in)
		case c.Mask, c.TokenTypes:
			err = c.checkFed(in, 2, ort.Int64, ort.Int32, ort.Bool, ort.Float32)
		default:
			err = unknownInput(ort.Info{Name: in.Name, Element: ort.Element(in.Element)}, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkUtterance checks the input that takes the utterance.
func (c *Card) checkUtterance(in onnxproto.Value) error {
	switch {
	case c.Kind == Text:
		return c.checkFed(in, 2, ort.Int64, ort.Int32)
	case c.FrontEnd == FrontEndWhisper80, c.FrontEnd == FrontEndWhisper128:
		return c.checkSpectrogram(in)
	case c.FrontEnd != FrontEndNone:
		return c.checkFed(in, 3, ort.Float32)
	case len(in.Dims) > 2:
		return fmt.Errorf("input %q has the shape %v, expected [1, samples]: it does not take the waveform. Features of the audio, such as a spectrogram, "+
			"are computed for front_end: %s alone: export the model with its feature extraction inside the graph, or reshape the waveform there",
			in.Name, in.Dims, strings.Join(frontEnds, ", "))
	}
	return c.checkFed(in, 2, ort.Float32)
}

// checkSpectrogram checks an input of Whisper's: [1, bands, frames].
func (c *Card) checkSpectrogram(in onnxproto.Value) error {
	bands := int64(80)
	if c.FrontEnd == FrontEndWhisper128 {
		bands = 128
	}
	if d := in.Dims; len(d) == 3 {
		if d[1] > 0 && d[1] != bands {
			return fmt.Errorf("input %q has the shape %v, and front_end: %s has %d bands: correct front_end in the card", in.Name, d, c.FrontEnd, bands)
		}
		if length := int64(c.Chunk / whisperShift); d[2] > 0 && (c.Padding != PaddingChunk || d[2] != length) {
			return fmt.Errorf("input %q has the shape %v, so it takes spectrograms of %d frames only: write chunk: %d and padding: %s into the card, which pads the audio to that", in.Name, d, d[2], d[2]*whisperShift, PaddingChunk)
		}
		in.Dims = []int64{d[0], -1, -1}
	}
	return c.checkFed(in, 3, ort.Float32)
}

// checkFed checks an input that is fed with one utterance of any length along its second dimension.
func (c *Card) checkFed(in onnxproto.Value, rank int, elements ...ort.Element) error {
	if e := ort.Element(in.Element); in.Element != 0 && !slices.Contains(elements, e) {
		return fmt.Errorf("input %q is %v, expected %v: export the model again, or correct kind (%s) and the names of inputs in the card", in.Name, e, elements[0], c.Kind)
	}
	switch d := in.Dims; {
	case d == nil:
	case len(d) != rank:
		return fmt.Errorf("input %q has the shape %v, expected %d dimensions: export the model again, or correct kind (%s) and the names of inputs in the card", in.Name, d, rank, c.Kind)
	case d[0] > 1:
		return fmt.Errorf("input %q has the shape %v, so it takes %d utterances at a time, and the program feeds one: export the model with a dynamic batch", in.Name, d, d[0])
	case d[1] > 0 && !c.fixed(d[1]):
		return fmt.Errorf("input %q has the shape %v, so it takes utterances of one length only: export the model with a dynamic length", in.Name, d)
	}
	return nil
}

// fixed says whether all that the card lets into the model has this length.
func (c *Card) fixed(length int64) bool {
	return c.Chunk > 0 && c.Chunk == c.MinChunk && int64(c.Chunk) == length
}
