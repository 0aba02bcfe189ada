package published

import (
	"encoding/json"
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// TestShipped reads every file in the program, checks that its measures are ours, and pins numbers that stand in the
// papers' texts.
func TestShipped(t *testing.T) {
	found := map[results.Measure]map[results.Pair]float64{}
	for _, name := range Names() {
		maps, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range maps {
			info, err := metrics.Lookup(m.Measure.Metric)
			if err == nil {
				_, err = info.Variant(m.Measure.Variant)
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if found[m.Measure] == nil {
				found[m.Measure] = map[results.Pair]float64{}
			}
			for at, v := range m.Values {
				if _, twice := found[m.Measure][at]; twice {
					t.Errorf("%s: %v of %v stands twice", name, m.Measure, at)
				}
				found[m.Measure][at] = v
			}
		}
	}
	pair := func(xModel, x, yModel, y string) results.Pair {
		return results.Pair{X: results.Layer{Model: xModel, Layer: x}, Y: results.Layer{Model: yModel, Layer: y}}
	}
	for _, want := range []struct {
		measure results.Measure
		at      results.Pair
		value   float64
	}{
		{results.Measure{Metric: "cka", Variant: "biased"}, pair("wav2vec2", "7", "glove", "vector"), 0.1827},
		{results.Measure{Metric: "cka", Variant: "biased"}, pair("bert", "4", "wav2vec2", "7"), 0.302587},
		{results.Measure{Metric: "asif", Variant: "bolanos2024", Params: results.Params{P: 6, K: 250}}, pair("wav2vec2", "7", "glove", "vector"), 0.6337},
		{results.Measure{Metric: "asif", Variant: "bolanos2024", Params: results.Params{P: 4, K: 100}}, pair("wav2vec2", "7", "bert", "2"), 0.7069},
		{results.Measure{Metric: "cca", Variant: "mean", Params: results.Params{First: 3000}}, pair("wav2vec2", "7", "glove", "vector"), 0.5898},
		{results.Measure{Metric: "pwcca", Variant: "elkheir2024"}, pair("hubert-large", "23", "hubert-large-ft", "23"), 0.612},
		{results.Measure{Metric: "neuron_neuron", Variant: "absolute"}, pair("wav2vec2-large", "23", "wav2vec2-large-ft", "23"), 0.111},
	} {
		if got, ok := found[want.measure][want.at]; !ok || got-want.value > 0.0006 || want.value-got > 0.0006 {
			t.Errorf("%v %v: %v, expected %v", want.measure, want.at, got, want.value)
		}
	}
	if n := len(found[results.Measure{Metric: "svcca", Variant: "elkheir2024"}]); n != 74*74+2*24*24 {
		t.Errorf("svcca has %d values", n)
	}
	if n := len(found[results.Measure{Metric: "attention", Variant: "js"}]); n != 70*70-40 {
		t.Errorf("attention by JS has %d values, expected all but the 40 that failed", n)
	}
}

func TestMistakes(t *testing.T) {
	const good = "# label: A paper\n# metric: cka biased\nx,b 1,b 2\na 1,.5,.6\n"
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "f.csv:0: there are no values"},
		{"no metric", "x,b 1\n", `f.csv:1: values stand before any "# metric`},
		{"no label", strings.Replace(good, "# label: A paper\n", "", 1), `f.csv:1: expected "# label: ..."`},
		{"no variant", strings.Replace(good, " biased", "", 1), "expected \"# label: ...\" and then"},
		{"unknown param", strings.Replace(good, "biased", "biased q=1", 1), `unknown param "q=1"`},
		{"no number", strings.Replace(good, "biased", "biased first=many", 1), `param "first": "many" is no number`},
		{"no header", strings.Replace(good, "x,", "layer,", 1), "f.csv:3: expected a header x,MODEL LAYER"},
		{"no layer", strings.Replace(good, "a 1", "a", 1), `f.csv:4: "a", expected a model and a layer`},
		{"short line", strings.Replace(good, ",.6", "", 1), "f.csv:4: 2 fields, expected 3"},
		{"no value", strings.Replace(good, ".5,.6", ",", 1), "has no value"},
		{"not a number", strings.Replace(good, ".6", "NaN", 1), `f.csv:4: the value of a/1 and b/2 is "NaN"`},
		{"twice", good + "a 1,,.7\n", "f.csv:5: a/1 and b/2 have two values"},
		{"quote", good + "a\"\n", "f.csv:5: bare"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(tt.text), "f.csv")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v\nwant %s", err, tt.want)
			}
		})
	}
	if maps, err := Read(strings.NewReader(good), "f.csv"); err != nil || len(maps) != 1 || len(maps[0].Values) != 2 {
		t.Errorf("maps %v, error %v", maps, err)
	}
	if _, err := Load("nothing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// TestMatrixJSON: values are read back as they were written, and rows of another length are refused.
func TestMatrixJSON(t *testing.T) {
	a, b := results.Layer{Model: "a", Layer: "1"}, results.Layer{Model: "b", Layer: "10"}
	m := Matrix{Label: "A paper", Measure: results.Measure{Metric: "cka", Variant: "biased"}, Values: map[results.Pair]float64{
		{X: a, Y: b}: 0.5, {X: b, Y: a}: 0.25, {X: a, Y: results.Layer{Model: "b", Layer: "9"}}: 0}}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back Matrix
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(m, back) {
		t.Errorf("%s is read as %v, %v", text, back, err)
	}
	for _, text := range []string{`{"x": [{}], "y": [{}], "values": []}`, `{"x": [{}], "y": [{}], "values": [[1, 2]]}`} {
		if err := json.Unmarshal([]byte(text), &back); err == nil || !strings.Contains(err.Error(), "published: expected a") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
