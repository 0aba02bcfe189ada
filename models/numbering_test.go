package models

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/models/internal/onnxproto"
)

// exportedWith writes a file of testdata without its card and with other names of
// its tensors, each as long as the old one.
func exportedWith(t *testing.T, file string, names ...string) (path string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "model.onnx")
	text := strings.NewReplacer(append(names, MetadataKey, strings.Repeat("-", len(MetadataKey)))...).Replace(string(data))
	if len(text) != len(data) {
		t.Fatal("the names differ in length")
	}
	write(t, path, text)
	return path
}

// Outputs that are numbered otherwise than the blocks are no layers of these numbers. The error holds the card that mends it.
func TestOutputsWithOtherNumbers(t *testing.T) {
	tests := []struct {
		name, file string
		names      []string // of tensors: old, new
		want       string
	}{
		{"the embedding is 1", "testdata/bert.full17.onnx",
			[]string{"hidden_states.0", "hidden_states.1", "hidden_states.1", "hidden_states.2", "hidden_states.2", "hidden_states.3", "hidden_states.3", "hidden_states.4"},
			"hidden_states.1 is layer 0, hidden_states.2 is layer 1, hidden_states.3 is layer 2, hidden_states.4 is layer 3"},
		{"no embedding, the first block is 0", "testdata/bert.full17.onnx",
			[]string{"hidden_states.0", "embedding.state", "hidden_states.1", "hidden_states.0", "hidden_states.2", "hidden_states.1", "hidden_states.3", "hidden_states.2"},
			"hidden_states.0 is layer 1, hidden_states.1 is layer 2, hidden_states.2 is layer 3"},
		{"the norm counts as a block", "testdata/hubert-large.full17.onnx",
			[]string{"hidden_states.3.prenorm", "state.before.the.norm.3", "hidden_states.3", "hidden_states.4"},
			"hidden_states.4 is layer 3"},
		{"attention from 1", "testdata/bert.full17.onnx",
			[]string{"attentions.0", "attentions.1", "attentions.1", "attentions.2", "attentions.2", "attentions.3"},
			"attentions.1 is attention 0, attentions.2 is attention 1, attentions.3 is attention 2"},
	}
	for _, tt := range tests {
		path := exportedWith(t, tt.file, tt.names...)
		_, err := Inspect(path)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), SidecarPath(path)) {
			t.Errorf("%s: error %v does not say %q", tt.name, err, tt.want)
			continue
		}
		rt := testRuntime(t)
		_, card, _ := strings.Cut(err.Error(), "\n")
		write(t, SidecarPath(path), card)
		if got, want := allValues(t, rt, path), allValues(t, rt, tt.file); !sameBits(got, want) {
			t.Errorf("%s: the proposed card gives other layers than the original's:\n%s", tt.name, card)
		}
	}
}

// allValues runs a model for its numbered layers and all maps.
func allValues(t *testing.T, rt *Runtime, path string) [][]float32 {
	t.Helper()
	m, err := rt.Load(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	in := Input{Samples: tone(4000)}
	if m.Card().Kind == Text {
		in = Input{IDs: []int64{2, 7, 11, 3}}
	}
	a, err := m.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return outputs(a)
}

// The exporter's own outputs are layers without its card too, also where some are missing.
func TestExportersOwnNames(t *testing.T) {
	tests := []struct {
		name, file string
		names      []string
		layers     string
	}{
		{"all", "testdata/hubert-large.full17.onnx", nil, "0-3, 3.prenorm, cnn.1-7"},
		{"post-norm", "testdata/hubert-base.full17.onnx", nil, "0-3, cnn.1-7"},
		{"without the embedding", "testdata/hubert-large.full17.onnx", []string{"hidden_states.0", "embedding.state"}, "1-3, 3.prenorm, cnn.1-7"},
		{"two", "testdata/bert.full17.onnx", []string{"hidden_states.0", "embedding.state", "hidden_states.2", "somewhere.else2"}, "1, 3"},
	}
	for _, tt := range tests {
		path := exportedWith(t, tt.file, tt.names...)
		write(t, filepath.Join(filepath.Dir(path), "config.json"), `{"num_hidden_layers": 3}`)
		in, err := Inspect(path)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := listNames(in.Card.Layers); got != tt.layers {
			t.Errorf("%s: layers %s, want %s", tt.name, got, tt.layers)
		}
		if l, ok := in.Card.Layer("3.prenorm"); ok && l.Tensor != "hidden_states.3.prenorm" {
			t.Errorf("%s: 3.prenorm is %s", tt.name, l.Tensor)
		}
	}
}

// transformers from 5.16 on gives the last state before the final norm.
func TestLastStateBeforeTheNorm(t *testing.T) {
	path := exportedWith(t, "testdata/hubert-large.full17.onnx")
	scan := scanned(t, path)
	rename(&scan.Graph, map[string]string{"hidden_states.3": "last_hidden_state", "hidden_states.3.prenorm": "hidden_states.3"})
	c, err := assembleCard(path, scan, nil)
	if err != nil {
		t.Fatal(err)
	}
	after, _ := c.Layer("3")
	before, _ := c.Layer("3.prenorm")
	if after.Tensor != "last_hidden_state" || before.Tensor != "hidden_states.3" || listNames(c.Layers) != "0-3, 3.prenorm, cnn.1-7" {
		t.Errorf("layers %v", c.Layers)
	}
	const want = "output hidden_states.3 is before the final layer norm and is called 3.prenorm; layer 3 is after it (last_hidden_state)"
	if len(c.warnings) != 1 || c.warnings[0] != want {
		t.Errorf("warnings %q, want %q", c.warnings, want)
	}
}

// rename gives tensors of a graph other names.
func rename(g *onnxproto.Graph, names map[string]string) {
	to := func(list []string) {
		for i, old := range list {
			if name, ok := names[old]; ok {
				list[i] = name
			}
		}
	}
	for i := range g.Nodes {
		to(g.Nodes[i].Inputs)
		to(g.Nodes[i].Outputs)
	}
	for i, o := range g.Outputs {
		if name, ok := names[o.Name]; ok {
			g.Outputs[i].Name = name
		}
	}
}

// Where the blocks of the graph are not found, inspect says that the numbers were taken on trust.
func TestOutputsThatCannotBeChecked(t *testing.T) {
	path := exportedWith(t, "testdata/golden/encodecmae-v2.onnx")
	write(t, SidecarPath(path), "kind: audio\n")
	in, err := Inspect(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := listNames(in.Card.Layers); got != "0-3, 3.branch" {
		t.Errorf("layers %s", got)
	}
	const want = "whether the outputs hidden_states.* have the numbers of their blocks could not be checked: no tensor enters module"
	if !strings.Contains(strings.Join(in.Warnings, "\n"), want) {
		t.Errorf("warnings %q do not say %q", in.Warnings, want)
	}
}

// A card that names some layers is no contradiction of config.json, one that names more than there are is.
func TestCardAndConfigJSON(t *testing.T) {
	path := exportedWith(t, "testdata/bert.full17.onnx")
	write(t, filepath.Join(filepath.Dir(path), "config.json"), `{"num_hidden_layers": 3}`)
	write(t, SidecarPath(path), "layers: [{name: \"1\", tensor: hidden_states.1}]\n")
	if _, err := Inspect(path); err != nil {
		t.Error(err)
	}
	write(t, SidecarPath(path), "layers: [{name: \"4\", tensor: hidden_states.3}]\n")
	const want = "says 3 transformer layers, but the card"
	if _, err := Inspect(path); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v does not say %q", err, want)
	}
}
