package layers

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"speechsim/models/internal/onnxproto"
)

// Names and structure are two independent ways to find the layers: they agree on
// every file that has both.
func TestStructureAgreesWithNames(t *testing.T) {
	files, err := filepath.Glob("../../testdata/*.onnx")
	if err != nil || len(files) < 20 {
		t.Fatalf("testdata holds %d models (%v)", len(files), err)
	}
	files = append(files, "../../demo/hubert.onnx", "../../demo/wav2vec2.onnx", "../../demo/bert.onnx")
	// Two streams run between the blocks of EncodecMAE, so its card names the layers; the rest are refused.
	out := regexp.MustCompile("encodecmae|fused|quantised|half")
	files = slices.DeleteFunc(files, out.MatchString)
	both := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scan, err := onnxproto.Scan(data)
		if err != nil {
			t.Fatal(err)
		}
		x := Index(&scan.Graph)
		input := x.InputNames()[0]
		named, ok, err := x.namedBlocks()
		if err != nil {
			t.Errorf("%s: by name: %v", file, err)
		}
		built, err := x.structuralBlocks(input)
		if err != nil && !strings.Contains(file, "23.onnx") {
			t.Errorf("%s: by structure: %v", file, err)
		}
		if ok && err == nil {
			both++
			if !slices.Equal(named.Layers, built.Layers) || !slices.Equal(named.Attentions, built.Attentions) {
				t.Errorf("%s:\nby name      %v\nby structure %v", file, named, built)
			}
		}
	}
	if both < 25 {
		t.Errorf("only %d files have names and structure", both)
	}
}

// Padding moves the first frame, and lets a shorter utterance have one.
func TestSteps(t *testing.T) {
	ints := func(name string, values ...int64) onnxproto.Setting {
		return onnxproto.Setting{Name: name, Ints: values}
	}
	tests := []struct {
		name   string
		convs  [][]onnxproto.Setting
		want   Steps
		centre int
		ok     bool
	}{
		{"without padding", [][]onnxproto.Setting{{ints("kernel_shape", 10), ints("strides", 5)}, {ints("kernel_shape", 3), ints("strides", 2)}},
			Steps{Hop: 10, Window: 20}, 10, true},
		{"Whisper", [][]onnxproto.Setting{{ints("kernel_shape", 3), ints("pads", 1, 1)}, {ints("kernel_shape", 3), ints("pads", 1, 1), ints("strides", 2)}},
			Steps{Hop: 2, Window: 1, Before: 2, After: 2}, 0, true},
		{"causal", [][]onnxproto.Setting{{ints("kernel_shape", 8), ints("pads", 4, 0), ints("strides", 4)}},
			Steps{Hop: 4, Window: 4, Before: 4}, 0, true},
		{"dilated", [][]onnxproto.Setting{{ints("kernel_shape", 3), ints("dilations", 4)}}, Steps{Hop: 1, Window: 9}, 4, true},
		{"more padding than window", [][]onnxproto.Setting{{ints("kernel_shape", 2), ints("pads", 1, 1)}}, Steps{}, 0, false},
		{"two dimensions", [][]onnxproto.Setting{{ints("kernel_shape", 3, 3)}}, Steps{}, 0, false},
		{"no matrix product", nil, Steps{}, 0, false},
	}
	for _, tt := range tests {
		var b onnxproto.Builder
		b.Input("x", 1, 1, -1)
		at := "x"
		for _, settings := range tt.convs {
			b.Node("Conv", at+"c", []string{at}, settings...)
			at += "c"
		}
		if tt.convs != nil {
			b.Node("MatMul", "y", []string{at})
		}
		scan, err := onnxproto.Scan(b.Bytes(17))
		if err != nil {
			t.Fatal(err)
		}
		s, ok := Index(&scan.Graph).Steps()
		if ok != tt.ok || s != tt.want || s.Centre() != tt.centre {
			t.Errorf("%s: %+v, centre %d, %v; want %+v, %d, %v", tt.name, s, s.Centre(), ok, tt.want, tt.centre, tt.ok)
		}
	}
}

// A decoder has two attentions a block, and is a stack beside its encoder all the same.
func TestEncoderAndDecoder(t *testing.T) {
	g := &onnxproto.Graph{}
	for _, name := range []string{"/encoder/layers.0/self/Softmax", "/encoder/layers.1/self/Softmax", "/decoder/layers.0/self/Softmax", "/decoder/layers.0/cross/Softmax"} {
		g.Nodes = append(g.Nodes, onnxproto.Node{Op: "Softmax", Name: name, Outputs: []string{name}})
	}
	const want = "more than one stack of blocks with attention: encoder/layers (2 blocks), decoder/layers (1 blocks)"
	if _, _, err := Index(g).namedBlocks(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v does not say %q", err, want)
	}
}

