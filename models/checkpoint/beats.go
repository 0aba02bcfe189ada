package checkpoint

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"speechsim/models"
	"speechsim/models/internal/network"
	"speechsim/models/internal/onnxproto"
)

// beats is BEATs (Chen et al. 2022, arXiv:2212.09058) as the cfg in its authors' checkpoints describes it: a convolution makes a token
// of each square of the filter bank; a projection, a positional convolution, and blocks with the norm after each sum, where
// the input of the sum is weighted (deep_norm).
type beats struct {
	Width       int    `json:"encoder_embed_dim"`
	Blocks      int    `json:"encoder_layers"`
	Heads       int    `json:"encoder_attention_heads"`
	Inner       int    `json:"encoder_ffn_embed_dim"`
	Embedding   int    `json:"embed_dim"` // units of a token before the projection
	Patch       int    `json:"input_patch_size"`
	ConvBias    bool   `json:"conv_bias"`
	Kernel      int    `json:"conv_pos"`
	Groups      int    `json:"conv_pos_groups"`
	Buckets     int    `json:"num_buckets"`
	MaxDistance int    `json:"max_distance"`
	Activation  string `json:"activation_fn"`
	NormFirst   bool   `json:"layer_norm_first"`
	DeepNorm    bool   `json:"deep_norm"`
	Relative    bool   `json:"relative_position_embedding"`
	Gated       bool   `json:"gru_rel_pos"`
}

// newBEATs has the values that the original takes where cfg has none.
func newBEATs() *beats {
	return &beats{Width: 768, Blocks: 12, Heads: 12, Inner: 3072, Embedding: 512, Kernel: 128, Groups: 16, Buckets: 320, MaxDistance: 1280, Activation: "gelu"}
}

// The filter bank of BEATs, in samples: it has a row of beatsBands numbers every beatsShift samples, of beatsWindow of them.
const beatsBands, beatsShift, beatsWindow = 128, 160, 400

func (a *beats) check() error {
	for _, v := range []struct {
		key         string
		value, most int
	}{{"encoder_embed_dim", a.Width, mostUnits}, {"encoder_layers", a.Blocks, mostLayers}, {"encoder_attention_heads", a.Heads, mostUnits}, {"encoder_ffn_embed_dim", a.Inner, mostUnits},
		{"embed_dim", a.Embedding, mostUnits}, {"conv_pos", a.Kernel, mostUnits}, {"conv_pos_groups", a.Groups, mostUnits}, {"input_patch_size", a.Patch, beatsBands}} {
		if v.value < 1 || v.value > v.most {
			return fmt.Errorf("%s is %d; a number from 1 to %d is wanted", v.key, v.value, v.most)
		}
	}
	switch {
	case a.Width%a.Heads != 0:
		return fmt.Errorf("encoder_embed_dim %d can't be split into %d heads", a.Width, a.Heads)
	case a.Width%a.Groups != 0:
		return fmt.Errorf("encoder_embed_dim %d can't be split into %d groups of the positional convolution", a.Width, a.Groups)
	case a.NormFirst || !a.Relative || !a.Gated:
		return fmt.Errorf("layer_norm_first is %v, relative_position_embedding %v and gru_rel_pos %v; false, true and true are wanted, as in all published BEATs", a.NormFirst, a.Relative, a.Gated)
	case a.Activation != "gelu":
		return fmt.Errorf("activation_fn is %q; gelu is wanted, as in all published BEATs", a.Activation)
	case !a.relative().valid():
		return fmt.Errorf("num_buckets is %d and max_distance %d; at least 4 buckets are wanted, and a distance above a quarter of them", a.Buckets, a.MaxDistance)
	}
	return nil
}

func (a *beats) relative() relative { return relative{a.Heads, a.Buckets, a.MaxDistance} }

func (a *beats) anchor() string { return "patch_embedding.weight" }

