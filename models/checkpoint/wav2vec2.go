package checkpoint

import (
	"fmt"
	"strconv"
	"strings"

	"speechsim/models"
	"speechsim/models/internal/network"
	"speechsim/models/internal/onnxproto"
)

// sampleRate is what all models of the family take, in Hz.
const sampleRate = 16000

// wav2vec2 is wav2vec 2.0 (Baevski et al. 2020) and its relatives, as config.json describes them: HuBERT, WavLM,
// data2vec-audio, UniSpeech and UniSpeech-SAT; DistilHuBERT is a HuBERT of two blocks. Convolutions over the waveform,
// a projection, a positional convolution, and the blocks of a transformer, either with the norm after each sum ("base") or
// before each part and once at the end (do_stable_layer_norm, "large").
type wav2vec2 struct {
	kind string // model_type

	Width  int `json:"hidden_size"`
	Blocks int `json:"num_hidden_layers"`
	Heads  int `json:"num_attention_heads"`
	Inner  int `json:"intermediate_size"`

	ConvChannels []int `json:"conv_dim"`
	ConvKernels  []int `json:"conv_kernel"`
	ConvStrides  []int `json:"conv_stride"`
	ConvBias     bool  `json:"conv_bias"`

	ConvNorm       string `json:"feat_extract_norm"` // group: over time, after the first convolution; layer: after each
	StableNorm     bool   `json:"do_stable_layer_norm"`
	ProjectionNorm bool   `json:"feat_proj_layer_norm"`

	PositionKernel    int  `json:"num_conv_pos_embeddings"` // data2vec: how many convolutions
	PositionGroups    int  `json:"num_conv_pos_embedding_groups"`
	PositionEach      int  `json:"conv_pos_kernel_size"` // data2vec: their kernel
	PositionBatchNorm bool `json:"conv_pos_batch_norm"`

	Activation     string  `json:"hidden_act"`
	ConvActivation string  `json:"feat_extract_activation"`
	Epsilon        float64 `json:"layer_norm_eps"`
	AdapterUnits   int     `json:"adapter_attn_dim"` // MMS: an adapter of the language after each block; 0: none

	Buckets     int `json:"num_buckets"` // WavLM: of distances
	MaxDistance int `json:"max_bucket_distance"`

	InitialDeviation float64 `json:"initializer_range"`
}

// newWav2Vec2 makes the configuration of a model_type as it is before config.json is read.
func newWav2Vec2(kind string) func() architecture {
	return func() architecture {
		a := &wav2vec2{kind: kind, Width: 768, Blocks: 12, Heads: 12, Inner: 3072,
			ConvChannels: []int{512, 512, 512, 512, 512, 512, 512}, ConvKernels: []int{10, 3, 3, 3, 3, 2, 2}, ConvStrides: []int{5, 2, 2, 2, 2, 2, 2},
			ConvNorm: "group", ProjectionNorm: true, PositionKernel: 128, PositionGroups: 16, Activation: "gelu", ConvActivation: "gelu",
			Epsilon: 1e-5, Buckets: 320, MaxDistance: 800, InitialDeviation: 0.02}
		if kind == "data2vec-audio" {
			a.ConvNorm, a.PositionKernel, a.PositionEach = "layer", 5, 19
		}
		return a
	}
}

// Bounds far beyond any model, so that a damaged config.json can't ask for all memory.
const mostUnits, mostLayers, mostSamples = 1 << 20, 1000, 1 << 24

