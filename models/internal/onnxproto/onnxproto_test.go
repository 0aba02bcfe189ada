package onnxproto

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// message encodes fields: number, then a string (bytes) or an int (varint).
func message(fields ...any) string {
	var out []byte
	for i := 0; i < len(fields); i += 2 {
		number := uint64(fields[i].(int))
		switch v := fields[i+1].(type) {
		case string:
			out = binary.AppendUvarint(out, number<<3|wireBytes)
			out = binary.AppendUvarint(out, uint64(len(v)))
			out = append(out, v...)
		case int:
			out = binary.AppendUvarint(out, number<<3|wireVarint)
			out = binary.AppendUvarint(out, uint64(v))
		}
	}
	return string(out)
}

func testNode(op, name string, in, out []string, more ...any) string {
	var fields []any
	for _, x := range in {
		fields = append(fields, 1, x)
	}
	for _, x := range out {
		fields = append(fields, 2, x)
	}
	return message(slices.Concat(fields, []any{3, name, 4, op}, more)...)
}

func testValue(name string) string {
	const float32 = 1
	dims := message(1, message(1, 1), 1, message(2, "samples")) // 1, a named dimension
	return message(1, name, 2, message(1, message(1, float32, 2, dims)))
}

// testModel computes x -> a -> b -> y, with a side branch a -> z.
func testModel() []byte {
	strides := message(1, "strides", 8, 2, 8, 3, 20, 7)
	graph := message(
		1, testNode("Conv", "/conv/Conv", []string{"x", "w"}, []string{"a"}, 5, strides),
		1, testNode("Relu", "r", []string{"a"}, []string{"b"}, 9, message(1, "scope", 2, "['', 'r']")),
		1, testNode("Neg", "n", []string{"a"}, []string{"z"}),
		1, testNode("Exp", "e", []string{"b"}, []string{"y"}),
		2, "main",
		5, message(1, 3, 1, 4, 2, 1, 8, "w", 9, strings.Repeat("\x00", 48)),
		5, message(2, 1, 8, "far", 13, message(1, "location", 2, "far.data"), 14, 1),
		11, testValue("x"),
		12, testValue("y"),
		12, testValue("z"),
	)
	return []byte(message(1, 8, 2, "pytorch", 3, "2.15", 7, graph, 8, message(1, "", 2, 17), 8, message(1, "com.microsoft", 2, 1), 14, message(1, "key", 2, "value")))
}

func TestScan(t *testing.T) {
	m, err := Scan(testModel())
	if err != nil {
		t.Fatal(err)
	}
	if m.IRVersion != 8 || m.Producer != "pytorch" || m.ProducerVersion != "2.15" || m.Graph.Name != "main" {
		t.Errorf("model %+v", m)
	}
	if diff := cmp.Diff(map[string]int64{"": 17, "com.microsoft": 1}, m.Opsets); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"key": "value"}, m.Metadata); diff != "" {
		t.Error(diff)
	}
	g := &m.Graph
	if len(g.Nodes) != 4 || g.Nodes[0].Op != "Conv" || !slices.Equal(g.Nodes[0].Inputs, []string{"x", "w"}) || g.Nodes[1].Metadata["scope"] != "['', 'r']" {
		t.Errorf("nodes %+v", g.Nodes)
	}
	if a, ok := g.Nodes[0].Attribute("strides"); !ok || !slices.Equal(a.Ints, []int64{2, 3}) {
		t.Errorf("strides %v, %v", a, ok)
	}
	if _, ok := g.Nodes[0].Attribute("pads"); ok {
		t.Error("an attribute that is not there was found")
	}
	if in := g.Inputs[0]; in.Name != "x" || in.Element != 1 || !slices.Equal(in.Dims, []int64{1, -1}) {
		t.Errorf("input %+v", in)
	}
	w, far := g.Initializers[0], g.Initializers[1]
	if w.Name != "w" || w.Elements() != 12 || w.External != "" || far.External != "far.data" {
		t.Errorf("weights %+v %+v", w, far)
	}
}

// edited applies an edit as a loader of the file would.
func edited(data []byte, e *Edit) []byte {
	out := slices.Clone(data)
	for _, p := range e.Patches {
		out[p.Offset] = p.Value
	}
	return append(out, e.Tail...)
}