// part leaves out the table of positions in all blocks but the first, whose copies they are.
func (a *beats) part(name string) bool {
	if strings.HasSuffix(name, ".relative_attention_bias.weight") {
		return strings.HasPrefix(name, "encoder.layers.0.")
	}
	for _, prefix := range []string{"patch_embedding.", "layer_norm.", "post_extract_proj.", "encoder."} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// bands is how many tokens a time step has.
func (a *beats) bands() int { return beatsBands / a.Patch }

// build writes the network: see beats/BEATs.py and beats/backbone.py of microsoft/unilm.
func (a *beats) build(n *network.Network, f feature) models.Card {
	card := a.card(f)
	x := n.Input(card.Input, onnxproto.Float, -1, -1, beatsBands)
	x = n.Module("patch_embedding").Patches(x, a.Patch, a.Embedding, a.ConvBias)
	const epsilon = 1e-5 // PyTorch's own
	x = n.Module("layer_norm").LayerNorm(x, a.Embedding, epsilon)
	if a.Embedding != a.Width {
		x = n.Module("post_extract_proj").Linear(x, a.Embedding, a.Width)
	}
	encoder := n.Module("encoder")
	y := encoder.Module("pos_conv.0").Conv1d(encoder.Transpose(x, 0, 2, 1), positional(a.Width, a.Kernel, a.Groups))
	x = encoder.Add(x, encoder.Transpose(encoder.Module("pos_conv").Gelu(y), 0, 2, 1))
	x = encoder.Module("layer_norm").LayerNorm(x, a.Width, epsilon)
	state := func(name string, x network.Tensor) { n.Output("hidden_states."+name, x, -1, -1, a.Width) }
	state("0", x)
	distances := a.relative().distances(encoder.Module("layers.0.self_attn.relative_attention_bias"), encoder.Module("positions"), x)
	for i := range a.Blocks {
		m := encoder.Module("layers." + strconv.Itoa(i))
		y, attention := a.attention(m.Module("self_attn"), x, distances)
		x = m.Module("self_attn_layer_norm").LayerNorm(m.Add(a.weighted(m, x), y), a.Width, epsilon)
		y = m.Gelu(m.Module("fc1").Linear(x, a.Width, a.Inner))
		y = m.Module("fc2").Linear(y, a.Inner, a.Width)
		x = m.Module("final_layer_norm").LayerNorm(m.Add(a.weighted(m, x), y), a.Width, epsilon)
		n.Output("attentions."+strconv.Itoa(i), attention, -1, a.Heads, -1, -1)
		state(strconv.Itoa(i+1), x)
	}
	return card
}

// weighted is the input of a sum: with deep_norm, of N blocks, times the fourth root of 2 N.
func (a *beats) weighted(m network.Module, x network.Tensor) network.Tensor {
	if !a.DeepNorm {
		return x
	}
	return m.Mul(x, m.Number(float32(math.Pow(2*float64(a.Blocks), 0.25))))
}

// attention is that of a block. The gates of its positions see the queries, where WavLM's see the input.
func (a *beats) attention(m network.Module, x, distances network.Tensor) (out, probabilities network.Tensor) {
	project := func(name string) network.Tensor { return m.Module(name).Linear(x, a.Width, a.Width) }
	query := project("q_proj")
	gated := a.relative().gated(m, "grep_linear", "grep_a", query, distances, a.Width)
	context, probabilities := m.Attention(query, project("k_proj"), project("v_proj"), a.Heads, a.Width, network.Keys{}, gated)
	return m.Module("out_proj").Linear(context, a.Width, a.Width), probabilities
}

// card describes what build writes.
func (a *beats) card(f feature) models.Card {
	bands := a.bands()
	c := models.Card{Kind: models.Audio, SampleRate: sampleRate, Hop: a.Patch * beatsShift, Window: (a.Patch-1)*beatsShift + beatsWindow,
		Normalize: f.normalizeOr(models.NormalizeNone), FrontEnd: models.FrontEndBEATs, Patches: bands, Input: "fbank", Heads: a.Heads}
	c.Layers, c.Attentions = blockOutputs(a.Blocks, a.Width, a.Heads)
	c.Notes = []string{fmt.Sprintf("row %d t + b is time step t, band b (low first); bands share their time step's centre", bands)}
	return c
}

// initial follows the original, and PyTorch where that says nothing.
func (a *beats) initial(name string, shape []int) distribution {
	fanIn := fanInOf(shape)
	beta := math.Pow(8*float64(a.Blocks), -0.25)
	deep := func(gain float64) distribution {
		return distribution{deviation: gain * math.Sqrt(2/float64(shape[0]+fanIn))} // Xavier
	}
	bias := strings.HasSuffix(name, ".bias")
	switch {
	case strings.Contains(name, "layer_norm.") && bias:
		return distribution{}
	case strings.Contains(name, "layer_norm."), strings.HasSuffix(name, ".grep_a"):
		return distribution{constant: 1}
	case name == "patch_embedding.bias":
		return uniform(a.Patch * a.Patch)
	case name == "post_extract_proj.bias":
		return uniform(a.Embedding)
	case bias:
		return distribution{}
	case !strings.HasPrefix(name, "encoder."):
		return uniform(fanIn)
	case strings.HasPrefix(name, "encoder.pos_conv."):
		return distribution{deviation: math.Sqrt(4 / float64(a.Kernel*a.Width))}
	case !a.DeepNorm, strings.Contains(name, ".grep_linear."), strings.Contains(name, ".relative_attention_bias."):
		return distribution{deviation: 0.02}
	case strings.Contains(name, ".q_proj."), strings.Contains(name, ".k_proj."):
		return deep(1)
	}
	return deep(beta)
}
