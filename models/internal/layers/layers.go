// Package layers finds the layers of an ONNX file: which of its tensors are the
// hidden states, the attention maps and the outputs of the convolutions, and
// what the graph shows of how the model is fed. It reads the structure alone
// and runs nothing.
//
// [Graph.NamedOutputs] asks whether an exporter named them; [Graph.Blocks] looks
// for the numbered modules of a transformer (blocks.go, by the scopes of
// scopes.go) and, in files without names, for the tensors that every path
// crosses (structure.go). [Graph.Compare] holds the exporter's numbers against
// these blocks. [Refuse] tells files whose activations are not those of the model.
package layers

import (
	"fmt"
	"slices"
	"strings"

	"speechsim/models/internal/onnxproto"
)

// Output ties the name of a layer or an attention map to a tensor of the graph.
type Output struct {
	Name, Tensor  string
	Steps         Steps // of a convolution; zero: those of the model
	ChannelsFirst bool  // the tensor is [1, units, frames]
}

// Found is what was found in a graph: names with their tensors, and where.
type Found struct {
	Layers     []Output
	Attentions []Output
	Where      string // how the layers were found
	NoMaps     string // why there are no attention maps; "" if there are
}

// Graph answers the questions that finding layers asks of a graph.
type Graph struct {
	*onnxproto.Graph
	scopes    []string         // of every node
	producer  map[string]int   // tensor -> node
	consumers map[string][]int // tensor -> nodes, in order
	outputs   map[string]bool  // of the graph
}

// Index prepares a graph for these questions.
func Index(g *onnxproto.Graph) *Graph {
	x := &Graph{Graph: g, producer: g.Producers(), consumers: map[string][]int{}, outputs: map[string]bool{}}
	for i := range g.Nodes {
		x.scopes = append(x.scopes, scopeOf(&g.Nodes[i]))
		for _, in := range g.Nodes[i].Inputs {
			x.consumers[in] = append(x.consumers[in], i)
		}
	}
	for _, o := range g.Outputs {
		x.outputs[o.Name] = true
	}
	return x
}

// Blocks finds the transformer blocks by name, else by structure.
func (x *Graph) Blocks(input string) (Found, error) {
	f, named, err := x.namedBlocks()
	if named {
		return f, err
	}
	if input == "" {
		return Found{}, fmt.Errorf("layers cannot be looked for before the input is known; the graph has %s: write input: NAME into the card",
			strings.Join(x.InputNames(), ", "))
	}
	return x.structuralBlocks(input)
}

// Disagreement compares what names say with what the structure of the graph
// says; "" if they agree, or if one of them says nothing.
func (x *Graph) Disagreement(input string) string {
	named, ok, err := x.namedBlocks()
	if !ok || err != nil {
		return ""
	}
	built, err := x.structuralBlocks(input)
	if err != nil {
		return ""
	}
	for _, l := range named.Layers {
		i := slices.IndexFunc(built.Layers, func(o Output) bool { return o.Name == l.Name })
		if i < 0 {
			continue
		}
		if other := built.Layers[i]; other.Tensor != l.Tensor {
			return fmt.Sprintf("layer %s is tensor %q by the names of the modules, %q by the structure of the graph: "+
				"compare with the original (`pipeline models verify --reference`)", l.Name, l.Tensor, other.Tensor)
		}
	}
	return ""
}

// InputNames lists what a caller feeds. Before IR version 4, weights stand among
// the inputs of a graph.
func (x *Graph) InputNames() []string {
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