func TestExpose(t *testing.T) {
	tests := []struct {
		tensors        []string
		prune          bool
		nodes, outputs []string
	}{
		{[]string{"a"}, false, []string{"Conv", "Relu", "Neg", "Exp"}, []string{"y", "z", "a"}},
		{[]string{"b"}, true, []string{"Conv", "Relu"}, []string{"b"}},
		{[]string{"z", "a"}, true, []string{"Conv", "Neg"}, []string{"z", "a"}},
		{[]string{"y", "z"}, true, []string{"Conv", "Relu", "Neg", "Exp"}, []string{"y", "z"}},
	}
	for _, tt := range tests {
		data := testModel()
		m, err := Scan(data)
		if err != nil {
			t.Fatal(err)
		}
		e := m.Expose(tt.tensors, tt.prune)
		again, err := Scan(edited(data, e))
		if err != nil {
			t.Fatal(err)
		}
		var nodes, outputs []string
		for _, n := range again.Graph.Nodes {
			nodes = append(nodes, n.Op)
		}
		for _, o := range again.Graph.Outputs {
			outputs = append(outputs, o.Name)
		}
		if !slices.Equal(nodes, tt.nodes) || !slices.Equal(outputs, tt.outputs) || e.Nodes != len(nodes) {
			t.Errorf("%v, prune %v: nodes %v, outputs %v, %d", tt.tensors, tt.prune, nodes, outputs, e.Nodes)
		}
		if len(again.Graph.Initializers) != 2 || len(data)+len(e.Tail) > len(data)+40 {
			t.Errorf("%v: weights were touched, or much was appended", tt.tensors)
		}
	}
	m, err := Scan(testModel())
	if err != nil {
		t.Fatal(err)
	}
	if e := m.Expose([]string{"y", "z"}, true); !e.Empty() {
		t.Errorf("nothing has to change for the file's own outputs: %+v", e)
	}
}

// An output that others are computed from stays a tensor, and is no output any more: ONNX Runtime would keep it until the run ends.
func TestExposeKeepsNoOtherOutputs(t *testing.T) {
	data := []byte(message(7, message(1, testNode("Softmax", "", []string{"x"}, []string{"map"}), 1, testNode("Neg", "", []string{"map"}, []string{"y"}),
		12, testValue("map"), 12, testValue("y"))))
	m, err := Scan(data)
	if err != nil {
		t.Fatal(err)
	}
	for prune, want := range map[bool]int{true: 1, false: 2} {
		e := m.Expose([]string{"y"}, prune)
		again, err := Scan(edited(data, e))
		if err != nil {
			t.Fatal(err)
		}
		if len(again.Graph.Outputs) != want || len(again.Graph.Nodes) != 2 || again.Graph.Outputs[want-1].Name != "y" {
			t.Errorf("prune %v: outputs %+v of %d nodes", prune, again.Graph.Outputs, len(again.Graph.Nodes))
		}
	}
}

// Half writes the products again between casts, with their attributes; the node
// that is pruned does not come back, a tensor is cast once, and a convolution
// stays as it is.
func TestHalf(t *testing.T) {
	graph := message(
		1, testNode("Conv", "", []string{"v", "w"}, []string{"x"}),
		1, testNode("Gemm", "", []string{"x", "w", ""}, []string{"a"}, 5, message(1, "strides", 8, 2, 8, 3, 20, 7)),
		1, testNode("MatMul", "", []string{"a", "a"}, []string{"b"}),
		1, testNode("MatMul", "", []string{"b", "w"}, []string{"c"}),
		11, testValue("x"), 12, testValue("c"),
	)
	data := []byte(message(7, graph, 8, message(1, "", 2, 17)))
	m, err := Scan(data)
	if err != nil {
		t.Fatal(err)
	}
	e := m.Expose([]string{"b"}, true)
	m.Half(e)
	again, err := Scan(edited(data, e))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range again.Graph.Nodes {
		n := &again.Graph.Nodes[i]
		to, _ := n.Attribute("to")
		strides, _ := n.Attribute("strides")
		got = append(got, fmt.Sprintf("%s %v %v %d%v", n.Op, n.Inputs, n.Outputs, to.Int, strides.Ints))
	}
	want := []string{
		"Conv [v w] [x] 0[]", "Cast [x] [x/half] 10[]", "Cast [w] [w/half] 10[]", "Gemm [x/half w/half ] [a/halved] 0[2 3]", "Cast [a/halved] [a] 1[]",
		"Cast [a] [a/half] 10[]", "MatMul [a/half a/half] [b/halved] 0[]", "Cast [b/halved] [b] 1[]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if e.Nodes != 3 {
		t.Errorf("%d nodes of the file remain, want 3", e.Nodes)
	}
}