func (a *wav2vec2) check() error {
	for _, v := range []struct {
		key         string
		value, most int
	}{{"hidden_size", a.Width, mostUnits}, {"num_hidden_layers", a.Blocks, mostLayers}, {"num_attention_heads", a.Heads, mostUnits}, {"intermediate_size", a.Inner, mostUnits},
		{"num_conv_pos_embeddings", a.PositionKernel, mostLayers}, {"num_conv_pos_embedding_groups", a.PositionGroups, mostUnits}} {
		if v.value < 1 || v.value > v.most {
			return fmt.Errorf("%s is %d; a number from 1 to %d is wanted", v.key, v.value, v.most)
		}
	}
	n := len(a.ConvChannels)
	if n == 0 || n > mostLayers || len(a.ConvKernels) != n || len(a.ConvStrides) != n {
		return fmt.Errorf("conv_dim, conv_kernel and conv_stride have %d, %d and %d numbers; as many of each are wanted, and at most %d", n, len(a.ConvKernels), len(a.ConvStrides), mostLayers)
	}
	hop, window := 1, 1
	for i, channels := range a.ConvChannels {
		kernel, stride := a.ConvKernels[i], a.ConvStrides[i]
		if min(channels, kernel, stride) < 1 || max(channels, kernel, stride) > mostUnits {
			return fmt.Errorf("convolution %d has %d channels, a kernel of %d and a stride of %d; numbers from 1 to %d are wanted", i+1, channels, kernel, stride, mostUnits)
		}
		window += (kernel - 1) * hop
		if hop *= stride; max(hop, window) > mostSamples {
			return fmt.Errorf("a frame of convolution %d would see more than %d samples", i+1, mostSamples)
		}
	}
	switch {
	case a.ConvNorm != "group" && a.ConvNorm != "layer":
		return fmt.Errorf("feat_extract_norm is %q; group or layer is wanted", a.ConvNorm)
	case a.Width%a.Heads != 0:
		return fmt.Errorf("hidden_size %d can't be split into %d heads", a.Width, a.Heads)
	case a.Width%a.PositionGroups != 0:
		return fmt.Errorf("hidden_size %d can't be split into %d groups of the positional convolution", a.Width, a.PositionGroups)
	case a.kind == "data2vec-audio" && a.PositionEach < 1:
		return fmt.Errorf("conv_pos_kernel_size is %d; a positive number is wanted", a.PositionEach)
	case a.kind == "wavlm" && !a.relative().valid():
		return fmt.Errorf("num_buckets is %d and max_bucket_distance %d; at least 4 buckets are wanted, and a distance above a quarter of them", a.Buckets, a.MaxDistance)
	}
	return nil
}

func (a *wav2vec2) relative() relative { return relative{a.Heads, a.Buckets, a.MaxDistance} }

func (a *wav2vec2) anchor() string { return "feature_projection.projection.weight" }

func (a *wav2vec2) part(name string) bool {
	if strings.HasSuffix(name, ".num_batches_tracked") { // a counter of training
		return false
	}
	return strings.HasPrefix(name, "feature_extractor.") || strings.HasPrefix(name, "feature_projection.") || strings.HasPrefix(name, "encoder.")
}

// masked says whether padding that a mask marks leaves the real frames as they are; if not, why.
func (a *wav2vec2) masked() (ok bool, why string) {
	switch {
	case a.kind == "data2vec-audio":
		return false, "stacked positional convolutions carry the padding into real frames"
	case a.ConvNorm == "group":
		return false, "the group norm over time sees the padding"
	}
	return true, ""
}

