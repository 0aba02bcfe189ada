package checkpoint

import (
	"fmt"
	"strconv"
	"strings"

	"speechsim/models"
	"speechsim/models/internal/network"
	"speechsim/models/internal/onnxproto"
)

// wav2vec2Bert is w2v-BERT 2.0 (Barrault et al. 2023, arXiv:2312.05187) as config.json describes it: a projection of a filter bank of
// which two rows make a frame, and the blocks of a Conformer (Gulati et al. 2020): half a feed-forward, attention, a convolution over
// time that sees no later frame, half a feed-forward, a norm.
type wav2vec2Bert struct {
	Width      int    `json:"hidden_size"`
	Blocks     int    `json:"num_hidden_layers"`
	Heads      int    `json:"num_attention_heads"`
	Inner      int    `json:"intermediate_size"`
	Features   int    `json:"feature_projection_input_dim"`
	Kernel     int    `json:"conv_depthwise_kernel_size"`
	Positions  string `json:"position_embeddings_type"`
	Left       int    `json:"left_max_position_embeddings"`
	Right      int    `json:"right_max_position_embeddings"`
	Activation string `json:"hidden_act"`

	Epsilon          float64 `json:"layer_norm_eps"`
	InitialDeviation float64 `json:"initializer_range"`
}

func newWav2Vec2Bert() architecture {
	return &wav2vec2Bert{Width: 1024, Blocks: 24, Heads: 16, Inner: 4096, Features: 160, Kernel: 31, Positions: "relative_key", Left: 64, Right: 8,
		Activation: "swish", Epsilon: 1e-5, InitialDeviation: 0.02}
}

// The filter bank of w2v-BERT: how many numbers two of its rows have, and in samples how far these pairs are apart and what they see.
const w2vBertFeatures, w2vBertHop, w2vBertWindow = 160, 320, 560

func (a *wav2vec2Bert) check() error {
	for _, v := range []struct {
		key         string
		value, most int
	}{{"hidden_size", a.Width, mostUnits}, {"num_hidden_layers", a.Blocks, mostLayers}, {"num_attention_heads", a.Heads, mostUnits}, {"intermediate_size", a.Inner, mostUnits},
		{"conv_depthwise_kernel_size", a.Kernel, mostUnits}, {"left_max_position_embeddings", a.Left, mostUnits}, {"right_max_position_embeddings", a.Right, mostUnits}} {
		if v.value < 1 || v.value > v.most {
			return fmt.Errorf("%s is %d; a number from 1 to %d is wanted", v.key, v.value, v.most)
		}
	}
	switch {
	case a.Width%a.Heads != 0:
		return fmt.Errorf("hidden_size %d can't be split into %d heads", a.Width, a.Heads)
	case a.Positions != "relative_key":
		return fmt.Errorf("position_embeddings_type is %q; relative_key is wanted, as in w2v-BERT 2.0", a.Positions)
	case a.Features != w2vBertFeatures:
		return fmt.Errorf("feature_projection_input_dim is %d; %d is wanted, two rows of a filter bank of 80 bands", a.Features, w2vBertFeatures)
	}
	return nil
}

func (a *wav2vec2Bert) anchor() string { return "feature_projection.projection.weight" }

func (a *wav2vec2Bert) part(name string) bool {
	return strings.HasPrefix(name, "feature_projection.") || strings.HasPrefix(name, "encoder.")
}

// build writes the network: see transformers' models/wav2vec2_bert/modeling_wav2vec2_bert.py.
func (a *wav2vec2Bert) build(n *network.Network, f feature) models.Card {
	card := a.card(f)
	x := n.Input(card.Input, onnxproto.Float, -1, -1, a.Features)
	projection := n.Module("feature_projection")
	x = projection.Module("layer_norm").LayerNorm(x, a.Features, a.Epsilon)
	x = projection.Module("projection").Linear(x, a.Features, a.Width)
	encoder := n.Module("encoder")
	mask := n.Module("mask")
	real := mask.Cast(n.Input(card.Mask, onnxproto.Int64, -1, -1), onnxproto.Bool)
	keys, seen := mask.Keys(real, a.Heads), mask.Unsqueeze(real, 2)
	x = a.zeroed(encoder, x, seen)
	state := func(name string, x network.Tensor) { n.Output("hidden_states."+name, x, -1, -1, a.Width) }
	state("0", x)
	distances := a.distances(encoder.Module("positions"), x)
	for i := range a.Blocks {
		m := encoder.Module("layers." + strconv.Itoa(i))
		norm := func(name string, x network.Tensor) network.Tensor {
			return m.Module(name).LayerNorm(x, a.Width, a.Epsilon)
		}
		half := func(name string) {
			y := a.feedForward(m.Module(name), norm(name+"_layer_norm", x))
			x = m.Add(x, m.Mul(y, n.Number(0.5)))
		}
		half("ffn1")
		y, attention := a.attention(m.Module("self_attn"), norm("self_attn_layer_norm", x), distances, keys)
		x = m.Add(x, y)
		x = m.Add(x, a.convolution(m.Module("conv_module"), x, seen))
		half("ffn2")
		x = norm("final_layer_norm", x)
		n.Output("attentions."+strconv.Itoa(i), attention, -1, a.Heads, -1, -1)
		state(strconv.Itoa(i+1), x)
	}
	return card
}

