package measure

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"speechsim/pipeline/collect"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
	"speechsim/pipeline/results"
)

// wideFeatures writes features of more units than there are directions for the demo's TIMIT, in several files that have something in common,
// and returns the lines of the config that name them.
func wideFeatures(t *testing.T) (lines string) {
	t.Helper()
	const shared = 40
	in := plantest.Inputs(t, plantest.Config(t, plantest.Tiled), plantest.In(t.TempDir()))
	root := t.TempDir()
	mixing := rand.New(rand.NewPCG(1, 1))
	for f, units := range []int{150, 260, 300} {
		weights := make([]float64, shared*units)
		for k := range weights {
			weights[k] = mixing.NormFloat64() / math.Sqrt(float64(1+k/units))
		}
		dir := filepath.Join(root, fmt.Sprint("f", f))
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for u := range in.Corpus.Utterances {
			common, own := rand.New(rand.NewPCG(uint64(u), 2)), rand.New(rand.NewPCG(uint64(u), uint64(10+f)))
			frames := in.Lengths[u] / 320
			data := make([]float32, 0, frames*units)
			for range frames {
				z := make([]float64, shared)
				for k := range z {
					z[k] = common.NormFloat64()
				}
				for c := range units {
					v := 3 + own.NormFloat64()
					for k := range z {
						v += z[k] * weights[k*units+c]
					}
					data = append(data, float32(v))
				}
			}
			dict := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }\n", frames, units)
			b := bytes.NewBufferString("\x93NUMPY\x01\x00")
			for _, part := range []any{uint16(len(dict)), []byte(dict), data} {
				if err := binary.Write(b, binary.LittleEndian, part); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, in.Corpus.Utterances[u].ID+".npy"), b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		lines += fmt.Sprintf("  - {name: f%d, features: %s, hop: 0.02}\n", f, dir)
	}
	return lines
}

// TestSketched: sketched CKA of wide layers on streamed frames, on kept ones in tiles, in several passes and in shards, and of phones, with its
// standard error, intervals and nulls, is near the exact.
func TestSketched(t *testing.T) {
	config := "name: sketched\ncorpus: {timit: {root: corpus/demo/TIMIT}}\nmodels:\n" + wideFeatures(t) + `comparisons:
  - {name: frames, models: [f0, f1, f2], metrics: [cka, {cka: {variant: sketched}}], null: {draws: 19, frames: 900}}
  - {name: phones, rows: {unit: phone}, models: [f0, f1, f2], metrics: [cka, {cka: {variant: sketched}}], null: {draws: 19}}
`
	planned := func(o plan.Options, dir string, workers int) *plan.Plan {
		in := plantest.In(dir)
		in.Workers = workers
		return plantest.Plan(t, plantest.Config(t, config), in, o)
	}
	whole := allOf(t, planned(plan.Options{}, t.TempDir(), 2))
	near(t, whole)
	for _, o := range []plan.Options{{Stretches: 3, KeepFrames: true}, {Stretches: 3}} {
		sameResults(t, whole, allOf(t, planned(o, t.TempDir(), 1)))
	}
	dir := t.TempDir()
	for shard := range 2 { // the second first, as shards come
		p := planned(plan.Options{}, dir, 1)
		var parts []int
		for _, part := range p.AllParts() {
			if part%2 != shard {
				parts = append(parts, part)
			}
		}
		if err := collect.Passes(context.Background(), p, parts, func(int) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	merged := allOf(t, planned(plan.Options{}, dir, 2))
	for k, c := range merged.Cells {
		if *c.Value != *whole.Cells[k].Value {
			t.Errorf("%s %s %v %v: %v, in shards %v", c.Comparison, c.Variant, c.X, c.Y, *whole.Cells[k].Value, *c.Value)
		}
	}
}

// near holds sketched cells to the exact ones: within what they state of their error, and of some error at all.
func near(t *testing.T, set results.Set) {
	t.Helper()
	exact := map[results.Key]results.Cell{}
	for _, c := range set.Cells {
		exact[c.Key()] = c
	}
	sketched := 0
	for _, c := range set.Cells {
		if c.Variant != "sketched" || c.X == c.Y {
			continue
		}
		sketched++
		key := c.Key()
		key.Variant = "debiased"
		e := exact[key]
		if e.Value == nil || c.Approximation == nil || *c.Approximation == 0 || *c.Approximation > .02 || e.DX != c.DX || e.DY != c.DY {
			t.Fatalf("%+v, exact %+v", c, e)
		}
		if off := math.Abs(*c.Value - *e.Value); off > 5**c.Approximation {
			t.Errorf("%s %v %v: %.4f ± %.4f, exactly %.4f", c.Comparison, c.X, c.Y, *c.Value, *c.Approximation, *e.Value)
		}
		if c.Lo == nil || c.Null == nil || math.Abs(c.Null.Mean-e.Null.Mean) > .02 {
			t.Errorf("%s %v %v: interval %v, null %+v, exactly %+v", c.Comparison, c.X, c.Y, c.Lo, c.Null, e.Null)
		}
	}
	if sketched != 12 {
		t.Errorf("%d sketched cells of different layers, want 12", sketched)
	}
}
