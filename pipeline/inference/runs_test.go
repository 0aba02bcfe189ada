package inference

import (
	"math"
	"testing"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// TestBetween: what two runs share with their groups cancels, and runs on other groups are not paired.
func TestBetween(t *testing.T) {
	cell := results.Cell{Metric: "cka", X: results.Layer{Model: "a", Layer: "0"}, Y: results.Layer{Model: "b", Layer: "0"}}
	run := func(whole float64, groups []string, less ...float32) *Run {
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
