package checkpoint_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"speechsim/models"
	"speechsim/models/checkpoint"
	"speechsim/models/internal/npz"
	"speechsim/models/internal/weights"
	"speechsim/pipeline/native"
)

// writeFile is what the program passes: files.Write is not for this package.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return write(f)
}

// imported writes the model of a checkpoint and returns its path.
func imported(t *testing.T, folder string, o checkpoint.Options) string {
	t.Helper()
	c, err := checkpoint.Open(folder, o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m, err := c.Model(filepath.Base(folder))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.onnx")
	if err := m.Write(context.Background(), path, writeFile); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every layer and attention map of every family is what the original computes, at three lengths.
func TestModelsMatchTheOriginals(t *testing.T) {
	rt, err := native.OpenRuntime("")
	if err != nil {
		t.Skip(err)
	}
	defer rt.Close()
	references, err := filepath.Glob("testdata/*.npz")
	if err != nil || len(references) < 14 {
		t.Fatalf("%d references (%v)", len(references), err)
	}
	// What their authors published, and what their code computes.
	for _, name := range []string{"wavlm-base", "wavlm-large", "beats", "encodecmae-v1", "encodecmae-v2-mel"} {
		references = append(references, filepath.Join("..", "export", "testdata", name+".npz"))
	}
	for _, reference := range references {
		folder := strings.TrimSuffix(reference, ".npz")
		if _, err := os.Stat(folder); err != nil {
			folder += ".pt"
		}
		t.Run(filepath.Base(folder), func(t *testing.T) {
			if heads := encodecMAEHeads[filepath.Base(folder)]; heads > 0 {
				folder = publishedFolder(t, folder, heads)
			}
			arrays, err := npz.Read(reference)
			if err != nil {
				t.Fatal(err)
			}
			m, err := rt.Load(imported(t, folder, checkpoint.Options{}), models.Options{Layers: []string{"all"}})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			worst, compared := 0.0, 0
			inputs := 0
			for k := 0; ; k++ {
				in, ok := arrays[fmt.Sprint(k, ".input")]
				if !ok {
					break
				}
				inputs++
				a, err := m.Run(context.Background(), models.Input{Samples: in.Floats})
				if err != nil {
					t.Fatal(err)
				}
				got := map[string]models.Tensor{}
				for _, l := range a.Layers {
					got["hidden_states."+l.Name] = l
					got[l.Name] = l
				}
				for _, l := range a.Attentions {
					got["attentions."+l.Name] = l
				}
				for key, want := range arrays {
					if name, ok := strings.CutPrefix(key, fmt.Sprint(k, ".")); ok && name != "input" {
						worst = max(worst, distance(t, key, got[name], want))
						compared++
					}
				}
				a.Close()
			}
			if worst > 1 || inputs == 0 || compared < inputs*4 {
				t.Errorf("%d arrays, the furthest %.3g times the tolerance away", compared, worst)
			}
			t.Logf("%d arrays, the furthest %.3g times the tolerance away", compared, worst)
		})
	}
}

// encodecMAEHeads are those of the checkpoints of EncodecMAE, which do not show them.
var encodecMAEHeads = map[string]int{"encodecmae-v1.pt": 4, "encodecmae-v2-mel.pt": 3}

// publishedFolder is a folder of EncodecMAE with a checkpoint, as its authors publish it.
func publishedFolder(t *testing.T, checkpoint string, heads int) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "encodecmae")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, checkpoint, filepath.Join(folder, "model.pt"))
	gin := fmt.Sprintf("MODEL_DIM=32\nNUM_ENCODER_HEADS=%d\nNUM_DECODER_HEADS=2\n", heads)
	if err := os.WriteFile(filepath.Join(folder, "config.gin"), []byte(gin), 0o644); err != nil {
		t.Fatal(err)
	}
	return folder
}

