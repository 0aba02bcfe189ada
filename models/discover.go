package models

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"speechsim/models/internal/onnxproto"
)

// exported matches the outputs of exporters that name layers themselves.
var exported = regexp.MustCompile(`^(hidden_states|attentions)[._](\d+)$`)

// discover fills in what the graph shows and the card does not say: inputs,
// layers, attention maps, hop and window.
func discover(c *Card, path string, scan *onnxproto.Model) error {
	if err := refuse(scan); err != nil {
		return err
	}
	discoverInputs(c, &scan.Graph)
	hub, err := readHubFiles(path)
	if err != nil {
		return err
	}
	c.fillFromHub(hub)
	x := indexGraph(&scan.Graph)
	if err := discoverLayers(c, x); err != nil {
		return err
	}
	if c.Kind == Audio && c.FrontEnd == FrontEndNone {
		discoverSteps(c, x)
	}
	if c.Kind == Text {
		discoverTables(c, x)
	}
	return hub.contradictions(c)
}

// discoverLayers looks for layers among the outputs, then inside the graph.
func discoverLayers(c *Card, x *graphIndex) error {
	layers, attentions := namedOutputs(x.Graph)
	fillList(c, "layers", "graph: outputs hidden_states.*", &c.Layers, layers)
	fillList(c, "attentions", "graph: outputs attentions.*", &c.Attentions, attentions)
	defer c.addConvolutions(x)
	if c.Layers != nil && c.Attentions != nil {
		return nil
	}
	f, err := x.blocks(c.Input)
	if err != nil {
		if c.Layers != nil {
			c.noMaps = err.Error()
			return nil
		}
		return err
	}
	if c.Layers == nil {
		fillList(c, "layers", f.where, &c.Layers, f.layers)
	}
	fillList(c, "attentions", f.where, &c.Attentions, f.attentions)
	c.noMaps = f.noMaps
	return nil
}

// addConvolutions adds the convolutional layers that the card does not list.
func (c *Card) addConvolutions(x *graphIndex) {
	if c.Layers == nil || c.Kind != Audio {
		return
	}
	for _, l := range x.convolutions() {
		if _, listed := c.Layer(l.Name); !listed {
			c.Layers = append(c.Layers, l)
			c.setSource("layer "+l.Name, "graph: convolutions")
		}
	}
}

// blocks finds the transformer blocks by name, else by structure.
func (x *graphIndex) blocks(input string) (found, error) {
	f, named, err := x.namedBlocks()
	if named {
		return f, err
	}
	if input == "" {
		return found{}, fmt.Errorf("layers cannot be looked for before the input is known; the graph has %s: write input: NAME into the card",
			strings.Join(x.inputNames(), ", "))
	}
	return x.structuralBlocks(input)
}

func namedOutputs(g *onnxproto.Graph) (layers, attentions []LayerOutput) {
	for _, o := range g.Outputs {
		m := exported.FindStringSubmatch(o.Name)
		if m == nil {
			continue
		}
		l := LayerOutput{Name: m[2], Tensor: o.Name}
		if m[1] == "attentions" {
			attentions = append(attentions, l)
		} else {
			layers = append(layers, l)
		}
	}
	sortByNumber(layers)
	sortByNumber(attentions)
	return layers, attentions
}

func sortByNumber(list []LayerOutput) {
	number := func(i int) int {
		n, _ := strconv.Atoi(list[i].Name)
		return n
	}
	sort.SliceStable(list, func(i, j int) bool { return number(i) < number(j) })
}

// inputNames lists what a caller feeds. Before IR version 4, weights stand among
// the inputs of a graph.
func (x *graphIndex) inputNames() []string {
	weights := map[string]bool{}
	for i := range x.Initializers {
		weights[x.Initializers[i].Name] = true
	}
	var names []string
	for _, in := range x.Inputs {
		if !weights[in.Name] {
			names = append(names, in.Name)
		}
	}
	return names
}

// discoverInputs tells the inputs apart by the names that exporters give them.
func discoverInputs(c *Card, g *onnxproto.Graph) {
	for _, name := range indexGraph(g).inputNames() {
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
func discoverSteps(c *Card, x *graphIndex) {
	hop, window := x.steps()
	fillPart(c, "hop", "graph: convolutions", &c.Hop, hop)
	fillPart(c, "window", "graph: convolutions", &c.Window, window)
	if hop != wav2vecHop || window != wav2vecWindow {
		return
	}
	fillPart(c, "sample_rate", "graph: the convolutions are those of wav2vec 2.0", &c.SampleRate, wav2vecRate)
	if !x.groupNorm() {
		fillPart(c, "normalize", "graph: layer norm after every convolution", &c.Normalize, ZeroMeanUnit)
	}
}

// groupNorm reports whether the model normalises over time, which ONNX does with
// InstanceNormalization (torch) or GroupNormalization.
func (x *graphIndex) groupNorm() bool {
	for i := range x.Nodes {
		if op := x.Nodes[i].Op; op == "InstanceNormalization" || op == "GroupNormalization" {
			return true
		}
	}
	return false
}
