package answers

import (
	"cmp"
	"fmt"
	"slices"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// block is the differences of two runs for one measure and two models.
type block struct {
	x, y  string
	cells []*results.Cell
}

// same says whether no difference is beyond rounding; a layer with itself cannot differ.
func (b *block) same() bool {
	return !slices.ContainsFunc(b.cells, func(c *results.Cell) bool { return c.X != c.Y && (!c.OK() || *c.Value != 0) })
}

// blocks gathers the cells of a measure by their models.
func blocks(m *measured) (list []*block) {
	for _, c := range m.cells {
		i := slices.IndexFunc(list, func(b *block) bool { return b.x == c.X.Model && b.y == c.Y.Model })
		if i < 0 {
			i = len(list)
			list = append(list, &block{x: c.X.Model, y: c.Y.Model})
		}
		list[i].cells = append(list[i].cells, c)
	}
	return list
}

// Between answers what two runs say differently, of cells that are the differences of one, called name, from the other. Models that
// have the same values in both are named in one line and left out of the cells that are returned.
func Between(r *Run, name, other string) (list []Answer, differing []results.Cell) {
	keep := map[*results.Cell]bool{}
	var same []string
	for _, m := range everyMeasure(r.Cells) {
		a := Answer{Title: m.title(), Comparison: m.comparison, About: name + " minus " + other + "; p is corrected for the number of layer pairs of two models (Holm)"}
		var left []string
		all := blocks(&m.measured)
		for i, b := range all {
			m.correct(b)
			if b.same() {
				left = append(left, r.words(b.x)+" with "+r.words(b.y))
				continue
			}
			for _, c := range b.cells {
				keep[c] = true
			}
			if !m.said(all[:i], b) {
				r.difference(&a, m, b, name, other)
			}
		}
		switch {
		case len(left) == len(all):
			same = append(same, m.title())
			continue
		case len(left) > 0:
			a.say("", "The same in both: "+and(left)+".")
		}
		list = append(list, a)
	}
	if len(same) > 0 {
		a := Answer{Title: "No difference"}
		if len(list) == 0 {
			a.say("", "No value of the two runs differs beyond rounding.")
		} else {
			a.say("", "No value differs beyond rounding in "+and(same)+".")
		}
		list = append(list, a)
	}
	for i := range r.Cells {
		if keep[&r.Cells[i]] {
			differing = append(differing, r.Cells[i])
		}
	}
	return list, differing
}

// said says whether an earlier block has the same differences, because the measure is that of y with x as well.
func (m *compared) said(earlier []*block, b *block) bool {
	return !figures.WordsOf(m.Measure).Directed && slices.ContainsFunc(earlier, func(o *block) bool { return o.x == b.y && o.y == b.x })
}

// compared is the cells of one comparison and measure, each setting by itself.
type compared struct {
	comparison string
	measured
}

func (m *compared) title() string {
	if m.comparison == "" {
		return figures.Label(m.Measure)
	}
	return m.comparison + " (" + figures.Label(m.Measure) + ")"
}

func everyMeasure(cells []results.Cell) (list []*compared) {
	type key struct {
		comparison string
		measure    results.Measure
	}
	at := map[key]*compared{}
	for i := range cells {
		c := &cells[i]
		k := key{c.Comparison, results.Measure{Metric: c.Metric, Variant: c.Variant, Params: c.Params}}
		m := at[k]
		if m == nil {
			m = &compared{c.Comparison, measured{Measure: k.measure}}
			at[k] = m
			list = append(list, m)
		}
		m.cells = append(m.cells, c)
	}
	return list
}

// distinct are the cells of a block without a layer with itself and, of a measure that is that of y with x as well, without the second of two
// such cells.
func (m *compared) distinct(b *block) (list []*results.Cell) {
	both := !figures.WordsOf(m.Measure).Directed
	seen := map[[2]results.Layer]bool{}
	for _, c := range b.cells {
		if c.X != c.Y && !(both && seen[[2]results.Layer{c.Y, c.X}]) {
			list = append(list, c)
		}
		seen[[2]results.Layer{c.X, c.Y}] = true
	}
	return list
}

// correct corrects p for the number of pairs of layers that the block has.
func (m *compared) correct(b *block) {
	var list []results.Difference
	for _, c := range m.distinct(b) {
		if c.Lo != nil {
			list = append(list, results.Difference{X: c.X, Y: c.Y, P: *c.P})
		}
	}
	corrected := map[[2]results.Layer]*float64{}
	for i, p := range holm(list) {
		corrected[[2]results.Layer{list[i].X, list[i].Y}] = &p
	}
	for _, c := range b.cells {
		if p := cmp.Or(corrected[[2]results.Layer{c.X, c.Y}], corrected[[2]results.Layer{c.Y, c.X}]); c.Lo != nil && p != nil {
			c.P = p
		}
	}
}

// difference says of two models how many pairs of layers are higher and lower in the one run, and where they differ most.
func (r *Run) difference(a *Answer, m *compared, b *block, name, other string) {
	var most *results.Cell
	var some, sure [2]int // of higher and lower values: all that have an interval, and those whose p says so
	undefined := 0
	for _, c := range m.distinct(b) {
		switch {
		case !c.OK():
			undefined++
			continue
		case most == nil || max(*c.Value, -*c.Value) > max(*most.Value, -*most.Value):
			most = c
		}
		if c.Lo != nil {
			side := 0
			if *c.Value < 0 {
				side = 1
			}
			if some[side]++; *c.P <= figures.DefaultAlpha {
				sure[side]++
			}
		}
	}
	if most == nil {
		a.say("", fmt.Sprintf("%s with %s: no difference has a value, because one of the runs has none.", r.words(b.x), r.words(b.y)))
		return
	}
	text := "Likeness of " + r.words(b.x) + " to " + r.words(b.y)
	switch {
	case b.x == b.y:
		text = "Likeness of the layers of " + r.words(b.x) + " to one another"
	case r.source(b.y).Role == Labels:
		text = upper(r.words(b.y)) + " of " + r.words(b.x)
	}
	var sides []string
	for side, how := range [2]string{"higher in " + name + " than in " + other, "lower"} {
		if n := some[side]; n > 0 {
			sides = append(sides, fmt.Sprintf("%d %s %s, %d significantly", n, isAre(n), how, sure[side]))
		}
	}
	paired, the := some[0]+some[1], ": the"
	if paired > 0 {
		the = fmt.Sprintf(": of %s, %s. The", figures.Plural(paired, "value"), and(sides))
	}
	text += fmt.Sprintf("%s largest difference is that of %s, %s", the, r.pair(most), figures.Short(*most.Value))
	evidence := ofCell(m.Measure, most)
	switch {
	case most.Lo != nil:
		evidence.P = "Holm's " + probability(*most.P, false)
		text += bracketed(interval(most), evidence.P)
	case paired == 0:
		text += ", without an interval"
	}
	if undefined > 0 {
		text += fmt.Sprintf("; %s undefined, because one of the runs has no value there", figures.Plural(undefined, "difference")+" "+isAre(undefined))
	}
	a.say(r.figure(m.comparison, m.Measure), text+".", evidence)
	last := &a.Sentences[len(a.Sentences)-1]
	last.Leads, last.Begins = true, true
}

// pair names the layers of a cell.
func (r *Run) pair(c *results.Cell) string {
	q := &question{Run: r}
	if r.source(c.Y.Model).Single {
		return q.layer(c.X)
	}
	return q.layer(c.X) + " and " + q.layer(c.Y)
}
