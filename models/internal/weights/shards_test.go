package weights

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestShards(t *testing.T) {
	folder := t.TempDir()
	put := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("1.safetensors", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4))
	put("2.safetensors", file(`{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8))
	path := filepath.Join(folder, "model.safetensors.index.json")
	index := func(files string) (*Shards, error) {
		put("model.safetensors.index.json", []byte(`{"metadata":{"total_size":12},"weight_map":`+files+`}`))
		return OpenShards(path, func(path string) (Tensors, error) { return OpenSafetensors(path) })
	}
	s, err := index(`{"a":"1.safetensors","b":"2.safetensors"}`)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if b, err := s.Float32("b"); err != nil || len(b) != 2 || len(s.Names()) != 2 {
		t.Errorf("%v %v, names %v", b, err, s.Names())
	}
	if got, want := s.Files(), []string{path, filepath.Join(folder, "1.safetensors"), filepath.Join(folder, "2.safetensors")}; !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	if _, err := s.Float32("c"); err == nil || !strings.Contains(err.Error(), `no tensor "c"`) {
		t.Errorf("a tensor that is not there: %v", err)
	}
	for files, want := range map[string]string{
		`{"a":"../1.safetensors"}`:   `tensor "a" is said to be in "../1.safetensors", which is not a file beside the index`,
		`{"a":"/etc/passwd"}`:        "not a file beside the index",
		`{"a":".."}`:                 "not a file beside the index",
		`{"a":""}`:                   "not a file beside the index",
		`{"a":"2.safetensors"}`:      `tensor "a" is said to be in 2.safetensors, which does not have it`,
		`{"a":"nosuch.safetensors"}`: "nosuch.safetensors",
		`{}`:                         "its weight_map is empty",
		`[]`:                         "not an index",
	} {
		if _, err := index(files); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", files, err, want)
		}
	}
}
