package onnxproto

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// Builder writes a model from nothing. The zero value is an empty graph.
//
// Nodes may be added in any order in which a tensor is computed before it is
// read. Weights are asked for their numbers when the model is written, one after
// the other, so a model of any size takes the memory of its largest weights:
//
//	var b onnxproto.Builder
//	b.Input("x", onnxproto.Float, -1, 3)
//	b.Weight(onnxproto.Weight{Name: "w", Shape: []int64{3, 3}, Values: read})
//	b.Node("MatMul", "y", []string{"x", "w"})
//	b.Output("y", onnxproto.Float, -1, 3)
//	err := b.Write(file, 17)
type Builder struct {
	graph    []byte // nodes, inputs, outputs and small constants, encoded
	weights  []Weight
	domains  []string // of operations that are not ONNX's own
	metadata []byte
	producer [2]string
}

// ONNX's numbers of element types.
const (
	Float  = 1
	Int32  = 6
	Int64  = 7
	Bool   = 9
	Double = 11
)

// Numbers of the fields of ONNX's messages that a Builder writes.
const (
	modelVersion, modelProducer, modelProducerVersion                            = 1, 2, 3
	modelGraph, modelOpset, modelMetadata                                        = 7, 8, 14
	opsetDomain, opsetVersion                                                    = 1, 2
	entryKey, entryValue                                                         = 1, 2
	graphNode, graphName, graphInitializer                                       = 1, 2, 5
	graphInput, graphOutput                                                      = 11, 12
	nodeInput, nodeOutput, nodeName, nodeOp, nodeAttribute                       = 1, 2, 3, 4, 5
	nodeDomain                                                                   = 7
	attributeName, attributeF, attributeI, attributeS, attributeInts             = 1, 2, 3, 4, 8
	attributeTypeField                                                           = 20
	attributeTypeFloat, attributeTypeInt, attributeTypeString, attributeTypeInts = 1, 2, 3, 7
	valueName, valueType, typeTensor, tensorElement, tensorShape                 = 1, 2, 1, 1, 2
	shapeDim, dimValue                                                           = 1, 1
	tensorDims, tensorType, tensorInt64s, tensorName, tensorRaw                  = 1, 2, 7, 8, 9
	tensorExternal, tensorLocation                                               = 13, 14
	locationExternal                                                             = 1
)

// built is a protobuf message that grows.
type built []byte

func (m built) number(field int, v int64) built {
	m = binary.AppendUvarint(m, uint64(field)<<3|wireVarint)
	return binary.AppendUvarint(m, uint64(v))
}

func (m built) float(field int, v float32) built {
	m = binary.AppendUvarint(m, uint64(field)<<3|wire32)
	return binary.LittleEndian.AppendUint32(m, math.Float32bits(v))
}

// begin opens a field of so many bytes, which are to follow.
func (m built) begin(field int, length int64) built {
	m = binary.AppendUvarint(m, uint64(field)<<3|wireBytes)
	return binary.AppendUvarint(m, uint64(length))
}

func (m built) bytes(field int, v []byte) built { return append(m.begin(field, int64(len(v))), v...) }

func (m built) text(field int, v string) built { return m.bytes(field, []byte(v)) }

// entry is a StringStringEntryProto.
func entry(key, value string) built { return built{}.text(entryKey, key).text(entryValue, value) }

// valueInfo is a ValueInfoProto. A negative dimension is one that is not known.
func valueInfo(name string, element int, shape []int64) built {
	var dims built
	for _, d := range shape {
		var dim built
		if d >= 0 {
			dim = dim.number(dimValue, d)
		}
		dims = dims.bytes(shapeDim, dim)
	}
	tensor := built{}.number(tensorElement, int64(element)).bytes(tensorShape, dims)
	return built{}.text(valueName, name).bytes(valueType, built{}.bytes(typeTensor, tensor))
}

// Input adds an input of ONNX's element type of that number. A negative dimension depends on what is fed.
func (b *Builder) Input(name string, element int, shape ...int64) {
	b.graph = built(b.graph).bytes(graphInput, valueInfo(name, element, shape))
}

// Output adds an output.
func (b *Builder) Output(name string, element int, shape ...int64) {
	b.graph = built(b.graph).bytes(graphOutput, valueInfo(name, element, shape))
}

// Int64s adds a constant vector.
func (b *Builder) Int64s(name string, values ...int64) {
	b.int64s(name, []int64{int64(len(values))}, values)
}

// Int64 adds a constant without dimensions.
func (b *Builder) Int64(name string, value int64) { b.int64s(name, nil, []int64{value}) }

