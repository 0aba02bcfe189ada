package answers

import (
	"fmt"
	"slices"
	"strings"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// bestLayer says which layer of a model has the highest value, whether that is above chance, and which layers cannot be told from it.
func bestLayer(q *question, s side) {
	q.lead(bestAndChance(q, s), ofCell(q.Measure, s.best))
	if more := notTold(q, s); more != "" {
		q.say(upper(more), corrected(q.differences(results.Best, s.Name))...)
	}
}

func bestAndChance(q *question, s side) string {
	weak := func(l results.Layer) bool {
		return slices.ContainsFunc(s.cells, func(c *results.Cell) bool { return c.X == l && figures.Weak(c, figures.DefaultAlpha) })
	}
	none, n := layersIn(s.cells, weak)
	valued := 0
	for _, c := range s.cells {
		if c.OK() {
			valued++
		}
	}
	name, alone := q.words(s.Name), len(s.cells) == 1
	if alone {
		name = upper(q.layer(s.best.X))
		if s.Single {
			name = q.words(s.Name)
		}
	}
	switch {
	case n == valued && alone:
		return fmt.Sprintf("%s is not above chance in %s: %s.", name, q.likeness(), belowChance(s.best))
	case n == valued:
		return fmt.Sprintf("No layer of %s is above chance in %s; layer %s has the highest value, %s.", name, q.likeness(), s.best.X.Layer, belowChance(s.best))
	case alone:
		return fmt.Sprintf("%s has %s %s.", name, q.likeness(), value(s.best))
	}
	text := fmt.Sprintf("Of %s's %d layers, layer %s %s: %s", name, len(s.cells), s.best.X.Layer, q.highest(), value(s.best))
	if n > 0 {
		text += fmt.Sprintf("; %s %s not above chance", none, isAre(n))
	}
	return text + "."
}

// highest is what a best layer is.
func (q *question) highest() string {
	if q.source(q.y.Model).Role == Labels {
		return "is highest in " + q.words(q.y.Model)
	}
	return "is most similar to " + q.layer(q.y)
}

// likeness is what the values are of: "word identity", "likeness to glove".
func (q *question) likeness() string {
	if q.source(q.y.Model).Role == Labels {
		return q.words(q.y.Model)
	}
	return "likeness to " + q.layer(q.y)
}

// ties are the layers of a model that its best one cannot be told from, with the p of all differences corrected for their number.
func (q *question) ties(s side) (names string, n int, p []float64) {
	list := q.differences(results.Best, s.Name)
	if len(list) == 0 || list[0].X != s.best.X {
		return "", 0, nil
	}
	p = holm(list)
	same := map[results.Layer]bool{}
	for i := range list {
		same[list[i].Than] = told(&list[i], p[i]) == 0
	}
	names, n = layersIn(s.cells, func(l results.Layer) bool { return same[l] })
	return names, n, p
}

// notTold lists the layers of a model that its best one cannot be told from.
func notTold(q *question, s side) string {
	names, n, p := q.ties(s)
	switch {
	case len(p) == 0:
		return ""
	case n == 0 && len(p) == 1:
		return "the other layer is below it" + bracketed(probability(p[0], false)) + "."
	case n == 0:
		return "each of the other layers is below it" + bracketed(eachProbability(slices.Max(p))) + "."
	case len(p) == 1:
		return "the other layer cannot be told from it" + bracketed(probability(p[0], false)) + "."
	case n == len(p):
		return "none of the other layers can be told from it."
	}
	return names + " cannot be told from it."
}

// muchOfValue is the share of a value from which on a single word or phone that carries it is named.
const muchOfValue = 0.25

// carriedBy names the word or phone that carries much of a model's highest value.
func carriedBy(q *question, s side) {
	var first *results.Contribution
	for i := range q.Contributions {
		c := &q.Contributions[i]
		of := results.Measure{Metric: c.Metric, Variant: c.Variant, Params: c.Params}
		if c.Comparison == q.comparison && q.Measure.Same(of) && c.X == s.best.X && c.Y == q.y {
			first = c
			break // the one that carries most stands first
		}
	}
	if first == nil || first.Share < muchOfValue || first.Rows == s.best.N {
		return
	}
	q.say(fmt.Sprintf("“%s” (%d of %s) carries %.0f %% of what the two have in common; without it the value would be about %s.", first.Type, first.Rows, figures.Plural(s.best.N, s.best.Rows),
		100*first.Share, figures.Short(*s.best.Value*(1-first.Effect))), ofCell(q.Measure, s.best))
}

// controlsAndBaselines sets a model against what it should be above: its control, which is the same network without training, and the acoustic
// baselines.
//
// Of values that are all like chance it is not said how far they are above others.
func controlsAndBaselines(q *question, s side) {
	if likeChance(s) {
		return
	}
	for _, name := range s.Controls {
		words := "its untrained control"
		if len(s.Controls) > 1 {
			words += " " + q.words(name)
		}
		if o, ok := q.side(name); ok {
			compare(q, results.Control, s, o, words)
		}
	}
	for _, o := range q.sides {
		if o.Role == Baseline && s.Role == "" && !s.Text && o.best != nil {
			compare(q, results.Baseline, s, o, q.words(o.Name)+", the acoustic baseline")
		}
	}
}

// likeChance says whether no layer of a model is above chance.
func likeChance(s side) bool {
	return !slices.ContainsFunc(s.cells, func(c *results.Cell) bool { return c.OK() && !figures.Weak(c, figures.DefaultAlpha) })
}

// compare sets the best layer of a model against that of another.
func compare(q *question, kind string, s, o side, words string) {
	at := " (" + figures.Short(*o.best.Value) + ")"
	if len(o.cells) > 1 {
		at = fmt.Sprintf(" (at best %s, in layer %s)", figures.Short(*o.best.Value), o.best.X.Layer)
	}
	list, d := q.best(kind, s, o)
	if d == nil {
		q.say(upper(words)+at+" is beside it without an interval of the difference.", ofCell(q.Measure, s.best), ofCell(q.Measure, o.best))
		return
	}
	sign := told(d, d.P)
	if kind == results.Baseline && sign != 0 {
		at += "," // the end of an apposition
	}
	q.say("It "+verb(sign)+" "+words+at+by(sign)+difference(d)+".", ofDifference(d))
	sayLayerByLayer(q, kind, list)
	aboveChanceToo(q, kind, s, o)
}

// best is the difference of the best layers of two models, nil where there is none, among all differences of a kind.
func (q *question) best(kind string, s, o side) (list []results.Difference, of *results.Difference) {
	list = slices.DeleteFunc(q.differences(kind, s.Name), func(d results.Difference) bool { return d.Than.Model != o.Name })
	i := slices.IndexFunc(list, func(d results.Difference) bool { return d.X == s.best.X && d.Than == o.best.X })
	if i < 0 {
		return list, nil
	}
	return list, &list[i]
}

// sayLayerByLayer says how many layers are above the same layer of the control.
func sayLayerByLayer(q *question, kind string, list []results.Difference) {
	above, below, n := layerByLayer(kind, list)
	if n == 0 {
		return
	}
	text := fmt.Sprintf("Of its %d layers, each against the same layer of the control, %s above it", n, areOf(above, n))
	if below > 0 {
		text += fmt.Sprintf(" and %d below", below)
	}
	q.say(text+" after correction for their number.", corrected(sameLayers(list))...)
}

// sameLayers are the differences of layers of one name.
func sameLayers(list []results.Difference) []results.Difference {
	return slices.DeleteFunc(slices.Clone(list), func(d results.Difference) bool { return d.X.Layer != d.Than.Layer })
}

// layerByLayer counts the layers of n that are above and below the same layer of the control, with p corrected for their number; n is 0 where
// that was not asked.
func layerByLayer(kind string, list []results.Difference) (above, below, n int) {
	list = sameLayers(list)
	if kind != results.Control || len(list) < 2 {
		return 0, 0, 0
	}
	for i, p := range holm(list) {
		switch told(&list[i], p) {
		case 1:
			above++
		case -1:
			below++
		}
	}
	return above, below, len(list)
}

// areOf writes "all are", "none is", "1 is" and "3 are".
func areOf(n, all int) string {
	switch n {
	case 0:
		return "none is"
	case all:
		return "all are"
	}
	return fmt.Sprintf("%d %s", n, isAre(n))
}

// aboveChanceToo says where a network without training is above chance as well: then being above it is no sign of training.
func aboveChanceToo(q *question, kind string, s, o side) {
	names, n := layersIn(o.cells, func(l results.Layer) bool {
		return slices.ContainsFunc(o.cells, func(c *results.Cell) bool {
			return c.X == l && c.OK() && c.Significance() != nil && !figures.Weak(c, figures.DefaultAlpha)
		})
	})
	if kind != results.Control || n == 0 {
		return
	}
	if n == len(o.cells) && n > 1 {
		names = "each of its layers"
	}
	text := fmt.Sprintf("The control is itself above chance in %s", names)
	if !figures.Weak(s.best, figures.DefaultAlpha) {
		text += ", so that being above chance is no sign of training"
	}
	q.say(text+".", ofCell(q.Measure, o.best))
}

func verb(told int) string {
	switch told {
	case 1:
		return "is above"
	case -1:
		return "is below"
	}
	return "cannot be told from"
}

func by(told int) string {
	if told == 0 {
		return ", difference "
	}
	return " by "
}

// betweenModels sets the best layers of the models against that of the best model.
func betweenModels(q *question) {
	models := asked(q.sides)
	if len(models) < 2 || models[0].Role != "" {
		return
	}
	top := models[0]
	list := slices.DeleteFunc(q.differences(results.Models, top.Name), func(d results.Difference) bool { return q.source(d.Than.Model).Role != "" })
	var parts []string
	for i := range list {
		d := &list[i]
		parts = append(parts, verb(told(d, d.P))+" "+q.layer(d.Than)+by(told(d, d.P))+difference(d))
	}
	if len(parts) > 0 {
		q.say("Between models: "+q.layer(top.best.X)+" "+and(parts)+".", ofDifferences(list)...)
	}
}

// curves says where along each model the values rise and fall most from one layer to the next, of the steps whose sign is known.
func curves(q *question) {
	var flat []string
	var steps int
	var evidence []Evidence
	for _, s := range asked(q.sides) {
		list := q.differences(results.Neighbours, s.Name)
		if len(list) < 2 || likeChance(s) {
			continue
		}
		if text, of := curve(q, list); text != "" {
			q.say("Along "+q.words(s.Name)+", the curve "+text+".", of...)
			continue
		}
		flat, steps, evidence = append(flat, q.words(s.Name)), steps+len(list), append(evidence, ofDifferences(list)...)
	}
	if len(flat) > 0 {
		q.say("Along "+and(flat)+", no step from one layer to the next can be told from 0.", evidence...)
	}
}

// curve is the largest rise and fall of some steps; "" where the sign of none is known.
func curve(q *question, list []results.Difference) (string, []Evidence) {
	var rise, fall *results.Difference
	for i, p := range holm(list) {
		d := list[i]
		d.P = p // the steepest of several is chosen
		switch told(&d, p) {
		case 1:
			if rise == nil || d.Value > rise.Value {
				rise = &d
			}
		case -1:
			if fall == nil || d.Value < fall.Value {
				fall = &d
			}
		}
	}
	var parts []string
	var evidence []Evidence
	step := func(what string, d *results.Difference) {
		if d != nil {
			parts = append(parts, fmt.Sprintf("%s most from layer %s to %s, by %s", what, d.Than.Layer, d.X.Layer, difference(d)))
			evidence = append(evidence, ofDifference(d))
		}
	}
	step("rises", rise)
	step("falls", fall)
	return and(parts), evidence
}

// otherMeasure sets another measure of the comparison beside the first: another metric says its best layers, another variant of the same
// metric only where it disagrees.
func otherMeasure(q *question, m *measured) {
	sides := asked(q.sidesOf(m))
	picture := q.figure(q.comparison, m.Measure)
	if m.Metric == q.Metric {
		for _, s := range sides {
			if text := disagreement(q, m, s); text != "" {
				q.Answer.say(picture, text, ofCell(m.Measure, s.best))
			}
		}
		return
	}
	var parts []string
	var evidence []Evidence
	for _, s := range append(sides, besides(q, m)...) {
		words := q.layer(s.best.X) + " " + figures.Short(*s.best.Value)
		if t := tested(s.best); t != "" {
			words += " (" + t + ")"
		}
		parts, evidence = append(parts, words), append(evidence, ofCell(m.Measure, s.best))
	}
	if len(parts) > 0 {
		sure := ""
		if !slices.ContainsFunc(m.cells, func(c *results.Cell) bool { return c.Lo != nil }) {
			sure = ", without intervals"
		}
		q.Answer.say(picture, fmt.Sprintf("By %s, the highest values are %s%s.", figures.Label(m.Measure), and(parts), sure), evidence...)
	}
}

// besides are the controls and baselines of a measure.
func besides(q *question, m *measured) []side {
	all := q.sidesOf(m)
	models := asked(all)
	return slices.DeleteFunc(all, func(s side) bool {
		return s.best == nil || slices.ContainsFunc(models, func(o side) bool { return o.Name == s.Name })
	})
}

// disagreement is where another variant leads to another answer for a model: a best layer that the first variant tells from its
// own, a value outside its interval, or another verdict on chance.
func disagreement(q *question, m *measured, s side) string {
	first, ok := q.side(s.Name)
	if !ok {
		return ""
	}
	var parts []string
	list := q.differences(results.Best, s.Name)
	for i, p := range holm(list) {
		if list[i].Than == s.best.X && told(&list[i], p) != 0 {
			parts = append(parts, fmt.Sprintf("has its highest value at layer %s", s.best.X.Layer))
		}
	}
	same := slices.IndexFunc(s.cells, func(c *results.Cell) bool { return c.X == first.best.X && c.OK() })
	if same < 0 {
		return ""
	}
	c := s.cells[same]
	if lo, hi := first.best.Lo, first.best.Hi; lo != nil && (*c.Value < *lo || *c.Value > *hi) {
		parts = append(parts, fmt.Sprintf("gives %s %s, outside the interval of the %s value", q.layer(c.X), figures.Short(*c.Value), variantName(q.Variant)))
	}
	if c.Significance() != nil && first.best.Significance() != nil && figures.Weak(c, figures.DefaultAlpha) != figures.Weak(first.best, figures.DefaultAlpha) {
		verdict := "finds it above chance"
		if figures.Weak(c, figures.DefaultAlpha) {
			verdict = "does not find it above chance"
		}
		parts = append(parts, verdict+bracketed(tested(c)))
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("The %s variant disagrees on %s: it %s.", variantName(m.Variant), q.words(s.Name), and(parts))
}

func variantName(variant string) string { return strings.ReplaceAll(variant, "_", " ") }

// unknown says what the comparison cannot answer.
func unknown(q *question) {
	var parts []string
	say := func(yes bool, format string, args ...any) {
		if yes {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	models := asked(q.sides)
	var noNull, noInterval, failed, all int
	for _, s := range q.sides {
		for _, c := range s.cells {
			all++
			switch {
			case !c.OK():
				failed++
				continue
			case c.Significance() == nil:
				noNull++
			}
			if c.Lo == nil {
				noInterval++
			}
		}
	}
	valued := all - failed
	say(noNull > 0 && noNull == valued, "whether any value is above chance, because no null was drawn")
	say(noNull > 0 && noNull < valued, "whether %s above chance, because no null could be drawn for %s", valuesAre(noNull), itThem(noNull))
	say(noInterval > 0 && noInterval == valued, "how much the values would change with other speakers and which layers differ, because there are no intervals")
	say(noInterval > 0 && noInterval < valued, "how sure %s, without an interval", valuesAre(noInterval))
	say(failed > 0, "%s of %d, which could not be computed", figures.Plural(failed, "value"), all)
	var alone []string
	for _, s := range models {
		if s.Role == "" && len(s.cells) > 1 && !slices.ContainsFunc(s.Controls, func(name string) bool { _, ok := q.side(name); return ok }) {
			alone = append(alone, q.words(s.Name))
		}
	}
	say(len(alone) > 0, "how much of the values of %s is training, without an untrained control", and(alone))
	baseline := slices.ContainsFunc(q.sides, func(s side) bool { return s.Role == Baseline })
	say(!baseline, "how much the sound alone would give, without an acoustic baseline")
	if len(parts) > 0 {
		q.say("Not known: " + strings.Join(parts, "; ") + ".")
	}
}

func valuesAre(n int) string { return figures.Plural(n, "value") + " " + isAre(n) }

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func itThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}
