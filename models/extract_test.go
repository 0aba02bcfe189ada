package models_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/models"
	"speechsim/models/internal/npz"
	"speechsim/pipeline/modelcmd"
	"speechsim/pipeline/native"
)

// unusable are files of testdata whose activations cannot be had.
var unusable = []string{"bert.fused17.onnx", "bert.quantised17.onnx", "bert.half17.onnx"}

// Every layer and attention map that comes out of `pipeline extract` is the one
// that the original model returns: for every family, in the exporter's own files
// and in plain ones with nothing but the last hidden state or the logits, from
// both of torch's exporters.
func TestExtractMatchesTheOriginals(t *testing.T) {
	rt, err := native.OpenRuntime("")
	if err != nil {
		t.Skip(err)
	}
	plain, err := filepath.Glob(filepath.Join(cmp.Or(os.Getenv("SPEECHSIM_EXPORTS"), "testdata"), "*.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	full, err := filepath.Glob("export/testdata/*.onnx")
	if err != nil || len(plain) < 35 || len(full) < 5 {
		t.Fatalf("%d and %d models (%v)", len(plain), len(full), err)
	}
	for _, file := range append(plain, full...) {
		if slices.Contains(unusable, filepath.Base(file)) {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			arrays := reference(t, file)
			inputs := 0
			for ; ; inputs++ {
				prefix := fmt.Sprint(inputs, ".")
				in, ok := arrays[prefix+"input"]
				if !ok {
					break
				}
				var got map[string]npz.Array
				if in.Ints != nil {
					got = extractText(t, rt, file, in.Ints)
				} else {
					got = extractAudio(t, file, in.Floats)
				}
				for key, want := range arrays {
					if name, ok := strings.CutPrefix(key, prefix); ok && name != "input" && computed(file, name) {
						compare(t, key, got[name], want)
					}
				}
			}
			if inputs == 0 {
				t.Error("the reference has no input")
			}
		})
	}
}

// computed says whether a file can give an array of its original: ONNX's Attention
// operation hides the maps, and the inner stream of EncodecMAE's last block is not
// on the way to its last layer.
func computed(file, name string) bool {
	switch {
	case strings.HasSuffix(file, "23.onnx"):
		return !strings.HasPrefix(name, "attentions.")
	case !strings.HasPrefix(file, "export"):
		return !strings.HasSuffix(name, ".branch")
	}
	return true
}

// reference reads the outputs of the original model, which lie next to the file or
// in the folder of the checkpoint.
func reference(t *testing.T, file string) map[string]npz.Array {
	t.Helper()
	family, _, _ := strings.Cut(filepath.Base(file), ".")
	for _, folder := range []string{filepath.Dir(file), "export/testdata"} {
		arrays, err := npz.Read(filepath.Join(folder, family+".npz"))
		if err == nil {
			return arrays
		}
		if !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	t.Fatalf("%s has no reference", file)
	return nil
}

func compare(t *testing.T, key string, got, want npz.Array) {
	t.Helper()
	if !slices.Equal(got.Shape, want.Shape) {
		t.Errorf("%s: shape %v, want %v", key, got.Shape, want.Shape)
		return
	}
	worst := 0.0
	for i, w := range want.Floats {
		share := math.Abs(float64(got.Floats[i])-float64(w)) / (models.Tolerance + models.Tolerance*math.Abs(float64(w)))
		if worst = max(worst, share); math.IsNaN(share) {
			worst = math.Inf(1)
		}
	}
	if worst > 1 {
		t.Errorf("%s: %.3g times the tolerance away", key, worst)
	}
}

// extractAudio runs the command on a float WAV of the samples and reads the files
// that it writes.
func extractAudio(t *testing.T, file string, samples []float32) map[string]npz.Array {
	t.Helper()
	folder := t.TempDir()
	rate := asOnAHub(t, file, folder)
	wav := filepath.Join(folder, "u.wav")
	if err := os.WriteFile(wav, floatWAV(samples, rate), 0o644); err != nil {
		t.Fatal(err)
	}
	job := modelcmd.Extract{Model: filepath.Join(folder, "onnx", filepath.Base(file)), Audio: []string{wav}, Out: folder,
		Layers: []string{"all"}, Attention: true, Threads: 1}
	got := map[string]npz.Array{}
	err := job.Run(context.Background(), func(path string, _ []int) {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		a, err := npz.ReadArray(f)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".npy")
		name = strings.Replace(strings.Replace(name, "layer.", "hidden_states.", 1), "attention.", "attentions.", 1)
		got[name] = a
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// asOnAHub lays a model out as the hubs do, onnx/ with the preprocessor's settings
// above it, or with its card. It returns the rate.
func asOnAHub(t *testing.T, file, folder string) (rate int) {
	t.Helper()
	write := func(name string, data []byte) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stem := strings.TrimSuffix(file, ".onnx")
	for _, part := range []string{file, file + ".data", stem + ".card.yaml"} {
		data, err := os.ReadFile(part)
		if err == nil {
			write(filepath.Join("onnx", filepath.Base(part)), data)
		} else if part == file {
			t.Fatal(err)
		}
	}
	write("preprocessor_config.json", []byte(`{"do_normalize": true, "sampling_rate": 16000}`))
	in, err := models.Inspect(filepath.Join(folder, "onnx", filepath.Base(file)))
	if err != nil {
		t.Fatal(err)
	}
	return in.Card.SampleRate
}

// floatWAV is mono audio of IEEE floats.
func floatWAV(samples []float32, rate int) []byte {
	le := binary.LittleEndian
	b := []byte("RIFF")
	b = le.AppendUint32(b, uint32(36+4*len(samples)))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x03\x00\x01\x00"...) // 16 bytes: IEEE float, one channel
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(4*rate))
	b = append(b, "\x04\x00\x20\x00data"...)
	b = le.AppendUint32(b, uint32(4*len(samples)))
	for _, x := range samples {
		b = le.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// tokens gives the ids of a reference for any text.
type tokens []int64

func (ids tokens) Encode(string) ([]int64, [][2]int) { return ids, make([][2]int, len(ids)) }

// extractText runs a text model as a run does: `pipeline extract` takes audio alone.
func extractText(t *testing.T, rt *models.Runtime, file string, ids []int64) map[string]npz.Array {
	t.Helper()
	o := models.Options{}
	if strings.HasSuffix(file, "23.onnx") {
		o.Attentions = []string{}
	}
	m, err := rt.Load(file, o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	source := extract.Source{Name: m.Name(), Model: m, Text: tokens(ids)}
	a, err := source.Activate(context.Background(), &corpus.Corpus{}, &corpus.Utterance{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	got := map[string]npz.Array{}
	keep := func(kind string, list []models.Tensor) {
		for _, x := range list {
			got[kind+x.Name] = npz.Array{Shape: x.Shape, Floats: slices.Clone(x.Data)}
		}
	}
	keep("hidden_states.", a.Layers)
	keep("attentions.", a.Attentions)
	return got
}
