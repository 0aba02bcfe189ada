package onnxproto

import "encoding/binary"

// Tags of a NodeProto's and an AttributeProto's fields.
const (
	tagNodeInput     = 1<<3 | wireBytes
	tagNodeOutput    = 2<<3 | wireBytes
	tagNodeOp        = 4<<3 | wireBytes
	tagNodeAttribute = 5<<3 | wireBytes
	tagAttributeName = 1<<3 | wireBytes
	tagAttributeInt  = 3<<3 | wireVarint
	tagAttributeType = 20<<3 | wireVarint
	attributeInt     = 2
)

// ONNX's numbers of the element types that Half casts between.
const float32Type, float16Type = 1, 10

// Half adds to an edit that the matrix products it leaves in the graph take and
// give half precision. What flows between them, and so every norm, Softmax and
// residual sum, stays float32: in half precision layer norms overflow without a
// sign. So do convolutions: cuDNN has no half-precision code for those of
// wav2vec 2.0 on some GPUs (an H200 with cuDNN 9, "no execution plans support
// the graph"), and TF32, which rounds as much, serves them as well.
//
// Each such node is hidden and written again behind the file, between nodes
// that cast. Readers sort nodes by what they need, so they may stand there; the
// casts of weights are done once, when a session starts.
func (m *Model) Half(e *Edit) {
	hidden := map[int]bool{}
	for _, p := range e.Patches {
		hidden[p.Offset] = true
	}
	var nodes []byte
	add := func(node []byte) { nodes = appendField(nodes, tagGraphNode, node) }
	cast := map[string]string{}
	half := func(tensor string) string {
		if tensor == "" { // an optional input that is not given
			return ""
		}
		name, ok := cast[tensor]
		if !ok {
			name = tensor + "/half"
			cast[tensor] = name
			add(castNode(tensor, name, float16Type))
		}
		return name
	}
	for i := range m.Graph.Nodes {
		n := &m.Graph.Nodes[i]
		if hidden[n.tag] || m.data[n.tag] != tagGraphNode || n.Domain != "" || n.Op != "MatMul" && n.Op != "Gemm" {
			continue
		}
		e.Patches = append(e.Patches, Patch{n.tag, tagHiddenNode})
		inputs := make([]string, len(n.Inputs))
		for k, in := range n.Inputs {
			inputs[k] = half(in)
		}
		out := n.Outputs[0]
		add(m.rewire(n, inputs, out+"/halved"))
		add(castNode(out+"/halved", out, float32Type))
	}
	if nodes != nil {
		e.Tail = appendField(e.Tail, tagModelGraph, nodes)
	}
}

// rewire is a node with other inputs and another output.
func (m *Model) rewire(n *Node, inputs []string, output string) []byte {
	var node []byte
	for _, in := range inputs {
		node = appendField(node, tagNodeInput, []byte(in))
	}
	node = appendField(node, tagNodeOutput, []byte(output))
	node = appendField(node, tagNodeOp, []byte(n.Op))
	for _, a := range n.attributes {
		node = appendField(node, tagNodeAttribute, m.data[a[0]:a[1]])
	}
	return node
}

func castNode(from, to string, element uint64) []byte {
	attribute := appendField(nil, tagAttributeName, []byte("to"))
	attribute = binary.AppendUvarint(append(attribute, tagAttributeInt), element)
	attribute = binary.AppendUvarint(binary.AppendUvarint(attribute, tagAttributeType), attributeInt)
	node := appendField(nil, tagNodeInput, []byte(from))
	node = appendField(node, tagNodeOutput, []byte(to))
	node = appendField(node, tagNodeOp, []byte("Cast"))
	return appendField(node, tagNodeAttribute, attribute)
}
