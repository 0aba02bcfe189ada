package checkpoint

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"speechsim/models/internal/network"
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
}

// format is a file of weights that a checkpoint may have.
type format struct {
	name string
	open func(path string) (weights.Tensors, []string, error)
}

// formats are the names of the files, the best first.
var formats = []format{
	{"model.safetensors", openSafetensors},
	{"model.safetensors.index.json", openSafetensors},
}

func openSafetensors(path string) (weights.Tensors, []string, error) {
	s, err := weights.OpenSafetensors(path)
	if err != nil {
		return nil, nil, err
	}
	return s, s.Files(), nil
}

// openWeights opens the weights of a folder; name is one of its files, or "" for the first that is there.
func openWeights(folder, name string, a architecture) (*stored, error) {
	open, path := formats[0].open, filepath.Join(folder, name)
	if name == "" {
		i := slices.IndexFunc(formats, func(f format) bool {
			_, err := os.Stat(filepath.Join(folder, f.name))
			return err == nil
		})
		if i < 0 {
			return nil, fmt.Errorf("%s has no weights: %s is looked for%s", folder, formatNames(), otherWeights(folder))
		}
		open, path = formats[i].open, filepath.Join(folder, formats[i].name)
	} else if i := slices.IndexFunc(formats, func(f format) bool { return filepath.Ext(f.name) == filepath.Ext(name) }); i >= 0 {
		open = formats[i].open
	}
	tensors, files, err := open(path)
	if err != nil {
		return nil, err
	}
	s := &stored{path: path, tensors: tensors, files: files, names: map[string]bool{}, used: map[string]bool{}, part: a.part}
	for _, n := range tensors.Names() {
		s.names[n] = true
	}
	return s, s.findPrefix(a.anchor())
}

func formatNames() string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return strings.Join(names, " or ")
}

// otherWeights says what may be meant in place of the files that are looked for.
func otherWeights(folder string) string {
	for _, pattern := range []string{"*.safetensors", "*.bin", "*.pt", "*.h5", "*.msgpack"} {
		if found, _ := filepath.Glob(filepath.Join(folder, pattern)); len(found) > 0 {
			return fmt.Sprintf(" (there is %s: save the checkpoint again with transformers, which writes model.safetensors, or name a .safetensors file itself)", filepath.Base(found[0]))
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
		return fmt.Errorf("%s has no tensor %q: the weights do not belong to its config.json", s.path, anchor)
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
		return nil, fmt.Errorf("%s: tensor %q has shape %v, and config.json asks for %v", s.path, full, got, shape)
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
		return fmt.Errorf("%s: %d tensors of the layers are of no use to the network that config.json describes, the first %q: it is another one", s.path, len(left), left[0])
	}
	return nil
}

func (s *stored) close() error {
	if c, ok := s.tensors.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
