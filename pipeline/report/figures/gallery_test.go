package figures

import (
	"fmt"
	"slices"
	"sync"

	"speechsim/pipeline/published"
	"speechsim/pipeline/report/internal/synthetic"
	"speechsim/pipeline/results"
)

// cells makes a cell for each layer of x with each of y.
func cells(r synthetic.Run, x, y []Model) []results.Cell {
	return r.Cells((&Figure{XModels: x, YModels: y}).Pairs())
}

var (
	demoModels = []Model{{Name: "hubert-tiny", Layers: synthetic.Layers(0, 4)}, {Name: "wav2vec2-tiny", Layers: synthetic.Layers(0, 4)}}
	bert       = []Model{{Name: "bert", Layers: synthetic.Layers(0, 12)}}
	glove      = []Model{{Name: "glove.840B.300d", Layers: []string{"vectors"}}}
	paperA     = []Model{{Name: "hubert-base", Layers: synthetic.Layers(0, 12)}, {Name: "hubert-large", Layers: synthetic.Layers(0, 23)}, {Name: "wav2vec2-base", Layers: synthetic.Layers(0, 12)}, {Name: "wav2vec2-large", Layers: synthetic.Layers(0, 23)}}
	withCNN    = []Model{{Name: "wav2vec2-base", Layers: append([]string{"cnn.1", "cnn.2", "cnn.3", "cnn.4", "cnn.5", "cnn.6", "cnn.7"}, synthetic.Layers(0, 12)...)}}
)

func large() []Model {
	var list []Model
	for _, n := range []string{"hubert-large-ll60k", "wav2vec2-large-lv60", "wavlm-large", "data2vec-audio-large", "hubert-xlarge"} {
		list = append(list, Model{Name: n, Layers: append(synthetic.Layers(0, 24), "24.prenorm")})
	}
	return append(list, Model{Name: "wav2vec2-conformer", Layers: synthetic.Layers(0, 15)})
}

// gallery is what the goldens and the pictures to look at are made of. Callers
// must not change its cells.
func gallery() ([]Figure, []results.Cell) {
	g := madeGallery()
	return slices.Clone(g.figures), g.cells
}

type galleryParts struct {
	figures []Figure
	cells   []results.Cell
}

