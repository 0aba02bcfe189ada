package models

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/models/internal/onnxproto"
)

func TestOpenRuntimeListsThePlaces(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "libonnxruntime.so")
	write(t, text, "this is no library")
	_, err := OpenRuntime([]string{"", "/nowhere/at/all", text, t.TempDir()})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"/nowhere/at/all: does not exist", text, "holds no libonnxruntime", "make lib", "SPEECHSIM_ONNXRUNTIME"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in the error:\n%v", want, err)
		}
	}
}

// What people hand over in place of a model, and what they are told.
func TestLoadRefuses(t *testing.T) {
	rt := testRuntime(t)
	whole, err := os.ReadFile("testdata/bert.ts17.onnx")
	if err != nil {
		t.Fatal(err)
	}
	good := string(whole)
	tests := []struct {
		name, content string
		options       Options
		want          []string
	}{
		{"empty file", "", Options{}, []string{"is empty"}},
		{"text", "once upon a time", Options{}, []string{"is not an ONNX file, but a text file"}},
		{"web page", "<!DOCTYPE html><html>", Options{}, []string{"a web page"}},
		{"Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:1\n", Options{}, []string{"git lfs pull"}},
		{"PyTorch checkpoint", "PK\x03\x04....data.pkl", Options{}, []string{"PyTorch checkpoint", "pipeline models import"}},
		{"safetensors", "\x40\x00\x00\x00\x00\x00\x00\x00{\"__metadata__\"", Options{}, []string{"safetensors"}},
		{"truncated", good[:len(good)/2], Options{}, []string{"is not a complete ONNX file", "bytes long, but only"}},
		{"random bytes", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\x07\x06\x05\x04", Options{}, []string{"is not a complete ONNX file"}},
		{"opset that the runtime lacks", strings.Replace(good, "B\x02\x10\x11", "B\x02\x10\x63", 1), Options{}, []string{"the file has opset 99", "export the model with opset 17"}},
		{"unknown layer", good, Options{Layers: []string{"7"}}, []string{`layers: there is no "7" in this model; it has 0-3`}},
		{"unknown map", good, Options{Attentions: []string{"3"}}, []string{`attentions: there is no "3" in this model; it has 0-2`}},
		{"nothing", good, Options{Layers: []string{}, Attentions: []string{}}, []string{"neither a layer nor an attention map is asked for"}},
		{"unknown device", good, Options{Device: "tpu"}, []string{`there is no device "tpu": it is cpu or cuda`}},
		{"unknown precision", good, Options{Precision: "int8"}, []string{`precision: "int8" is not one of float32, tf32, fp16`}},
		{"TF32 without a GPU", good, Options{Precision: TF32}, []string{"precision: tf32", "needs device: cuda"}},
		{"tensor that is not there", good, Options{Card: &Card{Layers: []LayerOutput{{Name: "0", Tensor: "hidden"}}}},
			[]string{`layer 0 at tensor "hidden", which is not in the graph`, "last_hidden_state"}},
		{"wrong units", good, Options{Card: &Card{Layers: []LayerOutput{{Name: "3", Tensor: "last_hidden_state", Units: 99}}}},
			[]string{"says 99 units for layer 3, the model gives 16"}},
		{"wrong heads", good, Options{Card: &Card{Heads: 5}}, []string{"says 5 heads"}},
		{"wrong kind", good, Options{Card: &Card{Kind: "video"}}, []string{`kind: "video" is not one of audio, text`}},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "model.onnx")
		write(t, path, tt.content)
		m, err := rt.Load(path, tt.options)
		if err == nil {
			t.Errorf("%s: no error", tt.name)
			m.Close()
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q is not in the error:\n%v", tt.name, want, err)
			}
		}
		if strings.Contains(err.Error(), "runtime error") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestLoadWithoutItsWeights(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.onnx")
	copyFile(t, "testdata/hubert-large.external17.onnx", path)
	_, err := Inspect(path)
	if err == nil || !strings.Contains(err.Error(), "hubert-large.external17.onnx.data, which does not exist") {
		t.Errorf("error %v does not name the missing file", err)
	}
}

// A card that does not fit shows at once, not after the first hour.
func TestLoadTriesTheCard(t *testing.T) {
	rt := testRuntime(t)
	_, err := rt.Load("testdata/hubert-large.ts17.onnx", Options{Card: &Card{Hop: 160}})
	if err == nil || !strings.Contains(err.Error(), "correct hop and window") {
		t.Errorf("error %v does not name hop and window", err)
	}
}

// scanned is what a file's graph holds, until the test ends.
func scanned(t *testing.T, path string) *onnxproto.Model {
	t.Helper()
	file, err := mapFile(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.close() })
	scan, err := scanModel(path, file)
	if err != nil {
		t.Fatal(err)
	}
	return scan
}

// The sidecar wins over the metadata, the options over both.
func TestWhereCardsComeFrom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.onnx")
	copyFile(t, "testdata/hubert-base.ts17.onnx", path)
	write(t, SidecarPath(path), "normalize: none\nhop: 320\nfamily: hubert\n")
	scan := scanned(t, path)
	scan.Metadata[MetadataKey] = "normalize: zero_mean_unit_var\nname: from the metadata\n"
	c, err := assembleCard(path, scan, &Card{Family: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Family != "mine" || c.Normalize != NormalizeNone || c.Name != "from the metadata" || c.Window != 400 {
		t.Errorf("family %q, normalize %q, name %q, window %d", c.Family, c.Normalize, c.Name, c.Window)
	}
	for key, want := range map[string]string{"family": "config", "normalize": "sidecar", "name": "metadata", "window": "graph"} {
		if !strings.HasPrefix(c.Source(key), want) {
			t.Errorf("%s comes from %q, want %s", key, c.Source(key), want)
		}
	}
}
