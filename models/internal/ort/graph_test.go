package ort

import (
	"encoding/binary"
	"fmt"
)

// graph makes small ONNX files for the tests: the wire format of protobuf, with
// the field numbers of onnx.proto.
type graph struct{ fields []byte }

func field(number int, payload []byte) []byte {
	out := binary.AppendUvarint(nil, uint64(number<<3|2))
	return append(binary.AppendUvarint(out, uint64(len(payload))), payload...)
}

func number(number, value int) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number<<3)), uint64(value))
}

func join(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func (g *graph) node(op, in, out string) {
	g.fields = append(g.fields, field(1, join(field(1, []byte(in)), field(2, []byte(out)), field(4, []byte(op))))...)
}

// value declares a [1, n] input (place 11) or output (place 12) of the graph.
func (g *graph) value(place int, name string, e Element) {
	shape := join(field(1, number(1, 1)), field(1, field(2, []byte("n"))))
	tensor := field(1, join(number(1, int(e)), field(2, shape)))
	g.fields = append(g.fields, field(place, join(field(1, []byte(name)), field(2, tensor)))...)
}

func (g *graph) input(name string, e Element)  { g.value(11, name, e) }
func (g *graph) output(name string, e Element) { g.value(12, name, e) }

// file is the whole model, at opset 17.
func (g *graph) file() []byte {
	return join(number(1, 8), field(7, join(g.fields, field(2, []byte("test")))), field(8, number(2, 17)))
}

// signs computes neg = -x, abs = |x| and whole, of int64s.
func signs() []byte {
	var g graph
	g.input("x", Float32)
	g.node("Neg", "x", "neg")
	g.output("neg", Float32)
	g.node("Abs", "x", "abs")
	g.output("abs", Float32)
	g.node("Shape", "x", "shape") // int64, shape [2]
	g.node("Abs", "shape", "whole")
	g.fields = append(g.fields, field(12, join(field(1, []byte("whole")), field(2, field(1, number(1, int(Int64))))))...)
	return g.file()
}

// chain computes y from x in many slow steps.
func chain(steps int) []byte {
	var g graph
	g.input("x", Float32)
	last := "x"
	for i := range steps {
		next := fmt.Sprintf("t%d", i)
		g.node([]string{"Sin", "Erf"}[i%2], last, next)
		last = next
	}
	g.node("Abs", last, "y")
	g.output("y", Float32)
	return g.file()
}
