package pipeline

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"speechsim/configs"
	"speechsim/metrics"
	"speechsim/pipeline/results"
)

const smallRun = `name: small
corpus: {timit: {root: ../corpus/demo/TIMIT, split: test}}
models:
  - {name: hubert, onnx: ../models/demo/hubert.onnx, layers: 1-2}
  - {name: bert, onnx: ../models/demo/bert.onnx, vocabulary: ../models/demo/bert-vocab.txt, layers: "1"}
  - {name: glove, vectors: ../models/demo/vectors.txt}
comparisons:
  - {name: frames, models: [hubert], metrics: [cka, attention]}
  - {name: words, rows: {unit: word, pooling: bolanos2024}, x: [hubert], y: [bert, glove], metrics: [cka, knn], interval: none}
  - {name: phones, rows: {unit: phone}, models: [hubert], metrics: [{cka: {variant: biased}}], interval: none}
`

func prepareSmall(t *testing.T, o Options, sets ...string) *Plan {
	t.Helper()
	needRuntime(t)
	cfg, err := configs.Parse([]byte(smallRun), "small.yaml", sets)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := Prepare(context.Background(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(plan.Close)
	return plan
}

// TestRun runs the whole flow, under the race detector in the suite: the numbers add up, the plan counted the same rows, and
// a second run finds the first.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	o := Options{Workers: 4, Runs: filepath.Join(dir, "runs"), Store: filepath.Join(dir, "store")}
	plan := prepareSmall(t, o)
	estimate, err := plan.Estimate(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	planned := map[string]int{}
	for _, c := range estimate.Comparisons {
		planned[c.Name+" "+c.Unit] = c.Rows
	}
	outcome, err := plan.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	cells, err := results.ReadFile(filepath.Join(outcome.Dir, "results.jsonl"))
	if err != nil || len(cells) != outcome.Cells {
		t.Fatalf("%d cells of %d: %v", len(cells), outcome.Cells, err)
	}
	for _, c := range cells {
		if !c.OK() {
			t.Errorf("%s %s %s: %s", c.Comparison, c.X, c.Y, c.Error)
		} else if c.X == c.Y && (*c.Value < 1-1e-9 || *c.Value > 1+1e-9) {
			t.Errorf("%s %s: a layer with itself gives %v", c.Comparison, c.X, *c.Value)
		}
	}
	for _, c := range cells {
		if want := planned[c.Comparison+" "+c.Rows]; c.N != want {
			t.Errorf("%s: %d %s rows, planned %d", c.Comparison, c.N, c.Rows, want)
		}
	}
	checkTables(t, outcome.Dir, cells)
	for _, a := range outcome.accounts {
		in := a.Out
		for _, n := range a.Dropped {
			in += n
		}
		if in != a.In || a.Out == 0 {
			t.Errorf("%s: %d segments, %d rows and %v dropped", a.Comparison, a.In, a.Out, a.Dropped)
		}
	}
	again, err := prepareSmall(t, o).Run(context.Background())
	if err != nil || !again.AlreadyDone || again.Cells != outcome.Cells {
		t.Errorf("the second run: %+v %v", again, err)
	}
}

// checkTables: differences and matches are those of the cells.
func checkTables(t *testing.T, dir string, cells []results.Cell) {
	t.Helper()
	values := map[string]float64{}
	for _, c := range cells {
		values[c.Comparison+c.Metric+c.X.String()+c.Y.String()] = *c.Value
	}
	differences, err := results.ReadDifferencesFile(filepath.Join(dir, "differences.csv"))
	if err != nil || len(differences) == 0 {
		t.Fatalf("%d differences: %v", len(differences), err)
	}
	for _, d := range differences {
		want := values[d.Comparison+d.Metric+d.X.String()+d.Y.String()] - values[d.Comparison+d.Metric+d.Than.String()+d.Y.String()]
		if d.Comparison == "words" || math.Abs(d.Value-want) > 1e-12 || d.Lo > d.Value || d.Hi < d.Value {
			t.Errorf("%+v, want a difference of %v", d, want)
		}
	}
	matches, err := results.ReadMatchesFile(filepath.Join(dir, "matches.csv"))
	if err != nil || len(matches) == 0 {
		t.Fatalf("%d matches: %v", len(matches), err)
	}
	sums, heads := map[string]float64{}, map[string]float64{}
	for _, m := range matches {
		key := m.Comparison + m.Metric + m.X.String() + m.Y.String()
		sums[key] += m.Value
		heads[key]++
	}
	for key, sum := range sums {
		if math.Abs(sum/heads[key]-values[key]) > 1e-12 {
			t.Errorf("%s: the mean over heads is %v, and the value %v", key, sum/heads[key], values[key])
		}
	}
}

// TestDifferences: which layers are told apart.
func TestDifferences(t *testing.T) {
	// Layers 0 to 2 of model 0, 3 and 4 of model 1, 5 of model 2, which is y too.
	b := &basis{k: &comparison{Comparison: &configs.Comparison{Differences: []string{"neighbours", "best", "models"}}}, x: []int{0, 1, 2, 3, 4, 5}, y: []int{5}}
	for i, source := range []int{0, 0, 0, 1, 1, 2} {
		b.stack = append(b.stack, stacked{source: source})
		b.cells = append(b.cells, layerPair{i, 5})
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
	for _, d := range differences(b, r, cells) {
		got = append(got, fmt.Sprintf("%s %s-%s %.1f", d.Kind, d.X.Layer, d.Than.Layer, d.Value))
		if !(d.Lo < d.Value && d.Value < d.Hi && d.P > 0 && d.P < 1) {
			t.Errorf("%+v", d)
		}
	}
	want := []string{"neighbours 1-0 0.3", "neighbours 2-1 -0.1", "neighbours 4-3 0.3", "best 1-2 0.1", "best 4-3 0.3", "models 4-1 0.1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestPartition: parts cover every utterance once, at most fifty of them, and never cut a group.
func TestPartition(t *testing.T) {
	p := prepareSmall(t, Options{Store: t.TempDir(), Runs: t.TempDir()}, "corpus.timit.split=", "comparisons.1.rows.pooling=centre")
	seen := map[int]int{}
	groupOf := map[string]int{}
	for n, part := range partition(p.Corpus) {
		if len(part.utterances) == 0 {
			t.Errorf("part %d is empty", n)
		}
		for _, u := range part.utterances {
			seen[u]++
			g := p.Corpus.Utterances[u].Group
			if first, ok := groupOf[g]; ok && first != n {
				t.Errorf("group %s is in parts %d and %d", g, first, n)
			}
			groupOf[g] = n
		}
	}
	if len(seen) != len(p.Corpus.Utterances) {
		t.Errorf("%d utterances of %d", len(seen), len(p.Corpus.Utterances))
	}
}

// TestNonFinite: a model that gives NaN is an error that names model, layer and utterance.
func TestNonFinite(t *testing.T) {
	p := prepareSmall(t, Options{Store: t.TempDir(), Runs: t.TempDir()})
	b := p.bases[0]
	m, err := p.newMoments(b)
	if err != nil {
		t.Fatal(err)
	}
	k := (&Plan{}).newBlock(b)
	for i, l := range b.stack {
		row := make([]float32, 2*l.units)
		if i == 1 {
			row[l.units+3] = float32(nan())
		}
		k.fill(i, row)
	}
	k.advance(1, "utterance first")
	k.advance(1, "utterance second")
	err = p.flush(context.Background(), b, m, k)
	if err == nil || !strings.Contains(err.Error(), "utterance second: hubert layer 2: ") {
		t.Errorf("error %v", err)
	}
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}
