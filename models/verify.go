package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"speechsim/models/internal/npz"
)

// Tolerance of every comparison of two runs: |a - b| <= Tolerance + Tolerance |b|.
const Tolerance = 1e-4

// Check is the outcome of one test of a model.
type Check struct {
	Name   string // "reference", "lengths", "determinism", ...
	Result Result
	Figure string // what was measured, or why the test does not apply
}

// Result of a check.
type Result int

// Passed and Failed are meant; Skipped says that a test does not apply.
const (
	Passed Result = iota
	Failed
	Skipped
)

func (r Result) String() string { return [...]string{"ok", "FAILED", "skipped"}[r] }

func (c Check) String() string { return fmt.Sprintf("%-12s %-8s %s", c.Name, c.Result, c.Figure) }

// Verify runs a model's tests: against the reference of its original (the .npz
// that `pipeline models export --reference` writes; "" skips this), at several
// lengths, twice for the same bits, padded under its mask, for numbers that are
// not finite, for attention that sums to one, its last layer against the last
// hidden state, and a GPU's values against the CPU's. An error says that the model cannot be run at all.
func (r *Runtime) Verify(ctx context.Context, path, reference string, o Options) ([]Check, error) {
	in, err := Inspect(path)
	if err != nil {
		return nil, err
	}
	o.Layers = []string{"all"}
	if len(in.Card.Attentions) == 0 {
		o.Attentions = []string{} // with the reason among the checks
	}
	m, err := r.Load(path, o)
	if err != nil {
		return nil, err
	}
	v := verifier{ctx: ctx, runtime: r, model: m, options: o}
	var checks []Check
	tests := []struct {
		name string
		run  func() (Result, string, error)
	}{
		{"reference", func() (Result, string, error) { return v.reference(reference) }},
		{"lengths", v.lengths},
		{"determinism", v.determinism},
		{"mask", v.mask},
		{"attention", v.attention},
		{"finite", v.finite},
		{"last layer", v.lastLayer},
		{"cpu", v.againstCPU},
	}
	for _, test := range tests {
		result, figure, err := test.run()
		if err != nil {
			if ctx.Err() != nil {
				return nil, errors.Join(err, m.Close())
			}
			result, figure = Failed, err.Error()
		}
		checks = append(checks, Check{test.name, result, figure})
	}
	return checks, m.Close()
}

type verifier struct {
	ctx     context.Context
	runtime *Runtime
	model   *Model
	options Options
}

// difference is how far two arrays are apart: the largest distance, and the
// largest as a share of what is allowed. Numbers that are not finite are
// infinitely far.
type difference struct{ largest, share float64 }

func (d *difference) add(got, want []float32) {
	for i := range want {
		a, b := float64(got[i]), float64(want[i])
		delta := math.Abs(a - b)
		if math.IsNaN(delta) {
			delta = math.Inf(1)
		}
		d.largest = max(d.largest, delta)
		d.share = max(d.share, delta/(Tolerance+Tolerance*math.Abs(b)))
	}
}

// exact says whether the precision that was asked for keeps the tolerance.
func (v *verifier) exact() bool { return v.options.Precision == "" || v.options.Precision == Float32 }

// judge is the result of a comparison: in a precision that is asked for knowing
// that it rounds, the difference is reported and fails only when it is no number.
func (v *verifier) judge(d *difference) Result {
	if !v.exact() && !math.IsInf(d.largest, 1) {
		return Passed
	}
	return d.result()
}

func (d *difference) result() Result {
	if d.share > 1 || math.IsNaN(d.share) {
		return Failed
	}
	return Passed
}

// reference compares with the original's arrays "K.input", "K.hidden_states.7",
// "K.attentions.0", ...: K counts inputs, the rest is a tensor of the card or,
// for files without names, a layer's.
func (v *verifier) reference(path string) (Result, string, error) {
	if path == "" {
		return Skipped, "no reference was given", nil
	}
	arrays, err := npz.Read(path)
	if err != nil {
		return Failed, "", err
	}
	var d difference
	inputs, compared := 0, 0
	worst := ""
	for ; ; inputs++ {
		prefix := strconv.Itoa(inputs) + "."
		in, ok := arrays[prefix+"input"]
		if !ok {
			break
		}
		a, err := v.model.Run(v.ctx, Input{Samples: in.Floats, IDs: in.Ints})
		if err != nil {
			return Failed, "", err
		}
		compare := func(kind string, list []LayerOutput, tensors []Tensor) error {
			for i, t := range tensors {
				want, ok := arrays[prefix+list[i].Tensor]
				if !ok {
					want, ok = arrays[prefix+kind+t.Name]
				}
				if !ok {
					continue
				}
				if !slices.Equal(want.Shape, t.Shape) {
					return fmt.Errorf("%s%s of input %d has shape %v, the original %v", kind, t.Name, inputs, t.Shape, want.Shape)
				}
				before := d.share
				d.add(t.Data, want.Floats)
				if compared++; d.share > before {
					worst = kind + t.Name
				}
			}
			return nil
		}
		err = cmp.Or(compare("hidden_states.", v.model.layers, a.Layers), compare("attentions.", v.model.attentions, a.Attentions))
		a.Close()
		if err != nil {
			return Failed, "", err
		}
	}
	if compared == 0 {
		return Failed, "", fmt.Errorf("%s has no array of this model: arrays are named 0.input, 0.hidden_states.7, 0.attentions.0", path)
	}
	return v.judge(&d), fmt.Sprintf("%d arrays of %d inputs, largest difference %.1e (%s), %.2g of the tolerance",
		compared, inputs, d.largest, worst, d.share), nil
}

// inputs of the other checks: around the borders of a frame, and some longer.
func (v *verifier) sizes() []int {
	c := v.model.card
	if c.Kind == Text {
		longest := 40
		if c.MaxTokens > 0 {
			longest = min(longest, c.MaxTokens)
		}
		return []int{1, 2, max(2, longest/2), longest}
	}
	least := max(c.Window, c.MinChunk)
	return []int{least, least + c.Hop - 1, least + c.Hop, least + 23*c.Hop + 7, 2 * c.SampleRate}
}

// input makes up an utterance of so many samples or tokens: gliding harmonics
// over noise, or random ids.
func (v *verifier) input(n int) Input {
	c := v.model.card
	random := rand.New(rand.NewPCG(1, uint64(n)))
	if c.Kind == Text {
		ids := make([]int64, n)
		for i := range ids {
			ids[i] = random.Int64N(int64(max(c.Vocabulary, 2)))
		}
		return Input{IDs: ids}
	}
	x := make([]float32, n)
	var phase float64
	for i := range x {
		t := float64(i) / float64(c.SampleRate)
		phase += 2 * math.Pi * (140 + 30*math.Sin(8*t)) / float64(c.SampleRate)
		voice := math.Sin(phase) + math.Sin(3*phase)/2 + math.Sin(9*phase)/3
		x[i] = float32(0.2*voice*(0.6+0.4*math.Sin(25*t)) + 0.02*random.NormFloat64())
	}
	return Input{Samples: x}
}

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
	if m.card.FrontEnd != FrontEndNone || m.card.Chunk > 0 {
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
			worst = max(worst, math.Abs(sum-1))
		}
	}
	d := difference{worst, worst / Tolerance}
	return d.result(), fmt.Sprintf("%d maps of %d heads, rows sum to one within %.1e", len(a.Attentions), v.model.card.Heads, worst), nil
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