var madeGallery = sync.OnceValue(func() galleryParts {
	cka := synthetic.Run{Metric: "cka", Variant: "debiased", Intervals: true}
	broken := cka
	broken.Metric, broken.Variant, broken.Broken = "svcca", "textbook", true
	plain := synthetic.Run{Metric: "neuron_neuron", Variant: "absolute"}
	var all []results.Cell
	all = append(all, cells(cka, demoModels, demoModels)...)
	all = append(all, cells(broken, demoModels, demoModels)...)
	all = append(all, cells(cka, paperA, paperA)...)
	all = append(all, cells(broken, paperA, paperA)...)
	all = append(all, cells(plain, large(), large())...)
	all = append(all, cells(cka, withCNN, glove)...)
	all = append(all, cells(cka, withCNN, bert)...)
	all = append(all, cells(broken, demoModels, glove)...)
	all = append(all, cells(cka, demoModels, glove)...)
	all = append(all, cells(broken, demoModels, bert)...)
	paper := published.Matrix{Label: "Bolaños 2024, figure 4.2", Measure: results.Measure{Metric: "cka", Variant: "debiased"}, Values: map[results.Pair]float64{}}
	for i := range 13 {
		at := results.Pair{X: results.Layer{Model: "wav2vec2-base", Layer: fmt.Sprint(i)}, Y: results.Layer{Model: "glove.840B.300d", Layer: "vectors"}}
		paper.Values[at] = 0.2 + 0.02*float64(i)
	}
	figures := []Figure{
		{Name: "demo-cka", Title: "CKA between the layers of two speech models", Kind: Heatmap, Metric: "cka", Variant: "debiased", Symmetric: true, XModels: demoModels, YModels: demoModels},
		{Name: "demo-broken", Title: "The same with cells that could not be computed, under a title that is long enough for a second line", Kind: Heatmap, Metric: "svcca", Variant: "textbook", XModels: demoModels, YModels: demoModels},
		{Name: "paper-74", Title: "Figure 1: four models", Kind: Heatmap, Metric: "cka", Variant: "debiased", XModels: paperA, YModels: paperA},
		{Name: "paper-74-broken", Title: "Figure 2", Kind: Heatmap, Metric: "svcca", Variant: "textbook", XModels: paperA, YModels: paperA, Scale: Scale{Map: "rocket", Min: new(0.2), Max: new(0.9)}},
		{Name: "large-146", Title: "All large models", Kind: Heatmap, Metric: "neuron_neuron", Variant: "absolute", XModels: large(), YModels: large(), Scale: Scale{Map: "cividis"}},
		{Name: "row", Title: "One row", Kind: Heatmap, Metric: "cka", Variant: "debiased", XModels: withCNN, YModels: glove},
		{Name: "rectangle", Title: "wav2vec 2.0 and BERT", Kind: Heatmap, Metric: "cka", Variant: "debiased", XModels: withCNN, YModels: bert, Scale: Scale{Map: "diverging"}},
		{Name: "tree", Title: "Which layers group", Kind: Tree, Metric: "svcca", Variant: "textbook", XModels: demoModels},
		{Name: "tree-74", Title: "Which layers group", Kind: Tree, Metric: "cka", Variant: "debiased", XModels: paperA},
		{Name: "mds", Title: "Which layers are close", Kind: MDS, Metric: "svcca", Variant: "textbook", XModels: demoModels},
		{Name: "mds-74", Title: "Which layers are close", Kind: MDS, Metric: "cka", Variant: "debiased", XModels: paperA},
		{Name: "profile", Title: "Best match of each layer", Kind: Profile, Metric: "cka", Variant: "debiased", XModels: demoModels, YModels: demoModels},
		{Name: "curve-one", Title: "wav2vec 2.0 against word vectors, ¿más alto?", Kind: Curves, Metric: "cka", Variant: "debiased", XModels: withCNN, YModels: glove, Published: []published.Matrix{paper}},
		{Name: "curve-models", Title: "Two models against word vectors", Kind: Curves, Metric: "svcca", Variant: "textbook", Also: []results.Measure{{Metric: "cka", Variant: "debiased"}}, XModels: demoModels, YModels: glove},
		{Name: "curve-layers", Title: "wav2vec 2.0 against each layer of BERT", Kind: Curves, Metric: "cka", Variant: "debiased", XModels: withCNN, YModels: bert},
		{Name: "curve-panels", Title: "Two models against each layer of BERT", Kind: Curves, Metric: "svcca", Variant: "textbook", XModels: demoModels, YModels: bert},
	}
	named := []Model{{Name: "hubert-tiny", Layers: synthetic.Layers(0, 4), Label: "HuBERT Base", Colour: "#aa3377"}, {Name: "wav2vec2-tiny", Layers: synthetic.Layers(0, 4), Label: "wav2vec 2.0"}}
	words := Figure{Name: "part-words", Title: "Word vectors", Kind: Curves, Metric: "cka", Variant: "debiased", XModels: named, YModels: glove}
	text := Figure{Name: "part-text", Title: "The middle layer of BERT, which is a longer title", Kind: Curves, Metric: "cka", Variant: "debiased", XModels: named[1:], YModels: []Model{{Name: "bert", Layers: []string{"6"}}}}
	self := Figure{Name: "part-self", Title: "One with itself", Kind: Heatmap, Metric: "cka", Variant: "debiased", XModels: named[:1], YModels: named[:1]}
	other := Figure{Name: "part-other", Title: "One with the other", Kind: Heatmap, Metric: "cka", Variant: "debiased", XModels: named[:1], YModels: named[1:]}
	all = append(all, cells(cka, demoModels, bert)...)
	figures = append(figures,
		Figure{Name: "panels-curves", Title: "Words and text", Kind: Several, Panels: []Figure{words, text}},
		Figure{Name: "panels-maps", Title: "Two maps, one scale", Kind: Several, Panels: []Figure{self, other}},
		Figure{Name: "panels-rows", Title: "Three panels in two columns", Kind: Several, Columns: 2, Panels: []Figure{words, text, words}})
	settings, swept := settingsGallery()
	return galleryParts{append(figures, settings...), append(all, swept...)}
})

