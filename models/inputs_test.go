package models

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/models/internal/onnxproto"
	"speechsim/models/internal/ort"
)

// graphFile writes a graph whose first input alone is used, with a card if there is one.
func graphFile(t *testing.T, card string, inputs ...onnxproto.Value) (path string) {
	t.Helper()
	var b onnxproto.Builder
	for _, in := range inputs {
		b.Input(in.Name, in.Element, in.Dims...)
	}
	b.Node("Identity", "layer", []string{inputs[0].Name})
	b.Output("layer", inputs[0].Element, inputs[0].Dims...)
	path = filepath.Join(t.TempDir(), "model.onnx")
	write(t, path, string(b.Bytes(17)))
	if card != "" {
		write(t, SidecarPath(path), card)
	}
	return path
}

const (
	waveformCard = "kind: audio\nsample_rate: 16000\nhop: 320\nwindow: 400\nnormalize: none\nlayers: [{name: \"0\", tensor: layer}]\nattentions: []\n"
	textCard     = "kind: text\nlayers: [{name: \"0\", tensor: layer}]\nattentions: []\n"
)

// A graph that cannot be fed is refused in one line, by Inspect, which runs nothing, and with it by Load.
func TestInputsThatCannotBeFed(t *testing.T) {
	const float, int64s = int(ort.Float32), int(ort.Int64)
	ids := onnxproto.Value{Name: "input_ids", Element: int64s, Dims: []int64{-1, -1}}
	mask := onnxproto.Value{Name: "attention_mask", Element: int64s, Dims: []int64{-1, -1}}
	tests := []struct {
		name, card string
		inputs     []onnxproto.Value
		want       string // "" where nothing is wrong
	}{
		{"a waveform", waveformCard, []onnxproto.Value{{Name: "input_values", Element: float, Dims: []int64{-1, -1}}}, ""},
		{"a batch of one", waveformCard, []onnxproto.Value{{Name: "input_values", Element: float, Dims: []int64{1, -1}}}, ""},
		{"tokens", textCard, []onnxproto.Value{ids, mask}, ""},
		{"a spectrogram (Whisper)", "", []onnxproto.Value{{Name: "input_features", Element: float, Dims: []int64{-1, 80, 3000}}},
			`input "input_features" has the shape [-1 80 3000], expected [1, samples]: it does not take the waveform`},
		{"a spectrogram (AST)", waveformCard, []onnxproto.Value{{Name: "input_values", Element: float, Dims: []int64{-1, 1024, 128}}},
			`input "input_values" has the shape [-1 1024 128], expected [1, samples]`},
		{"channels", waveformCard, []onnxproto.Value{{Name: "waveform", Element: float, Dims: []int64{-1, 1, -1}}}, "reshape the waveform there"},
		{"features where a filter bank is fed", waveformCard + "front_end: beats\n", []onnxproto.Value{{Name: "input_values", Element: float, Dims: []int64{1, -1}}},
			"has the shape [1 -1], expected 3 dimensions"},
		{"one length", waveformCard, []onnxproto.Value{{Name: "input_values", Element: float, Dims: []int64{1, 16000}}}, "takes utterances of one length only"},
		{"one length, as the card says", waveformCard + "chunk: 16000\nmin_chunk: 16000\n", []onnxproto.Value{{Name: "input_values", Element: float, Dims: []int64{1, 16000}}}, ""},
		{"a batch", waveformCard, []onnxproto.Value{{Name: "input_values", Element: float, Dims: []int64{4, -1}}}, "takes 4 utterances at a time"},
		{"float64", waveformCard, []onnxproto.Value{{Name: "input_values", Element: int(ort.Float64), Dims: []int64{1, -1}}}, `input "input_values" is float64, expected float32`},
		{"float ids", textCard, []onnxproto.Value{{Name: "input_ids", Element: float, Dims: []int64{1, -1}}}, `input "input_ids" is float32, expected int64`},
		{"a mask of attention", textCard, []onnxproto.Value{ids, {Name: "attention_mask", Element: int64s, Dims: []int64{-1, 1, -1, -1}}},
			`input "attention_mask" has the shape [-1 1 -1 -1], expected 2 dimensions`},
		{"positions", textCard, []onnxproto.Value{ids, {Name: "position_ids", Element: int64s, Dims: []int64{-1, -1}}},
			`the graph has an input "position_ids" (int64), and nothing says what to feed it`},
		{"BART", "", []onnxproto.Value{ids, mask, {Name: "decoder_input_ids", Element: int64s, Dims: []int64{-1, -1}}},
			`the graph is a decoder or has one: its input "decoder_input_ids"`},
		{"a decoder of BART", "", []onnxproto.Value{ids, {Name: "encoder_hidden_states", Element: float, Dims: []int64{-1, -1, 8}}}, `its input "encoder_hidden_states"`},
		{"GPT with its cache", textCard, []onnxproto.Value{ids, mask, {Name: "past_key_values.0.key", Element: float, Dims: []int64{-1, 2, -1, 4}}},
			`its input "past_key_values.0.key" takes what comes from an encoder or from earlier steps`},
		{"GPT of ONNX Runtime", textCard, []onnxproto.Value{ids, {Name: "past_0", Element: float, Dims: []int64{2, -1, 2, -1, 4}}}, `its input "past_0"`},
		{"Whisper's decoder", "", []onnxproto.Value{ids, {Name: "past_key_values.0.decoder.key", Element: float, Dims: []int64{-1, 2, -1, 4}},
			{Name: "use_cache_branch", Element: int(ort.Bool), Dims: []int64{1}}}, `its input "past_key_values.0.decoder.key"`},
	}
	for _, tt := range tests {
		_, err := Inspect(graphFile(t, tt.card, tt.inputs...))
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want == "":
		case err == nil || !strings.Contains(err.Error(), tt.want):
			t.Errorf("%s: error %v does not say %q", tt.name, err, tt.want)
		case strings.Contains(err.Error(), "\n"):
			t.Errorf("%s: the error has several lines: %v", tt.name, err)
		}
	}
}

// More positions than frames is said in words, and Inspect prints what it knows all the same.
func TestMorePositionsThanFrames(t *testing.T) {
	rt := testRuntime(t)
	data, err := os.ReadFile("testdata/hubert-base.full17.onnx")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, card, want string }{
		{"layers", "hop: 640\nwindow: 400\n", "layer 0 (tensor hidden_states.0) has shape [1 9 16], more positions than the 5 frames that the card's hop and window give"},
		{"maps", "hop: 640\nwindow: 400\nlayers: [{name: \"0\", tensor: hidden_states.0, hop: 320, window: 400}]\n",
			"more positions than the 5 frames of the audio: the model pads the audio, and its maps are of the padding too; write attentions: [] into the card"},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "model.onnx")
		write(t, path, string(data))
		write(t, SidecarPath(path), tt.card)
		in, err := rt.Inspect(path)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v does not say %q", tt.name, err, tt.want)
			continue
		}
		var out bytes.Buffer
		if err := in.Write(&out); err != nil {
			t.Fatal(err)
		}
		for _, known := range []string{"sha256 ", "(the utterance)", "640 samples", "layer 0 ", "hidden_states.0"} {
			if !strings.Contains(out.String(), known) {
				t.Errorf("%s: the inspection lacks %q:\n%s", tt.name, known, out.String())
			}
		}
	}
}
