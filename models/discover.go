package models

import (
	"speechsim/models/internal/layers"
	"speechsim/models/internal/onnxproto"
)

// discover fills in what the graph shows and the card does not say: inputs,
// layers, attention maps, hop and window.
func discover(c *Card, path string, scan *onnxproto.Model) error {
	if err := layers.Refuse(scan); err != nil {
		return err
	}
	discoverInputs(c, &scan.Graph)
	hub, err := readHubFiles(path)
	if err != nil {
		return err
	}
	c.fillFromHub(hub)
	x := layers.Index(&scan.Graph)
	if err := discoverLayers(c, x); err != nil {
		return err
	}
	if c.Kind == Audio && c.FrontEnd == FrontEndNone {
		discoverSteps(c, x)
	}
	if c.Kind == Text {
		vocabulary, maxTokens := x.Tables(c.Input)
		fillPart(c, "vocabulary", "graph: embedding table", &c.Vocabulary, vocabulary)
		fillPart(c, "max_tokens", "graph: position table", &c.MaxTokens, maxTokens)
	}
	return hub.contradictions(c)
}

// discoverLayers looks for layers among the outputs, then inside the graph.
func discoverLayers(c *Card, x *layers.Graph) error {
	hidden, attentions := x.NamedOutputs()
	fillList(c, "layers", "graph: outputs hidden_states.*", &c.Layers, layerOutputs(hidden))
	fillList(c, "attentions", "graph: outputs attentions.*", &c.Attentions, layerOutputs(attentions))
	defer c.addConvolutions(x)
	if c.Layers != nil && c.Attentions != nil {
		return nil
	}
	f, err := x.Blocks(c.Input)
	if err != nil {
		if c.Layers != nil {
			c.noMaps = err.Error()
			return nil
		}
		return err
	}
	if c.Layers == nil {
		fillList(c, "layers", f.Where, &c.Layers, layerOutputs(f.Layers))
	}
	fillList(c, "attentions", f.Where, &c.Attentions, layerOutputs(f.Attentions))
	c.noMaps = f.NoMaps
	return nil
}

// layerOutputs are what a graph shows as the card says it; nil stays nil.
func layerOutputs(found []layers.Output) []LayerOutput {
	var out []LayerOutput
	for _, l := range found {
		out = append(out, LayerOutput{Name: l.Name, Tensor: l.Tensor, Hop: l.Hop, Window: l.Window, ChannelsFirst: l.ChannelsFirst})
	}
	return out
}

// addConvolutions adds the convolutional layers that the card does not list.
func (c *Card) addConvolutions(x *layers.Graph) {
	if c.Layers == nil || c.Kind != Audio {
		return
	}
	for _, l := range layerOutputs(x.Convolutions()) {
		if _, listed := c.Layer(l.Name); !listed {
			c.Layers = append(c.Layers, l)
			c.setSource("layer "+l.Name, "graph: convolutions")
		}
	}
}

// discoverInputs tells the inputs apart by the names that exporters give them.
func discoverInputs(c *Card, g *onnxproto.Graph) {
	for _, name := range layers.Index(g).InputNames() {
		switch name {
		case "input_values", "waveform":
			fillPart(c, "input", "graph", &c.Input, name)
			fillPart(c, "kind", "graph: input "+name, &c.Kind, Audio)
		case "input_ids":
			fillPart(c, "input", "graph", &c.Input, name)
			fillPart(c, "kind", "graph: input "+name, &c.Kind, Text)
		case "attention_mask", "padding_mask":
			fillPart(c, "mask", "graph", &c.Mask, name)
		case "token_type_ids":
			fillPart(c, "token_types", "graph", &c.TokenTypes, name)
		}
	}
}

// The convolutions of wav2vec 2.0 and its kin: all checkpoints with these steps
// take 16 kHz.
const wav2vecHop, wav2vecWindow, wav2vecRate = 320, 400, 16000

// discoverSteps reads hop and window off the convolutions, and what follows from
// them. A model with a layer norm after every convolution was trained on
// normalised input without exception; with a group norm, transformers and
// fairseq disagree, so nothing is assumed.
func discoverSteps(c *Card, x *layers.Graph) {
	hop, window := x.Steps()
	fillPart(c, "hop", "graph: convolutions", &c.Hop, hop)
	fillPart(c, "window", "graph: convolutions", &c.Window, window)
	if hop != wav2vecHop || window != wav2vecWindow {
		return
	}
	fillPart(c, "sample_rate", "graph: the convolutions are those of wav2vec 2.0", &c.SampleRate, wav2vecRate)
	if !x.GroupNorm() {
		fillPart(c, "normalize", "graph: layer norm after every convolution", &c.Normalize, ZeroMeanUnit)
	}
}
