package models

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const externalModel = "testdata/hubert-large.external17.onnx" // its weights are in a file beside it

// link makes a symbolic link, with the folders that it needs.
func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// values runs a model on a tone.
func values(t *testing.T, rt *Runtime, path string, o Options) [][]float32 {
	t.Helper()
	m, err := rt.Load(path, o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	a, err := m.Run(context.Background(), Input{Samples: tone(4000)})
	if err != nil {
		t.Fatal(err)
	}
	return outputs(a)
}

// Weights behind symbolic links give the values and the digest of the plain files,
// whether the graph is edited in memory or not.
func TestWeightsBehindLinks(t *testing.T) {
	rt := testRuntime(t)
	weights := filepath.Base(externalModel) + ".data"
	layouts := map[string]func(root string) (model string){
		"cache of the Hugging Face hub": func(root string) string {
			copyFile(t, externalModel, filepath.Join(root, "blobs", "1a"))
			copyFile(t, externalModel+".data", filepath.Join(root, "blobs", "2b"))
			link(t, "../../blobs/1a", filepath.Join(root, "snapshots", "rev", "model.onnx"))
			link(t, "../../blobs/2b", filepath.Join(root, "snapshots", "rev", weights))
			return filepath.Join(root, "snapshots", "rev", "model.onnx")
		},
		"the weights alone on another disk": func(root string) string {
			copyFile(t, externalModel, filepath.Join(root, "models", "model.onnx"))
			copyFile(t, externalModel+".data", filepath.Join(root, "disk", "large", "weights"))
			link(t, filepath.Join(root, "disk", "large", "weights"), filepath.Join(root, "models", weights))
			return filepath.Join(root, "models", "model.onnx")
		},
		"a folder that is a link": func(root string) string {
			copyFile(t, externalModel, filepath.Join(root, "real", "model.onnx"))
			copyFile(t, externalModel+".data", filepath.Join(root, "real", weights))
			link(t, "real", filepath.Join(root, "models"))
			return filepath.Join(root, "models", "model.onnx")
		},
	}
	plain, err := Inspect(externalModel)
	if err != nil {
		t.Fatal(err)
	}
	options := map[string]Options{
		"edited": {Layers: []string{"all"}},
		"as it is": {Layers: []string{"3"}, Attentions: []string{},
			Card: &Card{Layers: []LayerOutput{{Name: "3", Tensor: "last_hidden_state"}}, Attentions: []LayerOutput{}}},
		"in half precision": {Precision: FP16},
	}
	for layout, lay := range layouts {
		path := lay(t.TempDir())
		in, err := Inspect(path)
		if err != nil {
			t.Errorf("%s: %v", layout, err)
			continue
		}
		if in.Digest != plain.Digest {
			t.Errorf("%s: digest %s, want %s", layout, in.Digest, plain.Digest)
		}
		for name, o := range options {
			if !sameBits(values(t, rt, path, o), values(t, rt, externalModel, o)) {
				t.Errorf("%s, %s: other values than those of the plain files", layout, name)
			}
		}
	}
}

// A model that names weights outside its folder is no link of the user's: it stays refused.
func TestWeightsOutsideTheFolder(t *testing.T) {
	rt := testRuntime(t)
	root := t.TempDir()
	data, err := os.ReadFile(externalModel)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Base(externalModel) + ".data"
	outside := "../" + name[:len(name)-len("../")]
	write(t, filepath.Join(root, "models", "model.onnx"), strings.ReplaceAll(string(data), name, outside))
	copyFile(t, externalModel+".data", filepath.Join(root, outside[len("../"):]))
	_, err = rt.Load(filepath.Join(root, "models", "model.onnx"), Options{})
	if err == nil || !strings.Contains(err.Error(), "escapes") {
		t.Errorf("error %v, want a refusal", err)
	}
}

// What stands in the place of weights that were not fetched, or not wholly.
func TestWeightsThatAreNotThere(t *testing.T) {
	data, err := os.ReadFile(externalModel + ".data")
	if err != nil {
		t.Fatal(err)
	}
	const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 36704\n"
	tests := []struct{ name, weights, want string }{
		{"Git LFS pointer", pointer, "onnx.data is a Git LFS pointer in place of the file: fetch the file itself with `git lfs pull`"},
		{"nothing", "", "onnx.data, which has 0 bytes of at least 36"},
		{"half", string(data[:len(data)/2]), "onnx.data, which has 18352 bytes of at least 36"},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), filepath.Base(externalModel))
		copyFile(t, externalModel, path)
		write(t, path+".data", tt.weights)
		_, err := Inspect(path)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v does not say %q in one line", tt.name, err, tt.want)
		}
	}
	path := filepath.Join(t.TempDir(), "model.onnx")
	copyFile(t, "testdata/hubert-base.ts17.onnx", path)
	write(t, filepath.Join(filepath.Dir(path), "config.json"), pointer)
	const want = "is a Git LFS pointer in place of the file: fetch the file itself with `git lfs pull`"
	if _, err := Inspect(path); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("config.json: error %v does not say %q", err, want)
	}
}