// build writes the network: see transformers' models/wav2vec2/modeling_wav2vec2.py and its relatives.
func (a *wav2vec2) build(n *network.Network, f feature) models.Card {
	card := a.card(f)
	x := n.Input(card.Input, onnxproto.Float, -1, -1)
	var real network.Tensor // [batch, frames], true for real frames; "" without a mask
	encoder := n.Module("encoder")
	x = a.convolutions(n, x)
	x = a.projection(n.Module("feature_projection"), x)
	var keys network.Keys
	if card.Mask != "" {
		real = a.realFrames(n.Module("mask"), n.Input(card.Mask, onnxproto.Int64, -1, -1), x)
		keys = n.Module("mask").Keys(real, a.Heads)
		x = encoder.Op("Where", []network.Tensor{encoder.Unsqueeze(real, 2), x, n.Number(0)})
	}
	x = encoder.Add(x, a.positions(encoder.Module("pos_conv_embed"), x))
	if !a.StableNorm {
		x = encoder.Module("layer_norm").LayerNorm(x, a.Width, a.Epsilon)
	}
	state := func(name string, x network.Tensor) { n.Output("hidden_states."+name, x, -1, -1, a.Width) }
	state("0", x)
	var distances network.Tensor // of WavLM
	if a.kind == "wavlm" {
		distances = a.relative().distances(encoder.Module("layers.0.attention.rel_attn_embed"), encoder.Module("positions"), x)
	}
	for i := range a.Blocks {
		var attention network.Tensor
		x, attention = a.block(encoder.Module("layers."+strconv.Itoa(i)), x, distances, keys)
		n.Output("attentions."+strconv.Itoa(i), attention, -1, a.Heads, -1, -1)
		if i+1 < a.Blocks || !a.StableNorm {
			state(strconv.Itoa(i+1), x)
		}
	}
	if a.StableNorm {
		last := strconv.Itoa(a.Blocks)
		state(last+".prenorm", x)
		state(last, encoder.Module("layer_norm").LayerNorm(x, a.Width, a.Epsilon))
	}
	return card
}

// card describes what build writes.
func (a *wav2vec2) card(f feature) models.Card {
	c := models.Card{Kind: models.Audio, SampleRate: sampleRate, Normalize: f.normalize, Input: "input_values", Heads: a.Heads}
	if c.Normalize == "" {
		c.Normalize = models.ZeroMeanUnit
		if a.kind == "wavlm" && a.ConvNorm == "group" {
			c.Normalize = models.NormalizeNone
		}
		c.Notes = append(c.Notes, "normalize: the checkpoint has no preprocessor_config.json; this is what the published ones of its family say")
	}
	if c.Normalize == models.ZeroMeanUnit {
		c.Epsilon = f.epsilon
	}
	c.Hop, c.Window = 1, 1
	for i, channels := range a.ConvChannels {
		c.Window += (a.ConvKernels[i] - 1) * c.Hop
		c.Hop *= a.ConvStrides[i]
		name := fmt.Sprintf("cnn.%d", i+1)
		c.Layers = append(c.Layers, models.LayerOutput{Name: name, Tensor: name, Units: channels, Hop: c.Hop, Window: c.Window, ChannelsFirst: true})
	}
	states, maps := blockOutputs(a.Blocks, a.Width, a.Heads)
	c.Layers, c.Attentions = append(c.Layers, states...), maps
	if a.StableNorm {
		prenorm := fmt.Sprintf("%d.prenorm", a.Blocks)
		c.Layers = append(c.Layers, models.LayerOutput{Name: prenorm, Tensor: "hidden_states." + prenorm, Units: a.Width})
		c.Notes = append(c.Notes, fmt.Sprintf("%d is after the final layer norm, %s before it", a.Blocks, prenorm))
	}
	if ok, why := a.masked(); ok {
		c.Mask = "attention_mask"
	} else {
		c.Notes = append(c.Notes, "never pad: "+why)
	}
	return c
}

