package contributions

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/pipeline/collect"
	"speechsim/pipeline/join"
	"speechsim/pipeline/load"
	"speechsim/pipeline/measure"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
)

const words = `name: words
corpus: {timit: {root: corpus/demo/TIMIT}}
models:
  - {name: hubert, onnx: models/demo/hubert.onnx, layers: 1-2}
  - {name: glove, vectors: models/demo/vectors.txt}
  - {name: types, labels: word}
comparisons:
  - {name: frames, models: [hubert], metrics: [cka]}
  - {name: words, rows: {unit: word, level: [token, type]}, x: [hubert], y: [glove, types], metrics: [{cka: {variant: all}}, knn], interval: none}
  - {name: first, rows: {unit: word, first: [60]}, x: [hubert], y: [glove], metrics: [cka, {asif: {k: [5]}}, svcca], interval: none}
  - {name: phones, rows: {unit: phone}, models: [hubert], metrics: [cka], interval: none}
`

// found measures a config and asks what carries its values.
func found(t *testing.T, dir string, workers int) (results.Set, []results.Contribution) {
	t.Helper()
	o := plantest.In(dir)
	o.Workers = workers
	p := plantest.Plan(t, plantest.Config(t, words), o, plan.Options{})
	err := collect.Passes(t.Context(), p, p.AllParts(), func(int) error { return collect.JoinRows(t.Context(), p) })
	if err != nil {
		t.Fatal(err)
	}
	f, err := measure.Run(t.Context(), p, false)
	if err != nil {
		t.Fatal(err)
	}
	list, err := Of(t.Context(), p, &f.Set)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		i := slices.IndexFunc(p.Corpus.Utterances, func(u corpus.Utterance) bool { return u.ID == c.Utterance })
		if i < 0 || !strings.HasSuffix(p.Corpus.Utterances[i].AudioPath, c.File) || c.Start < 0 || c.End <= c.Start {
			t.Fatalf("no such token: %+v", c)
		}
	}
	return f.Set, list
}

// TestContributions: the best pairs of layers of two models are taken apart, in what can be; the same from the store, and for any number of workers.
func TestContributions(t *testing.T) {
	dir := t.TempDir()
	set, list := found(t, dir, 2)
	type pair struct{ comparison, metric, variant, y string }
	types := map[pair][]results.Contribution{}
	var order []pair
	for _, c := range list {
		k := pair{c.Comparison, c.Metric, c.Variant, c.Y.Model}
		if types[k] == nil {
			order = append(order, k)
		}
		if n := len(types[k]); n == 0 || types[k][n-1].Type != c.Type {
			types[k] = append(types[k], c)
		}
		for _, o := range set.Cells { // the best of its kind
			if o.Comparison == c.Comparison && o.Metric == c.Metric && o.Variant == c.Variant && o.Params == c.Params && o.Y == c.Y && o.OK() && *o.Value > value(t, set, c) {
				t.Fatalf("%+v is not of the best pair: %v %v has %g", c, o.X, o.Y, *o.Value)
			}
		}
	}
	want := []pair{{"words", "cka", "debiased", "glove"}, {"words", "cka", "debiased", "types"}, {"words", "cka", "biased", "glove"}, {"words", "cka", "biased", "types"},
		{"words", "knn", "mutual", "glove"}, {"words", "knn", "mutual", "types"}, {"first", "cka", "debiased", "glove"}, {"first", "asif", "cosine", "glove"}}
	if diff := cmp.Diff(want, order, cmp.AllowUnexported(pair{})); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
	for k, list := range types {
		carry := slices.IndexFunc(list, func(c results.Contribution) bool { return c.Effect < 0 })
		if carry <= 0 || carry > study.MostTypes || len(list)-carry > study.MostTypes {
			t.Errorf("%v: %d types, of which the first %d carry the value", k, len(list), carry)
			continue
		}
		down := func(a, b results.Contribution) int { return int(math.Copysign(1, b.Effect-a.Effect)) }
		if !slices.IsSortedFunc(list[:carry], down) || !slices.IsSortedFunc(list[carry:], func(a, b results.Contribution) int { return down(b, a) }) {
			t.Errorf("%v: the types are not in their order", k)
		}
	}
	for _, workers := range []int{1, 3} {
		at := dir
		if workers == 3 {
			at = t.TempDir()
		}
		if _, again := found(t, at, workers); !cmp.Equal(again, list) {
			t.Errorf("%d workers: %s", workers, cmp.Diff(list, again))
		}
	}
}

func value(t *testing.T, set results.Set, c results.Contribution) float64 {
	t.Helper()
	for _, o := range set.Cells {
		if o.Comparison == c.Comparison && o.Metric == c.Metric && o.Variant == c.Variant && o.Params == c.Params && o.X == c.X && o.Y == c.Y {
			return *o.Value
		}
	}
	t.Fatalf("no cell of %+v", c)
	return 0
}

