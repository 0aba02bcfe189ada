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

// whisper is the encoder of Whisper (Radford et al. 2023), as config.json describes it: two convolutions over a log-mel
// spectrogram, sinusoidal positions, and blocks of a transformer with the norm before each part and once at the end.
type whisper struct {
	Width     int `json:"d_model"`
	Blocks    int `json:"encoder_layers"`
	Heads     int `json:"encoder_attention_heads"`
	Inner     int `json:"encoder_ffn_dim"`
	Bands     int `json:"num_mel_bins"`
	Positions int `json:"max_source_positions"`

	Activation       string  `json:"activation_function"`
	InitialDeviation float64 `json:"init_std"`
}

func newWhisper() architecture {
	return &whisper{Width: 384, Blocks: 4, Heads: 6, Inner: 1536, Bands: 80, Positions: 1500, Activation: "gelu", InitialDeviation: 0.02}
}

// whisperHop is how many samples make a frame: 160 one of the spectrogram, of which the second convolution takes every other.
const whisperHop = 320

func (a *whisper) check() error {
	for _, v := range []struct {
		key         string
		value, most int
	}{{"d_model", a.Width, mostUnits}, {"encoder_layers", a.Blocks, mostLayers}, {"encoder_attention_heads", a.Heads, mostUnits},
		{"encoder_ffn_dim", a.Inner, mostUnits}, {"max_source_positions", a.Positions, mostSamples / whisperHop}} {
		if v.value < 1 || v.value > v.most {
			return fmt.Errorf("%s is %d; a number from 1 to %d is wanted", v.key, v.value, v.most)
		}
	}
	switch {
	case a.frontEnd() == "":
		return fmt.Errorf("num_mel_bins is %d; 80 or 128 is wanted", a.Bands)
	case a.Width%a.Heads != 0:
		return fmt.Errorf("d_model %d can't be split into %d heads", a.Width, a.Heads)
	case a.Width%2 != 0:
		return fmt.Errorf("d_model is %d; the sinusoidal positions want an even number", a.Width)
	}
	return nil
}

func (a *whisper) frontEnd() string {
	return map[int]string{80: models.FrontEndWhisper80, 128: models.FrontEndWhisper128}[a.Bands]
}

func (a *whisper) anchor() string { return "encoder.conv1.weight" }

func (a *whisper) part(name string) bool { return strings.HasPrefix(name, "encoder.") }

// build writes the network: see transformers' models/whisper/modeling_whisper.py.
func (a *whisper) build(n *network.Network, f feature) models.Card {
	card := a.card(f)
	x := n.Input(card.Input, onnxproto.Float, -1, a.Bands, -1)
	encoder := n.Module("encoder")
	convolve := func(name string, x network.Tensor, in, stride int) network.Tensor {
		m := encoder.Module(name)
		return m.Gelu(m.Conv1d(x, network.Conv{In: in, Out: a.Width, Kernel: 3, Stride: stride, Left: 1, Right: 1, Bias: true}))
	}
	x = encoder.Transpose(convolve("conv2", convolve("conv1", x, a.Bands, 1), a.Width, 2), 0, 2, 1)
	x = encoder.Add(x, a.positions(encoder.Module("embed_positions"), x))
	state := func(name string, x network.Tensor) { n.Output("hidden_states."+name, x, -1, -1, a.Width) }
	for i := range a.Blocks {
		state(strconv.Itoa(i), x)
		var attention network.Tensor
		x, attention = a.block(encoder.Module("layers."+strconv.Itoa(i)), x)
		n.Output("attentions."+strconv.Itoa(i), attention, -1, a.Heads, -1, -1)
	}
	last := strconv.Itoa(a.Blocks)
	state(last+".prenorm", x)
	state(last, a.norm(encoder.Module("layer_norm"), x))
	return card
}

// card describes what build writes.
func (a *whisper) card(f feature) models.Card {
	c := models.Card{Kind: models.Audio, SampleRate: sampleRate, Hop: whisperHop, FirstFrame: new(int), Partial: true, Normalize: f.normalizeOr(models.NormalizeNone),
		FrontEnd: a.frontEnd(), Chunk: a.Positions * whisperHop, Padding: models.PaddingChunk, Input: "input_features", Heads: a.Heads}
	c.Layers, c.Attentions = blockOutputs(a.Blocks, a.Width, a.Heads)
	last := strconv.Itoa(a.Blocks)
	c.Layers = append(c.Layers, models.LayerOutput{Name: last + ".prenorm", Tensor: "hidden_states." + last + ".prenorm", Units: a.Width})
	c.Notes = []string{
		fmt.Sprintf("%s is after the final layer norm, %s.prenorm before it", last, last),
		fmt.Sprintf("audio is padded to %g s, as in training, and longer audio is cut into pieces of that length; padding: none encodes it at its own length",
			float64(c.Chunk)/sampleRate),
	}
	return c
}

// positions are the sinusoids for the frames of x, [batch, frames, width]. They are no weights that are learnt, and a checkpoint
// may leave them out.
func (a *whisper) positions(m network.Module, x network.Tensor) network.Tensor {
	var table network.Tensor
	if m.Has("weight") {
		table = m.Weight("weight", a.Positions, a.Width)
	} else {
		table = m.Computed("weight", []int{a.Positions, a.Width}, a.sinusoids)
	}
	return m.Op("Gather", []network.Tensor{table, m.Range(m.Length(x, 1))})
}

// sinusoids are sin(p w) and, in the second half of the units, cos(p w) of position p, where w falls from 1 to 1/10000.
func (a *whisper) sinusoids() ([]float32, error) {
	half := a.Width / 2
	out := make([]float32, a.Positions*a.Width)
	for p := range a.Positions {
		for k := range half {
			angle := float64(p) * math.Pow(10000, -float64(k)/float64(max(half-1, 1)))
			out[p*a.Width+k], out[p*a.Width+half+k] = float32(math.Sin(angle)), float32(math.Cos(angle))
		}
	}
	return out, nil
}

// norm is a LayerNorm with PyTorch's own epsilon.
func (a *whisper) norm(m network.Module, x network.Tensor) network.Tensor {
	return m.LayerNorm(x, a.Width, 1e-5)
}

// block is one block of the transformer, [batch, frames, width] to the same, and its attention map, [batch, heads, frames, frames].
func (a *whisper) block(m network.Module, x network.Tensor) (out, attention network.Tensor) {
	y := a.norm(m.Module("self_attn_layer_norm"), x)
	self := m.Module("self_attn")
	query, value := self.Module("q_proj").Linear(y, a.Width, a.Width), self.Module("v_proj").Linear(y, a.Width, a.Width)
	key := self.Module("k_proj").Product(y, a.Width, a.Width) // a bias of the keys would change no probability
	context, attention := self.Attention(query, key, value, a.Heads, a.Width, network.Keys{})
	x = m.Add(x, self.Module("out_proj").Linear(context, a.Width, a.Width))
	y = m.Module("fc1").Linear(a.norm(m.Module("final_layer_norm"), x), a.Width, a.Inner)
	return m.Add(x, m.Module("fc2").Linear(m.Activation(a.Activation, y), a.Inner, a.Width)), attention
}

// initial follows transformers' _init_weights.
func (a *whisper) initial(name string, _ []int) distribution {
	switch {
	case strings.HasSuffix(name, ".bias"):
		return distribution{}
	case strings.HasSuffix(name, "layer_norm.weight"):
		return distribution{constant: 1}
	}
	return distribution{deviation: a.InitialDeviation}
}
