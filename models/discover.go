package models

import (
	"fmt"
	"strings"

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
	blocks, err := discoverLayers(c, path, x)
	if wrong := c.checkInputs(&scan.Graph); wrong != nil { // before the layers: those of another kind of model are not found either
		return wrong
	}
	if err != nil {
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
	return hub.contradictions(c, blocks)
}

// discoverLayers looks for layers among the outputs, then inside the graph, and
// returns how many blocks there are; -1 where the card alone says so. Outputs
// that are numbered otherwise than the blocks are an error: which of the two
// a reader of the results would take for layer 7 cannot be known.
func discoverLayers(c *Card, path string, x *layers.Graph) (blocks int, err error) {
	defer c.addConvolutions(x)
	if c.Layers != nil && c.Attentions != nil {
		return -1, nil
	}
	hidden, attentions := x.NamedOutputs()
	f, err := x.Blocks(c.Input)
	if err != nil {
		return c.uncheckedOutputs(hidden, attentions, err)
	}
	blocks = -1
	if c.Layers == nil {
		blocks = layers.Last(f.Layers)
		if err := c.numberedLayers(path, x, hidden, f); err != nil {
			return 0, err
		}
	}
	if c.Attentions == nil && f.Attentions != nil {
		if compared := x.Compare(attentions, f.Attentions, "attention"); len(compared.Wrong) > 0 {
			return 0, misnumbered("attentions", "attention i is the map inside block i + 1, so the first is 0", path, compared, f.Where)
		}
	}
	fillList(c, "attentions", "graph: outputs attentions.*", &c.Attentions, layerOutputs(attentions))
	fillList(c, "layers", f.Where, &c.Layers, layerOutputs(f.Layers))
	fillList(c, "attentions", f.Where, &c.Attentions, layerOutputs(f.Attentions))
	c.noMaps = f.NoMaps
	return blocks, nil
}

// uncheckedOutputs takes what an exporter named from a graph whose blocks were
// not found, for the reason given, which is the error where there is no such output.
func (c *Card) uncheckedOutputs(hidden, attentions []layers.Output, reason error) (blocks int, err error) {
	blocks = -1
	if c.Layers == nil {
		if hidden == nil {
			return 0, reason
		}
		blocks = layers.Last(hidden)
		c.doubts = append(c.doubts, fmt.Sprintf("whether the outputs hidden_states.* have the numbers of their blocks could not be checked: %v", reason))
	}
	fillList(c, "layers", "graph: outputs hidden_states.*", &c.Layers, layerOutputs(hidden))
	fillList(c, "attentions", "graph: outputs attentions.*", &c.Attentions, layerOutputs(attentions))
	if c.Attentions == nil {
		c.noMaps = reason.Error()
	}
	return blocks, nil
}

// numberedLayers takes the outputs that an exporter named as layers, where they
// have the numbers of the blocks that were found.
func (c *Card) numberedLayers(path string, x *layers.Graph, hidden []layers.Output, f layers.Found) error {
	compared := x.Compare(hidden, f.Layers, "layer")
	if len(compared.Wrong) > 0 {
		return misnumbered("layers", "layer 0 is the input of the first block, layer i the output of block i", path, compared, f.Where)
	}
	fillList(c, "layers", "graph: outputs hidden_states.*", &c.Layers, layerOutputs(compared.Outputs))
	if first := f.Layers[0]; hidden != nil && hidden[0].Name != first.Name {
		c.warnings = append(c.warnings, fmt.Sprintf("the outputs hidden_states.* begin at %s: layer 0, the input of the first block, is not among them; it is tensor %q (%s)",
			hidden[0].Name, first.Tensor, f.Where))
	}
	if n := len(compared.Unknown); n > 0 {
		c.doubts = append(c.doubts, fmt.Sprintf("whether %s (and %d more) have the numbers of their blocks could not be checked: they are not what comes out of a block (%s)",
			compared.Unknown[0], n-1, f.Where))
	}
	if after := compared.After; after.Name != "" {
		c.setSource("layer "+after.Name, f.Where)
		c.warnings = append(c.warnings, fmt.Sprintf("output hidden_states.%s is before the final layer norm and is called %s.prenorm; layer %s is after it (%s)",
			after.Name, after.Name, after.Name, after.Tensor))
	}
	return nil
}

// misnumbered says what was found, with the lines that mend it.
func misnumbered(key, rule, path string, found layers.Comparison, where string) error {
	var list []string
	for _, l := range found.Right {
		list = append(list, fmt.Sprintf("{name: %q, tensor: %q}", l.Name, l.Tensor))
	}
	return fmt.Errorf("the outputs have other numbers than the %s that were found (%s): %s; %s. "+
		"To take the numbers of the graph, write the next line into %s\n%s: [%s]",
		key, where, strings.Join(found.Wrong, ", "), rule, SidecarPath(path), key, strings.Join(list, ", "))
}

// layerOutputs are what a graph shows as the card says it; nil stays nil.
func layerOutputs(found []layers.Output) []LayerOutput {
	var out []LayerOutput
	for _, l := range found {
		layer := LayerOutput{Name: l.Name, Tensor: l.Tensor, Hop: l.Steps.Hop, Window: l.Steps.Window, ChannelsFirst: l.ChannelsFirst}
		if l.Steps.Padded() {
			layer.FirstFrame = new(int)
			*layer.FirstFrame = l.Steps.Centre()
		}
		out = append(out, layer)
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
		case "input_values", "waveform", "input_features": // the last is a spectrogram, as the input's shape will tell
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
	steps, ok := x.Steps()
	if !ok {
		return
	}
	fillPart(c, "hop", "graph: convolutions", &c.Hop, steps.Hop)
	if c.FirstFrame == nil && c.Window == 0 { // else the card may know of padding that is no convolution's
		fillPart(c, "window", "graph: convolutions", &c.Window, steps.Window)
		if steps.Padded() {
			centre := steps.Centre()
			fillPart(c, "first_frame", "graph: padding of the convolutions", &c.FirstFrame, &centre)
		}
	}
	if steps != (layers.Steps{Hop: wav2vecHop, Window: wav2vecWindow}) {
		return
	}
	fillPart(c, "sample_rate", "graph: the convolutions are those of wav2vec 2.0", &c.SampleRate, wav2vecRate)
	if !x.GroupNorm() {
		fillPart(c, "normalize", "graph: layer norm after every convolution", &c.Normalize, ZeroMeanUnit)
	}
}
