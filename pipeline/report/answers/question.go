package answers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// question is one comparison with one model on the y side: which layers are like it, and how sure is that?
type question struct {
	*Run
	Answer
	measured
	others     []*measured // the comparison's other measures
	comparison string
	y          results.Layer // at which the highest value is
	yLayers    int
	sides      []side
	picture    string
}

// side is the layers of one model on the x side, in their order.
type side struct {
	Source
	cells []*results.Cell // with y; those without a value are among them
	best  *results.Cell   // nil: none has a value
}

// ask puts the question of a comparison and a model on its y side; nil where no cell has a value.
func (r *Run) ask(comparison string, measures []*measured, yModel string) *question {
	q := &question{Run: r, measured: *measures[0], others: measures[1:], comparison: comparison, picture: r.figure(comparison, measures[0].Measure)}
	var top *results.Cell
	var layers []string
	for _, c := range q.cells {
		if c.Y.Model != yModel {
			continue
		}
		if !slices.Contains(layers, c.Y.Layer) {
			layers = append(layers, c.Y.Layer)
		}
		asked := func(c *results.Cell) bool { return r.source(c.X.Model).Role == "" }
		if c.OK() && (top == nil || asked(c) && !asked(top) || asked(c) == asked(top) && *c.Value > *top.Value) {
			top = c
		}
	}
	if top == nil {
		return nil
	}
	q.y, q.yLayers = top.Y, len(layers)
	q.sides = q.sidesOf(&q.measured)
	return q
}

// sidesOf gathers the cells of a measure with y, by the models of x.
func (q *question) sidesOf(m *measured) (sides []side) {
	for _, c := range m.cells {
		if c.Y != q.y {
			continue
		}
		i := slices.IndexFunc(sides, func(s side) bool { return s.Name == c.X.Model })
		if i < 0 {
			i = len(sides)
			sides = append(sides, side{Source: q.source(c.X.Model)})
		}
		s := &sides[i]
		s.cells = append(s.cells, c)
		if c.OK() && (s.best == nil || *c.Value > *s.best.Value) {
			s.best = c
		}
	}
	return sides
}

// asked are the models that the question is about, from the one with the highest value down: all but controls and baselines, or
// all where there is nothing else.
func asked(sides []side) []side {
	valued := slices.DeleteFunc(slices.Clone(sides), func(s side) bool { return s.best == nil })
	list := slices.DeleteFunc(slices.Clone(valued), func(s side) bool { return s.Role != "" })
	if len(list) == 0 {
		list = valued
	}
	slices.SortStableFunc(list, func(a, b side) int { return cmp.Compare(*b.best.Value, *a.best.Value) })
	return list
}

// side returns that of a model.
func (q *question) side(name string) (side, bool) {
	i := slices.IndexFunc(q.sides, func(s side) bool { return s.Name == name })
	if i < 0 {
		return side{}, false
	}
	return q.sides[i], q.sides[i].best != nil
}

// differences are those of a kind at y whose first layer is of a model.
func (q *question) differences(kind, model string) (list []results.Difference) {
	for _, d := range q.Differences {
		same := q.Measure.Same(results.Measure{Metric: d.Metric, Variant: d.Variant, Params: d.Params})
		if same && d.Kind == kind && d.Comparison == q.comparison && d.Y == q.y && d.X.Model == model {
			list = append(list, d)
		}
	}
	return list
}

// layer names one of several layers of a model: "layer 3 of hubert", or the model alone.
func (q *question) layer(l results.Layer) string {
	if q.source(l.Model).Single {
		return q.words(l.Model)
	}
	return "layer " + l.Layer + " of " + q.words(l.Model)
}

// title names what was asked for.
func (q *question) title() string {
	if q.source(q.y.Model).Role == Labels {
		return upper(q.words(q.y.Model))
	}
	return "Likeness to " + q.words(q.y.Model)
}

func (q *question) about() string {
	parts := []string{figures.Label(q.Measure)}
	for _, c := range q.cells {
		if c.N > 0 {
			unit := c.Rows
			if c.Params.Level == results.TypeLevel {
				unit += " type"
			}
			parts = append(parts, figures.Plural(c.N, unit))
			break
		}
	}
	if n := classes(q); n > 0 {
		parts = append(parts, fmt.Sprintf("%d classes", n))
	}
	if q.Groups > 0 {
		parts = append(parts, figures.Plural(q.Groups, "group")+" of speakers")
	}
	if tested := permuted(q); tested != "" {
		parts = append(parts, "chance and its p: "+tested)
	}
	if q.yLayers > 1 {
		parts = append(parts, fmt.Sprintf("with layer %s of %s, of its %d layers the one with the highest value", q.y.Layer, q.words(q.y.Model), q.yLayers))
	}
	return strings.Join(parts, "; ")
}

// classes is how many classes the labels have that the layers are compared with; 0 where these are no classes.
func classes(q *question) int {
	if q.source(q.y.Model).Role != Labels {
		return 0
	}
	for _, c := range q.cells {
		if c.Y == q.y && c.DY > 1 {
			return c.DY
		}
	}
	return 0
}

// permuted says what changed places under the null, which need not be all rows.
func permuted(q *question) string {
	for _, c := range q.cells {
		if c.Y == q.y && c.Null != nil {
			return c.Null.About
		}
	}
	return ""
}

// answer applies the rules.
func (q *question) answer() Answer {
	q.Title, q.Comparison, q.Y, q.About = q.title(), q.comparison, q.y.Model, q.about()
	for _, s := range asked(q.sides) {
		q.Glance = append(q.Glance, glanceOf(q, s))
		bestLayer(q, s)
		carriedBy(q, s)
		controlsAndBaselines(q, s)
	}
	common := len(q.Sentences)
	betweenModels(q)
	curves(q)
	for _, m := range q.others {
		otherMeasure(q, m)
	}
	unknown(q)
	if len(q.Sentences) > common {
		q.Sentences[common].Begins = true
	}
	return q.Answer
}

// say adds a sentence that the question's figure shows.
func (q *question) say(text string, evidence ...Evidence) { q.Answer.say(q.picture, text, evidence...) }

// lead adds a sentence that is an answer itself.
func (q *question) lead(text string, evidence ...Evidence) {
	q.say(text, evidence...)
	last := &q.Sentences[len(q.Sentences)-1]
	last.Leads, last.Begins = true, true
}
