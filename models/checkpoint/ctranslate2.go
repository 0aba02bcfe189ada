package checkpoint

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"speechsim/models/internal/ctranslate2"
	"speechsim/models/internal/weights"
)

// converted is Whisper as CTranslate2 keeps it, and so faster-whisper's checkpoints, with the names of transformers. It gives the
// encoder alone.
type converted struct {
	path    string
	file    *ctranslate2.File
	tensors map[string]variable
}

// variable is a tensor's place in the file.
type variable struct {
	name        string
	part, parts int // the tensor is one of so many that are stacked in the variable
}

// convertedFile is the file of a folder that CTranslate2 wrote, "" if there is none; name is the file that is asked for, or "".
func convertedFile(folder, name string) string {
	if name == "" {
		if _, _, err := findWeights(folder, ""); err == nil { // transformers' own, which say more
			return ""
		}
		name = "model.bin"
	}
	if path := filepath.Join(folder, name); ctranslate2.IsModel(path) {
		return path
	}
	return ""
}

// variableNames are the names of CTranslate2 and those of transformers. Queries, keys and values are stacked in one.
var variableNames = []struct {
	pattern *regexp.Regexp
	names   []string
}{
	{regexp.MustCompile(`^encoder/(conv[12])/(weight|bias)$`), []string{"encoder.$1.$2"}},
	{regexp.MustCompile(`^encoder/position_encodings/encodings$`), []string{"encoder.embed_positions.weight"}},
	{regexp.MustCompile(`^encoder/layer_norm/(\w+)$`), []string{"encoder.layer_norm.$1"}},
	{regexp.MustCompile(`^encoder/layer_(\d+)/self_attention/layer_norm/(\w+)$`), []string{"encoder.layers.$1.self_attn_layer_norm.$2"}},
	{regexp.MustCompile(`^encoder/layer_(\d+)/self_attention/linear_0/(\w+)$`), []string{
		"encoder.layers.$1.self_attn.q_proj.$2", "encoder.layers.$1.self_attn.k_proj.$2", "encoder.layers.$1.self_attn.v_proj.$2"}},
	{regexp.MustCompile(`^encoder/layer_(\d+)/self_attention/linear_1/(\w+)$`), []string{"encoder.layers.$1.self_attn.out_proj.$2"}},
	{regexp.MustCompile(`^encoder/layer_(\d+)/ffn/layer_norm/(\w+)$`), []string{"encoder.layers.$1.final_layer_norm.$2"}},
	{regexp.MustCompile(`^encoder/layer_(\d+)/ffn/linear_0/(\w+)$`), []string{"encoder.layers.$1.fc1.$2"}},
	{regexp.MustCompile(`^encoder/layer_(\d+)/ffn/linear_1/(\w+)$`), []string{"encoder.layers.$1.fc2.$2"}},
	{regexp.MustCompile(`^(encoder/.*)$`), []string{"$1"}}, // of no use to the network, which an error then says
}

var normParameters = strings.NewReplacer("norm.gamma", "norm.weight", "norm.beta", "norm.bias")

// openConverted opens a file of CTranslate2 and says which network it is of: its shapes are all that tells.
func openConverted(path string) (*converted, *whisper, error) {
	f, err := ctranslate2.Open(path)
	if err != nil {
		return nil, nil, err
	}
	c := &converted{path, f, map[string]variable{}}
	if spec, _ := f.Spec(); spec != "WhisperSpec" {
		return nil, nil, errors.Join(fmt.Errorf("%s: CTranslate2's %q can't be imported (its WhisperSpec can)", path, spec), f.Close())
	}
	for _, name := range f.Names() {
		if _, number := f.Value(name); number {
			continue
		}
		for _, v := range variableNames {
			at := v.pattern.FindStringSubmatchIndex(name)
			if at == nil {
				continue
			}
			for i, template := range v.names {
				tensor := normParameters.Replace(string(v.pattern.ExpandString(nil, template, name, at)))
				if !strings.HasSuffix(tensor, ".k_proj.bias") { // Whisper's keys have none; here it is zeros
					c.tensors[tensor] = variable{name, i, len(v.names)}
				}
			}
			break
		}
	}
	a, err := c.network()
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return c, a, nil
}

// network is the network of the shapes.
func (c *converted) network() (*whisper, error) {
	a := newWhisper().(*whisper)
	a.Blocks = 0
	for c.has(fmt.Sprintf("encoder.layers.%d.fc1.weight", a.Blocks)) {
		a.Blocks++
	}
	for _, d := range []struct {
		tensor string
		rank   int
		sizes  []*int // of its dimensions
	}{
		{"encoder.conv1.weight", 3, []*int{&a.Width, &a.Bands}},
		{"encoder.embed_positions.weight", 2, []*int{&a.Positions}},
		{"encoder.layers.0.fc1.weight", 2, []*int{&a.Inner}},
	} {
		shape, err := c.Shape(d.tensor)
		if err != nil {
			return nil, err
		}
		if len(shape) != d.rank {
			return nil, fmt.Errorf("%s: tensor %q has shape %v, expected %d dimensions", c.path, d.tensor, shape, d.rank)
		}
		for i, size := range d.sizes {
			*size = shape[i]
		}
	}
	heads, _ := c.file.Value("encoder/num_heads")
	n, ok := heads.(int64)
	if !ok {
		return nil, fmt.Errorf("%s has no number encoder/num_heads: convert the checkpoint again with a newer CTranslate2", c.path)
	}
	a.Heads = int(n)
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", c.path, err)
	}
	return a, nil
}

func (c *converted) has(tensor string) bool {
	_, ok := c.tensors[tensor]
	return ok
}

// Names lists the tensors of the encoder.
func (c *converted) Names() []string { return slices.Sorted(maps.Keys(c.tensors)) }

// Shape is that of a tensor.
func (c *converted) Shape(name string) ([]int, error) {
	v, ok := c.tensors[name]
	if !ok {
		return nil, weights.Missing(c.path, name)
	}
	shape, err := c.file.Shape(v.name)
	if err != nil {
		return nil, err
	}
	if v.parts > 1 {
		if len(shape) == 0 || shape[0]%v.parts != 0 {
			return nil, fmt.Errorf("%s: variable %q has shape %v, which are not %d tensors", c.path, v.name, shape, v.parts)
		}
		shape[0] /= v.parts
	}
	return shape, nil
}

// Float32 reads a tensor.
func (c *converted) Float32(name string) ([]float32, error) {
	v, ok := c.tensors[name]
	if !ok {
		return nil, weights.Missing(c.path, name)
	}
	values, err := c.file.Float32(v.name)
	if err != nil {
		return nil, err
	}
	size := len(values) / v.parts
	return values[v.part*size : (v.part+1)*size], nil
}

// Close closes the file.
func (c *converted) Close() error { return c.file.Close() }
