package measure

import (
	"context"
	"strings"
	"testing"

	"speechsim/models"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
	"speechsim/pipeline/study"
)

// TestRunOnProducts: a run whose products are made in ONNX Runtime, in tiles, gives what the CPU gives whole, and its moments
// have names of their own in the store.
func TestRunOnProducts(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	whole, cpu := wholeRun(t), tiled(t, dir, plan.Options{})
	o := plan.Options{Stretches: 3, KeepFrames: true} // whole: TestMomentsOnProducts of package sums
	in := plantest.Inputs(t, plantest.Config(t, plantest.Tiled, "name=elsewhere"), plantest.In(dir))
	rt, err := in.Runtime()
	if err != nil {
		t.Fatal(err)
	}
	products, err := rt.Products(models.CPU, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := in.UseProducts(ctx, in.Files, products); err != nil {
		t.Fatal(err)
	}
	p, err := plan.Make(in, o)
	if err != nil {
		t.Fatal(err)
	}
	for i, task := range p.Tasks {
		if task.Input == study.HiddenStates && task.Tiles[0].Results[0].Key == cpu.Tasks[i].Tiles[0].Results[0].Key {
			t.Errorf("%s has the moments of products on the CPU", task.Comparison.Name)
		}
	}
	sameResults(t, whole, allOf(t, p))
	if said := in.DescribeProducts(); !strings.Contains(said, "differ from double precision by") {
		t.Errorf("it does not say how products are made: %q", said)
	}
}
