package onnxproto

import (
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
