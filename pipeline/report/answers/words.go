package answers

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// and joins "1, 2 and 4".
func and(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// layersIn lists layers of a model, three and more that follow one another as a range: "layers 0 to 3 and 5".
func layersIn(all []*results.Cell, in func(results.Layer) bool) (text string, n int) {
	var names []string
	for i := 0; i < len(all); {
		k := i
		for k < len(all) && in(all[k].X) {
			k++
		}
		switch k - i {
		case 0:
			i++
			continue
		case 1, 2:
			for _, c := range all[i:k] {
				names = append(names, c.X.Layer)
			}
		default:
			names = append(names, all[i].X.Layer+" to "+all[k-1].X.Layer)
		}
		n += k - i
		i = k
	}
	if n == 1 {
		return "layer " + names[0], n
	}
	return "layers " + and(names), n
}

// interval writes "95 % CI 0.29 to 0.33", and what it is about where that is not the value.
func interval(c *results.Cell) string {
	if c.Lo == nil {
		return ""
	}
	text := fmt.Sprintf("95 %% CI %s to %s", figures.Short(*c.Lo), figures.Short(*c.Hi))
	switch about := figures.Elsewhere(c); about {
	case "":
		return text
	default:
		return text + ", " + about
	}
}

// decides names the p that decides for a cell.
func decides(c *results.Cell) string {
	switch p := c.Significance(); {
	case c.Null != nil && p == c.Null.PFDR:
		return "FDR-controlled"
	case c.Null != nil && p == c.Null.PMax:
		return "family-wise"
	}
	return "uncorrected"
}

// probability writes "p = 0.02", and "p ≤ 0.005" of the least that so many draws can give.
func probability(p float64, floor bool) string {
	switch {
	case floor:
		return "p ≤ " + strconv.FormatFloat(p, 'g', 2, 64)
	case p < 0.001:
		return "p < 0.001"
	}
	return "p = " + strconv.FormatFloat(p, 'g', 2, 64)
}

// tested writes the p of a cell with its name, "" where it was not tested.
func tested(c *results.Cell) string {
	p := c.Significance()
	if p == nil {
		return ""
	}
	return decides(c) + " " + probability(*p, c.AtFloor(*p))
}

// value writes "0.31 (95 % CI 0.29 to 0.33), above chance (0.02 on average; family-wise p ≤ 0.005)".
func value(c *results.Cell) string {
	text := figures.Short(*c.Value) + bracketed(interval(c))
	switch {
	case c.Significance() == nil:
		return text
	case figures.Weak(c, figures.DefaultAlpha):
		return text + ", not above chance" + bracketed(chance(c), tested(c))
	}
	return text + ", above chance" + bracketed(chance(c), tested(c))
}

// belowChance writes the same where it was said that the value is not above chance.
func belowChance(c *results.Cell) string {
	text := figures.Short(*c.Value) + bracketed(interval(c))
	if c.Null == nil {
		return text + bracketed(tested(c))
	}
	return fmt.Sprintf("%s; chance gives %s on average and up to %s in 95 %% of draws%s", text, figures.Short(c.Null.Mean), figures.Short(c.Null.Q95), bracketed(tested(c)))
}

// chance writes the mean of the null.
func chance(c *results.Cell) string {
	if c.Null == nil {
		return ""
	}
	return figures.Short(c.Null.Mean) + " on average"
}

// difference writes "0.18 (95 % CI 0.05 to 0.31; p = 0.02)", without the sign.
func difference(d *results.Difference) string {
	v, lo, hi := d.Value, d.Lo, d.Hi
	if sign := told(d, d.P); sign < 0 || sign == 0 && v < 0 {
		v, lo, hi = -v, -hi, -lo
	}
	ci := fmt.Sprintf("95 %% CI %s to %s", figures.Short(lo), figures.Short(hi))
	if v < lo || v > hi {
		ci += ", about the difference less its bias"
	}
	return figures.Short(v) + bracketed(ci, probability(d.P, false))
}

func bracketed(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, "; ") + ")"
}

// told says how a difference comes out: 1 above, -1 below, 0 where its sign is not known.
func told(d *results.Difference, p float64) int {
	switch {
	case p > figures.DefaultAlpha:
		return 0
	case d.Lo+d.Hi > 0: // the middle of the interval is what p is of
		return 1
	}
	return -1
}

// holm corrects the p of differences for their number (Holm 1979).
func holm(list []results.Difference) []float64 {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(list[a].P, list[b].P) })
	out := make([]float64, len(list))
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, list[i].P*float64(len(list)-rank)))
		out[i] = least
	}
	return out
}

func ofCell(m results.Measure, c *results.Cell) Evidence {
	e := Evidence{What: figures.LayerName(c.X) + " with " + figures.LayerName(c.Y) + ", " + figures.Label(m), X: c.X, Y: c.Y, Measure: m, P: tested(c)}
	if c.OK() {
		e.Value = figures.Short(*c.Value)
	}
	e.Interval = strings.TrimPrefix(interval(c), "95 % CI ")
	return e
}

func ofDifference(d *results.Difference) Evidence {
	m := results.Measure{Metric: d.Metric, Variant: d.Variant, Params: d.Params}
	return Evidence{What: fmt.Sprintf("%s less %s, with %s", figures.LayerName(d.X), figures.LayerName(d.Than), figures.LayerName(d.Y)), X: d.X, Y: d.Y, Measure: m,
		Value: figures.Short(d.Value), Interval: figures.Short(d.Lo) + " to " + figures.Short(d.Hi), P: probability(d.P, false)}
}

// eachProbability writes "each p < 0.001" of several p of which this is the largest.
func eachProbability(most float64) string {
	if text, ok := strings.CutPrefix(probability(most, false), "p = "); ok {
		return "each p ≤ " + text
	}
	return "each " + probability(most, false)
}

// corrected are differences with the p that Holm's method gives them together.
func corrected(list []results.Difference) []Evidence {
	out := ofDifferences(list)
	for i, p := range holm(list) {
		if len(list) > 1 {
			out[i].P = "Holm's " + probability(p, false)
		}
	}
	return out
}

func ofDifferences(list []results.Difference) []Evidence {
	var out []Evidence
	for i := range list {
		out = append(out, ofDifference(&list[i]))
	}
	return out
}
