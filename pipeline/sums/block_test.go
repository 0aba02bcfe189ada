package sums

import (
	"context"
	"strings"
	"testing"

	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
)

// TestNonFinite: a model that gives NaN is an error that names model, layer and utterance.
func TestNonFinite(t *testing.T) {
	p := plantest.Plan(t, plantest.Config(t, plantest.Small), plantest.In(t.TempDir()), plan.Options{})
	tile := p.Tasks[0].Tiles[0]
	m, err := New(tile)
	if err != nil {
		t.Fatal(err)
	}
	k := NewBlock(tile)
	for i, l := range tile.Layers {
		row := make([]float32, 2*l.Units)
		if i == 1 {
			row[l.Units+3] = float32(nan())
		}
		k.Fill(i, row)
	}
	k.Advance(1, "utterance first")
	k.Advance(1, "utterance second")
	err = k.Flush(context.Background(), m)
	if err == nil || !strings.Contains(err.Error(), "utterance second: hubert layer 2: ") {
		t.Errorf("error %v", err)
	}
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}
