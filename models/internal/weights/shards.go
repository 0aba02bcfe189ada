package weights

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"speechsim/models/internal/lfs"
)

// Shards is a checkpoint in several files, as an index beside them says: model.safetensors.index.json or
// pytorch_model.bin.index.json, whose weight_map gives the file of each tensor.
type Shards struct {
	path   string // of the index
	files  map[string]string
	shards map[string]Tensors // by file
}

// OpenShards opens every file that an index names. An index names files beside it and nothing else.
func OpenShards(path string, open func(path string) (Tensors, error)) (*Shards, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if lfs.IsPointer(data) {
		return nil, fmt.Errorf("%s is %s", path, lfs.InPlaceOf("index"))
	}
	var index struct {
		Files map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &index); err != nil {
		return nil, fmt.Errorf("%s is not an index of shards: %w", path, err)
	}
	if len(index.Files) == 0 {
		return nil, fmt.Errorf("%s is not an index of shards: its weight_map is empty", path)
	}
	s := &Shards{path: path, files: index.Files, shards: map[string]Tensors{}}
	for _, name := range s.Names() {
		if err := s.add(name, open); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// add opens the file of a tensor, unless it is open, and looks the tensor up in it.
func (s *Shards) add(name string, open func(path string) (Tensors, error)) (err error) {
	file := s.files[name]
	if file != filepath.Base(file) || !filepath.IsLocal(file) {
		return fmt.Errorf("%s: tensor %q is said to be in %q, which is not a file beside the index", s.path, name, file)
	}
	if s.shards[file] == nil {
		shard, err := open(filepath.Join(filepath.Dir(s.path), file))
		if err != nil {
			return err
		}
		s.shards[file] = shard
	}
	if _, err := s.shards[file].Shape(name); err != nil {
		return fmt.Errorf("%s: tensor %q is said to be in %s, which does not have it", s.path, name, file)
	}
	return nil
}

// Files lists the index and the shards.
func (s *Shards) Files() []string {
	list := []string{s.path}
	for _, file := range slices.Sorted(maps.Keys(s.shards)) {
		list = append(list, filepath.Join(filepath.Dir(s.path), file))
	}
	return list
}

// Names lists the tensors, sorted.
func (s *Shards) Names() []string { return slices.Sorted(maps.Keys(s.files)) }

// Shape is that of a tensor.
func (s *Shards) Shape(name string) ([]int, error) {
	shard := s.shards[s.files[name]]
	if shard == nil {
		return nil, Missing(s.path, name)
	}
	return shard.Shape(name)
}

// Float32 reads a tensor.
func (s *Shards) Float32(name string) ([]float32, error) {
	shard := s.shards[s.files[name]]
	if shard == nil {
		return nil, Missing(s.path, name)
	}
	return shard.Float32(name)
}

// Close closes the shards.
func (s *Shards) Close() error {
	var errs []error
	for _, shard := range s.shards {
		errs = append(errs, shard.Close())
	}
	return errors.Join(errs...)
}
