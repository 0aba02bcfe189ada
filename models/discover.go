package models

import (
	"regexp"
	"sort"
	"strconv"

	"speechsim/models/internal/onnxproto"
)

// exported matches the outputs of exporters that name layers themselves.
var exported = regexp.MustCompile(`^(hidden_states|attentions)[._](\d+)$`)

// discover fills in what the graph shows and the card does not say.
func discover(c *Card, scan *onnxproto.Model) error {
	layers, attentions := namedOutputs(&scan.Graph)
	fillList(c, "layers", "graph: outputs hidden_states.*", &c.Layers, layers)
	fillList(c, "attentions", "graph: outputs attentions.*", &c.Attentions, attentions)
	discoverInputs(c, &scan.Graph)
	return nil
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

// discoverInputs tells the inputs apart by the names that exporters give them.
func discoverInputs(c *Card, g *onnxproto.Graph) {
	weights := map[string]bool{}
	for i := range g.Initializers {
		weights[g.Initializers[i].Name] = true
	}
	for _, in := range g.Inputs {
		if weights[in.Name] {
			continue // before IR version 4, weights stand among the inputs
		}
		switch in.Name {
		case "input_values", "input_features", "waveform", "fbank":
			fillPart(c, "input", "graph", &c.Input, in.Name)
			fillPart(c, "kind", "graph: input "+in.Name, &c.Kind, Audio)
		case "input_ids":
			fillPart(c, "input", "graph", &c.Input, in.Name)
			fillPart(c, "kind", "graph: input "+in.Name, &c.Kind, Text)
		case "attention_mask", "padding_mask":
			fillPart(c, "mask", "graph", &c.Mask, in.Name)
		case "token_type_ids":
			fillPart(c, "token_types", "graph", &c.TokenTypes, in.Name)
		}
	}
}
