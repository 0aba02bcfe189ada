package checkpoint_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"speechsim/models"
	"speechsim/models/checkpoint"
	"speechsim/models/internal/npz"
	"speechsim/pipeline/native"
)

func openRuntime(t *testing.T) *models.Runtime {
	t.Helper()
	rt, err := native.OpenRuntime("")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { rt.Close() })
	return rt
}

// load loads a model with all its layers.
func load(t *testing.T, rt *models.Runtime, path string, card *models.Card) *models.Model {
	t.Helper()
	m, err := rt.Load(path, models.Options{Layers: []string{"all"}, Card: card})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// compute gives the layers and maps of an utterance, by the names of their tensors.
func compute(t *testing.T, m *models.Model, samples []float32) map[string]models.Tensor {
	t.Helper()
	a, err := m.Run(context.Background(), models.Input{Samples: samples})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	got := map[string]models.Tensor{}
	for _, l := range a.Layers {
		got["hidden_states."+l.Name] = l
	}
	for _, l := range a.Attentions {
		got["attentions."+l.Name] = l
	}
	return got
}

// With padding: none on the card, audio is encoded at its own length: all states and maps are the original's.
func TestWhisperAtItsOwnLength(t *testing.T) {
	rt := openRuntime(t)
	for _, name := range []string{"whisper", "whisper-v3"} {
		folder := filepath.Join("testdata", name)
		arrays, err := npz.Read(filepath.Join(folder, "own.npz"))
		if err != nil {
			t.Fatal(err)
		}
		m := load(t, rt, imported(t, folder, checkpoint.Options{}), &models.Card{Padding: models.PaddingNone})
		worst, compared := 0.0, 0
		for k := range 2 {
			got := compute(t, m, arrays[fmt.Sprint(k, ".input")].Floats)
			for key, want := range arrays {
				if tensor, ok := strings.CutPrefix(key, fmt.Sprint(k, ".")); ok && tensor != "input" {
					worst = max(worst, distance(t, key, got[tensor], want))
					compared++
				}
			}
		}
		if worst > 1 || compared != 12 {
			t.Errorf("%s: %d arrays, the furthest %.3g times the tolerance away", name, compared, worst)
		}
	}
}

// What CTranslate2 keeps is the same encoder: the same bytes but for the name.
func TestWhisperOfCTranslate2(t *testing.T) {
	card := func(folder string) (string, *checkpoint.Model) {
		c, err := checkpoint.Open(folder, checkpoint.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		m, err := c.Model("w")
		if err != nil {
			t.Fatal(err)
		}
		m.Card.Origin = ""
		return m.Card.YAML(), m
	}
	written := func(m *checkpoint.Model) []byte {
		path := filepath.Join(t.TempDir(), "w.onnx")
		if err := m.Write(context.Background(), path, writeFile); err != nil {
			t.Fatal(err)
		}
		return read(t, path)
	}
	want, original := card("testdata/whisper")
	bytes := written(original)
	for _, source := range []string{"testdata/whisper-converted", "testdata/whisper-converted/model.bin"} {
		got, converted := card(source)
		if got != want {
			t.Errorf("%s: the card is\n%s\nwant\n%s", source, got, want)
		}
		if !slices.Equal(written(converted), bytes) {
			t.Errorf("%s gives other bytes than the checkpoint of transformers", source)
		}
	}
}

// Audio that is longer than the model takes at once is encoded piece by piece, and no attention goes across.
func TestWhisperOnLongAudio(t *testing.T) {
	m := load(t, openRuntime(t), imported(t, "testdata/whisper", checkpoint.Options{}), nil)
	chunk := m.Card().Chunk
	samples := make([]float32, chunk+4000)
	for i := range samples {
		samples[i] = float32(math.Sin(float64(i*i) / 1e5))
	}
	whole, first, second := compute(t, m, samples), compute(t, m, samples[:chunk]), compute(t, m, samples[chunk:])
	for name, got := range whole {
		if strings.HasPrefix(name, "attentions.") {
			frames, before := got.Shape[1], first[name].Shape[1]
			if across := got.Data[before:frames]; slices.Max(across) != 0 {
				t.Errorf("%s: a frame of the first piece attends to the second", name)
			}
			continue
		}
		if !slices.Equal(got.Data, slices.Concat(first[name].Data, second[name].Data)) {
			t.Errorf("%s is not that of its pieces", name)
		}
	}
	if rows := whole["hidden_states.2"].Shape[0]; rows != 50+13 || m.Card().Centre(51) != 51*320 {
		t.Errorf("%d rows, row 51 at sample %d", rows, m.Card().Centre(51))
	}
}

// The imported file passes what the program can test by itself, and its random weights are drawn as transformers does.
func TestWhisperPassesVerify(t *testing.T) {
	rt := openRuntime(t)
	for _, o := range []checkpoint.Options{{}, {Random: true, Seed: 3}} {
		checks, err := rt.Verify(context.Background(), imported(t, "testdata/whisper", o), "", models.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range checks {
			if c.Result == models.Failed {
				t.Errorf("random %v: %v", o.Random, c)
			}
		}
	}
}

// A checkpoint of which something is missing or of another shape is refused in one line, which names it.
func TestWhisperRefusals(t *testing.T) {
	model := read(t, "testdata/whisper-converted/model.bin")
	for _, test := range []struct {
		name string
		edit func([]byte) []byte
		want string
	}{
		{"another model", replaced("WhisperSpec", "MarianSpecs"), `CTranslate2's "MarianSpecs" can't be imported (its WhisperSpec can)`},
		{"no heads", replaced("encoder/num_heads", "encoder/num_limbs"), "has no number encoder/num_heads"},
		{"no convolution", replaced("encoder/conv1/weight", "encoder/conv7/weight"), `has no tensor "encoder.conv1.weight"`},
		{"a variable of another network", replaced("encoder/conv2/bias", "encoder/conv2/boas"), `has no tensor "encoder.conv2.bias"`},
		{"cut short", func(b []byte) []byte { return b[:len(b)/2] }, "cut short"},
		{"a pointer", func([]byte) []byte { return []byte("version https://git-lfs.github.com/spec/v1\n") }, "git lfs pull"},
	} {
		path := filepath.Join(t.TempDir(), "model.bin")
		if err := os.WriteFile(path, test.edit(slices.Clone(model)), 0o666); err != nil {
			t.Fatal(err)
		}
		c, err := checkpoint.Open(path, checkpoint.Options{})
		switch {
		case err == nil:
			_, err = c.Model("w")
			c.Close()
		case c != nil:
			t.Errorf("%s: a checkpoint comes with the error", test.name)
		}
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}

// Where a folder has both forms, also in shards, that of transformers is read.
func TestWhisperBothForms(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"model.bin":                    read(t, "testdata/whisper-converted/model.bin"),
		"config.json":                  read(t, "testdata/whisper/config.json"),
		"model.safetensors.index.json": []byte(`{"weight_map": {"encoder.conv1.weight": "nowhere.safetensors"}}`),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := checkpoint.Open(dir, checkpoint.Options{}); err == nil || !strings.Contains(err.Error(), "nowhere.safetensors") {
		t.Errorf("%v, want an error about the shard that is missing", err)
	}
}

func replaced(old, new string) func([]byte) []byte {
	return func(b []byte) []byte { return []byte(strings.Replace(string(b), old, new, 1)) }
}

// tinyEnglish is an utterance of LibriSpeech (3005-163389-0007), and what Whisper tiny.en makes of it: faster-whisper's
// spectrogram, [80, 206], and CTranslate2's last layer in float32, padded to 30 s, every fourth row of 103.
const tinyEnglish = "testdata/whisper/tiny.en.npz"

// The real weights give what CTranslate2 computes. SPEECHSIM_REAL_MODELS names the folder that cmd/fetchreal makes.
func TestWhisperTinyEnglish(t *testing.T) {
	weights := os.Getenv("SPEECHSIM_REAL_MODELS")
	if weights == "" {
		t.Skip("SPEECHSIM_REAL_MODELS names no real weights")
	}
	arrays, err := npz.Read(tinyEnglish)
	if err != nil {
		t.Fatal(err)
	}
	m := load(t, openRuntime(t), imported(t, filepath.Join(weights, "whisper-tiny.en"), checkpoint.Options{}), nil)
	last := compute(t, m, arrays["input"].Floats)["hidden_states.4"]
	if last.Shape[0] != 103 {
		t.Fatalf("%d rows", last.Shape[0])
	}
	units, worst := last.Shape[1], 0.0
	for i, want := range arrays["last"].Floats {
		worst = max(worst, math.Abs(float64(last.Data[i/units*4*units+i%units]-want)))
	}
	if worst > 1e-4 {
		t.Errorf("the last layer differs by %.2g", worst)
	}
	t.Logf("the last layer differs by %.2g at most", worst)
}
