package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"speechsim/pipeline/published"
	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

func TestChanges(t *testing.T) {
	ours := `{"seconds": 3, "config": {"name": "a", "file": "x", "models": [{"name": "m", "onnx": "1"}, {"name": "n", "onnx": "2"}], "metrics": [{"name": "cka"}, {"name": "cka", "variant": "b"}]}, "inputs": {"stamp": "1", "models": {"m": "p", "n": "q"}}, "versions": {"go": "1"}}`
	theirs := `{"seconds": 4, "config": {"name": "a", "file": "y", "models": [{"name": "n", "onnx": "moved/2"}, {"name": "m", "onnx": "3", "layers": "0"}], "metrics": [{"name": "cka"}, {"name": "cka", "variant": "b"}]}, "inputs": {"stamp": "2", "models": {"m": "r", "n": "q"}}, "versions": {"go": "1"}}`
	got, err := Changes(json.RawMessage(ours), json.RawMessage(theirs))
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{{"config.models.m.onnx", "1", "3"}, {"inputs.models.m", "p", "r"}, {"config.models.m.layers", "", "0"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := Changes(json.RawMessage("{"), json.RawMessage(theirs)); err == nil || !strings.Contains(err.Error(), "manifest") {
		t.Errorf("error %v", err)
	}
}

// TestMovedFiles: a file in another place is no change where its digest says that it is the same, and is one where no digest does.
func TestMovedFiles(t *testing.T) {
	manifest := func(place, inputs string) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`{"config": {"models": [{"name": "m", "checkpoint": "%[1]s"}, {"name": "f", "features": "%[1]s"}, {"name": "t", "onnx": "%[1]s", "vocabulary": "%[1]s"}],
			"corpus": {"folder": {"root": "%[1]s"}, "lexicon": {"file": "%[1]s"}}}, "inputs": {%[2]s}}`, place, fmt.Sprintf(inputs, place)))
	}
	const all = `"models": {"m": "p", "f": "q", "t": "r"}, "cards": {"m": "c", "f": "d", "t": "e"}, "corpus": "k", "lexicon": "l", "checkpoints": {"m": {"path": "%s", "files": {"config.json": "h"}}}`
	places := []string{"config.corpus.folder.root", "config.corpus.lexicon.file", "config.models.m.checkpoint", "config.models.f.features", "config.models.t.onnx", "config.models.t.vocabulary"}
	for _, c := range []struct {
		name, inputs string
		want         []string
	}{
		{"the same", all, nil},
		{"no digests", `"place": "%.0s"`, places},
		{"no digest of the lexicon and of the cards", `"models": {"m": "p", "f": "q", "t": "r"}, "corpus": "k", "place": "%.0s"`, []string{"config.corpus.lexicon.file", "config.models.t.vocabulary"}},
	} {
		changes, err := Changes(manifest("here", c.inputs), manifest("there", c.inputs))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, change := range changes {
			got = append(got, change.What)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func valueOf(x, y string, v float64) results.Cell {
	return results.Cell{Metric: "cka", X: results.Layer{Model: "a", Layer: x}, Y: results.Layer{Model: "b", Layer: y}, N: 9, Value: &v}
}

func TestDifferences(t *testing.T) {
	ours := []results.Cell{valueOf("0", "0", 0.5), valueOf("0", "1", 0.5), valueOf("1", "0", 0.5)}
	theirs := []results.Cell{valueOf("0", "0", 0.25), valueOf("0", "1", 0.5)}
	theirs[0].N = 8
	theirs[1].Value, theirs[1].Error = nil, "singular"
	d := differences(ours, theirs, nil)
	if len(d) != 2 || *d[0].Value != 0.25 || d[0].Warnings[0] != "n differs: 9 and 8" || d[1].Error != "no value in the second: singular" {
		t.Errorf("got %+v", d)
	}
	for i := range d {
		if err := d[i].Validate(); err != nil {
			t.Error(err)
		}
	}
}

// TestPageJSON: what a run writes about its page is read back as it was.
func TestPageJSON(t *testing.T) {
	page := demoPage()
	page.Cells, page.Details, page.Manifest = nil, nil, nil
	at := results.Pair{X: results.Layer{Model: "a", Layer: "1"}, Y: results.Layer{Model: "b", Layer: "10"}}
	page.Figures[0].Published = []published.Matrix{{Label: "A paper", Measure: results.Measure{Metric: "asif", Variant: "bolanos2024", Params: results.Params{P: 4, K: 100}},
		Values: map[results.Pair]float64{at: 0.5, {X: at.X, Y: results.Layer{Model: "b", Layer: "9"}}: 0, {X: at.Y, Y: at.X}: 0.25}}}
	text, err := json.Marshal(page)
	if err != nil {
		t.Fatal(err)
	}
	var back Page
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(page, back) {
		t.Error(cmp.Diff(page, back, cmp.AllowUnexported(figures.Figure{})))
	}
}
