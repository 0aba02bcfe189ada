package measure

import (
	"fmt"
	"slices"
	"testing"

	"speechsim/configs"
	"speechsim/metrics"
	"speechsim/pipeline/load"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
)

// TestDifferences: which layers are told apart.
func TestDifferences(t *testing.T) {
	// Layers 0 to 2 of model 0, 3 and 4 of model 1, 5 of model 2, which is y too.
	task := &plan.Task{Comparison: &study.Comparison{Comparison: &configs.Comparison{Differences: []string{"neighbours", "best", "models"}}},
		Grid: plan.Grid{X: []int{0, 1, 2, 3, 4, 5}, Y: []int{5}}}
	for i, source := range []int{0, 0, 0, 1, 1, 2} {
		task.Layers = append(task.Layers, plan.Layer{Source: source})
		task.Cells = append(task.Cells, plan.Pair{X: i, Y: 5})
	}
	var cells []results.Cell
	r := &replicates{At: map[int]int{}, Replicates: &metrics.Replicates{Left: make([][]float64, 3), Sizes: []int{4, 4, 4}}}
	for c, v := range []float64{.2, .5, .4, .3, .6, 1} {
		cells = append(cells, results.Cell{X: results.Layer{Layer: fmt.Sprint(c)}, Value: &v})
		r.Whole = append(r.Whole, v)
		for g := range r.Left {
			r.Left[g] = append(r.Left[g], v+.01*float64(g*c))
		}
		if c < 5 { // y with itself has no interval
			r.At[c] = c
		}
	}
	var got []string
	for _, d := range differences(task, r, cells) {
		got = append(got, fmt.Sprintf("%s %s-%s %.1f", d.Kind, d.X.Layer, d.Than.Layer, d.Value))
		if !(d.Lo < d.Value && d.Value < d.Hi && d.P > 0 && d.P < 1) {
			t.Errorf("%+v", d)
		}
	}
	want := []string{"neighbours 1-0 0.3", "neighbours 2-1 -0.1", "neighbours 4-3 0.3", "best 1-2 0.1", "best 1-0 0.3", "best 4-3 0.3", "models 4-1 0.1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestNeighbours: no layer lies between them, and both are of one stage of their model.
func TestNeighbours(t *testing.T) {
	task := &plan.Task{Comparison: &study.Comparison{Comparison: &configs.Comparison{Differences: []string{"neighbours"}}}, Grid: plan.Grid{X: []int{0, 1, 2, 3, 4, 5}, Y: []int{6}}}
	var cells []results.Cell
	r := &replicates{At: map[int]int{}, Replicates: &metrics.Replicates{Left: make([][]float64, 3), Sizes: []int{4, 4, 4}}}
	for c, layer := range []string{"cnn.1", "cnn.2", "0", "1", "2", "3"} {
		value := .1 * float64(c)
		cells = append(cells, results.Cell{X: results.Layer{Layer: layer}, Value: &value})
		task.Layers = append(task.Layers, plan.Layer{})
		task.Cells = append(task.Cells, plan.Pair{X: c, Y: 6})
		r.Whole = append(r.Whole, value)
		for g := range r.Left {
			r.Left[g] = append(r.Left[g], value+.01*float64(g*c))
		}
		if layer != "2" { // has no value
			r.At[c] = c
		}
	}
	task.Layers = append(task.Layers, plan.Layer{Source: 1})
	var got []string
	for _, d := range differences(task, r, cells) {
		got = append(got, d.X.Layer+"-"+d.Than.Layer)
	}
	if want := []string{"cnn.2-cnn.1", "1-0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestControls: a model's best layer against that of its control and a baseline, then layer by layer with the control.
func TestControls(t *testing.T) {
	config := &configs.Config{Models: []configs.Model{{Name: "a", Control: []string{"untrained"}}, {Name: "untrained"}, {Name: "logmel", Labels: "logmel"}}}
	task := &plan.Task{Inputs: &load.Inputs{Files: &load.Files{Study: &study.Study{Config: config}}},
		Comparison: &study.Comparison{Comparison: &configs.Comparison{Differences: []string{"control", "baseline"}}}, Grid: plan.Grid{X: []int{0, 1, 2, 3, 4}, Y: []int{5}}}
	var cells []results.Cell
	r := &replicates{At: map[int]int{}, Replicates: &metrics.Replicates{Left: make([][]float64, 3), Sizes: []int{4, 4, 4}}}
	for c, at := range []results.Layer{{Model: "a", Layer: "0"}, {Model: "a", Layer: "1"}, {Model: "untrained", Layer: "0"}, {Model: "untrained", Layer: "1"}, {Model: "logmel", Layer: "logmel"}} {
		v := []float64{.4, .5, .2, .1, .3}[c]
		cells = append(cells, results.Cell{X: at, Value: &v})
		task.Layers = append(task.Layers, plan.Layer{Source: []int{0, 0, 1, 1, 2}[c]})
		task.Cells = append(task.Cells, plan.Pair{X: c, Y: 5})
		r.At[c] = c
		r.Whole = append(r.Whole, v)
		for g := range r.Left {
			r.Left[g] = append(r.Left[g], v+.01*float64(g*c))
		}
	}
	task.Layers = append(task.Layers, plan.Layer{Source: 3})
	var got []string
	for _, d := range differences(task, r, cells) {
		got = append(got, fmt.Sprintf("%s %s-%s %.1f", d.Kind, d.X, d.Than, d.Value))
	}
	want := []string{"control a/1-untrained/0 0.3", "control a/0-untrained/0 0.2", "control a/1-untrained/1 0.4", "baseline a/1-logmel/logmel 0.2"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