// settingsGallery holds figures over settings in place of layers.
func settingsGallery() ([]Figure, []results.Cell) {
	one := []Model{{Name: "wav2vec2", Layers: []string{"7"}}, {Name: "encodecmae", Layers: []string{"8"}}}
	words := []Model{{Name: "glove", Layers: []string{"vector"}}}
	figures := []Figure{
		{Name: "sweep", Title: "Words that sound alike, words that mean alike", Kind: Sweep, Metric: "word_distance", Variant: "phonetic", XModels: one, YModels: words},
		{Name: "grid", Title: "Settings of ASIF", Kind: Grid, Metric: "asif", Variant: "cosine", XModels: one, YModels: words},
		{Name: "prefix", Title: "How many rows are enough", Kind: Prefix, Metric: "cka", Variant: "biased", Comparison: "first", XModels: []Model{{Name: "wav2vec2", Layers: synthetic.Layers(1, 4)}}, YModels: words},
	}
	var cells []results.Cell
	add := func(f *Figure, m results.Measure, value func(i int) float64) {
		if f.Metric != m.Metric || f.Variant != m.Variant || f.Params != m.Params {
			f.Also = append(f.Also, m)
		}
		for i, at := range f.Pairs() {
			cells = append(cells, results.Cell{Comparison: f.Comparison, Metric: m.Metric, Variant: m.Variant, Params: m.Params, X: at.X, Y: at.Y, Rows: "word", N: 8001, Value: new(value(i))})
		}
	}
	for k, variant := range []string{"phonetic", "semantic"} {
		for t := 1; t <= 15; t++ {
			m := results.Measure{Metric: "word_distance", Variant: variant, Params: results.Params{Threshold: 0.05 * float64(t)}}
			if t == 1 && k == 0 {
				figures[0].Params = m.Params
			}
			add(&figures[0], m, func(i int) float64 { return 0.3 + 0.02*float64(t) + 0.1*float64(k) + 0.05*float64(i) })
		}
	}
	for _, p := range []int{1, 2, 4, 8} {
		for _, k := range []int{10, 50, 100, 250, 750} {
			m := results.Measure{Metric: "asif", Variant: "cosine", Params: results.Params{P: p, K: k}}
			if p == 1 && k == 10 {
				figures[1].Params = m.Params
			}
			add(&figures[1], m, func(i int) float64 { return 0.7 - 0.03*float64(p-4)*float64(p-4)/4 - float64(k)/5000 - 0.2*float64(i) })
		}
	}
	figures[1].Published = []published.Matrix{{Label: "A paper, table 3.1", Measure: results.Measure{Metric: "asif", Variant: "cosine", Params: results.Params{P: 4, K: 100}},
		Values: map[results.Pair]float64{{X: results.Layer{Model: "wav2vec2", Layer: "7"}, Y: results.Layer{Model: "glove", Layer: "vector"}}: 0.5}}}
	for _, first := range []int{0, 50, 500, 3000} {
		m := results.Measure{Metric: "cka", Variant: "biased", Params: results.Params{First: first}}
		add(&figures[2], m, func(i int) float64 {
			if first == 0 {
				return 0.1 * float64(i)
			}
			return 0.1*float64(i) + float64(i*i)*30/float64(first)
		})
	}
	return figures, cells
}
