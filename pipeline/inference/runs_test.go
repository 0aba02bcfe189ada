package inference

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// TestBetween: what two runs share with their groups cancels, and runs on other groups are not paired.
func TestBetween(t *testing.T) {
	cell := results.Cell{Metric: "cka", X: results.Layer{Model: "a", Layer: "0"}, Y: results.Layer{Model: "b", Layer: "0"}}
	run := func(whole float64, groups []string, less ...float32) *Run {
		cell := cell
		cell.Value = &whole
		return &Run{Cells: []results.Cell{cell}, Replicates: []results.Replicates{{Groups: groups, Sizes: []int{5, 5, 5}, Cells: []int{0}, Whole: []float64{whole}, Less: less}}}
	}
	names := []string{"x", "y", "z"}
	ours, theirs := run(.5, names, .1, -.1, .02), run(.3, names, .11, -.1, .01)
	d, ok := Between(ours, theirs)[cell.Key()]
	if !ok {
		t.Fatal("no difference")
	}
	both := metrics.Replicates{Whole: []float64{.5, .3}, Sizes: []int{5, 5, 5}, Left: [][]float64{{.6, .41}, {.4, .2}, {.52, .31}}}
	want, _ := both.Difference(0, 1)
	if math.Abs(d.Value-want.Value) > 1e-7 || math.Abs(d.Lo-want.Lo) > 1e-7 || math.Abs(d.Hi-want.Hi) > 1e-7 || math.Abs(d.P-want.P()) > 1e-6 {
		t.Errorf("got %+v, want %+v", d, want)
	}
	if own, _ := both.Interval(0); d.Hi-d.Lo >= own.Hi-own.Lo {
		t.Error("what the groups share did not cancel")
	}
	if len(Between(ours, run(.3, []string{"x", "y", "w"}, .1, .1, .1))) > 0 {
		t.Error("runs on other groups are paired")
	}
}

// TestPaired: layers of the same name in two models are told apart as differences.csv tells them, layer of y by layer of y, up to the limit.
func TestPaired(t *testing.T) {
	var run Run
	r := results.Replicates{Groups: []string{"g", "h", "i"}, Sizes: []int{5, 4, 5}}
	for k, at := range [][3]string{{"a", "0", "p"}, {"a", "1", "p"}, {"a", "0", "q"}, {"b", "0", "p"}, {"b", "2", "p"}, {"c", "0", "p"}, {"b", "0", "q"}} {
		run.Cells = append(run.Cells, results.Cell{Metric: "cka", X: results.Layer{Model: at[0], Layer: at[1]}, Y: results.Layer{Model: "y", Layer: at[2]}, Value: new(.1 * float64(k))})
		r.Cells, r.Whole = append(r.Cells, k), append(r.Whole, .1*float64(k))
		r.Less = append(r.Less, .01, -.02, float32(k)/100)
	}
	run.Replicates = []results.Replicates{r}
	var got []string
	for _, d := range run.Paired(9) {
		got = append(got, fmt.Sprintf("%s %s less %s %s, y %s: %.1f", d.X.Model, d.X.Layer, d.Than.Model, d.Than.Layer, d.Y.Layer, d.Value))
	}
	want := []string{"a 0 less b 0, y p: -0.3", "a 0 less c 0, y p: -0.5", "b 0 less c 0, y p: -0.2", "a 0 less b 0, y q: -0.4"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	both := metrics.Replicates{Whole: []float64{0, .3}, Sizes: r.Sizes, Left: [][]float64{{.01, .31}, {-.02, .28}, {0, .33}}}
	own, _ := both.Difference(0, 1)
	if d := run.Paired(1); len(d) != 1 || math.Abs(d[0].Lo-own.Lo) > 1e-7 || math.Abs(d[0].Hi-own.Hi) > 1e-7 {
		t.Errorf("got %+v, want %+v", d, own)
	}
}
