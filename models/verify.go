package models

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

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
	least := c.least()
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
