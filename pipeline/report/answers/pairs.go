package answers

import (
	"cmp"
	"fmt"
	"slices"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// mostPairs is how many pairs of models a paragraph has sentences on.
const mostPairs = 6

// mostNamed is how many pairs of models a sentence on another measure names.
const mostNamed = 3

// pairs answers a comparison of models with one another: where each two are most similar, how much more layers are like those of
// their own model, and where a model changes most.
func (r *Run) pairs(comparison string, measures []*measured) Answer {
	first := measures[0]
	a := Answer{Title: "Layers of " + and(r.models(first)) + " with one another", Comparison: comparison, About: figures.Label(first.Measure)}
	picture := r.figure(comparison, first.Measure)
	best := bestOfPairs(first)
	for _, c := range best[:min(len(best), mostPairs)] {
		a.say(picture, fmt.Sprintf("%s and %s are most similar at layers %s and %s: %s.", r.words(c.X.Model), r.words(c.Y.Model), c.X.Layer, c.Y.Layer, value(c)), ofCell(first.Measure, c))
		last := &a.Sentences[len(a.Sentences)-1]
		last.Leads, last.Begins = true, true
		if more, list := r.ties(comparison, first, c); more != "" {
			a.say(picture, more, ofDifferences(list)...)
		}
	}
	common := len(a.Sentences)
	if n := len(best) - mostPairs; n > 0 {
		a.say(picture, fmt.Sprintf("%s of models with lower values are in the table by pairs of models.", figures.Plural(n, "pair")))
	}
	if within, between, ok := means(first); ok {
		a.say(picture, fmt.Sprintf("The mean over pairs of layers is %s within models (without a layer with itself) and %s between models.", figures.Short(within), figures.Short(between)))
	}
	if c := sharpest(first); c != nil {
		a.say(picture, fmt.Sprintf("Of neighbouring layers of a model, the least similar are layers %s and %s of %s%s: %s.", c.X.Layer, c.Y.Layer, r.words(c.X.Model), first.direction(), value(c)), ofCell(first.Measure, c))
	}
	for _, m := range measures[1:] {
		r.otherPairs(&a, comparison, m, best)
	}
	if !slices.ContainsFunc(first.cells, func(c *results.Cell) bool { return c.Significance() != nil }) {
		a.say("", "Not known: what the values of unrelated layers would be, because no null was drawn.")
	}
	if len(a.Sentences) > common {
		a.Sentences[common].Begins = true
	}
	return a
}

// otherPairs says where another measure puts the most similar layers elsewhere.
func (r *Run) otherPairs(a *Answer, comparison string, m *measured, first []*results.Cell) {
	var parts []string
	var evidence []Evidence
	for _, c := range bestOfPairs(m) {
		if slices.ContainsFunc(first, func(o *results.Cell) bool { return o.X == c.X && o.Y == c.Y || o.X == c.Y && o.Y == c.X }) {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %s with %s %s (%s)", r.words(c.X.Model), c.X.Layer, r.words(c.Y.Model), c.Y.Layer, figures.Short(*c.Value)))
		evidence = append(evidence, ofCell(m.Measure, c))
	}
	if len(parts) == 0 {
		return
	}
	text := fmt.Sprintf("By %s, other layers are most similar in %d of %s", figures.Label(m.Measure), len(parts), figures.Plural(len(first), "pair")+" of models: ")
	shown := min(len(parts), mostNamed)
	text += and(parts[:shown])
	if n := len(parts) - shown; n > 0 {
		text += fmt.Sprintf(", and %s", figures.Plural(n, "other"))
	}
	a.say(r.figure(comparison, m.Measure), text+".", evidence[:shown]...)
}

// models are those of a comparison of models with one another.
func (r *Run) models(m *measured) (names []string) {
	for _, c := range m.cells {
		if name := r.words(c.X.Model); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// bestOfPairs is the cell with the highest value of each two models, from the highest down.
func bestOfPairs(m *measured) (list []*results.Cell) {
	for _, c := range m.cells {
		if !c.OK() || c.X.Model == c.Y.Model {
			continue
		}
		i := slices.IndexFunc(list, func(o *results.Cell) bool {
			return o.X.Model == c.X.Model && o.Y.Model == c.Y.Model || o.X.Model == c.Y.Model && o.Y.Model == c.X.Model
		})
		switch {
		case i < 0:
			list = append(list, c)
		case *c.Value > *list[i].Value:
			list[i] = c
		}
	}
	slices.SortStableFunc(list, func(a, b *results.Cell) int { return cmp.Compare(*b.Value, *a.Value) })
	return list
}

// ties lists the layers of x's model that x cannot be told from, with the same layer of y.
func (r *Run) ties(comparison string, m *measured, c *results.Cell) (string, []results.Difference) {
	q := &question{Run: r, measured: *m, comparison: comparison, y: c.Y}
	q.sides = q.sidesOf(m)
	s, ok := q.side(c.X.Model)
	if !ok {
		return "", nil
	}
	text := notTold(q, s)
	if text == "" {
		return "", nil
	}
	return fmt.Sprintf("Of %s's layers with layer %s of %s, %s", r.words(c.X.Model), c.Y.Layer, r.words(c.Y.Model), text), q.differences(results.Best, s.Name)
}

// means are the mean value of layers of one model, and of two.
func means(m *measured) (within, between float64, ok bool) {
	var same, other figures.Mean
	for _, c := range m.cells {
		switch {
		case !c.OK() || c.X == c.Y:
		case c.X.Model == c.Y.Model:
			same.Add(*c.Value)
		default:
			other.Add(*c.Value)
		}
	}
	return same.Value, other.Value, same.N > 0 && other.N > 0
}

// direction says which layer is x where the value for (x, y) differs from that for (y, x).
func (m *measured) direction() string {
	if figures.WordsOf(m.Measure).Directed {
		return " (the first is x)"
	}
	return ""
}

// sharpest finds the neighbouring layers of one model that are least similar. The order of layers is that in which the cells name
// them.
func sharpest(m *measured) *results.Cell {
	place := map[results.Layer]int{}
	next := map[string]int{}
	for _, c := range m.cells {
		if _, ok := place[c.X]; !ok {
			place[c.X] = next[c.X.Model]
			next[c.X.Model]++
		}
	}
	var least *results.Cell
	directed := figures.WordsOf(m.Measure).Directed
	for _, c := range m.cells {
		i, okX := place[c.X]
		j, okY := place[c.Y]
		if c.OK() && okX && okY && c.X.Model == c.Y.Model && (j == i+1 || directed && j == i-1) && (least == nil || *c.Value < *least.Value) {
			least = c
		}
	}
	return least
}
