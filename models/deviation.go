package models

import (
	"context"
	"fmt"
	"math"
)

// Tolerance of every comparison of two runs: |a - b| <= Tolerance + Tolerance |b|.
const Tolerance = 1e-4

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

func (d *difference) result() Result {
	if d.share > 1 || math.IsNaN(d.share) {
		return Failed
	}
	return Passed
}

// Deviation is how far a model on a GPU or in a lower precision is from float32
// on the CPU, on one made-up utterance.
type Deviation struct {
	Relative float64 // |a - b| / |b| (Euclidean norms over a layer or map), of the worst one
	Worst    string  // which: "layer 7", "attention 0"
	difference
}

// Within reports whether every value keeps [Tolerance].
func (d Deviation) Within() bool { return d.result() == Passed }

func (d Deviation) String() string {
	return fmt.Sprintf("differs from float32 on the CPU by %.1e at most (%.2g of the tolerance), by %.1e of the norm in %s",
		d.largest, d.share, d.Relative, d.Worst)
}

// Deviation compares a model that was loaded with these options with the same
// file in float32 on the CPU, which it loads for this.
func (r *Runtime) Deviation(ctx context.Context, m *Model, o Options) (Deviation, error) {
	o.Device, o.Precision = CPU, Float32
	reference, err := r.Load(m.path, o)
	if err != nil {
		return Deviation{}, err
	}
	defer reference.Close()
	v := verifier{ctx: ctx, model: m}
	in := v.input(v.sizes()[3])
	want, err := reference.Run(ctx, in)
	if err != nil {
		return Deviation{}, err
	}
	defer want.Close()
	got, err := m.Run(ctx, in)
	if err != nil {
		return Deviation{}, err
	}
	defer got.Close()
	var d Deviation
	for i, t := range want.Layers {
		d.compare("layer "+t.Name, got.Layers[i].Data, t.Data)
	}
	for i, t := range want.Attentions {
		d.compare("attention "+t.Name, got.Attentions[i].Data, t.Data)
	}
	return d, nil
}

func (d *Deviation) compare(name string, got, want []float32) {
	d.add(got, want)
	var off, norm float64
	for i, w := range want {
		delta := float64(got[i]) - float64(w)
		off += delta * delta
		norm += float64(w) * float64(w)
	}
	relative := math.Sqrt(off / norm)
	switch {
	case off == 0:
		relative = 0
	case math.IsNaN(relative):
		relative = math.Inf(1)
	}
	if d.Worst == "" || relative > d.Relative {
		d.Relative, d.Worst = relative, name
	}
}
