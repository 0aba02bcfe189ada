package models

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

func (v *verifier) lengths() (Result, string, error) {
	unit := "samples"
	if v.model.card.Kind == Text {
		unit = "tokens"
	}
	var seen []string
	for _, n := range v.sizes() {
		a, err := v.model.Run(v.ctx, v.input(n)) // compares the frames with the card's
		if err != nil {
			return Failed, "", fmt.Errorf("%d %s: %w", n, unit, err)
		}
		a.Close()
		seen = append(seen, fmt.Sprintf("%d: %d", n, v.model.card.Frames(n)))
	}
	return Passed, unit + " to frames as on the card: " + strings.Join(seen, ", "), nil
}

func (v *verifier) determinism() (Result, string, error) {
	in := v.input(v.sizes()[3])
	a, err := v.model.Run(v.ctx, in)
	if err != nil {
		return Failed, "", err
	}
	defer a.Close()
	b, err := v.model.Run(v.ctx, in)
	if err != nil {
		return Failed, "", err
	}
	defer b.Close()
	first, second := slices.Concat(a.Layers, a.Attentions), slices.Concat(b.Layers, b.Attentions)
	for i := range first {
		if !slices.Equal(first[i].Data, second[i].Data) {
			var d difference
			d.add(first[i].Data, second[i].Data)
			return Failed, fmt.Sprintf("output %s differs by %.1e between two runs", first[i].Name, d.largest), nil
		}
	}
	return Passed, fmt.Sprintf("two runs give the same bits in all %d outputs", len(first)), nil
}

// mask pads an input and masks what was added: real frames should not move.
func (v *verifier) mask() (Result, string, error) {
	m := v.model
	if m.card.Mask == "" {
		return Skipped, "the model has no mask input: utterances are run one by one and never padded", nil
	}
	if front := m.card.FrontEnd; front != FrontEndNone && front != FrontEndW2VBERT || m.card.Chunk > 0 {
		return Skipped, "the mask marks keys of a short chunk; chunks are never padded", nil
	}
	n := v.sizes()[3]
	in := v.input(n)
	want, err := m.Run(v.ctx, in)
	if err != nil {
		return Failed, "", err
	}
	defer want.Close()
	extra := n/2 + 1
	padded, err := v.runPadded(in, extra)
	if err != nil {
		return Failed, "", err
	}
	defer padded.Close()
	var d difference
	for i, t := range want.Layers {
		if m.layers[i].numbered() {
			d.add(padded.Layers[i].Data, t.Data) // the first frames are the real ones
		}
	}
	return v.judge(&d), fmt.Sprintf("%d more under the mask move real frames by %.1e at most, %.2g of the tolerance", extra, d.largest, d.share), nil
}

func (v *verifier) runPadded(in Input, extra int) (*Activations, error) {
	m := v.model
	if m.card.Kind == Text {
		n := len(in.IDs)
		if m.card.MaxTokens > 0 {
			extra = min(extra, m.card.MaxTokens-n)
		}
		feeds, err := m.textFeeds(slices.Concat(in.IDs, make([]int64, extra)), n)
		if err != nil {
			return nil, err
		}
		return m.compute(v.ctx, feeds, n+extra)
	}
	n := len(in.Samples)
	feeds, err := m.audioFeeds(slices.Concat(m.normalised(in.Samples), make([]float32, extra)), n, n+extra)
	if err != nil {
		return nil, err
	}
	return m.compute(v.ctx, feeds, n+extra)
}

func (v *verifier) attention() (Result, string, error) {
	if len(v.model.attentions) == 0 {
		return Skipped, "the model gives no attention maps: " + cmp.Or(v.model.card.noMaps, "the card names none"), nil
	}
	a, err := v.model.Run(v.ctx, v.input(v.sizes()[3]))
	if err != nil {
		return Failed, "", err
	}
	defer a.Close()
	var worst float64
	for _, t := range a.Attentions {
		for row := range slices.Chunk(t.Data, t.Shape[2]) {
			var sum float64
			for _, p := range row {
				sum += float64(p)
			}
			off := math.Abs(sum - 1)
			if v.model.card.Padding == PaddingChunk { // the padding has some of the attention
				off = max(sum-1, 0)
			}
			worst = max(worst, off)
		}
	}
	d := difference{worst, worst / Tolerance}
	sums := "sum to one"
	if v.model.card.Padding == PaddingChunk {
		sums = "sum to one at most, without the keys of the padding,"
	}
	return d.result(), fmt.Sprintf("%d maps of %d heads, rows %s within %.1e", len(a.Attentions), v.model.card.Heads, sums, worst), nil
}

// finite looks for NaN and infinity, also where they come from most easily: in
// silence and in the loudest signal.
func (v *verifier) finite() (Result, string, error) {
	n := v.sizes()[3]
	inputs := map[string]Input{"an utterance": v.input(n)}
	if v.model.card.Kind == Audio {
		loud := v.input(n)
		for i := range loud.Samples {
			loud.Samples[i] = float32(math.Copysign(1, float64(loud.Samples[i])))
		}
		inputs["silence"], inputs["a clipped signal"] = Input{Samples: make([]float32, n)}, loud
	}
	var largest float64
	for name, in := range inputs {
		a, err := v.model.Run(v.ctx, in)
		if err != nil {
			return Failed, "", err
		}
		for _, t := range slices.Concat(a.Layers, a.Attentions) {
			for i, x := range t.Data {
				size := math.Abs(float64(x))
				if math.IsNaN(size) || math.IsInf(size, 0) {
					a.Close()
					return Failed, fmt.Sprintf("output %s has %v at place %d for %s", t.Name, x, i, name), nil
				}
				largest = max(largest, size)
			}
		}
		a.Close()
	}
	return Passed, fmt.Sprintf("no NaN or infinity, largest value %.3g", largest), nil
}

// lastHidden is what exporters call the output after the last block.
const lastHidden = "last_hidden_state"

func (v *verifier) lastLayer() (Result, string, error) {
	name := lastNumbered(v.model.card.Layers)
	last, ok := v.model.card.Layer(name)
	switch {
	case !ok:
		return Skipped, "the card has no numbered layers", nil
	case last.Tensor == lastHidden:
		return Passed, fmt.Sprintf("layer %s is the output %s", name, lastHidden), nil
	case !v.model.hasOutput(lastHidden):
		return Skipped, "the file has no output " + lastHidden, nil
	}
	o := v.options
	card := *v.model.card
	card.Layers = []LayerOutput{last, {Name: lastHidden, Tensor: lastHidden}}
	o.Card, o.Attentions = &card, []string{}
	m, err := v.runtime.Load(v.model.path, o)
	if err != nil {
		return Failed, "", err
	}
	defer m.Close()
	a, err := m.Run(v.ctx, v.input(v.sizes()[3]))
	if err != nil {
		return Failed, "", err
	}
	defer a.Close()
	var d difference
	layers := map[string]Tensor{}
	for _, t := range a.Layers {
		layers[t.Name] = t
	}
	d.add(layers[lastHidden].Data, layers[name].Data)
	return d.result(), fmt.Sprintf("layer %s and %s differ by %.1e", name, lastHidden, d.largest), nil
}

// againstCPU compares with float32 on the CPU what a GPU or a lower precision
// computes.
func (v *verifier) againstCPU() (Result, string, error) {
	if v.options.Device != CUDA && v.exact() {
		return Skipped, "the model runs on the CPU in float32", nil
	}
	d, err := v.runtime.Deviation(v.ctx, v.model, v.options)
	if err != nil {
		return Failed, "", err
	}
	return v.judge(&d.difference), d.String(), nil
}