// distance is the largest difference, as a share of what is allowed.
func distance(t *testing.T, key string, got models.Tensor, want npz.Array) (worst float64) {
	t.Helper()
	if !slices.Equal(got.Shape, want.Shape) {
		t.Errorf("%s: shape %v, want %v", key, got.Shape, want.Shape)
		return math.Inf(1)
	}
	for i, w := range want.Floats {
		share := math.Abs(float64(got.Data[i])-float64(w)) / (models.Tolerance + models.Tolerance*math.Abs(float64(w)))
		if math.IsNaN(share) {
			return math.Inf(1)
		}
		worst = max(worst, share)
	}
	return worst
}

// Without its card the graph shows what the card says: layers and maps at their tensors, steps and inputs.
func TestGraphsShowTheirLayers(t *testing.T) {
	for _, name := range []string{"wav2vec2-base", "hubert-large", "wavlm-base", "wavlm-large", "data2vec-audio", "mms"} {
		path := imported(t, filepath.Join("testdata", name), checkpoint.Options{})
		described, err := models.Inspect(path)
		if err != nil {
			t.Fatal(err)
		}
		bare := filepath.Join(t.TempDir(), "bare.onnx")
		data := bytes.Replace(read(t, path), []byte(models.MetadataKey), []byte("speechsim.none"), 1)
		if err := os.WriteFile(bare, data, 0o644); err != nil {
			t.Fatal(err)
		}
		shown, err := models.Inspect(bare)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, warning := range shown.Warnings {
			if !strings.Contains(warning, "final layer norm") && !strings.Contains(warning, "group norm") {
				t.Errorf("%s: %s", name, warning)
			}
		}
		a, b := described.Card, shown.Card
		if a.Hop != b.Hop || a.Window != b.Window || a.Mask != b.Mask || a.Input != b.Input || a.Kind != b.Kind {
			t.Errorf("%s: the card says %+v, the graph shows %+v", name, a, b)
		}
		tensors := func(list []models.LayerOutput) map[string]string {
			out := map[string]string{}
			for _, l := range list {
				out[l.Name] = fmt.Sprint(l.Tensor, " ", l.Hop, " ", l.Window, " ", l.ChannelsFirst)
			}
			return out
		}
		if diff := cmp.Diff(tensors(a.Layers), tensors(b.Layers)); diff != "" {
			t.Errorf("%s: layers (-card +graph):\n%s", name, diff)
		}
		if diff := cmp.Diff(tensors(a.Attentions), tensors(b.Attentions)); diff != "" {
			t.Errorf("%s: maps (-card +graph):\n%s", name, diff)
		}
	}
}

// What the program itself can test of a model: among others that padding under the mask leaves real frames as they are.
func TestModelsPassVerify(t *testing.T) {
	rt, err := native.OpenRuntime("")
	if err != nil {
		t.Skip(err)
	}
	defer rt.Close()
	for _, name := range []string{"hubert-large", "wavlm-large", "mms", "wavlm-base", "data2vec-audio", "w2v-bert"} {
		checks, err := rt.Verify(context.Background(), imported(t, filepath.Join("testdata", name), checkpoint.Options{}), "", models.Options{})
		if err != nil {
			t.Fatal(err)
		}
		masked := false
		for _, c := range checks {
			masked = masked || c.Name == "mask" && c.Result == models.Passed
			if c.Result == models.Failed {
				t.Errorf("%s: %v", name, c)
			}
		}
		if want := name == "mms" || name == "w2v-bert" || strings.HasSuffix(name, "large"); masked != want {
			t.Errorf("%s: padding was tested: %v, want %v", name, masked, want)
		}
	}
}

// How weights are kept changes nothing: the same numbers in float32 give the same bytes as in half precision and in shards.
func TestStorageDoesNotMatter(t *testing.T) {
	for _, name := range []string{"wav2vec2-large", "wav2vec2-ctc", "hubert-large"} {
		folder := filepath.Join("testdata", name)
		again := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(again, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"config.json", "preprocessor_config.json"} {
			copyFile(t, filepath.Join(folder, file), filepath.Join(again, file))
		}
		widened(t, folder, filepath.Join(again, "model.safetensors"))
		a, b := read(t, imported(t, folder, checkpoint.Options{})), read(t, imported(t, again, checkpoint.Options{}))
		if !bytes.Equal(a, b) {
			t.Errorf("%s: the same numbers in float32, in one file, give another model", name)
		}
	}
}