func (b *Builder) int64s(name string, shape, values []int64) {
	t := tensorHead(name, Int64, shape)
	for _, v := range values {
		t = t.number(tensorInt64s, v)
	}
	b.graph = built(b.graph).bytes(graphInitializer, t)
}

func tensorHead(name string, element int64, shape []int64) built {
	var t built
	for _, d := range shape {
		t = t.number(tensorDims, d)
	}
	return t.number(tensorType, element).text(tensorName, name)
}

// Weight is a constant of float32 numbers, which are asked for when the model is written.
type Weight struct {
	Name   string
	Shape  []int64
	Values func() ([]float32, error) // row-major
}

// elements is how many numbers the shape says.
func (w *Weight) elements() int64 {
	n := int64(1)
	for _, d := range w.Shape {
		n *= d
	}
	return n
}

func (w *Weight) bytes() int64 { return 4 * w.elements() }

// Weight adds a weight.
func (b *Builder) Weight(w Weight) { b.weights = append(b.weights, w) }

// Float adds a constant number.
func (b *Builder) Float(name string, value float32) {
	b.Weight(Weight{Name: name, Values: func() ([]float32, error) { return []float32{value}, nil }})
}

// Setting is an attribute of a node: an integer, a list of them, a text, or a number ([Real]).
type Setting struct {
	Name string
	Int  int64
	Ints []int64  // in place of Int
	Text string   // in place of Int
	real *float32 // in place of Int
}

// Real is an attribute that is a number with a fraction.
func Real(name string, value float64) Setting {
	v := float32(value)
	return Setting{Name: name, real: &v}
}

// Operation is a node of the graph.
type Operation struct {
	Op, Domain string // Domain "" is ONNX's own
	Name       string
	Inputs     []string // "" for an optional one that is left out
	Outputs    []string
	Settings   []Setting
}

// Node adds an operation with one output, which names it too.
func (b *Builder) Node(op, output string, inputs []string, settings ...Setting) {
	b.Add(Operation{Op: op, Name: output, Inputs: inputs, Outputs: []string{output}, Settings: settings})
}

// Add adds an operation.
func (b *Builder) Add(o Operation) {
	var n built
	for _, in := range o.Inputs {
		n = n.text(nodeInput, in)
	}
	for _, out := range o.Outputs {
		n = n.text(nodeOutput, out)
	}
	n = n.text(nodeName, o.Name).text(nodeOp, o.Op)
	for _, s := range o.Settings {
		n = n.bytes(nodeAttribute, s.attribute())
	}
	if o.Domain != "" {
		n = n.text(nodeDomain, o.Domain)
		if !slices.Contains(b.domains, o.Domain) {
			b.domains = append(b.domains, o.Domain)
		}
	}
	b.graph = built(b.graph).bytes(graphNode, n)
}

func (s Setting) attribute() built {
	m := built{}.text(attributeName, s.Name)
	switch {
	case s.Ints != nil:
		for _, v := range s.Ints {
			m = m.number(attributeInts, v)
		}
		return m.number(attributeTypeField, attributeTypeInts)
	case s.Text != "":
		return m.text(attributeS, s.Text).number(attributeTypeField, attributeTypeString)
	case s.real != nil:
		return m.float(attributeF, *s.real).number(attributeTypeField, attributeTypeFloat)
	}
	return m.number(attributeI, s.Int).number(attributeTypeField, attributeTypeInt)
}

// Metadata adds a property of the model.
func (b *Builder) Metadata(key, value string) {
	b.metadata = built(b.metadata).bytes(modelMetadata, entry(key, value))
}

// Producer says which program writes the model.
func (b *Builder) Producer(name, version string) { b.producer = [2]string{name, version} }

// MaxFile is how large a file may be that holds its weights itself: a protobuf
// message has a limit of 2 GiB.
const MaxFile = 1<<31 - 1<<20

// WeightBytes is the size of all weights.
func (b *Builder) WeightBytes() (n int64) {
	for i := range b.weights {
		n += b.weights[i].bytes()
	}
	return n
}

