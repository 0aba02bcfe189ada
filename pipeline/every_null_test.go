package pipeline

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/configs"
	"speechsim/metrics"
	"speechsim/pipeline/plantest"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
)

// TestEveryNull: every metric and variant that is asked for with a null gets one, or is refused by the config with what to do
// instead. A new metric is held to that too.
func TestEveryNull(t *testing.T) {
	plantest.NeedRuntime(t)
	const text = `name: nulls
corpus: {librispeech: {root: ../corpus/demo/LibriSpeech, subset: demo, groups: ../corpus/demo/groups.csv}}
models:
  - {name: hubert, onnx: ../models/demo/hubert.onnx, layers: "2"}
  - {name: wav2vec2, onnx: ../models/demo/wav2vec2.onnx, layers: 2-3}
comparisons:
  - {name: all, rows: {unit: word}, x: [hubert], y: [wav2vec2], metrics: [%s], null: {draws: 19}, interval: none}
formats: [csv]
`
	var with []string
	for _, info := range metrics.All() {
		for _, v := range info.Variants {
			metric := fmt.Sprintf("{%s: {variant: %s}}", info.Name, v.Name)
			cfg, err := configs.Parse(fmt.Appendf(nil, text, metric), "nulls.yaml", nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = study.Resolve(cfg)
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