// convolutions turn samples, [batch, samples], into [batch, frames, channels]; each layer is an output [batch, channels, frames], cnn.1
// and on. Between them stands [batch, channels, 1, frames]: see [network.Module.ConvRow]. A layer norm and the activation behind it are
// on [batch, 1, frames, channels], so that ONNX Runtime, which keeps channels in blocks for convolutions, makes the two changes of
// order together with its own.
func (a *wav2vec2) convolutions(n *network.Network, x network.Tensor) (last network.Tensor) {
	extractor := n.Module("feature_extractor")
	samples := x
	x = extractor.Unsqueeze(x, 1, 2)
	in := 1
	for i, out := range a.ConvChannels {
		m := n.Module("feature_extractor.conv_layers." + strconv.Itoa(i))
		c := network.Conv{In: in, Out: out, Kernel: a.ConvKernels[i], Stride: a.ConvStrides[i], Bias: a.ConvBias}
		const epsilon = 1e-5 // PyTorch's own, whatever layer_norm_eps is
		if a.ConvNorm == "group" && i == 0 {
			x = m.Unsqueeze(m.ConvChannelNorm(extractor.Unsqueeze(samples, 1), m.Module("conv"), m.Module("layer_norm"), c, epsilon), 2)
		} else {
			x = m.Module("conv").ConvRow(x, c)
		}
		if a.ConvNorm == "layer" {
			last = m.Module("layer_norm").LayerNorm(m.Transpose(x, 0, 2, 3, 1), out, epsilon)
			last = m.Module("activation").Activation(a.ConvActivation, last)
			x = m.Transpose(last, 0, 3, 1, 2)
		} else {
			x = m.Module("activation").Activation(a.ConvActivation, x)
		}
		n.Output(fmt.Sprintf("cnn.%d", i+1), m.Op("Squeeze", []network.Tensor{x, n.Ints(2)}), -1, out, -1)
		in = out
	}
	if a.ConvNorm != "layer" {
		last = extractor.Transpose(x, 0, 2, 3, 1)
	}
	return extractor.Op("Squeeze", []network.Tensor{last, n.Ints(1)})
}

// projection turns [batch, frames, channels] into [batch, frames, width].
func (a *wav2vec2) projection(m network.Module, x network.Tensor) network.Tensor {
	channels := a.ConvChannels[len(a.ConvChannels)-1]
	if a.ProjectionNorm {
		x = m.Module("layer_norm").LayerNorm(x, channels, a.Epsilon)
	}
	return m.Module("projection").Linear(x, channels, a.Width)
}

// realFrames says which frames have only samples that the mask, [batch, samples], marks as real: [batch, frames] of truth values.
// x is any tensor with frames at place 1.
func (a *wav2vec2) realFrames(m network.Module, mask, x network.Tensor) network.Tensor {
	count := m.Op("ReduceSum", []network.Tensor{mask, m.Ints(1)}, onnxproto.Setting{Name: "keepdims", Int: 1})
	for i, kernel := range a.ConvKernels {
		steps := m.Op("Div", []network.Tensor{m.Op("Sub", []network.Tensor{count, m.Int(kernel)}), m.Int(a.ConvStrides[i])})
		count = m.Add(steps, m.Int(1))
	}
	return m.Op("Less", []network.Tensor{m.Range(m.Length(x, 1)), count})
}

// positions are added to x, [batch, frames, width].
func (a *wav2vec2) positions(m network.Module, x network.Tensor) network.Tensor {
	x = m.Transpose(x, 0, 2, 1)
	if a.kind == "data2vec-audio" {
		for i := range a.PositionKernel {
			layer := m.Module("layers." + strconv.Itoa(i))
			x = layer.Module("conv").Conv1d(x, positional(a.Width, a.PositionEach, a.PositionGroups))
			x = layer.PlainNorm(layer.Transpose(x, 0, 2, 1), a.Width, 1e-5)
			x = layer.Activation(a.ConvActivation, layer.Transpose(x, 0, 2, 1))
		}
		return m.Transpose(x, 0, 2, 1)
	}
	if a.PositionBatchNorm {
		x = m.Module("batch_norm").BatchNorm(x, a.Width, 1e-5)
	}
	x = m.Module("conv").Conv1d(x, positional(a.Width, a.PositionKernel, a.PositionGroups))
	return m.Transpose(m.Activation(a.ConvActivation, x), 0, 2, 1)
}

// positional is a convolution that gives positions. Half a kernel of zeros on both sides would give an even kernel one frame too many
// at the end, which is left out.
func positional(width, kernel, groups int) network.Conv {
	return network.Conv{In: width, Out: width, Kernel: kernel, Groups: groups, Left: kernel / 2, Right: (kernel - 1) / 2, Bias: true}
}

