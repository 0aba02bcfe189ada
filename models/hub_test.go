package models

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// testRuntime opens ONNX Runtime, or skips the test where it is not installed.
func testRuntime(t testing.TB) *Runtime {
	t.Helper()
	rt, err := OpenRuntime([]string{os.Getenv("SPEECHSIM_ONNXRUNTIME"), filepath.Join("..", "lib")})
	if err != nil {
		t.Skip(err)
	}
	return rt
}

// normalisedCard is what the card of a group-norm model in testdata would say: its
// reference was computed from normalised input, which the graph cannot show.
var normalisedCard = &Card{Normalize: ZeroMeanUnit}

// hubFiles of testdata that cannot be used, with what the error has to say.
var refusals = map[string][]string{
	"bert.fused17.onnx":     {"com.microsoft Attention", "pipeline models import"},
	"bert.quantised17.onnx": {"quantised", "float32"},
	"bert.half17.onnx":      {"half precision", "float32"},
}

// plainFiles are the usable exports in testdata; all but full17 are plain ones.
func plainFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.onnx")
	if err != nil || len(files) < 20 {
		t.Fatalf("testdata holds %d models (%v)", len(files), err)
	}
	return slices.DeleteFunc(files, func(f string) bool { return refusals[filepath.Base(f)] != nil })
}

// kindCard is an override for files whose graph does not say everything.
func kindCard(file string) *Card {
	base := filepath.Base(file)
	for _, complete := range []string{"bert", "distilbert", "beats", "encodecmae"} {
		if strings.HasPrefix(base, complete) {
			return nil
		}
	}
	return normalisedCard
}

func TestFilesThatHideTheirActivationsAreRefused(t *testing.T) {
	for name, words := range refusals {
		_, err := Inspect(filepath.Join("testdata", name))
		for _, word := range words {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%s: error %v does not say %q", name, err, word)
			}
		}
	}
}

// Of two streams between the blocks the program does not choose one.
func TestTwoStreams(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.onnx")
	copyFile(t, "testdata/encodecmae-v1.ts17.onnx", path) // without its card
	_, err := Inspect(path)
	if err == nil || !strings.Contains(err.Error(), "more than one stream may run between the blocks): name the layers in the card") {
		t.Errorf("error %v does not say what to do", err)
	}
}

