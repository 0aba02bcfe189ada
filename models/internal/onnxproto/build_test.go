package onnxproto

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBuilder: what a Builder writes is read as what was built.
func TestBuilder(t *testing.T) {
	var b Builder
	b.Input("x", 1, -1, 3)
	b.Int64s("axes", 0, 1)
	b.Node("Transpose", "y", []string{"x"}, Setting{Name: "perm", Ints: []int64{1, 0}})
	b.Node("ReduceSum", "z", []string{"y", "axes"}, Setting{Name: "keepdims", Int: 1})
	b.Output("z", 11, 3)
	m, err := Scan(b.Bytes(17))
	if err != nil {
		t.Fatal(err)
	}
	var got []any
	for _, v := range append(m.Graph.Inputs, m.Graph.Outputs...) {
		got = append(got, v.Name, v.Element, v.Dims)
	}
	for i := range m.Graph.Nodes {
		n := &m.Graph.Nodes[i]
		got = append(got, n.Op, n.Inputs, n.Outputs)
	}
	perm, _ := m.Graph.Nodes[0].Attribute("perm")
	keep, _ := m.Graph.Nodes[1].Attribute("keepdims")
	got = append(got, perm.Ints, keep.Int)
	want := []any{"x", 1, []int64{-1, 3}, "z", 11, []int64{3}, "Transpose", []string{"x"}, []string{"y"}, "ReduceSum", []string{"y", "axes"}, []string{"z"},
		[]int64{1, 0}, int64(1)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Weights lie in the file, or beside it at pages of their own but for small ones.
func TestBuilderWeights(t *testing.T) {
	numbers := func(n int) func() ([]float32, error) {
		return func() ([]float32, error) {
			out := make([]float32, n)
			for i := range out {
				out[i] = float32(i) + 0.5
			}
			return out, nil
		}
	}
	var b Builder
	b.Producer("pipeline", "1")
	b.Metadata("key", "value")
	b.Input("x", Float, -1, 3)
	b.Float("half", 0.5)
	b.Int64("one", 1)
	b.Weight(Weight{Name: "small", Shape: []int64{3}, Values: numbers(3)})
	b.Weight(Weight{Name: "w", Shape: []int64{20, 30}, Values: numbers(600)})
	b.Weight(Weight{Name: "v", Shape: []int64{300}, Values: numbers(300)})
	b.Add(Operation{Op: "Gelu", Domain: "com.microsoft", Name: "/act/Gelu", Inputs: []string{"x"}, Outputs: []string{"y"}, Settings: []Setting{Real("alpha", 0.25)}})
	b.Output("y", Float, -1, 3)
	var inside, outside, data bytes.Buffer
	if err := b.Write(&inside, 17); err != nil {
		t.Fatal(err)
	}
	if err := b.WriteExternal(&outside, &data, "m.data", 17); err != nil {
		t.Fatal(err)
	}
	describe := func(model []byte) (out []string) {
		m, err := Scan(model)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(m.Producer, m.ProducerVersion, m.Opsets, m.Metadata, m.Graph.Nodes[0].Name, m.Graph.Inputs[0].Dims))
		for _, i := range m.Graph.Initializers {
			out = append(out, fmt.Sprintf("%s %d %v %q %d", i.Name, i.Element, i.Dims, i.External, i.End))
		}
		return out
	}
	head := "pipeline1map[:17 com.microsoft:1] map[key:value]/act/Gelu[-1 3]"
	if diff := cmp.Diff([]string{head, `one 7 [] "" 0`, `half 1 [] "" 0`, `small 1 [3] "" 0`, `w 1 [20 30] "" 0`, `v 1 [300] "" 0`}, describe(inside.Bytes())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{head, `one 7 [] "" 0`, `half 1 [] "" 0`, `small 1 [3] "" 0`, `w 1 [20 30] "m.data" 2400`, `v 1 [300] "m.data" 5296`}, describe(outside.Bytes())); diff != "" {
		t.Error(diff)
	}
	for at, want := range map[int]float32{0: 0.5, 4 * 599: 599.5, 4096 + 4*299: 299.5} {
		if got := math.Float32frombits(binary.LittleEndian.Uint32(data.Bytes()[at:])); got != want {
			t.Errorf("byte %d of the weights is %g, want %g", at, got, want)
		}
	}
	if !bytes.Contains(inside.Bytes(), data.Bytes()[:2400]) {
		t.Error("w is not in the model as it is in the file of weights")
	}
	b.Weight(Weight{Name: "short", Shape: []int64{4}, Values: numbers(3)})
	if err := b.Write(io.Discard, 17); err == nil || !strings.Contains(err.Error(), "weight short has 3 numbers, its shape [4] says 4") {
		t.Errorf("a weight of another size: %v", err)
	}
	b.Weight(Weight{Name: "large", Shape: []int64{1 << 29}, Values: numbers(0)})
	if err := b.Write(io.Discard, 17); err == nil || !strings.Contains(err.Error(), "do not fit") {
		t.Errorf("weights of 2 GiB in one message: %v", err)
	}
}
