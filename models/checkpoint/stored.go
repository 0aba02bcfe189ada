package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"speechsim/models/internal/network"
	"speechsim/models/internal/pickled"
	"speechsim/models/internal/weights"
)

// source gives a network its weights.
type source interface {
	network.Source
	// finish says, once the network is built, what it should have used.
	finish() error
}

// stored are the weights of a file.
type stored struct {
	path    string // for messages
	tensors weights.Tensors
	files   []string
	prefix  string          // of the trunk
	names   map[string]bool // of all tensors
	used    map[string]bool
	part    func(string) bool
	// describes is what says which tensors there should be, for messages.
	describes string
}

// format is a file of weights that a checkpoint may have.
type format struct {
	name string // of the file; NAME.index.json lists its shards
	ends []string
	open func(path string) (weights.Tensors, error)
}

// formats are the files of weights, the best first.
var formats = []format{
	{"model.safetensors", []string{".safetensors"}, func(path string) (weights.Tensors, error) { return weights.OpenSafetensors(path) }},
	{"pytorch_model.bin", pickles, func(path string) (weights.Tensors, error) { return pickled.Open(path) }},
}

const index = ".index.json"

// openWeights opens the weights of a folder; name is one of its files, or "" for the first that is there.
func openWeights(folder, name string, a architecture) (*stored, error) {
	f, name, err := findWeights(folder, name)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, name)
	if !strings.HasSuffix(name, index) {
		tensors, err := f.open(path)
		if err != nil {
			return nil, err
		}
		return newStored(path, tensors, a, configFile)
	}
	shards, err := weights.OpenShards(path, f.open)
	if err != nil {
		return nil, err
	}
	s, err := newStored(path, shards, a, configFile)
	if err == nil {
		s.files = shards.Files()
	}
	return s, err
}

// newStored finds an architecture's trunk among tensors, which it closes when there is none.
func newStored(path string, tensors weights.Tensors, a architecture, describes string) (*stored, error) {
	s := &stored{path: path, tensors: tensors, files: []string{path}, names: map[string]bool{}, used: map[string]bool{}, part: a.part, describes: describes}
	for _, n := range tensors.Names() {
		s.names[n] = true
	}
	if err := s.findPrefix(a.anchor()); err != nil {
		return nil, errors.Join(err, tensors.Close())
	}
	return s, nil
}

// isPickle says whether a file is one of torch.save, by its name.
func isPickle(name string) bool { return slices.Contains(pickles, filepath.Ext(name)) }

var pickles = []string{".bin", ".pt", ".pth"}

// findWeights finds the file of weights of a folder and its format; name is that file, or "".
func findWeights(folder, name string) (format, string, error) {
	for _, f := range formats {
		if name == "" {
			for _, file := range []string{f.name, f.name + index} {
				if _, err := os.Stat(filepath.Join(folder, file)); err == nil {
					return f, file, nil
				}
			}
			continue
		}
		for _, end := range f.ends {
			if strings.HasSuffix(name, end) || strings.HasSuffix(name, end+index) {
				return f, name, nil
			}
		}
	}
	if name != "" {
		return format{}, "", fmt.Errorf("%s: weights are read from files that end in .safetensors, .bin, .pt or .pth, and their indexes; give the folder of the checkpoint or such a file", filepath.Join(folder, name))
	}
	return format{}, "", fmt.Errorf("%s has no weights: %s is looked for%s", folder, formatNames(), otherWeights(folder))
}

func formatNames() string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return strings.Join(names, " or ") + " (or its index)"
}

// otherWeights says what may be meant in place of the files that are looked for.
func otherWeights(folder string) string {
	for _, pattern := range []string{"*.safetensors", "*.bin", "*.pt", "*.pth"} {
		if found, _ := filepath.Glob(filepath.Join(folder, pattern)); len(found) > 0 {
			return fmt.Sprintf(" (if %s is meant, name the file)", filepath.Base(found[0]))
		}
	}
	for _, pattern := range []string{"*.h5", "*.msgpack"} {
		if found, _ := filepath.Glob(filepath.Join(folder, pattern)); len(found) > 0 {
			return fmt.Sprintf(" (%s is of TensorFlow or JAX: save the checkpoint again with PyTorch's transformers)", filepath.Base(found[0]))
		}
	}
	return ""
}

// findPrefix finds what stands before the names of the trunk.
func (s *stored) findPrefix(anchor string) error {
	var found []string
	for _, name := range s.tensors.Names() {
		if before, ok := strings.CutSuffix(name, anchor); ok && (before == "" || strings.HasSuffix(before, ".")) {
			found = append(found, before)
		}
	}
	switch len(found) {
	case 0:
		return fmt.Errorf("%s has no tensor %q: the weights do not belong to %s", s.path, anchor, s.describes)
	case 1:
		s.prefix = found[0]
		return nil
	}
	return fmt.Errorf("%s has more than one tensor %q (%q, %q): which is the model can't be known", s.path, anchor, found[0]+anchor, found[1]+anchor)
}

// Has says whether the trunk has a tensor.
func (s *stored) Has(name string) bool { return s.names[s.prefix+name] }

// Weight is a tensor of the trunk.
func (s *stored) Weight(name string, shape []int) (func() ([]float32, error), error) {
	full := s.prefix + name
	if !s.names[full] {
		return nil, weights.Missing(s.path, full)
	}
	s.used[full] = true
	got, err := s.tensors.Shape(full)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(got, shape) {
		return nil, fmt.Errorf("%s: tensor %q has shape %v, and %s asks for %v", s.path, s.inFile(full), got, s.describes, shape)
	}
	return func() ([]float32, error) { return s.tensors.Float32(full) }, nil
}

// finish refuses a checkpoint whose layers have weights that the network did not use: it would compute something else.
func (s *stored) finish() error {
	var left []string
	for _, name := range s.tensors.Names() {
		if rest, ok := strings.CutPrefix(name, s.prefix); ok && s.part(rest) && !s.used[name] {
			left = append(left, name)
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("%s: %d tensors of the layers are of no use to the network that %s describes, the first %q: it is another one", s.path, len(left), s.describes, s.inFile(left[0]))
	}
	return nil
}

// inFile is the name of a tensor in the file.
func (s *stored) inFile(name string) string {
	if r, ok := s.tensors.(renamed); ok && r.names[name] != "" {
		return r.names[name]
	}
	return name
}

func (s *stored) close() error { return s.tensors.Close() }
