package heads

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"speechsim/pipeline/report/internal/synthetic"
	"speechsim/pipeline/results"
)

// TestPack: heads by model and layer; what the page can't draw beside the others is left out.
func TestPack(t *testing.T) {
	layer := results.Layer{Model: "m", Layer: "1"}
	var list []results.HeadPosition
	layers := map[results.Layer]int{layer: 7, {Model: "n", Layer: "1"}: 8}
	pack := func() map[string]*Model {
		return Pack(list, map[string]float64{"m": .02}, func(l results.Layer) int { return layers[l] })
	}
	next := func(d int) float64 { return map[bool]float64{true: 1}[d == 1] }
	list = append(synthetic.Head(layer, 0, 3, next), synthetic.Head(layer, 1, 3, func(int) float64 { return 1. / 3 })...)
	list = append(list, synthetic.Head(layer, 2, 2, next)...)
	list = append(list, synthetic.Head(results.Layer{Model: "n", Layer: "1"}, 0, 100, next)...)
	got := pack()
	want := &Model{At: []int{-2, -1, 0, 1, 2}, Frame: .02, Layers: []int{7}, Heads: [][][]int{{{0, 0, 0, 66667, 0}, {11111, 22222, 33333, 22222, 11111}}},
		Pairs: []float64{1. / 3, 2. / 3, 1, 2. / 3, 1. / 3}, Uniform: []float64{1. / 9, 2. / 9, 1. / 3, 2. / 9, 1. / 9}}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-6 })
	if diff := cmp.Diff(want, got["m"], near); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := got["n"]; len(n.At) != 131 || n.Open != [2]bool{true, true} || n.At[0] != -65 || n.At[130] != 65 {
		t.Errorf("100 frames have the positions %v, open %v", n.At, n.Open)
	}
	// Of many heads less of what is far.
	list = nil
	even := func(int) float64 { return 1. / 200 }
	for head := range 1000 {
		list = append(list, synthetic.Head(layer, head, 200, even)...)
	}
	d := pack()["m"]
	if len(d.Heads[0]) != 1000 || len(d.At) != 2*16+3 || d.At[0] != -17 || d.Open != [2]bool{true, true} {
		t.Errorf("of 1000 heads there are %d, at %v", len(d.Heads[0]), d.At)
	}
	if far, want := d.Heads[0][999][34], int(math.Round(parts*183*184/2/200/200)); far != want || math.Abs(d.Uniform[34]-float64(want)/parts) > 1e-5 {
		t.Errorf("more than 16 frames after the query is %d and, evenly spread, %v; expected %d", far, d.Uniform[34], want)
	}
}