// block is one block of the transformer, [batch, frames, width] to the same, and its attention map, [batch, heads, frames, frames].
func (a *wav2vec2) block(m network.Module, x, distances network.Tensor, keys network.Keys) (out, attention network.Tensor) {
	norm := func(name string, x network.Tensor) network.Tensor {
		return m.Module(name).LayerNorm(x, a.Width, a.Epsilon)
	}
	if !a.StableNorm {
		y, attention := a.attention(m.Module("attention"), x, distances, keys)
		x = norm("layer_norm", m.Add(x, y))
		return norm("final_layer_norm", m.Add(x, a.feedForward(m.Module("feed_forward"), x))), attention
	}
	y, attention := a.attention(m.Module("attention"), norm("layer_norm", x), distances, keys)
	x = m.Add(x, y)
	x = m.Add(x, a.feedForward(m.Module("feed_forward"), norm("final_layer_norm", x)))
	if a.AdapterUnits > 0 {
		adapter := m.Module("adapter_layer")
		y := adapter.Module("norm").LayerNorm(x, a.Width, 1e-5)
		y = adapter.Op("Relu", []network.Tensor{adapter.Module("linear_1").Linear(y, a.Width, a.AdapterUnits)})
		x = m.Add(x, adapter.Module("linear_2").Linear(y, a.AdapterUnits, a.Width))
	}
	return x, attention
}

func (a *wav2vec2) feedForward(m network.Module, x network.Tensor) network.Tensor {
	x = m.Module("intermediate_dense").Linear(x, a.Width, a.Inner)
	return m.Module("output_dense").Linear(m.Activation(a.Activation, x), a.Inner, a.Width)
}

func (a *wav2vec2) attention(m network.Module, x, distances network.Tensor, keys network.Keys) (out, probabilities network.Tensor) {
	project := func(name string) network.Tensor { return m.Module(name).Linear(x, a.Width, a.Width) }
	var biases []network.Tensor
	if a.kind == "wavlm" {
		biases = []network.Tensor{a.relative().gated(m, "gru_rel_pos_linear", "gru_rel_pos_const", x, distances, a.Width)}
	}
	context, probabilities := m.Attention(project("q_proj"), project("k_proj"), project("v_proj"), a.Heads, a.Width, keys, biases...)
	return m.Module("out_proj").Linear(context, a.Width, a.Width), probabilities
}

// initial follows transformers' _init_weights, and PyTorch where that says nothing.
func (a *wav2vec2) initial(name string, shape []int) distribution {
	bias := strings.HasSuffix(name, ".bias")
	isNorm := strings.Contains(name, "norm.") || strings.HasSuffix(name, "running_var")
	convolution := strings.Contains(name, ".conv.")
	positional := strings.HasPrefix(name, "encoder.pos_conv_embed.")
	hubert := a.kind == "hubert"
	fanIn := fanInOf(shape)
	switch {
	case strings.HasSuffix(name, "running_mean"), isNorm && bias:
		return distribution{}
	case isNorm, strings.HasSuffix(name, "gru_rel_pos_const"):
		return distribution{constant: 1}
	case convolution && bias && (hubert || positional):
		return distribution{}
	case convolution && bias: // of a convolution over the waveform
		return uniform(a.convFanIn(name))
	case convolution && positional && a.kind != "data2vec-audio" && !a.PositionBatchNorm:
		// Under a weight norm, what transformers draws goes into a copy; what stays is drawn by PyTorch.
		return uniform(fanIn)
	case convolution:
		return kaimingNormal(fanIn)
	case strings.HasPrefix(name, "feature_projection.") && !hubert:
		return uniform(a.ConvChannels[len(a.ConvChannels)-1])
	case bias:
		return distribution{}
	}
	return distribution{deviation: a.InitialDeviation}
}

// convFanIn is how many numbers of the input the convolution of that name sees at once.
func (a *wav2vec2) convFanIn(name string) int {
	var i int
	if _, err := fmt.Sscanf(name, "feature_extractor.conv_layers.%d.", &i); err != nil || i == 0 {
		return a.ConvKernels[0]
	}
	return a.ConvChannels[i-1] * a.ConvKernels[i]
}
