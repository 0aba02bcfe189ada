package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"speechsim/models"
	"speechsim/models/internal/pickled"
	"speechsim/models/internal/weights"
)

// Models that transformers does not have, or whose authors published them otherwise, are one file of torch.save without a config.json:
// WavLM and BEATs of Microsoft, where cfg is the configuration and model the tensors, and EncodecMAE, whose tensors show what it
// is.

// publishedFile is such a file: weights, a file of a folder, where no config.json lies beside it, or without it the one of a folder of
// EncodecMAE; else "".
func publishedFile(folder, weights string) string {
	if _, err := os.Stat(filepath.Join(folder, configFile)); err == nil {
		return ""
	}
	if isPickle(weights) {
		return filepath.Join(folder, weights)
	}
	if file := filepath.Join(folder, publishedModel); weights == "" && isFile(file) {
		return file
	}
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// openPublished opens such a file.
func (c *Checkpoint) openPublished(path string) error {
	f, err := pickled.Open(path)
	if err != nil {
		return err
	}
	tensors, describes, err := c.readPublished(path, f)
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	c.name, c.files, c.sizes = publishedName(path), append(c.files, path), "sizes"
	c.overrideNormalize()
	if c.options.Random {
		c.weights = &random{seed: c.options.Seed, initial: c.network.initial}
		return f.Close()
	}
	s, err := newStored(path, tensors, c.network, describes)
	c.weights = s
	return err
}

// publishedModel is the file of a published folder without a config.json.
const publishedModel = "model.pt"

// publishedName is that of the file, or of its folder where all such files are called the same.
func publishedName(path string) string {
	if filepath.Base(path) == publishedModel {
		return hubName(filepath.Dir(path))
	}
	return filepath.Base(path)
}

// readPublished finds out which family a file is of and what its network is, and gives its tensors the names that the
// network asks for; describes is what in the file says the sizes.
func (c *Checkpoint) readPublished(path string, f *pickled.File) (tensors weights.Tensors, describes string, err error) {
	names := f.Names()
	value, _ := f.Value("cfg")
	cfg, hasConfig := value.(map[string]any)
	switch {
	case hasConfig && slices.Contains(names, "model.patch_embedding.weight"):
		c.kind = "beats"
		return f, "cfg", c.readBEATs(cfg)
	case hasConfig && slices.Contains(names, "model.post_extract_proj.weight"):
		c.kind = "wavlm"
		return rename(f, fairseqName), "cfg", c.readWavLM(cfg)
	case slices.ContainsFunc(names, isEncodecMAE):
		c.kind = "encodecmae"
		named := rename(f, encodecMAEName)
		return named, "the first block", c.readEncodecMAE(path, named)
	}
	return nil, "", errors.New("no config.json lies beside it, and it is neither WavLM, BEATs nor EncodecMAE as their authors published them: " +
		"give the folder of a checkpoint of transformers, with its config.json")
}

// decode reads cfg into the fields of a struct.
func decode(cfg map[string]any, into any) error {
	text, err := json.Marshal(cfg)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("cfg: %w", err)
	}
	return nil
}

func (c *Checkpoint) readBEATs(cfg map[string]any) error {
	a := newBEATs()
	if err := decode(cfg, a); err != nil {
		return err
	}
	if err := a.check(); err != nil {
		return fmt.Errorf("cfg: %w", err)
	}
	c.network = a
	return nil
}

// published is the cfg of WavLM.
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

func (c *Checkpoint) readWavLM(cfg map[string]any) error {
	var p published
	if err := decode(cfg, &p); err != nil {
		return err
	}
	if !p.Relative || !p.Gated {
		return fmt.Errorf("cfg has no gated positions (relative_position_embedding, gru_rel_pos), so it is not WavLM: give the folder of a checkpoint of transformers, with its config.json")
	}
	var err error
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

// fairseqName is the name that transformers has for a tensor of fairseq's.
func fairseqName(name string) string {
	for _, n := range fairseqNames {
		name = n.pattern.ReplaceAllString(name, n.name)
	}
	return name
}

// renamed are tensors under other names.
type renamed struct {
	weights.Tensors
	names map[string]string // in the file, by the others
}

// rename gives tensors other names; those for which other is "" are left out.
func rename(t weights.Tensors, other func(string) string) renamed {
	r := renamed{t, map[string]string{}}
	for _, name := range t.Names() {
		if to := other(name); to != "" {
			r.names[to] = name
		}
	}
	return r
}

func (r renamed) Names() []string { return slices.Sorted(maps.Keys(r.names)) }

func (r renamed) Shape(name string) ([]int, error) { return r.Tensors.Shape(r.names[name]) }

func (r renamed) Float32(name string) ([]float32, error) { return r.Tensors.Float32(r.names[name]) }