// Two stacks of blocks are ambiguous, and the error names both.
func TestTwoStacks(t *testing.T) {
	g := &onnxproto.Graph{Nodes: []onnxproto.Node{
		{Op: "Softmax", Name: "/encoder/layers.0/Softmax", Outputs: []string{"a"}},
		{Op: "Softmax", Name: "/decoder/layers.0/Softmax", Outputs: []string{"b"}},
		{Op: "Softmax", Name: "/decoder/layers.1/Softmax", Outputs: []string{"c"}},
	}}
	_, ok, err := Index(g).namedBlocks()
	const want = "the graph has more than one stack of blocks with attention: decoder/layers (2 blocks), encoder/layers (1 blocks); " +
		"say in the card which tensors are the layers"
	if !ok || err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// Numbers of outputs against those of the blocks. A list is written name=tensor.
func TestCompare(t *testing.T) {
	g := &onnxproto.Graph{Nodes: []onnxproto.Node{
		{Op: "Add", Inputs: []string{"x"}, Outputs: []string{"e"}},
		{Op: "Add", Inputs: []string{"e"}, Outputs: []string{"one"}},
		{Op: "Add", Inputs: []string{"one"}, Outputs: []string{"two"}},
		{Op: "LayerNormalization", Inputs: []string{"two"}, Outputs: []string{"normed"}},
		{Op: "Transpose", Inputs: []string{"e"}, Outputs: []string{"turned"}},
		{Op: "Identity", Inputs: []string{"turned"}, Outputs: []string{"copy"}},
		{Op: "Identity", Inputs: []string{"circle"}, Outputs: []string{"circle"}},
	}}
	x := Index(g)
	found := []Output{{Name: "0", Tensor: "e"}, {Name: "1", Tensor: "one"}, {Name: "2", Tensor: "normed"}, {Name: "2.prenorm", Tensor: "two"}}
	tests := []struct{ named, outputs, wrong, right string }{
		{"0=e 1=one 2=normed 2.prenorm=two", "0=e 1=one 2=normed 2.prenorm=two", "", ""},
		{"0=copy 2=normed", "0=copy 2=normed", "", ""},
		{"1=elsewhere 2.branch=circle", "1=elsewhere 2.branch=circle", "", ""},
		{"1=copy 2=one", "", "copy is layer 0, one is layer 1", "0=copy 1=one 2=normed 2.prenorm=two"},
		{"0=e 3=elsewhere", "", "elsewhere is beyond layer 2, the last", "0=e 1=one 2=normed 2.prenorm=two"},
		{"1=one 2=two", "1=one 2=normed 2.prenorm=two", "", ""},
		{"2=two 2.prenorm=two", "2=normed 2.prenorm=two", "", ""},
		{"1=one 2.prenorm=normed", "", "normed is layer 2", "0=e 1=one 2=normed 2.prenorm=two"},
	}
	list := func(outputs []Output) string {
		var words []string
		for _, o := range outputs {
			words = append(words, o.Name+"="+o.Tensor)
		}
		return strings.Join(words, " ")
	}
	for _, tt := range tests {
		var named []Output
		for _, word := range strings.Fields(tt.named) {
			name, tensor, _ := strings.Cut(word, "=")
			named = append(named, Output{Name: name, Tensor: tensor})
		}
		c := x.Compare(named, found, "layer")
		if wrong := strings.Join(c.Wrong, ", "); wrong != tt.wrong || list(c.Right) != tt.right || wrong == "" && list(c.Outputs) != tt.outputs {
			t.Errorf("%s: outputs %s, wrong %q, right %s; want %+v", tt.named, list(c.Outputs), wrong, list(c.Right), tt)
		}
	}
}

// The names that exporters give, with dots or what a tool made of them.
func TestNamedOutputs(t *testing.T) {
	g := new(onnxproto.Graph)
	for _, name := range []string{"hidden_states.10", "hidden_states_2", "hidden_states.2.prenorm", "hidden_states_10_branch", "attentions_0", "attentions.0.prenorm", "hidden_states.2.other"} {
		g.Outputs = append(g.Outputs, onnxproto.Value{Name: name})
	}
	layers, attentions := Index(g).NamedOutputs()
	want := []Output{{Name: "2", Tensor: "hidden_states_2"}, {Name: "2.prenorm", Tensor: "hidden_states.2.prenorm"},
		{Name: "10", Tensor: "hidden_states.10"}, {Name: "10.branch", Tensor: "hidden_states_10_branch"}}
	if !slices.Equal(layers, want) || !slices.Equal(attentions, []Output{{Name: "0", Tensor: "attentions_0"}}) {
		t.Errorf("layers %v, attentions %v", layers, attentions)
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