// Weights in one of the files are named in another; all else about them, and every other weight, stays.
func TestRelocate(t *testing.T) {
	weight := func(name, file string) []byte {
		return []byte(message(1, 3, 2, 1, 8, name, 13, message(1, "location", 2, file), 13, message(1, "offset", 2, "8"), 13, message(1, "length", 2, "12"), 14, 1))
	}
	data := []byte(message(7, message(1, testNode("Neg", "", []string{"x"}, []string{"y"}), 5, string(weight("a", "old")), 5, string(weight("b", "other")),
		5, message(1, 2, 2, 1, 8, "c"))))
	m, err := Scan(data)
	if err != nil {
		t.Fatal(err)
	}
	e := m.Expose([]string{"y"}, false)
	m.Relocate(e, map[string]string{"old": "blobs/new"})
	again, err := Scan(edited(data, e))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range again.Graph.Initializers {
		got = append(got, fmt.Sprintf("%s %d %v %q %d", i.Name, i.Element, i.Dims, i.External, i.End))
	}
	want := []string{`b 1 [3] "other" 20`, `c 1 [2] "" 0`, `a 1 [3] "blobs/new" 20`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A node with a subgraph may read tensors that it does not list.
func TestExposeKeepsWhatASubgraphMayRead(t *testing.T) {
	branch := message(1, "then_branch", 6, message(1, testNode("Identity", "", []string{"a"}, []string{"o"})))
	data := []byte(message(7, message(
		1, testNode("Neg", "", []string{"x"}, []string{"a"}),
		1, testNode("If", "", []string{"c"}, []string{"y"}, 5, branch),
		1, testNode("Exp", "", []string{"x"}, []string{"late"}),
	)))
	m, err := Scan(data)
	if err != nil {
		t.Fatal(err)
	}
	if e := m.Expose([]string{"y"}, true); e.Nodes != 2 {
		t.Errorf("%d nodes remain, want Neg and If", e.Nodes)
	}
}

func TestScanRefuses(t *testing.T) {
	whole := testModel()
	tests := []struct{ name, in, want string }{
		{"nothing", "", "there is no graph"},
		{"truncated", string(whole[:len(whole)-80]), "truncated"},
		{"text", "hello", "wire type 4 does not occur"},
		{"a length beyond the file", "\x3a\xff\xff\x03", "65535 bytes long, but only 0 are left"},
		{"an endless number", strings.Repeat("\xff", 20), "more than ten bytes"},
		{"field 0", "\x00\x00", "field number 0"},
		{"a message that is a number", message(7, 5), "should hold a message"},
	}
	for _, tt := range tests {
		_, err := Scan([]byte(tt.in))
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

// Scan bounds its memory by the file, never panics, and an edit of what it
// accepts is accepted again with the outputs that were asked for.
func FuzzScan(f *testing.F) {
	f.Add(testModel())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Scan(data)
		if err != nil {
			return
		}
		for i := range m.Graph.Nodes {
			m.Graph.Nodes[i].Attribute("strides")
		}
		for i := range m.Graph.Initializers {
			if m.Graph.Initializers[i].Elements() < 0 {
				t.Error("a weight with fewer than no elements")
			}
		}
		if len(m.Graph.Nodes) == 0 || len(m.Graph.Nodes[0].Outputs) == 0 {
			return
		}
		tensor := m.Graph.Nodes[0].Outputs[0]
		again, err := Scan(edited(data, m.Expose([]string{tensor}, true)))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(again.Graph.Outputs, func(v Value) bool { return v.Name == tensor }) {
			t.Errorf("%q is no output after the edit", tensor)
		}
	})
}