// Write writes the model for an opset, with its weights in it.
func (b *Builder) Write(w io.Writer, opset int64) error {
	if n := b.WeightBytes(); n > MaxFile {
		return fmt.Errorf("weights of %d bytes do not fit into one protobuf message", n)
	}
	heads := make([]built, len(b.weights))
	length := int64(len(b.graph))
	for i := range b.weights {
		k := &b.weights[i]
		tensor := tensorHead(k.Name, Float, k.Shape).begin(tensorRaw, k.bytes())
		heads[i] = append(built{}.begin(graphInitializer, int64(len(tensor))+k.bytes()), tensor...)
		length += int64(len(heads[i])) + k.bytes()
	}
	done := make(chan struct{})
	defer close(done)
	read := b.ahead(done)
	out := bufio.NewWriterSize(w, 1<<20)
	out.Write(b.model(opset, length))
	out.Write(b.graph)
	for i := range b.weights {
		out.Write(heads[i])
		if err := b.weights[i].write(out, <-read); err != nil {
			return err
		}
	}
	return out.Flush()
}

// numbers are those of a weight, or why there are none.
type numbers struct {
	values []float32
	err    error
}

// ahead asks for the numbers of all weights in order, each while the one before is written.
func (b *Builder) ahead(done <-chan struct{}) <-chan numbers {
	out := make(chan numbers)
	go func() {
		for i := range b.weights {
			values, err := b.weights[i].Values()
			select {
			case out <- numbers{values, err}:
			case <-done:
				return
			}
		}
	}()
	return out
}

// Weights in a file of their own begin at a page, so that a reader can map them, as ONNX advises. Small ones
// stay in the model.
const externalPage, externalLeast = 4096, 1024

// WriteExternal writes the model to w and its weights to data, which is to lie beside the model under a name.
func (b *Builder) WriteExternal(w, data io.Writer, name string, opset int64) error {
	done := make(chan struct{})
	defer close(done)
	read := b.ahead(done)
	var graph built = slices.Clone(b.graph)
	out := bufio.NewWriterSize(data, 1<<20)
	at := int64(0)
	for i := range b.weights {
		k := &b.weights[i]
		t := tensorHead(k.Name, Float, k.Shape)
		if k.bytes() < externalLeast {
			var raw rawBytes
			if err := k.write(&raw, <-read); err != nil {
				return err
			}
			graph = graph.bytes(graphInitializer, t.bytes(tensorRaw, raw))
			continue
		}
		pad := (externalPage - at%externalPage) % externalPage
		out.Write(make([]byte, pad))
		at += pad
		for _, e := range []built{entry("location", name), entry("offset", strconv.FormatInt(at, 10)), entry("length", strconv.FormatInt(k.bytes(), 10))} {
			t = t.bytes(tensorExternal, e)
		}
		graph = graph.bytes(graphInitializer, t.number(tensorLocation, locationExternal))
		if err := k.write(out, <-read); err != nil {
			return err
		}
		at += k.bytes()
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := w.Write(append(b.model(opset, int64(len(graph))), graph...))
	return err
}

// rawBytes gathers what is written.
type rawBytes []byte

func (r *rawBytes) Write(p []byte) (int, error) {
	*r = append(*r, p...)
	return len(p), nil
}

// write writes the numbers.
func (w *Weight) write(to io.Writer, n numbers) error {
	values := n.values
	if n.err != nil {
		return n.err
	}
	if int64(len(values)) != w.elements() {
		return fmt.Errorf("weight %s has %d numbers, its shape %v says %d", w.Name, len(values), w.Shape, w.elements())
	}
	chunk := make([]byte, 0, 1<<16)
	for len(values) > 0 {
		n := min(len(values), cap(chunk)/4)
		chunk = chunk[:4*n]
		for i, v := range values[:n] {
			binary.LittleEndian.PutUint32(chunk[4*i:], math.Float32bits(v))
		}
		if _, err := to.Write(chunk); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

// model is all of a model before the content of its graph, which has so many bytes.
func (b *Builder) model(opset, length int64) built {
	const irVersion = 8 // of ONNX 1.10 and newer
	m := built{}.number(modelVersion, irVersion)
	if b.producer[0] != "" {
		m = m.text(modelProducer, b.producer[0]).text(modelProducerVersion, b.producer[1])
	}
	m = m.bytes(modelOpset, built{}.number(opsetVersion, opset))
	for _, d := range b.domains {
		m = m.bytes(modelOpset, built{}.text(opsetDomain, d).number(opsetVersion, 1))
	}
	m = append(m, b.metadata...)
	name := built{}.text(graphName, "graph")
	return append(m.begin(modelGraph, length+int64(len(name))), name...)
}

// Bytes is a small model, whose weights are in memory already.
func (b *Builder) Bytes(opset int64) []byte {
	var out rawBytes
	if err := b.Write(&out, opset); err != nil {
		panic(err) // memory does not fail, and the weights are constants
	}
	return out
}
