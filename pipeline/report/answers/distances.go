package answers

import (
	"cmp"
	"fmt"
	"slices"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// alike says of which words a variant of word_distance takes the distance, and what is below the threshold.
var alike = []struct{ variant, words, what string }{
	{"phonetic", "sound alike", "distance of their phones"}, {"semantic", "mean alike", "distance of their word vectors"},
}

// distances says which layer of each model places words that sound alike, or mean alike, closest together next to random pairs of words.
func (r *Run) distances(comparison string) Answer {
	a := Answer{Title: "Distances of words", Comparison: comparison}
	cells := map[string][]*results.Cell{} // by variant
	var models []string
	var rows *results.Params // of the first cell: of several sets of rows, the others are in the figures
	for i := range r.Cells {
		c := &r.Cells[i]
		if c.Comparison != comparison || c.Metric != "word_distance" || !c.OK() {
			continue
		}
		if rows == nil {
			rows = &c.Params
		}
		if c.Params.First != rows.First || c.Params.Level != rows.Level {
			continue
		}
		cells[c.Variant] = append(cells[c.Variant], c)
		if !slices.Contains(models, c.X.Model) {
			models = append(models, c.X.Model)
		}
		a.About = fmt.Sprintf("word distance; %s; vectors of %s", figures.Plural(c.N, c.Rows+" type"), r.words(c.Y.Model))
	}
	for _, model := range models {
		for _, of := range alike {
			if text, evidence := r.closest(model, of.words, of.what, cells[of.variant], cells["random"]); text != "" {
				a.say(r.figure(comparison, measureOf(evidence[0])), text, ofCell(measureOf(evidence[0]), evidence[0]), ofCell(measureOf(evidence[1]), evidence[1]))
				last := &a.Sentences[len(a.Sentences)-1]
				last.Leads, last.Begins = true, true
			}
		}
	}
	if len(a.Sentences) > 0 {
		a.say("", "Not known: how sure this is, because these distances have no intervals.")
		a.Sentences[len(a.Sentences)-1].Begins = true
	}
	return a
}

func measureOf(c *results.Cell) results.Measure {
	return results.Measure{Metric: c.Metric, Variant: c.Variant, Params: c.Params}
}

// closest compares the layers of a model at the smallest threshold at which all that have a value have one without a warning (that few pairs are below
// it). A layer's distances count as shares of that of its random pairs, since layers spread words more and less.
func (r *Run) closest(model, words, what string, cells, random []*results.Cell) (string, []*results.Cell) {
	of := func(c *results.Cell) bool { return c.X.Model == model }
	var thresholds []float64
	layers := 0
	for _, c := range random {
		if of(c) {
			layers++
		}
	}
	for _, c := range cells {
		if of(c) && len(c.Warnings) == 0 && !slices.Contains(thresholds, c.Params.Threshold) {
			thresholds = append(thresholds, c.Params.Threshold)
		}
	}
	slices.Sort(thresholds)
	for _, t := range thresholds {
		var ranked [][]*results.Cell // a cell, and the random pairs of its layer
		for _, c := range cells {
			i := slices.IndexFunc(random, func(o *results.Cell) bool { return o.X == c.X && *o.Value > 0 })
			if of(c) && c.Params.Threshold == t && len(c.Warnings) == 0 && i >= 0 {
				ranked = append(ranked, []*results.Cell{c, random[i]})
			}
		}
		if len(ranked) == 0 || len(ranked) < layers {
			continue
		}
		share := func(p []*results.Cell) float64 { return *p[0].Value / *p[1].Value }
		best := slices.MinFunc(ranked, func(p, o []*results.Cell) int { return cmp.Compare(share(p), share(o)) })
		name, layer := r.words(model), best[0].X.Layer
		means := fmt.Sprintf("mean distance %s against %s of random pairs", figures.Short(*best[0].Value), figures.Short(*best[1].Value))
		which := fmt.Sprintf("words that %s (%s below %g)", words, what, t)
		switch {
		case share(best) >= 1 && len(ranked) == 1:
			return fmt.Sprintf("%s does not place %s closer together than random pairs: %s.", name, which, means), best
		case share(best) >= 1:
			return fmt.Sprintf("No layer of %s places %s closer together than random pairs; layer %s comes nearest to it: %s.", name, which, layer, means), best
		case len(ranked) == 1:
			return fmt.Sprintf("%s places %s closer together than random pairs: %s.", name, which, means), best
		}
		return fmt.Sprintf("Of %s's %d layers, layer %s places %s closest together next to random pairs: %s.", name, len(ranked), layer, which, means), best
	}
	return "", nil
}
