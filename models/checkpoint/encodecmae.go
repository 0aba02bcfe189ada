package checkpoint

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"speechsim/models"
	"speechsim/models/internal/network"
	"speechsim/models/internal/onnxproto"
)

// encodecMAE is EncodecMAE (Pepino et al. 2023, arXiv:2309.07391), as its tensors show it. The first generation takes the waveform
// through Encodec's convolutions, the second a filter bank. Its blocks have two streams (ResiDual, Xie et al. 2023): one has a
// norm after every sum, one only adds up.
type encodecMAE struct {
	Width, Blocks, Heads, Inner int
	Features                    int // of a frame before the projection
	Encodec                     int // channels of Encodec's first convolution; 0: the model takes the filter bank
}

const (
	encodecMAERate = 24000
	// encodecHop is how many samples make a frame of Encodec.
	encodecHop = 320
	// The filter bank of the second generation, in samples.
	encodecMAEBands, encodecMAEShift, encodecMAEWindow = 256, 318, 637
	// A last piece of no more samples is dropped.
	encodecMAELeast = 2048
	// encodecMAEChunk is how many samples are encoded at a time.
	encodecMAEChunk = 4 * encodecMAERate
)

// isEncodecMAE says whether a tensor is EncodecMAE's, by its name.
func isEncodecMAE(name string) bool {
	return strings.HasSuffix(name, "visible_encoder.encoder_layers.0.att_layer.wq.weight") || strings.HasSuffix(name, "visible_encoder._orig_mod.encoder_layers.0.att_layer.wq.weight")
}

// encodecMAENames turn the beginnings of the names of both generations into those of the network. Others belong to the decoder and to
// the targets of training.
var encodecMAENames = []struct{ theirs, ours string }{
	{"feat_projector.", "feat_projector."},
	{"wav_encoder.post_net.", "feat_projector."},
	{"wav_encoder.model.", "wav_encoder.model."},
	{"positional_encoder.scale", "positional_encoder.scale"},
	{"masker.positional_encoder.scale", "positional_encoder.scale"},
	{"visible_encoder.encoder_layers.", "encoder_layers."},
	{"visible_encoder.final_norm.", "final_norm."},
}

// encodecMAEName is the network's name of a tensor, or "". torch.compile leaves a part of its own in names.
func encodecMAEName(name string) string {
	name = strings.TrimPrefix(strings.ReplaceAll(name, "_orig_mod.", ""), "state_dict.")
	for _, n := range encodecMAENames {
		if rest, ok := strings.CutPrefix(name, n.theirs); ok {
			return n.ours + rest
		}
	}
	return ""
}

// readEncodecMAE takes the sizes from the tensors, which show all but the heads.
func (c *Checkpoint) readEncodecMAE(path string, t renamed) error {
	a := new(encodecMAE)
	shape := func(name string, rank int) ([]int, error) {
		if t.names[name] == "" {
			return nil, fmt.Errorf("it looks like EncodecMAE, and has no tensor %q: Encodec's convolutions (v1) or a filter bank (v2) before the encoder are known", name)
		}
		s, err := t.Shape(name)
		if err == nil && len(s) != rank {
			err = fmt.Errorf("tensor %q has shape %v; %d dimensions are wanted", t.names[name], s, rank)
		}
		return s, err
	}
	projection, err := shape("feat_projector.weight", 2)
	if err != nil {
		return err
	}
	inner, err := shape("encoder_layers.0.ff_layer.0.weight", 2)
	if err != nil {
		return err
	}
	a.Width, a.Features, a.Inner = projection[0], projection[1], inner[0]
	for a.Blocks < mostLayers && t.names[fmt.Sprintf("encoder_layers.%d.norm1.weight", a.Blocks)] != "" {
		a.Blocks++
	}
	if t.names["wav_encoder.model.model.0.conv.conv.bias"] != "" {
		first, err := shape("wav_encoder.model.model.0.conv.conv.bias", 1)
		if err != nil {
			return err
		}
		a.Encodec = first[0]
	}
	if a.Heads, err = c.encodecMAEHeads(filepath.Dir(path), a.Width); err != nil {
		return err
	}
	c.network = a
	return a.check()
}

