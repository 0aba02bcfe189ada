package onnxproto

import (
	"encoding/binary"
	"slices"
)

// Tags of the fields that Edit writes, and those it hides fields behind:
// GraphProto has no fields 3 and 7 (3 was retired, 7 never given), so a reader
// skips them as unknown.
const (
	tagModelGraph   = 7<<3 | wireBytes
	tagGraphNode    = 1<<3 | wireBytes
	tagGraphOutput  = 12<<3 | wireBytes
	tagHiddenNode   = 3<<3 | wireBytes
	tagHiddenOutput = 7<<3 | wireBytes
	tagValueName    = 1<<3 | wireBytes
)

// Edit is a change of a model: which bytes of the file to overwrite and what to
// append to it. Nothing moves, so the weights need not be copied.
type Edit struct {
	Patches []Patch
	Tail    []byte
	Nodes   int // nodes that remain
}

// Patch overwrites one byte.
type Patch struct {
	Offset int
	Value  byte
}

// Empty reports whether the file can be used as it is.
func (e *Edit) Empty() bool { return len(e.Patches) == 0 && len(e.Tail) == 0 }

// Expose plans the edit that makes the model compute exactly the tensors named.
// With prune, nodes that none of them needs are left out, because ONNX Runtime
// executes the whole graph whatever is fetched.
//
// New outputs are appended as one more graph field: protobuf merges repeated
// occurrences of an embedded message. Nodes and outputs are left out by
// changing their field number to one that no reader knows.
func (m *Model) Expose(tensors []string, prune bool) *Edit {
	e := &Edit{Nodes: len(m.Graph.Nodes)}
	present := map[string]bool{}
	for _, o := range m.Graph.Outputs {
		present[o.Name] = true
	}
	if prune {
		m.hide(e, tensors)
	}
	var outputs []byte
	for _, t := range tensors {
		if !present[t] {
			present[t] = true
			outputs = appendField(outputs, tagGraphOutput, appendField(nil, tagValueName, []byte(t)))
		}
	}
	if outputs != nil {
		e.Tail = appendField(nil, tagModelGraph, outputs)
	}
	return e
}

// hide takes the nodes that the tensors do not need, and all other outputs, out
// of the graph. ONNX Runtime keeps every output until a run ends, be it fetched
// or not: a transformer's attention maps, of all blocks, which are its largest
// tensors.
func (m *Model) hide(e *Edit, tensors []string) {
	needed := m.Graph.needed(tensors)
	for i := range m.Graph.Nodes {
		n := &m.Graph.Nodes[i]
		if needed[i] || m.data[n.tag] != tagGraphNode {
			continue
		}
		e.Nodes--
		e.Patches = append(e.Patches, Patch{n.tag, tagHiddenNode})
	}
	for _, o := range m.Graph.Outputs {
		if !slices.Contains(tensors, o.Name) && m.data[o.tag] == tagGraphOutput {
			e.Patches = append(e.Patches, Patch{o.tag, tagHiddenOutput})
		}
	}
}

func appendField(to []byte, tag byte, payload []byte) []byte {
	to = append(to, tag)
	to = binary.AppendUvarint(to, uint64(len(payload)))
	return append(to, payload...)
}

// needed marks the nodes on the way to the tensors. A node with a subgraph may
// read any tensor from inside, so what lies before it is kept too.
func (g *Graph) needed(tensors []string) []bool {
	producer := g.Producers()
	keep := make([]bool, len(g.Nodes))
	stack := append([]string(nil), tensors...)
	for len(stack) > 0 {
		name := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		i, ok := producer[name]
		if !ok || keep[i] {
			continue
		}
		keep[i] = true
		stack = append(stack, g.Nodes[i].Inputs...)
		if g.Nodes[i].HasSubgraph() {
			for j := 0; j < i; j++ {
				stack = append(stack, g.Nodes[j].Outputs...)
			}
		}
	}
	return keep
}

// Producers maps a tensor's name to the index of the node that computes it.
func (g *Graph) Producers() map[string]int {
	p := make(map[string]int, len(g.Nodes))
	for i := range g.Nodes {
		for _, o := range g.Nodes[i].Outputs {
			if o != "" {
				p[o] = i
			}
		}
	}
	return p
}
