package answers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// glanceOf says in a line of a table what the paragraph on a model says.
func glanceOf(q *question, s side) Glance {
	g := Glance{Model: q.words(s.Name), Value: figures.Short(*s.best.Value), Chance: "not tested"}
	if s.best.Lo != nil {
		g.Interval = figures.Short(*s.best.Lo) + " to " + figures.Short(*s.best.Hi)
	}
	if !s.Single {
		g.Layer = s.best.X.Layer
		switch names, n, p := q.ties(s); {
		case len(p) == 0:
			g.Ties = "not known"
		case n == 0:
			g.Ties = "none"
		case n == len(p):
			g.Ties = "all others"
		default:
			g.Ties = strings.TrimPrefix(strings.TrimPrefix(names, "layers "), "layer ")
		}
	}
	if p := s.best.Significance(); p != nil {
		g.Chance = "above"
		if figures.Weak(s.best, figures.DefaultAlpha) {
			g.Chance = "not above"
		}
		g.Chance += ", " + whole(probability(*p, s.best.AtFloor(*p)))
	}
	var controls, baselines []string
	for _, o := range q.sides {
		switch {
		case o.best == nil:
		case slices.Contains(s.Controls, o.Name):
			controls = append(controls, ahead(q, results.Control, s, o))
		case o.Role == Baseline && s.Role == "" && !s.Text:
			baselines = append(baselines, ahead(q, results.Baseline, s, o))
		}
	}
	g.Control, g.Baseline = cmp.Or(strings.Join(controls, "; "), "none"), cmp.Or(strings.Join(baselines, "; "), "none")
	if likeChance(s) {
		g.Control, g.Baseline = "–", "–"
	}
	return g
}

// whole keeps a text on one line.
func whole(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") }

// ahead says how far the best layer of one model is above that of another.
func ahead(q *question, kind string, s, o side) string {
	list, d := q.best(kind, s, o)
	if d == nil {
		return "at " + figures.Short(*o.best.Value)
	}
	by := figures.Short(d.Value)
	if d.Value > 0 {
		by = "+" + by
	}
	text := by + ", " + whole(probability(d.P, false))
	if above, _, n := layerByLayer(kind, list); n > 0 {
		text += fmt.Sprintf("; above in %d of %d layers", above, n)
	}
	return text
}
