package report

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/report/internal/synthetic"
	"speechsim/pipeline/results"
)

var (
	twoModels  = []figures.Model{{Name: "hubert-tiny", Layers: synthetic.Layers(0, 4)}, {Name: "wav2vec2-tiny", Layers: synthetic.Layers(0, 4)}}
	fourModels = []figures.Model{{Name: "hubert-base", Layers: synthetic.Layers(0, 12)}, {Name: "hubert-large", Layers: synthetic.Layers(0, 23)},
		{Name: "wav2vec2-base", Layers: synthetic.Layers(0, 12)}, {Name: "wav2vec2-large", Layers: synthetic.Layers(0, 23)}}
)

// demoPage is a page of the demo's size with everything that can go wrong.
func demoPage() Page {
	pairs := (&figures.Figure{XModels: twoModels, YModels: twoModels}).Pairs()
	demo := append(synthetic.Run{Metric: "cka", Variant: "debiased", Intervals: true}.Cells(pairs),
		synthetic.Run{Metric: "svcca", Variant: "textbook", Intervals: true, Broken: true}.Cells(pairs)...)
	for i := range demo {
		if demo[i].Metric == "svcca" && demo[i].X.Layer == "4" {
			demo[i].Warnings = []string{"n = 700 < 5 (dx + dy) = 1280: the value is high on noise too"}
		}
	}
	return Page{
		Title: "demo", Lead: "Two small speech models on 60 utterances, layer by layer.",
		Compared: []string{"hubert-tiny and wav2vec2-tiny: 5 layers each, every pair of layers."},
		On:       []string{"60 utterances of the demo corpus, 12 speakers, 158 s; rows are words, 702 of 730."},
		Figures: []figures.Figure{
			{Name: "demo-cka", Title: "CKA between the layers of two speech models", Kind: figures.Heatmap, Metric: "cka", Variant: "debiased", Symmetric: true, XModels: twoModels, YModels: twoModels},
			{Name: "demo-broken", Title: "The same with cells that could not be computed, under a title that is long enough for a second line", Kind: figures.Heatmap, Metric: "svcca", Variant: "textbook", XModels: twoModels, YModels: twoModels},
		},
		Cells: demo,
		Details: []PairDetail{{X: results.Layer{Model: "hubert-tiny", Layer: "4"}, Y: results.Layer{Model: "wav2vec2-tiny", Layer: "4"},
			Title: "Words that drive it", Columns: []string{"Word", "#Value"}, Rows: [][]string{{"river", "0.900"}, {"stone", "0.800"}, {"the", "\u22120.100"}}}},
		Dropped:  []Dropped{{Reason: "silence", Rows: 20, Examples: []string{"61-70968-0000 0.00 to 0.31 s"}}, {Reason: "word not aligned", Rows: 8}},
		Warnings: []string{"the models have random weights"},
		Manifest: json.RawMessage(`{"program":"speechsim 0.1","config":{"name":"demo","corpus":{"librispeech":{"root":"corpus/demo"}},"models":[{"name":"hubert-tiny","sha256":"5f1c"}]},"versions":{"onnxruntime":"1.31.1","blas":"OpenBLAS 0.3.34"},"seconds":3.25}`),
	}
}

// largePage is a run of four models with 74 layers and 8 metrics.
func largePage() Page {
	var p Page
	p.Title = "large"
	for _, m := range []results.Measure{{Metric: "cka", Variant: "debiased"}, {Metric: "cka", Variant: "biased"}, {Metric: "cca", Variant: "mean"}, {Metric: "svcca", Variant: "textbook"},
		{Metric: "pwcca", Variant: "elkheir2024"}, {Metric: "neuron_neuron", Variant: "absolute"}, {Metric: "neuron_layer", Variant: "r"}, {Metric: "procrustes", Variant: "score"}} {
		p.Cells = append(p.Cells, synthetic.Run{Metric: m.Metric, Variant: m.Variant, Intervals: true}.Cells((&figures.Figure{XModels: fourModels, YModels: fourModels}).Pairs())...)
		p.Figures = append(p.Figures, figures.Figure{Name: m.Metric + "-" + m.Variant, Title: figures.Label(m), Kind: figures.Heatmap, Metric: m.Metric, Variant: m.Variant, XModels: fourModels, YModels: fourModels})
	}
	e := largeExtra(p.Cells)
	for _, m := range fourModels {
		for _, layer := range m.Layers {
			for head := range map[bool]int{false: 12, true: 16}[len(m.Layers) > 13] {
				e.Positions = append(e.Positions, noisyHead(results.Layer{Model: m.Name, Layer: layer}, head)...)
			}
		}
	}
	p.Take(e)
	return p
}

// largeExtra are the matches and differences that a run has in addition to such cells: 20 units for each cell of two metrics, and a
// difference of neighbours for each cell of another.
func largeExtra(cells []results.Cell) *Extra {
	var e Extra
	random := rand.New(rand.NewPCG(3, 5))
	for i := range MostPaired {
		v := random.Float64() - 0.5
		c := cells[i]
		e.Paired = append(e.Paired, results.Difference{Comparison: c.Comparison, Metric: c.Metric, Variant: c.Variant, X: c.X, Than: cells[i+74].X, Y: c.Y, Value: v, Lo: v - 0.02*random.Float64(), Hi: v + 0.02*random.Float64(), P: random.Float64()})
	}
	for i, c := range cells {
		switch c.Metric {
		case "neuron_neuron", "neuron_layer":
			for unit := range 20 {
				e.Matches = append(e.Matches, results.Match{Comparison: c.Comparison, Metric: c.Metric, Variant: c.Variant, X: c.X, Y: c.Y, Matched: c.Y,
					Unit: random.IntN(1024), MatchedUnit: random.IntN(1024), Value: 1 - float64(unit)*0.04*random.Float64()})
			}
		case "cka":
			if than := cells[max(i-74, 0)].X; than.Model == c.X.Model && than != c.X {
				d := 0.1 * (random.Float64() - 0.5)
				e.Differences = append(e.Differences, results.Difference{Comparison: c.Comparison, Metric: c.Metric, Variant: c.Variant, Kind: results.Neighbours,
					X: c.X, Than: than, Y: c.Y, Value: d, Lo: d - 0.02*random.Float64(), Hi: d + 0.02*random.Float64(), P: random.Float64()})
			}
		}
	}
	return &e
}

func TestWritePage(t *testing.T) {
	dir := os.Getenv("SPEECHSIM_GALLERY")
	if dir == "" {
		dir = t.TempDir()
	}
	pages := map[string]Page{"demo.html": demoPage(), "empty.html": {Title: "empty"}}
	if !testing.Short() {
		pages["large.html"] = largePage()
	}
	for name, page := range pages {
		path := filepath.Join(dir, name)
		if err := WritePage(path, page); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes", name, info.Size())
		if info.Size() > 3<<20 {
			t.Errorf("%s has %d bytes, expected at most 3 MB", name, info.Size())
		}
	}
}
