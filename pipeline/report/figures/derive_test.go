package figures

import (
	"math"
	"testing"

	"speechsim/pipeline/results"
)

// TestProfileTakesTheBest: in its own model a layer is not its own best match.
func TestProfileTakesTheBest(t *testing.T) {
	f := Figure{Name: "p", Kind: Profile, Metric: "cka", Symmetric: true, XModels: []Model{{Name: "a", Layers: []string{"1", "2"}}}, YModels: []Model{{Name: "a", Layers: []string{"1", "2"}}, {Name: "b", Layers: []string{"1", "2"}}}}
	value := map[string]float64{"a/1 a/1": 1, "a/1 a/2": 0.4, "a/2 a/2": 1, "a/1 b/1": 0.2, "a/1 b/2": 0.3, "a/2 b/1": 0.6}
	var cells []results.Cell
	for _, at := range f.Pairs() {
		if v, ok := value[at.X.String()+" "+at.Y.String()]; ok {
			cells = append(cells, results.Cell{Metric: "cka", X: at.X, Y: at.Y, Value: &v})
		}
	}
	ix := newIndex(cells)
	drawn := drawnAs(f, ix)
	for _, want := range []struct {
		x, model string
		value    float64
	}{{"1", "a", 0.4}, {"2", "a", 0.4}, {"1", "b", 0.3}, {"2", "b", 0.6}} {
		c := ix.find(&drawn, drawn.Measure(), results.Layer{Model: "a", Layer: want.x}, results.Layer{Model: want.model})
		if c == nil || *c.Value != want.value {
			t.Errorf("layer %s and model %s: %v, expected %v", want.x, want.model, c, want.value)
		}
	}
}

// TestPrefixIsACorrelation: rows whose cells rise and fall with those on all rows correlate perfectly.
func TestPrefixIsACorrelation(t *testing.T) {
	figures, cells := pick(t, "prefix")
	ix := newIndex(cells)
	drawn := drawnAs(figures[0], ix)
	last := 0.0
	for _, n := range []string{"50", "500", "3000"} {
		c := ix.find(&drawn, drawn.Measure(), results.Layer{Model: "wav2vec2 \u00d7 glove", Layer: n}, results.Layer{})
		if c == nil || *c.Value <= last || *c.Value > 1 {
			t.Fatalf("first %s rows: %v, after %v", n, c, last)
		}
		last = *c.Value
	}
	if math.Abs(last-1) > 0.01 {
		t.Errorf("on nearly all rows the correlation is %v", last)
	}
}
