package figures

import (
	"fmt"
	"slices"
	"strconv"

	"speechsim/pipeline/published"
	"speechsim/pipeline/results"
)

// drawnAs returns the figure as it is drawn. Most are drawn as they are; some
// kinds show numbers that follow from the cells, or the cells along another
// axis than layers: those become curves or a heat map of cells of their own.
func drawnAs(f Figure, ix *index) Figure {
	switch f.Kind {
	case Profile:
		return profile(f, ix)
	case Sweep:
		return sweep(f, ix)
	case Grid:
		return gridOfSettings(f, ix)
	case Prefix:
		return prefixes(f, ix)
	case Several:
		f.Panels = slices.Clone(f.Panels)
		for i := range f.Panels {
			f.Panels[i] = drawnAs(f.Panels[i], ix)
		}
	}
	return f
}

// profile shows for each layer of x the value with its best layer in each
// model of y; in its own model, with the best other layer.
func profile(f Figure, ix *index) Figure {
	var cells []results.Cell
	for _, x := range flatten(f.XModels) {
		for _, m := range f.YModels {
			if best := bestOf(&f, ix, x, m); best != nil {
				c := *best
				c.X, c.Y = x, results.Layer{Model: m.Name}
				cells = append(cells, c)
			}
		}
	}
	f.Kind, f.own, f.Symmetric = Curves, newIndex(cells), false
	f.Caption = joinSentences(f.Caption, "Each layer's value with its best-matching layer in each model; in its own model, with the best other layer")
	var models []Model
	for _, m := range f.YModels {
		models = append(models, Model{Name: m.Name, Layers: []string{""}, Label: m.Label, Colour: m.Colour})
	}
	f.YModels, f.Published = models, nil
	return f
}

// bestOf is the cell of a layer and that layer of a model with the highest
// value, nil where there is none.
func bestOf(f *Figure, ix *index, x results.Layer, m Model) *results.Cell {
	var best *results.Cell
	for _, l := range m.Layers {
		y := results.Layer{Model: m.Name, Layer: l}
		if y == x {
			continue
		}
		if c := ix.find(f, f.Measure(), x, y); c != nil && c.OK() && (best == nil || *c.Value > *best.Value) {
			best = c
		}
	}
	return best
}

// setting is the number of a param that a sweep runs over, with its title.
func setting(p results.Params) (value, title string, rest results.Params) {
	rest = p
	switch {
	case p.Threshold > 0:
		rest.Threshold = 0
		return strconv.FormatFloat(p.Threshold, 'g', 6, 64), "threshold", rest
	case p.First > 0:
		rest.First = 0
		return strconv.Itoa(p.First), "first rows", rest
	}
	return "all", "", rest
}

// sweep shows values against a threshold or a number of first rows: a line for
// each pair of layers and each measure that differs in more than this setting.
func sweep(f Figure, ix *index) Figure {
	var cells []results.Cell
	var settings []string
	var measures []results.Measure
	title := ""
	names := pairNames(&f)
	thresholds := thresholdsOf(f.Measures())
	for _, m := range f.Measures() {
		value, t, rest := setting(m.Params)
		title = orDefault(title, t)
		if !slices.Contains(settings, value) && (t != "" || m.Metric != "word_distance") {
			settings = append(settings, value)
		}
		shown := results.Measure{Metric: m.Metric, Variant: m.Variant, Params: rest}
		if !slices.Contains(measures, shown) {
			measures = append(measures, shown)
		}
		for _, at := range f.Pairs() {
			c := ix.find(&f, m, at.X, at.Y)
			if c == nil {
				continue
			}
			d := *c
			d.X, d.Y, d.Params = results.Layer{Model: names[at], Layer: value}, results.Layer{}, rest
			if t == "" && m.Metric == "word_distance" { // of any two words, whatever the threshold: a level line
				for _, value := range thresholds {
					d.X.Layer = value
					cells = append(cells, d)
				}
				continue
			}
			cells = append(cells, d)
		}
	}
	onSettings(&f, Curves, cells, settings, names)
	f.XTitle = orDefault(f.XTitle, title)
	f.Metric, f.Variant, f.Params, f.Also = measures[0].Metric, measures[0].Variant, measures[0].Params, measures[1:]
	f.YModels, f.Published = []Model{{Layers: []string{""}}}, nil
	return f
}