// TestChosen: as many types of either sign as may be, and of each the tokens that do most.
func TestChosen(t *testing.T) {
	effects := []float64{.3, .1, -.2, 0, -.2, .05, .2, -.25}
	types := []kind{{Label: "a", Effect: .4, Tokens: []int{1, 0}}, {Label: "b", Effect: -.4, Tokens: []int{3, 2, 4, 7}}, {Label: "c", Tokens: []int{5}}, {Label: "d", Effect: .2, Tokens: []int{6}}}
	got := chosen(types, func(row int) float64 { return effects[row] })
	want := []kind{{Label: "a", Effect: .4, Tokens: []int{0, 1}}, {Label: "d", Effect: .2, Tokens: []int{6}}, {Label: "b", Effect: -.4, Tokens: []int{7, 2, 4}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestStopped: a run that is stopped ends, and leaves nothing half done.
func TestStopped(t *testing.T) {
	dir := t.TempDir()
	o := plantest.In(dir)
	p := plantest.Plan(t, plantest.Config(t, words), o, plan.Options{})
	if err := collect.Passes(t.Context(), p, p.AllParts(), func(int) error { return collect.JoinRows(t.Context(), p) }); err != nil {
		t.Fatal(err)
	}
	f, err := measure.Run(t.Context(), p, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Of(ctx, p, &f.Set); err == nil {
		t.Error("it went on")
	}
	if list, err := Of(t.Context(), p, &f.Set); err != nil || len(list) == 0 {
		t.Errorf("afterwards: %d, %v", len(list), err)
	}
}

// TestRelative: the way from a folder to a file, wherever both are.
func TestRelative(t *testing.T) {
	for _, c := range [][3]string{{"/a/b", "/a/b/c d/e.wav", "c d/e.wav"}, {"/a/b", "/a/x/e.wav", "../x/e.wav"}, {"corpus", "corpus/e.flac", "e.flac"}} {
		if got := Relative(c[0], c[1]); got != c[2] {
			t.Errorf("from %s to %s: %s, expected %s", c[0], c[1], got, c[2])
		}
	}
}

// TestNothingInCommon: what cannot be taken apart has no types.
func TestNothingInCommon(t *testing.T) {
	if got := (&question{}).ofRows((*metrics.Contributions)(nil)); got != nil {
		t.Errorf("%v", got)
	}
}

// TestAtOnce: where memory is short, one question is answered after the other.
func TestAtOnce(t *testing.T) {
	task := &plan.Task{Grid: plan.Grid{Layers: []plan.Layer{{Units: 1024}, {Units: 768}}}}
	asked := []question{{task: task, measure: named("asif")}, {task: task, measure: named("cka"), at: plan.Pair{X: 0, Y: 1}}}
	p := &plan.Plan{Inputs: &load.Inputs{Files: &load.Files{Options: load.Options{Workers: 8}}}}
	for room, want := range map[int64]int{0: 8, plan.ProcessBytes(8) + 1: 1, plan.ProcessBytes(8) + 3*asked[1].bytes(): 3, plan.ProcessBytes(8) + 100*asked[1].bytes(): 8} {
		p.Budget.Bytes = room
		if got := atOnce(p, asked); got != want {
			t.Errorf("in %d bytes: %d at once, expected %d", room, got, want)
		}
	}
	asked[1].measure, asked[1].rows = named("knn"), &join.Rows{Rows: make([]extract.Row, 10)}
	if got := asked[1].bytes(); got != 12*10*1024 {
		t.Errorf("knn takes %d bytes", got)
	}
}

func named(metric string) study.Measure { return study.Measure{Info: metrics.Info{Name: metric}} }

// TestChance: what is not above chance is carried by nothing; what was not tested may be.
func TestChance(t *testing.T) {
	task := &plan.Task{Grid: plan.Grid{Layers: []plan.Layer{{Source: 0}, {Source: 0}, {Source: 1}}, Cells: []plan.Pair{{X: 0, Y: 2}, {X: 1, Y: 2}, {X: 0, Y: 1}}}}
	cells := []results.Cell{{Value: new(.2), P: new(.01), Null: &results.Null{PMax: new(.04)}}, {Value: new(.3), P: new(.01), Null: &results.Null{PMax: new(.2)}}, {Value: new(.9)}}
	if list := best(task, named("cka"), cells, nil); len(list) != 1 || list[0].cell != &cells[0] {
		t.Errorf("got %+v", list)
	}
	cells[1].P, cells[1].Null = nil, nil
	if list := best(task, named("cka"), cells, nil); len(list) != 1 || list[0].cell != &cells[1] {
		t.Errorf("not tested: %+v", list)
	}
}

// TestStretchOfRecording: the times of a token are those of the file, of which the utterance may be a stretch.
func TestStretchOfRecording(t *testing.T) {
	c := &corpus.Corpus{Spec: corpus.Spec{Root: "/data"}, Utterances: []corpus.Utterance{{ID: "u", AudioPath: "/data/a b/rec.wav", From: 10, To: 20}}}
	in := &load.Inputs{Files: &load.Files{}, Speech: &load.Speech{}}
	in.Files.Corpus = c
	q := question{task: &plan.Task{Inputs: in}, cell: &results.Cell{Comparison: "k"}, rows: &join.Rows{Rows: []extract.Row{{Label: "the", Start: 1.25, End: 1.5}}}}
	list := q.named([]kind{{Label: "the", Rows: 3, Share: .5, Effect: .25, Tokens: []int{0}}})
	want := []results.Contribution{{Comparison: "k", Type: "the", Rows: 3, Share: .5, Effect: .25, Utterance: "u", File: "a b/rec.wav", Start: 11.25, End: 11.5}}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