// ginFile says how EncodecMAE was built.
const ginFile = "config.gin"

var ginHeads = regexp.MustCompile(`(?m)^\s*NUM_ENCODER_HEADS\s*=\s*(\d{1,6})\b`)

// encodecMAEHeads is the number of heads that config.gin says, or that the published models of so many units have.
func (c *Checkpoint) encodecMAEHeads(folder string, width int) (int, error) {
	path := filepath.Join(folder, ginFile)
	text, err := readText(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	if found := ginHeads.FindSubmatch(text); found != nil {
		c.files = append(c.files, path)
		return strconv.Atoi(string(found[1]))
	}
	if heads := map[int]int{768: 12, 1024: 16}[width]; heads != 0 {
		return heads, nil
	}
	return 0, fmt.Errorf("a model of %d units does not show how many heads it has: put the %s that was published with it beside it, or one with the line NUM_ENCODER_HEADS = N", width, ginFile)
}

func (a *encodecMAE) check() error {
	for _, v := range []struct {
		what        string
		value, most int
	}{{"units", a.Width, mostUnits}, {"blocks", a.Blocks, mostLayers}, {"units of the feed-forward", a.Inner, mostUnits}, {"features", a.Features, mostUnits}} {
		if v.value < 1 || v.value > v.most {
			return fmt.Errorf("it has %d %s; from 1 to %d are wanted", v.value, v.what, v.most)
		}
	}
	switch {
	case a.Heads < 1 || a.Width%a.Heads != 0:
		return fmt.Errorf("%d units can't be split into %d heads", a.Width, a.Heads)
	case a.Width%2 != 0:
		return fmt.Errorf("it has %d units; the sinusoidal positions want an even number", a.Width)
	case a.Encodec == 0 && a.Features != encodecMAEBands:
		return fmt.Errorf("its front end gives %d features; Encodec's convolutions or a filter bank of %d bands are wanted", a.Features, encodecMAEBands)
	case a.Encodec != 0 && (a.Encodec < 2 || a.Encodec%2 != 0 || a.Encodec > mostUnits>>len(encodecStrides)):
		return fmt.Errorf("the first convolution of Encodec has %d channels; an even number is wanted", a.Encodec)
	}
	return nil
}

func (a *encodecMAE) anchor() string { return "feat_projector.weight" }

// part leaves out the copies of the feed-forward, which one module is for all blocks; feedForward compares them.
func (a *encodecMAE) part(name string) bool {
	return !strings.Contains(name, ".ff_layer.") || strings.HasPrefix(name, "encoder_layers.0.")
}

// build writes the network: see encodecmae/models/mae.py and models/transformers of habla-liaa/encodecmae, and the same of its
// branch v.1.0.0.
func (a *encodecMAE) build(n *network.Network, f feature) models.Card {
	card := a.card(f)
	var x, real network.Tensor // real: [batch, frames], true where a frame is attended to
	mask := n.Module("mask")
	if a.Encodec > 0 {
		samples := n.Input(card.Input, onnxproto.Float, -1, -1)
		x = encodec(n.Module("wav_encoder.model.model"), samples, a.Encodec, a.Features)
		// The frame of a last window that is not full is no key.
		whole := mask.Op("Div", []network.Tensor{mask.Length(samples, 1), mask.Int(encodecHop)})
		less := mask.Op("Less", []network.Tensor{mask.Range(mask.Length(x, 1)), whole})
		each := mask.Op("Concat", []network.Tensor{mask.Unsqueeze(mask.Length(x, 0), 0), mask.Ints(1)}, onnxproto.Setting{Name: "axis"})
		real = mask.Op("Expand", []network.Tensor{less, each})
	} else {
		x = n.Input(card.Input, onnxproto.Float, -1, -1, encodecMAEBands)
		real = mask.Cast(n.Input(card.Mask, onnxproto.Int64, -1, -1), onnxproto.Bool)
	}
	x = n.Module("feat_projector").Linear(x, a.Features, a.Width)
	x = n.Module("positions").Add(x, a.positions(n, x))
	keys := mask.Keys(real, a.Heads)
	state := func(name string, x network.Tensor) { n.Output("hidden_states."+name, x, -1, -1, a.Width) }
	state("0", x)
	normed, summed := x, x
	for i := range a.Blocks {
		m := n.Module("encoder_layers." + strconv.Itoa(i))
		norm := func(name string, x network.Tensor) network.Tensor { return m.Module(name).LayerNorm(x, a.Width, 1e-5) }
		y, attention := a.attention(m.Module("att_layer"), normed, keys)
		normed, summed = norm("norm1", m.Add(normed, y)), m.Add(summed, y)
		y = a.feedForward(m.Module("ff_layer"), normed)
		normed, summed = norm("norm2", m.Add(normed, y)), m.Add(summed, y)
		n.Output("attentions."+strconv.Itoa(i), attention, -1, a.Heads, -1, -1)
		if i+1 < a.Blocks {
			state(strconv.Itoa(i+1), normed)
		}
	}
	final := n.Module("final_norm")
	state(strconv.Itoa(a.Blocks), final.Add(normed, final.LayerNorm(summed, a.Width, 1e-5)))
	state(strconv.Itoa(a.Blocks)+".branch", normed)
	return card
}

// attention is that of a block. The original splits its units as [size, heads], so that unit c belongs to head c mod heads; here
// the weights are put into the order in which the units of a head stand together.
func (a *encodecMAE) attention(m network.Module, x network.Tensor, keys network.Keys) (out, probabilities network.Tensor) {
	size := a.Width / a.Heads
	place := func(unit int) int { return unit%a.Heads*size + unit/a.Heads }
	weight := func(name string, to func(row, column int) int) network.Tensor {
		m := m.Module(name)
		read := m.Read("weight", a.Width, a.Width)
		return m.Computed("weight.heads", []int{a.Width, a.Width}, func() ([]float32, error) {
			values, err := read()
			out := make([]float32, len(values))
			for i, v := range values {
				out[to(i/a.Width, i%a.Width)] = v
			}
			return out, err
		})
	}
	project := func(name string) network.Tensor {
		return m.Module(name).MatMul(x, weight(name, func(unit, in int) int { return in*a.Width + place(unit) }))
	}
	context, probabilities := m.Attention(project("wq"), project("wk"), project("wv"), a.Heads, a.Width, keys)
	return m.Module("wo").MatMul(context, weight("wo", func(out, unit int) int { return place(unit)*a.Width + out })), probabilities
}

// feedForward is one for all blocks. A checkpoint repeats its tensors in each.
func (a *encodecMAE) feedForward(m network.Module, x network.Tensor) network.Tensor {
	shared := func(layer string, in, out int) network.Tensor {
		first := m.Network.Module("encoder_layers.0.ff_layer." + layer)
		return m.Add(m.MatMul(x, a.same(first, layer, "weight", out, in)), a.same(first, layer, "bias", out))
	}
	x = m.Module("1").Activation("relu", shared("0", a.Width, a.Inner))
	return shared("2", a.Inner, a.Width)
}

// same is a tensor of the first block's feed-forward, a matrix transposed. When it is read, the copies in the other blocks are compared with it.
func (a *encodecMAE) same(first network.Module, layer, tensor string, shape ...int) network.Tensor {
	read := first.Read(tensor, shape...)
	var copies []func() ([]float32, error)
	for i := 1; i < a.Blocks; i++ {
		if m := first.Network.Module(fmt.Sprintf("encoder_layers.%d.ff_layer.%s", i, layer)); m.Has(tensor) {
			copies = append(copies, m.Read(tensor, shape...))
		}
	}
	values := func() ([]float32, error) {
		values, err := read()
		for i := 0; i < len(copies) && err == nil; i++ {
			var other []float32
			if other, err = copies[i](); err == nil && !slices.Equal(values, other) {
				err = fmt.Errorf("block %d has a feed-forward of its own (ff_layer.%s.%s), and in EncodecMAE one serves all blocks", i+2, layer, tensor)
			}
		}
		return values, err
	}
	if len(shape) == 1 {
		return first.Computed(tensor, shape, values)
	}
	return first.Transposed(tensor, shape[0], shape[1], values)
}

// positions are sines of the frame's number in the even units and cosines in the odd ones, [frames, width], times a number that was
// learnt. x has frames at place 1.
func (a *encodecMAE) positions(n *network.Network, x network.Tensor) network.Tensor {
	m := n.Module("positional_encoder")
	half := a.Width / 2
	speeds := make([]float32, half)
	for i := range speeds {
		speeds[i] = float32(math.Exp(float64(-2*float32(i)) * math.Log(10000) / float64(a.Width)))
	}
	frames := m.Unsqueeze(m.Cast(m.Range(m.Length(x, 1)), onnxproto.Float), 1)
	angle := m.Unsqueeze(m.Mul(frames, m.Constant("positional_encoder.speeds", []int{1, half}, speeds)), 2)
	pairs := m.Op("Concat", []network.Tensor{m.Op("Sin", []network.Tensor{angle}), m.Op("Cos", []network.Tensor{angle})}, onnxproto.Setting{Name: "axis", Int: 2})
	return m.Mul(m.Reshape(pairs, 0, a.Width), m.Weight("scale"))
}

// card describes what build writes.
func (a *encodecMAE) card(f feature) models.Card {
	c := models.Card{Kind: models.Audio, SampleRate: encodecMAERate, Normalize: f.normalizeOr(models.NormalizeNone), Chunk: encodecMAEChunk, Heads: a.Heads}
	if a.Encodec > 0 {
		c.Hop, c.Window, c.Partial, c.Input = encodecHop, encodecHop, true, "samples"
	} else {
		c.Hop, c.Window, c.FrontEnd, c.MinChunk = encodecMAEShift, encodecMAEWindow, models.FrontEndEncodecMAEMel, encodecMAELeast+1
		c.Input, c.Mask = "mel", "attention_mask"
	}
	c.Layers, c.Attentions = blockOutputs(a.Blocks, a.Width, a.Heads)
	branch := strconv.Itoa(a.Blocks) + ".branch"
	c.Layers = append(c.Layers, models.LayerOutput{Name: branch, Tensor: "hidden_states." + branch, Units: a.Width})
	c.Notes = []string{
		"0 is the input of the first block, which the original does not return",
		fmt.Sprintf("%d is the original's default feature, the normed stream plus the normed sum", a.Blocks),
		branch + " is the normed stream alone",
	}
	return c
}

// initial follows PyTorch: the original draws nothing itself.
func (a *encodecMAE) initial(name string, shape []int) distribution {
	bias := strings.HasSuffix(name, ".bias")
	norm := strings.Contains(name, "norm")
	switch {
	case norm && bias:
		return distribution{}
	case norm, strings.HasSuffix(name, ".scale"):
		return distribution{constant: 1}
	case strings.Contains(name, ".lstm."):
		return uniform(a.Encodec << len(encodecStrides))
	case bias:
		return uniform(a.biasFanIn(name))
	}
	return uniform(fanInOf(shape))
}

// biasFanIn is how many numbers of the input make one of the output of the module with that bias.
func (a *encodecMAE) biasFanIn(name string) int {
	switch {
	case strings.HasSuffix(name, "ff_layer.0.bias"):
		return a.Width
	case strings.HasSuffix(name, "ff_layer.2.bias"):
		return a.Inner
	case name == "feat_projector.bias":
		return a.Features
	}
	return encodecFanIn(name, a.Encodec)
}
