package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"speechsim/models"
	"speechsim/models/internal/pickled"
	"speechsim/models/internal/weights"
)

// WavLM as Microsoft published it is one file of torch.save: cfg, the configuration, and model, the tensors under the names of
// fairseq. It is the network of transformers' WavLM.

// openPublished opens such a file.
func (c *Checkpoint) openPublished(path string) error {
	f, err := pickled.Open(path)
	if err != nil {
		return err
	}
	if err := c.readPublished(path, f); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	c.kind, c.name, c.files = "wavlm", filepath.Base(path), []string{path}
	if c.options.Random {
		c.weights = &random{seed: c.options.Seed, initial: c.network.initial}
		return f.Close()
	}
	s, err := newStored(path, rename(f), c.network)
	c.weights = s
	return err
}

// published is the cfg of such a file.
type published struct {
	Width       int    `json:"encoder_embed_dim"`
	Blocks      int    `json:"encoder_layers"`
	Heads       int    `json:"encoder_attention_heads"`
	Inner       int    `json:"encoder_ffn_embed_dim"`
	Conv        string `json:"conv_feature_layers"`
	ConvBias    bool   `json:"conv_bias"`
	Extractor   string `json:"extractor_mode"`
	StableNorm  bool   `json:"layer_norm_first"`
	Kernel      int    `json:"conv_pos"`
	Groups      int    `json:"conv_pos_groups"`
	Buckets     int    `json:"num_buckets"`
	MaxDistance int    `json:"max_distance"`
	Normalize   bool   `json:"normalize"`
	Activation  string `json:"activation_fn"`
	Relative    bool   `json:"relative_position_embedding"`
	Gated       bool   `json:"gru_rel_pos"`
}

// readPublished reads the configuration.
func (c *Checkpoint) readPublished(path string, f *pickled.File) error {
	const advice = "give the folder of a checkpoint of transformers, with its config.json; `pipeline models export` may know the file, with Python"
	value, ok := f.Value("cfg")
	cfg, isDict := value.(map[string]any)
	if !ok || !isDict || !slices.Contains(f.Names(), "model.post_extract_proj.weight") || slices.Contains(f.Names(), "model.patch_embedding.weight") {
		return fmt.Errorf("no config.json lies beside it, and it is not WavLM as its authors published it: %s", advice)
	}
	text, err := json.Marshal(cfg)
	if err != nil {
		return fmt.Errorf("cfg: %w", err)
	}
	var p published
	if err := json.Unmarshal(text, &p); err != nil {
		return fmt.Errorf("cfg: %w", err)
	}
	if !p.Relative || !p.Gated {
		return fmt.Errorf("cfg has no gated positions (relative_position_embedding, gru_rel_pos), so it is not WavLM: %s", advice)
	}
	a := newWav2Vec2("wavlm")().(*wav2vec2)
	a.Width, a.Blocks, a.Heads, a.Inner = p.Width, p.Blocks, p.Heads, p.Inner
	a.ConvBias, a.StableNorm, a.PositionKernel, a.PositionGroups = p.ConvBias, p.StableNorm, p.Kernel, p.Groups
	a.Buckets, a.MaxDistance, a.Activation = p.Buckets, p.MaxDistance, p.Activation
	switch p.Extractor {
	case "layer_norm":
		a.ConvNorm = "layer"
	case "default":
		a.ConvNorm = "group"
	default:
		return fmt.Errorf("cfg: extractor_mode is %q; default or layer_norm is wanted", p.Extractor)
	}
	if a.ConvChannels, a.ConvKernels, a.ConvStrides, err = convolutionsOf(p.Conv); err != nil {
		return fmt.Errorf("cfg: conv_feature_layers: %w", err)
	}
	if err := a.check(); err != nil {
		return fmt.Errorf("cfg, by the names of config.json: %w", err)
	}
	c.network, c.feature = a, feature{normalize: models.NormalizeNone, epsilon: 1e-5} // fairseq's constant
	if p.Normalize {
		c.feature.normalize = models.ZeroMeanUnit
	}
	c.overrideNormalize()
	return nil
}

var convolutionTerm = regexp.MustCompile(`^\[\((\d{1,7}),(\d{1,7}),(\d{1,7})\)\](?:\*(\d{1,3}))?$`)

// convolutionsOf reads a text such as "[(512,10,5)] + [(512,3,2)] * 4": channels, kernel and stride, and how often.
func convolutionsOf(text string) (channels, kernels, strides []int, err error) {
	for _, term := range strings.Split(strings.ReplaceAll(text, " ", ""), "+") {
		m := convolutionTerm.FindStringSubmatch(term)
		if m == nil {
			return nil, nil, nil, fmt.Errorf("%q is not a sum of [(channels, kernel, stride)] * n", text)
		}
		var n [4]int
		for i := range n {
			n[i], _ = strconv.Atoi(m[i+1]) // digits, or "" for once
		}
		if m[4] == "" {
			n[3] = 1
		}
		for range n[3] {
			channels, kernels, strides = append(channels, n[0]), append(kernels, n[1]), append(strides, n[2])
		}
		if len(channels) > mostLayers {
			return nil, nil, nil, fmt.Errorf("more than %d convolutions", mostLayers)
		}
	}
	return channels, kernels, strides, nil
}

// fairseqNames turn the names of fairseq into those of transformers, one after the other.
var fairseqNames = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`^model\.`), ""},
	{regexp.MustCompile(`^layer_norm\.`), "feature_projection.layer_norm."},
	{regexp.MustCompile(`^post_extract_proj\.`), "feature_projection.projection."},
	{regexp.MustCompile(`^(feature_extractor\.conv_layers\.\d+)\.0\.`), "$1.conv."},
	{regexp.MustCompile(`^(feature_extractor\.conv_layers\.\d+)\.2(\.1)?\.`), "$1.layer_norm."},
	{regexp.MustCompile(`^encoder\.pos_conv\.0\.`), "encoder.pos_conv_embed.conv."},
	{regexp.MustCompile(`\.self_attn_layer_norm\.`), ".layer_norm."},
	{regexp.MustCompile(`\.self_attn\.grep_a$`), ".attention.gru_rel_pos_const"},
	{regexp.MustCompile(`\.self_attn\.grep_linear\.`), ".attention.gru_rel_pos_linear."},
	{regexp.MustCompile(`\.self_attn\.relative_attention_bias\.`), ".attention.rel_attn_embed."},
	{regexp.MustCompile(`\.self_attn\.`), ".attention."},
	{regexp.MustCompile(`\.fc1\.`), ".feed_forward.intermediate_dense."},
	{regexp.MustCompile(`\.fc2\.`), ".feed_forward.output_dense."},
}

// renamed are tensors under other names.
type renamed struct {
	weights.Tensors
	names map[string]string // in the file, by the names of transformers
}

func rename(t weights.Tensors) renamed {
	r := renamed{t, map[string]string{}}
	for _, name := range t.Names() {
		other := name
		for _, n := range fairseqNames {
			other = n.pattern.ReplaceAllString(other, n.name)
		}
		r.names[other] = name
	}
	return r
}

func (r renamed) Names() []string { return slices.Sorted(maps.Keys(r.names)) }

func (r renamed) Shape(name string) ([]int, error) { return r.Tensors.Shape(r.names[name]) }

func (r renamed) Float32(name string) ([]float32, error) { return r.Tensors.Float32(r.names[name]) }