// widened writes all tensors of a checkpoint as float32 into one file.
func widened(t *testing.T, folder, path string) {
	t.Helper()
	open := func(path string) (weights.Tensors, error) { return weights.OpenSafetensors(path) }
	s, err := open(filepath.Join(folder, "model.safetensors"))
	if err != nil {
		s, err = weights.OpenShards(filepath.Join(folder, "model.safetensors.index.json"), open)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	type entry struct {
		Kind    string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	header, data := map[string]entry{}, []byte(nil)
	for _, name := range s.Names() {
		shape, err := s.Shape(name)
		if err != nil {
			t.Fatal(err)
		}
		values, err := s.Float32(name)
		if err != nil {
			t.Fatal(err)
		}
		from := len(data)
		for _, v := range values {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
		header[name] = entry{"F32", shape, [2]int{from, len(data)}}
	}
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	out := append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)
	if err := os.WriteFile(path, append(out, data...), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if err := os.WriteFile(to, read(t, from), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A checkpoint that is not what its config.json says is refused with the tensor's name, before anything is written.
func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name, from string
		change     func(config string) string
		want       string
	}{
		{"another width", "hubert-base", replace(`"hidden_size": 24`, `"hidden_size": 48`),
			`tensor "feature_projection.projection.weight" has shape [24 8], and config.json asks for [48 8]`},
		{"one block more", "wav2vec2-ctc", replace(`"num_hidden_layers": 2`, `"num_hidden_layers": 3`),
			`model.safetensors has no tensor "wav2vec2.encoder.layers.2.attention.q_proj.weight"`},
		{"one block less", "hubert-base", replace(`"num_hidden_layers": 2`, `"num_hidden_layers": 1`),
			`16 tensors of the layers are of no use to the network that config.json describes, the first "encoder.layers.1.attention.k_proj.bias"`},
		{"adapters that config.json does not name", "mms", replace(`"adapter_attn_dim": 4`, `"adapter_attn_dim": null`),
			`12 tensors of the layers are of no use to the network that config.json describes, the first "wav2vec2.encoder.layers.0.adapter_layer.linear_1.bias"`},
		{"an unknown activation", "hubert-base", replace(`"hidden_act": "gelu"`, `"hidden_act": "sine"`), `activation "sine" is not known`},
		{"heads that don't divide", "hubert-base", replace(`"num_attention_heads": 3`, `"num_attention_heads": 5`), "hidden_size 24 can't be split into 5 heads"},
		{"no blocks", "hubert-base", replace(`"num_hidden_layers": 2`, `"num_hidden_layers": 0`), "config.json: num_hidden_layers is 0; a number from 1 to 1000 is wanted"},
		{"no norm of that name", "hubert-base", replace(`"feat_extract_norm": "group"`, `"feat_extract_norm": "batch"`), `feat_extract_norm is "batch"; group or layer is wanted`},
		{"kernels that are missing", "hubert-base", func(c string) string { return strings.Replace(c, "10,\n", "", 1) }, "conv_dim, conv_kernel and conv_stride have 7, 6 and 7 numbers"},
		{"a text for a number", "hubert-base", replace(`"hidden_size": 24`, `"hidden_size": "24"`), "config.json: json: cannot unmarshal string"},
		{"no JSON", "hubert-base", func(string) string { return "model" }, "config.json: invalid character"},
		{"a pointer", "hubert-base", func(string) string { return "version https://git-lfs.github.com/spec/v1\n" }, "git lfs pull"},
	}
	for _, tt := range tests {
		folder := t.TempDir()
		source := filepath.Join("testdata", tt.from)
		copyFile(t, filepath.Join(source, "model.safetensors"), filepath.Join(folder, "model.safetensors"))
		config := string(read(t, filepath.Join(source, "config.json")))
		changed := tt.change(config)
		if changed == config {
			t.Fatalf("%s: config.json does not have what is to be changed", tt.name)
		}
		if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := checkpoint.Open(folder, checkpoint.Options{})
		if err == nil {
			_, err = c.Model("m")
			c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func replace(from, to string) func(string) string {
	return func(config string) string { return strings.Replace(config, from, to, 1) }
}

// The input is prepared as the checkpoint says, else as its family is published, which the card notes.
func TestNormalize(t *testing.T) {
	tests := []struct {
		from, file, text, option string
		want                     string
		noted                    bool
	}{
		{"hubert-base", "preprocessor_config.json", `{"do_normalize": false, "sampling_rate": 16000}`, "", "none", false},
		{"hubert-base", "processor_config.json", `{"feature_extractor": {"do_normalize": false}, "processor_class": "Wav2Vec2Processor"}`, "", "none", false},
		{"hubert-base", "preprocessor_config.json", `{"do_normalize": false}`, "zero_mean_unit_var", "zero_mean_unit_var", false},
		{"hubert-base", "", "", "", "zero_mean_unit_var", true},
		{"wavlm-base", "", "", "", "none", true},
	}
	for _, tt := range tests {
		folder := filepath.Join(t.TempDir(), "models--facebook--hubert", "snapshots", "0123")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"model.safetensors", "config.json"} {
			copyFile(t, filepath.Join("testdata", tt.from, file), filepath.Join(folder, file))
		}
		if tt.file != "" {
			if err := os.WriteFile(filepath.Join(folder, tt.file), []byte(tt.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		c, err := checkpoint.Open(folder, checkpoint.Options{Normalize: tt.option})
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.Model("m")
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		noted := slices.ContainsFunc(m.Card.Notes, func(n string) bool { return strings.HasPrefix(n, "normalize:") })
		if m.Card.Normalize != tt.want || noted != tt.noted || m.Card.Origin != "facebook/hubert" {
			t.Errorf("%+v: normalize %q, notes %q, source %q", tt, m.Card.Normalize, m.Card.Notes, m.Card.Origin)
		}
	}
	c, err := checkpoint.Open("../export/testdata/wavlm-large.pt", checkpoint.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m, err := c.Model("m")
	if err != nil || m.Card.Normalize != "zero_mean_unit_var" || m.Card.Epsilon != 1e-5 || m.Card.Origin != "wavlm-large.pt" {
		t.Errorf("WavLM of its authors: %+v, %v", m.Card, err)
	}
	folder := t.TempDir()
	copyFile(t, "testdata/hubert-base/config.json", filepath.Join(folder, "config.json"))
	if err := os.WriteFile(filepath.Join(folder, "preprocessor_config.json"), []byte(`{"sampling_rate": 8000}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := checkpoint.Open(folder, checkpoint.Options{}); err == nil || !strings.Contains(err.Error(), "sampling_rate is 8000, and models of this family take 16000 Hz") {
		t.Errorf("8 kHz: %v", err)
	}
}

// Random weights need no weights, are the same for the same seed and of the spread that transformers gives them.
func TestRandomWeights(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "untrained")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, "testdata/wavlm-large/config.json", filepath.Join(folder, "config.json"))
	a := read(t, imported(t, folder, checkpoint.Options{Random: true}))
	if b := read(t, imported(t, folder, checkpoint.Options{Random: true})); !bytes.Equal(a, b) {
		t.Error("the same seed gave another model")
	}
	if b := read(t, imported(t, folder, checkpoint.Options{Random: true, Seed: 1})); len(a) != len(b) || bytes.Equal(a, b) {
		t.Error("another seed gave the same model")
	}
	if !bytes.Contains(a, []byte("random weights, config.json of untrained, seed 0")) {
		t.Error("the card does not say where the weights are from")
	}
}
