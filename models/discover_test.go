package models

import (
	"os"
	"path/filepath"
	"testing"

	"speechsim/models/internal/onnxproto"
)

// Whatever a graph holds, looking for layers ends, and what is found is in it.
func FuzzDiscover(f *testing.F) {
	for _, name := range []string{"bert.stripped14", "distilbert.dynamo18", "hubert-base.ts20"} {
		data, err := os.ReadFile(filepath.Join("testdata", name+".onnx"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		scan, err := onnxproto.Scan(data)
		if err != nil || len(scan.Graph.Nodes) > 2000 {
			return
		}
		card := new(Card)
		if err := discover(card, filepath.Join(t.TempDir(), "model.onnx"), scan); err != nil {
			return
		}
		card.problems()
		x := indexGraph(&scan.Graph)
		for _, l := range card.Layers {
			if _, ok := x.producer[l.Tensor]; !ok && !x.outputs[l.Tensor] {
				t.Errorf("layer %s is %q, which nothing computes", l.Name, l.Tensor)
			}
		}
	})
}

// Two stacks of blocks are ambiguous, and the error names both.
func TestTwoStacks(t *testing.T) {
	x := &graphIndex{Graph: &onnxproto.Graph{Nodes: []onnxproto.Node{
		{Op: "Softmax", Name: "/encoder/layers.0/Softmax", Outputs: []string{"a"}},
		{Op: "Softmax", Name: "/decoder/layers.0/Softmax", Outputs: []string{"b"}},
		{Op: "Softmax", Name: "/decoder/layers.1/Softmax", Outputs: []string{"c"}},
	}}}
	_, ok, err := indexGraph(x.Graph).namedBlocks()
	const want = "the graph has more than one stack of blocks with attention: decoder/layers (2 blocks), encoder/layers (1 blocks); " +
		"say in the card which tensors are the layers"
	if !ok || err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestScopes(t *testing.T) {
	tests := []struct {
		node onnxproto.Node
		want string
	}{
		{onnxproto.Node{Name: "/hubert/encoder/layers.3/attention/Softmax"}, "hubert/encoder/layers/3/attention"},
		{onnxproto.Node{Name: "Softmax_12"}, ""},
		{onnxproto.Node{Name: "/Softmax"}, ""},
		{onnxproto.Node{Name: "node_softmax", Metadata: map[string]string{nameScopes: "['', 'encoder', 'encoder.layers.3', 'softmax_3']"}}, "encoder/layers/3"},
		{onnxproto.Node{Name: "node_add", Metadata: map[string]string{nameScopes: "['_empty_nn_module_stack_from_metadata_hook', 'add_17']"}}, ""},
	}
	for _, tt := range tests {
		if got := scopeOf(&tt.node); got != tt.want {
			t.Errorf("%s: scope %q, want %q", tt.node.Name, got, tt.want)
		}
	}
	for scope, want := range map[string]bool{"a/b": true, "a/b/c": true, "a/bc": false, "a": false, "": false} {
		if within(scope, "a/b") != want {
			t.Errorf("%q within a/b: %v", scope, !want)
		}
	}
}