// zeroed is x with zeros in the frames that are padding; seen is [batch, frames, 1].
func (a *wav2vec2Bert) zeroed(m network.Module, x, seen network.Tensor) network.Tensor {
	return m.Op("Where", []network.Tensor{seen, x, m.Number(0)})
}

func (a *wav2vec2Bert) feedForward(m network.Module, x network.Tensor) network.Tensor {
	x = m.Module("intermediate_dense").Linear(x, a.Width, a.Inner)
	return m.Module("output_dense").Linear(m.Activation(a.Activation, x), a.Inner, a.Width)
}

// distances are the distances from queries to keys as places in the tables of all blocks, [batch, heads, queries, keys]; x has frames at place 1.
func (a *wav2vec2Bert) distances(m network.Module, x network.Tensor) network.Tensor {
	one := m.Cast(places(m, x, -a.Left, a.Right), onnxproto.Int32) // there are as many as numbers in a map
	batch := m.Unsqueeze(m.Length(x, 0), 0)
	shape := m.Op("Concat", []network.Tensor{batch, m.Ints(a.Heads, 1, 1)}, onnxproto.Setting{Name: "axis"})
	return m.Op("Expand", []network.Tensor{one, shape})
}

// attention is that of a block. To the score of query q and key k comes q p(d) / sqrt(size) of their distance d (Shaw et al. 2018),
// beyond the ends of the table that of its ends. Here the queries are multiplied with the table, and the products of each distance
// taken from that.
func (a *wav2vec2Bert) attention(m network.Module, x, distances network.Tensor, keys network.Keys) (out, probabilities network.Tensor) {
	size := a.Width / a.Heads
	project := func(name string) network.Tensor { return m.Module(name).Linear(x, a.Width, a.Width) }
	query := project("linear_q")
	table := m.Module("distance_embedding")
	split := table.Transpose(table.Reshape(query, 0, 0, a.Heads, size), 0, 2, 1, 3)
	scores := table.Product(table.Mul(split, m.Number(network.Scale(size))), size, a.Left+a.Right+1)
	positions := table.Op("GatherElements", []network.Tensor{scores, distances}, onnxproto.Setting{Name: "axis", Int: -1})
	context, probabilities := m.Attention(query, project("linear_k"), project("linear_v"), a.Heads, a.Width, keys, positions)
	return m.Module("linear_out").Linear(context, a.Width, a.Width), probabilities
}

// convolution is that of a block: two products, of which one gates the other, a convolution of each unit over time, and a product.
func (a *wav2vec2Bert) convolution(m network.Module, x, seen network.Tensor) network.Tensor {
	x = a.zeroed(m, m.Module("layer_norm").LayerNorm(x, a.Width, a.Epsilon), seen)
	in := m.Module("pointwise_conv1")
	gate := in.Op("Sigmoid", []network.Tensor{in.Pointwise(x, a.Width, 2*a.Width, a.Width, a.Width)})
	x = in.Mul(in.Pointwise(x, a.Width, 2*a.Width, 0, a.Width), gate)
	x = m.Unsqueeze(m.Transpose(x, 0, 2, 1), 2)
	x = m.Module("depthwise_conv").ConvRow(x, network.Conv{In: a.Width, Out: a.Width, Kernel: a.Kernel, Groups: a.Width, Left: a.Kernel - 1})
	x = m.Transpose(m.Op("Squeeze", []network.Tensor{x, m.Ints(2)}), 0, 2, 1)
	x = m.Module("depthwise_layer_norm").LayerNorm(x, a.Width, a.Epsilon)
	return m.Module("pointwise_conv2").Pointwise(m.Activation(a.Activation, x), a.Width, a.Width, 0, a.Width)
}

// card describes what build writes.
func (a *wav2vec2Bert) card(f feature) models.Card {
	c := models.Card{Kind: models.Audio, SampleRate: sampleRate, Hop: w2vBertHop, Window: w2vBertWindow, Normalize: f.normalizeOr(models.NormalizeNone),
		FrontEnd: models.FrontEndW2VBERT, Input: "input_features", Mask: "attention_mask", Heads: a.Heads}
	c.Layers, c.Attentions = blockOutputs(a.Blocks, a.Width, a.Heads)
	c.Notes = []string{"a last frame of which the filter bank has only the first row is left out; the original computes it and masks it"}
	return c
}

// initial follows transformers' _init_weights, and PyTorch where that says nothing.
func (a *wav2vec2Bert) initial(name string, shape []int) distribution {
	switch {
	case strings.Contains(name, "layer_norm.") && strings.HasSuffix(name, ".weight"):
		return distribution{constant: 1}
	case strings.HasPrefix(name, "feature_projection.projection."):
		return uniform(a.Features)
	case strings.HasSuffix(name, ".bias"):
		return distribution{}
	case len(shape) == 3: // a convolution
		return kaimingNormal(shape[1] * shape[2])
	}
	return distribution{deviation: a.InitialDeviation}
}