// thresholdsOf lists those of measures.
func thresholdsOf(measures []results.Measure) []string {
	var list []string
	for _, m := range measures {
		if value, t, _ := setting(m.Params); t == "threshold" && !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	return list
}

// gridOfSettings shows asif's values over its two settings: k across, p
// upward, a block for each pair of layers.
func gridOfSettings(f Figure, ix *index) Figure {
	var cells []results.Cell
	var ks, ps []string
	names := pairNames(&f)
	at := func(name string, p results.Params) (x, y results.Layer, rest results.Params) {
		rest = p
		rest.P, rest.K = 0, 0
		return results.Layer{Model: name, Layer: strconv.Itoa(p.K)}, results.Layer{Model: "p", Layer: strconv.Itoa(p.P)}, rest
	}
	for _, m := range f.Measures() {
		for _, pair := range f.Pairs() {
			x, y, rest := at(names[pair], m.Params)
			if !slices.Contains(ks, x.Layer) {
				ks = append(ks, x.Layer)
			}
			if !slices.Contains(ps, y.Layer) {
				ps = append(ps, y.Layer)
			}
			if c := ix.find(&f, m, pair.X, pair.Y); c != nil {
				d := *c
				d.X, d.Y, d.Params = x, y, rest
				cells = append(cells, d)
			}
		}
	}
	measure := f.Measure()
	var maps []published.Matrix
	for _, p := range f.Published {
		values := map[results.Pair]float64{}
		for pair, v := range p.Values {
			x, y, rest := at(names[pair], p.Measure.Params)
			measure.Params = rest
			values[results.Pair{X: x, Y: y}] = v
		}
		if n := len(maps); n > 0 && maps[n-1].Label == p.Label {
			for pair, v := range values {
				maps[n-1].Values[pair] = v
			}
			continue
		}
		maps = append(maps, published.Matrix{Label: p.Label, Measure: measure, Values: values})
	}
	slices.SortStableFunc(ks, results.Natural)
	slices.SortStableFunc(ps, results.Natural)
	onSettings(&f, Heatmap, cells, ks, names)
	f.Params.P, f.Params.K, f.Also, f.Published = 0, 0, nil, maps
	f.YModels = []Model{{Name: "p", Layers: ps}}
	f.XTitle, f.YTitle = orDefault(f.XTitle, "k, anchors kept"), orDefault(f.YTitle, "p, power")
	return f
}

// prefixes shows how much of the picture the first rows give already: for each
// pair of models, the correlation of the cells on the first n rows with those
// on all.
func prefixes(f Figure, ix *index) Figure {
	var wanted []results.Cell
	for _, m := range f.Measures() {
		for _, at := range f.Pairs() {
			if c := ix.find(&f, m, at.X, at.Y); c != nil {
				wanted = append(wanted, *c)
			}
		}
	}
	var cells []results.Cell
	var settings []string
	names := map[results.Pair]string{}
	measure := f.Measure()
	for _, p := range results.Prefixes(wanted) {
		pair := results.Pair{X: results.Layer{Model: p.XModel}, Y: results.Layer{Model: p.YModel}}
		x, y := f.model(p.XModel), f.model(p.YModel)
		names[pair] = x.shown() + " \u00d7 " + y.shown()
		n := strconv.Itoa(p.Params.First)
		if !slices.Contains(settings, n) {
			settings = append(settings, n)
		}
		c := results.Cell{Comparison: p.Comparison, Metric: p.Metric, Variant: p.Variant, Params: p.Params, X: results.Layer{Model: names[pair], Layer: n}, N: p.Params.First}
		c.Params.First = 0
		measure.Params = c.Params
		if p.Cells > 1 && p.Correlation == p.Correlation {
			c.Value = &p.Correlation
		} else {
			c.Error = fmt.Sprintf("no correlation of %s", Plural(p.Cells, "cell"))
		}
		cells = append(cells, c)
	}
	onSettings(&f, Curves, cells, settings, names)
	f.Params, f.Also, f.Published = measure.Params, nil, nil
	f.YModels = []Model{{Layers: []string{""}}}
	f.XTitle, f.Quantity = orDefault(f.XTitle, "first rows"), "correlation with the cells on all rows"
	return f
}

// onSettings makes the figure one of cells whose x axis is settings, in a
// block (or a line) for each of the names.
func onSettings(f *Figure, kind Kind, cells []results.Cell, settings []string, names map[results.Pair]string) {
	for i := range cells {
		cells[i].Comparison = f.Comparison
	}
	f.Kind, f.own, f.Symmetric = kind, newIndex(cells), false
	var models []Model
	seen := map[string]bool{}
	for _, c := range cells {
		if !seen[c.X.Model] {
			seen[c.X.Model] = true
			models = append(models, Model{Name: c.X.Model, Layers: settings})
		}
	}
	if len(models) == 0 { // nothing is among the results: the figure shows that
		for _, name := range names {
			models = append(models, Model{Name: name, Layers: settings})
		}
	}
	f.XModels = models
}

// pairNames names each pair of the figure's layers, by what tells it apart:
// "wav2vec2 7 × bert 2".
func pairNames(f *Figure) map[results.Pair]string {
	names := map[results.Pair]string{}
	for _, at := range f.Pairs() {
		names[at] = f.layerName(at.X)
		if len(flatten(f.YModels)) > 1 {
			names[at] += " \u00d7 " + f.layerName(at.Y)
		}
	}
	return names
}

// joinSentences puts a sentence behind a text that may be empty.
func joinSentences(text, more string) string {
	if text == "" {
		return more
	}
	return Sentence(text) + " " + more
}
