package onnxproto

import "encoding/binary"

// Builder writes a model from nothing: small graphs of our own. The zero value is an empty graph.
type Builder struct{ graph []byte }

// Numbers of the fields of ONNX's messages that a Builder writes.
const (
	modelVersion, modelGraph, modelOpset                         = 1, 7, 8
	opsetVersion                                                 = 2
	graphNode, graphName, graphInitializer                       = 1, 2, 5
	graphInput, graphOutput                                      = 11, 12
	nodeInput, nodeOutput, nodeName, nodeOp, nodeAttribute       = 1, 2, 3, 4, 5
	attributeName, attributeI, attributeInts, attributeTypeField = 1, 3, 8, 20
	attributeTypeInt, attributeTypeInts                          = 2, 7
	valueName, valueType, typeTensor, tensorElement, tensorShape = 1, 2, 1, 1, 2
	shapeDim, dimValue, dimParam                                 = 1, 1, 2
	tensorDims, tensorType, tensorInt64s, tensorName             = 1, 2, 7, 8
	int64Element                                                 = 7
)

// built is a protobuf built that grows.
type built []byte

func (m built) number(field int, v int64) built {
	m = binary.AppendUvarint(m, uint64(field)<<3|wireVarint)
	return binary.AppendUvarint(m, uint64(v))
}

func (m built) bytes(field int, v []byte) built {
	m = binary.AppendUvarint(m, uint64(field)<<3|wireBytes)
	m = binary.AppendUvarint(m, uint64(len(v)))
	return append(m, v...)
}

func (m built) text(field int, v string) built { return m.bytes(field, []byte(v)) }

// valueInfo is a ValueInfoProto. A negative dimension is one that is not known.
func valueInfo(name string, element int, shape []int64) built {
	var dims built
	for _, d := range shape {
		var dim built
		if d < 0 {
			dim = dim.text(dimParam, "n")
		} else {
			dim = dim.number(dimValue, d)
		}
		dims = dims.bytes(shapeDim, dim)
	}
	tensor := built{}.number(tensorElement, int64(element)).bytes(tensorShape, dims)
	return built{}.text(valueName, name).bytes(valueType, built{}.bytes(typeTensor, tensor))
}

// Input adds an input of ONNX's element type of that number.
func (b *Builder) Input(name string, element int, shape ...int64) {
	b.graph = built(b.graph).bytes(graphInput, valueInfo(name, element, shape))
}

// Output adds an output.
func (b *Builder) Output(name string, element int, shape ...int64) {
	b.graph = built(b.graph).bytes(graphOutput, valueInfo(name, element, shape))
}

// Int64s adds a constant vector.
func (b *Builder) Int64s(name string, values ...int64) {
	t := built{}.number(tensorDims, int64(len(values))).number(tensorType, int64Element).text(tensorName, name)
	for _, v := range values {
		t = t.number(tensorInt64s, v)
	}
	b.graph = built(b.graph).bytes(graphInitializer, t)
}

// Setting is an attribute of a node: an integer, or a list of them.
type Setting struct {
	Name string
	Int  int64
	Ints []int64 // in place of Int
}

// Node adds an operation with one output, which names it too.
func (b *Builder) Node(op, output string, inputs []string, settings ...Setting) {
	var n built
	for _, in := range inputs {
		n = n.text(nodeInput, in)
	}
	n = n.text(nodeOutput, output).text(nodeName, output).text(nodeOp, op)
	for _, a := range settings {
		m := built{}.text(attributeName, a.Name)
		if a.Ints == nil {
			m = m.number(attributeI, a.Int).number(attributeTypeField, attributeTypeInt)
		} else {
			for _, v := range a.Ints {
				m = m.number(attributeInts, v)
			}
			m = m.number(attributeTypeField, attributeTypeInts)
		}
		n = n.bytes(nodeAttribute, m)
	}
	b.graph = built(b.graph).bytes(graphNode, n)
}

// Bytes is the model, for an opset.
func (b *Builder) Bytes(opset int64) []byte {
	const irVersion = 8 // of ONNX 1.10 and newer
	graph := built(b.graph).text(graphName, "graph")
	return built{}.number(modelVersion, irVersion).bytes(modelGraph, graph).bytes(modelOpset, built{}.number(opsetVersion, opset))
}
