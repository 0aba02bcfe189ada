package pipeline

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/configs"
	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// TestFrameNull: the frames that are kept for a null are those that streamed by, all of them or one in so many.
func TestFrameNull(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct{ frames, step int }{{100000, 1}, {180, 2}} {
		o := Options{Workers: 4, Runs: filepath.Join(dir, fmt.Sprint(test.frames)), Store: filepath.Join(dir, "store")}
		p := prepareSmall(t, o, "comparisons.0.metrics=[cka]", "comparisons.0.null.draws=19", fmt.Sprint("comparisons.0.null.frames=", test.frames))
		outcome, err := p.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		b := p.bases[0]
		s, _, err := p.momentSums(b)
		if err != nil {
			t.Fatal(err)
		}
		n := &nullRows{plan: p, b: b}
		if n.joinedRows, err = p.join(b.k, p.pooledRowsOf(b.k, b.thinned, string(extract.Centre))); err != nil {
			t.Fatal(err)
		}
		n.order, _ = n.byGroup()
		own, err := n.ownMoments(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if test.step == 1 {
			if b.step != 1 || own.N() != s.whole.N() {
				t.Errorf("%d frames are kept of %d, 1 in %d", own.N(), s.whole.N(), b.step)
			}
			for i := range b.stack {
				for u, v := range s.whole.Variance(i) {
					if d := own.Variance(i)[u] - v; math.Abs(d) > 1e-6*v {
						t.Fatalf("unit %d of layer %d varies by %v, and by %v where it is kept", u, i, v, own.Variance(i)[u])
					}
				}
			}
		} else if b.step != test.step || own.N() > 200 || own.N() < 150 {
			t.Errorf("%d frames are kept, 1 in %d", own.N(), b.step)
		}
		cells, err := results.ReadFile(filepath.Join(outcome.Dir, "results.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cells {
			switch {
			case c.Comparison != "frames":
			case (c.X == c.Y) != (c.Null == nil):
				t.Errorf("%s with %s: null %v", c.X, c.Y, c.Null)
			case c.Null != nil && (c.Null.Mean > *c.Value/4 || *c.P != .05 || strings.Contains(c.Null.About, "1 frame in") != (b.step > 1)):
				t.Errorf("%s with %s: %v, p %v, null %+v", c.X, c.Y, *c.Value, *c.P, c.Null)
			}
		}
	}
}

// TestEveryNull: every metric and variant that is asked for with a null gets one, or is refused by the config with what to do
// instead. A new metric is held to that too.
func TestEveryNull(t *testing.T) {
	needRuntime(t)
	const text = `name: nulls
corpus: {librispeech: {root: ../corpus/demo/LibriSpeech, subset: demo, groups: ../corpus/demo/groups.csv}}
models:
  - {name: hubert, onnx: ../models/demo/hubert.onnx, layers: "2"}
  - {name: wav2vec2, onnx: ../models/demo/wav2vec2.onnx, layers: 2-3}
comparisons:
  - {name: all, rows: {unit: word}, x: [hubert], y: [wav2vec2], metrics: [%s], null: {draws: 19}, interval: none}
`
	var with []string
	for _, info := range metrics.All() {
		for _, v := range info.Variants {
			metric := fmt.Sprintf("{%s: {variant: %s}}", info.Name, v.Name)
			cfg, err := configs.Parse(fmt.Appendf(nil, text, metric), "nulls.yaml", nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = newPlan(cfg, Options{})
			switch {
			case err == nil && v.Source == metrics.FromGroups: // 0 by chance; a note says so
			case err == nil:
				with = append(with, metric)
			case !strings.HasPrefix(err.Error(), "nulls.yaml:7:") || !strings.Contains(err.Error(), "has no null") && !strings.Contains(err.Error(), "word vectors"):
				t.Errorf("%s: %v", metric, err)
			}
		}
	}
	if len(with) < 15 {
		t.Fatalf("%d variants have a null: %v", len(with), with)
	}
	cfg, err := configs.Parse(fmt.Appendf(nil, text, strings.Join(with, ", ")), "nulls.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p, err := Prepare(context.Background(), cfg, Options{Workers: 2, Runs: dir, Store: filepath.Join(dir, "store")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	outcome, err := p.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	cells, err := results.ReadFile(filepath.Join(outcome.Dir, "results.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cells {
		name := fmt.Sprintf("%s %s of %s and %s", c.Metric, c.Variant, c.X, c.Y)
		switch {
		case !c.OK():
			t.Errorf("%s: %s", name, c.Error)
		case c.P == nil || c.Null == nil || c.Null.PMax == nil || c.Null.Calibrated == nil:
			t.Errorf("%s has no null: %+v", name, c)
		case c.Null.Draws != 19 || *c.P < .05 || *c.P > 1 || *c.Null.PMax < *c.P || *c.Null.PMax > 1:
			t.Errorf("%s: p %v, p_max %v of %d draws", name, *c.P, *c.Null.PMax, c.Null.Draws)
		case *c.Null.Calibrated < 0 || *c.Null.Calibrated > 1 || c.Null.Mean > c.Null.Q95 || c.Null.About == "":
			t.Errorf("%s: null %+v", name, c.Null)
		case *c.P == .05 && *c.Value < c.Null.Q95:
			t.Errorf("%s is %v, below chance, with p %v", name, *c.Value, *c.P)
		}
	}
}

// TestEveryMatrixNull: of matrices too. Unrelated ones are at chance in every metric, and alike ones above it.
func TestEveryMatrixNull(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(8, 1))
	const rows, types = 600, 60
	x, unrelated := gaussian(r, rows, 6), gaussian(r, rows, 5)
	alike := mixed(r, x, 5)
	at := func(name string) string { return filepath.Join(dir, name) }
	x.save(t, at("x.npy"), "f4", false, nil)
	unrelated.save(t, at("unrelated.npy"), "f4", false, nil)
	alike.save(t, at("alike.npy"), "f4", false, nil)
	words := []string{"word"}
	for k := range rows {
		words = append(words, fmt.Sprint("w", k%types))
	}
	groups := []string{"group"}
	for k := range rows {
		groups = append(groups, fmt.Sprint("g", k/30))
	}
	var names []string
	for _, info := range metrics.All() {
		if info.Name != "attention" && info.Name != "word_distance" {
			names = append(names, info.Name)
		}
	}
	for _, y := range []string{"unrelated", "alike"} {
		job := MatrixJob{X: at("x.npy"), Y: at(y + ".npy"), Metrics: names, Variants: []string{"all"}, Groups: saveLines(t, at("groups"), groups), Labels: saveLines(t, at("words"), words), Null: 199, Seed: 1}
		job.ASIF.K = []int{50}
		seen := map[string]bool{}
		for _, c := range runJob(t, job).Cells {
			name := fmt.Sprintf("%s: %s %s %v %s", y, c.Metric, c.Variant, c.Params, c.Comparison)
			if c.Null == nil || c.P == nil {
				if c.Variant != "heldout_r2" {
					t.Errorf("%s has no null: %+v", name, c)
				}
				continue
			}
			seen[c.Metric] = true
			byWord := c.Metric == "asif" || c.Comparison == "word types" // the matrices hold no words
			switch {
			case *c.P < 1.0/200 || *c.P > 1 || *c.Null.Calibrated < 0 || *c.Null.Calibrated > 1:
				t.Errorf("%s: p %v, null %+v", name, *c.P, c.Null)
			case y == "unrelated" && (*c.P < .01 || *c.Null.Calibrated > .15):
				t.Errorf("%s: p %v, calibrated %v", name, *c.P, *c.Null.Calibrated)
			case y == "alike" && !byWord && (*c.P > 1.0/200+1e-9 || *c.Null.Calibrated < .02):
				t.Errorf("%s: p %v, calibrated %v, value %v", name, *c.P, *c.Null.Calibrated, *c.Value)
			}
		}
		for _, name := range names {
			if !seen[name] {
				t.Errorf("%s: no null of %s", y, name)
			}
		}
	}
}