// A graph with ONNX's Attention operation has layers, but no maps.
func TestHiddenAttention(t *testing.T) {
	rt := testRuntime(t)
	const file = "testdata/bert.sdpadynamo23.onnx"
	for _, choice := range [][]string{nil, {"0"}} {
		_, err := rt.Load(file, Options{Attentions: choice})
		if err == nil || !strings.Contains(err.Error(), "ai.onnx Attention") || !strings.Contains(err.Error(), "opset 17") {
			t.Errorf("attentions %v: error %v does not name the operation and the way out", choice, err)
		}
	}
	m, err := rt.Load(file, Options{Attentions: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if len(m.Layers()) != 4 {
		t.Errorf("%d layers, want 4", len(m.Layers()))
	}
}

// What a graph shows: the table of docs/models.md in small.
func TestInspectPlainExports(t *testing.T) {
	tests := []struct {
		file                          string
		kind, normalize               string
		rate, hop, window, vocabulary int
		maxTokens                     int
		layers                        string
	}{
		{"bert.ts17.onnx", Text, "", 0, 0, 0, 50, 40, "0-3"},
		{"bert.dynamo18.onnx", Text, "", 0, 0, 0, 50, 40, "0-3"},
		{"distilbert.ts17.onnx", Text, "", 0, 0, 0, 50, 40, "0-3"},
		{"hubert-base.ts14.onnx", Audio, "", 16000, 320, 400, 0, 0, "0-3, cnn.1-7"},
		{"hubert-base.dynamo18.onnx", Audio, "", 16000, 320, 400, 0, 0, "0-3, cnn.1-7"},
		{"hubert-large.ts17.onnx", Audio, ZeroMeanUnit, 16000, 320, 400, 0, 0, "0-3, 3.prenorm, cnn.1-7"},
		{"hubert-ctc.dynamo18.onnx", Audio, ZeroMeanUnit, 16000, 320, 400, 0, 0, "0-3, 3.prenorm, cnn.1-7"},
		{"hubert-large.stripped17.onnx", Audio, ZeroMeanUnit, 16000, 320, 400, 0, 0, "0-3, 3.prenorm"},
		{"data2vec-audio.ts17.onnx", Audio, ZeroMeanUnit, 16000, 320, 400, 0, 0, "0-3, cnn.1-7"},
		{"wavlm-base.dynamo18.onnx", Audio, "", 16000, 320, 400, 0, 0, "0-3, cnn.1-7"},
	}
	for _, tt := range tests {
		in, err := Inspect(filepath.Join("testdata", tt.file))
		if err != nil {
			t.Error(err)
			continue
		}
		c := in.Card
		if c.Kind != tt.kind || c.Normalize != tt.normalize || c.SampleRate != tt.rate || c.Hop != tt.hop || c.Window != tt.window ||
			c.Vocabulary != tt.vocabulary || c.MaxTokens != tt.maxTokens || listNames(c.Layers) != tt.layers {
			t.Errorf("%s: %s %q %d Hz, hop %d, window %d, vocabulary %d, at most %d tokens, layers %s; want %+v", tt.file,
				c.Kind, c.Normalize, c.SampleRate, c.Hop, c.Window, c.Vocabulary, c.MaxTokens, listNames(c.Layers), tt)
		}
		missing := strings.Join(in.Missing, "; ")
		if (tt.kind == Audio && tt.normalize == "") != strings.Contains(missing, "normalize: zero_mean_unit_var or normalize: none") {
			t.Errorf("%s: missing %q", tt.file, missing)
		}
	}
}

// The convolutional layers run at rates of their own.
func TestConvolutionalLayers(t *testing.T) {
	rt := testRuntime(t)
	m, err := rt.Load("testdata/hubert-large.ts17.onnx", Options{Layers: []string{"cnn"}, Attentions: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	const samples = 4321
	a, err := m.Run(context.Background(), Input{Samples: make([]float32, samples)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	steps := [][2]int{{5, 10}, {10, 20}, {20, 40}, {40, 80}, {80, 160}, {160, 240}, {320, 400}} // hop, window
	for i, l := range m.Layers() {
		if l.Hop != steps[i][0] || l.Window != steps[i][1] {
			t.Errorf("%s: hop %d, window %d, want %v", l.Name, l.Hop, l.Window, steps[i])
		}
		want := []int{(samples-l.Window)/l.Hop + 1, 8}
		if !slices.Equal(a.Layers[i].Shape, want) {
			t.Errorf("%s: shape %v, want %v", l.Name, a.Layers[i].Shape, want)
		}
	}
}

// The files of the hubs say what the graph cannot.
func TestHubFiles(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "onnx", "model.onnx")
	copyFile(t, "testdata/hubert-base.ts17.onnx", file)
	write(t, filepath.Join(folder, "preprocessor_config.json"), `{"do_normalize": false, "sampling_rate": 8000}`)
	write(t, filepath.Join(folder, "config.json"), `{"model_type": "hubert", "num_hidden_layers": 3, "num_attention_heads": 2}`)
	in, err := Inspect(file)
	if err != nil {
		t.Fatal(err)
	}
	c := in.Card
	if c.Normalize != NormalizeNone || c.SampleRate != 8000 || c.Family != "hubert" || c.Heads != 2 || len(in.Missing) > 0 {
		t.Errorf("normalize %q, %d Hz, %s, %d heads, missing %v", c.Normalize, c.SampleRate, c.Family, c.Heads, in.Missing)
	}
	write(t, filepath.Join(folder, "config.json"), `{"model_type": "hubert", "num_hidden_layers": 12}`)
	if _, err := Inspect(file); err == nil || !strings.Contains(err.Error(), "says 12 transformer layers, but 3 were found") {
		t.Errorf("error %v does not say that config.json contradicts the graph", err)
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to, string(data))
}
