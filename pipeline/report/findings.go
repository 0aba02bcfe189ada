package report

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// group is the cells of one comparison and measure.
type group struct {
	comparison string
	measure    results.Measure
	cells      []*results.Cell
}

// groupCells splits cells by comparison and measure, in the order in which
// those first appear.
func groupCells(cells []results.Cell) []*group {
	type key struct {
		comparison string
		measure    results.Measure
	}
	var list []*group
	at := map[key]*group{}
	for i := range cells {
		c := &cells[i]
		k := key{c.Comparison, results.Measure{Metric: c.Metric, Variant: c.Variant, Params: c.Params}}
		g := at[k]
		if g == nil {
			g = &group{comparison: c.Comparison, measure: k.measure}
			at[k] = g
			list = append(list, g)
		}
		g.cells = append(g.cells, c)
	}
	return list
}

// name names the measure, and the comparison where there are several.
func (g *group) name(several bool) string {
	if several && g.comparison != "" {
		return figures.Label(g.measure) + " (" + g.comparison + ")"
	}
	return figures.Label(g.measure)
}

// reason is a text and how many cells have it.
type reason struct {
	Text    string
	Cells   int
	Example string // of warnings that differ in their numbers, which Text leaves out
}

// reasons counts why cells have no value, and the kinds of warnings of cells that have
// one, most frequent first.
func reasons(cells []results.Cell) (failed, warned []reason) {
	for _, u := range results.UndefinedOf(cells) {
		failed = append(failed, reason{Text: u.String(), Cells: u.Cells})
	}
	kinds := map[string]*reason{}
	for i := range cells {
		for _, w := range cells[i].Warnings {
			kind := numbers.ReplaceAllString(w, "\u2026")
			k := kinds[kind]
			if k == nil {
				k = &reason{Text: w}
				kinds[kind] = k
			}
			if k.Cells++; w != k.Text && k.Example == "" {
				k.Text, k.Example = kind, k.Text
			}
		}
	}
	for _, k := range kinds {
		warned = append(warned, *k)
	}
	slices.SortFunc(warned, func(a, b reason) int {
		return cmp.Or(cmp.Compare(b.Cells, a.Cells), strings.Compare(a.Text, b.Text))
	})
	return failed, warned
}

// numbers are what the warnings of one kind differ in.
var numbers = regexp.MustCompile(`-?\d+([.,]\d+)*(e[-+]?\d+)?`)

// mostKinds is how many kinds of warnings "What to doubt" names.
const mostKinds = 4

// kindsOf names kinds of warnings in a sentence, a warning standing between quotation marks.
func kindsOf(warned []reason) string {
	var list []string
	for _, w := range warned[:min(len(warned), mostKinds)] {
		if w.Example != "" {
			list = append(list, fmt.Sprintf("%d such as \u201c%s\u201d", w.Cells, w.Example))
			continue
		}
		list = append(list, fmt.Sprintf("%d that \u201c%s\u201d", w.Cells, w.Text))
	}
	if n := len(warned) - mostKinds; n > 0 {
		list = append(list, figures.Plural(n, "other kind"))
	}
	return strings.Join(list, "; ")
}

// passing counts the values that are significant at 0.05 by each p that the run has.
type passing struct {
	counts [3]int // each by itself, FDR, family-wise
	has    [3]bool
	by     [3]bool // which of them decides, for some cells
}

var passingWords = [3]string{"each by itself", "with the false discovery rate controlled", "family-wise"}

func (n *passing) count(c *results.Cell) {
	ps := [3]*float64{c.P}
	if c.Null != nil {
		ps[1], ps[2] = c.Null.PFDR, c.Null.PMax
	}
	decides := c.Significance()
	for k, p := range ps {
		if p == nil {
			continue
		}
		n.has[k], n.by[k] = true, n.by[k] || p == decides
		if *p <= figures.DefaultAlpha {
			n.counts[k]++
		}
	}
}

// correction says which p decides.
func (n *passing) correction() string {
	var list []string
	for k, words := range passingWords {
		if n.by[k] {
			list = append(list, words)
		}
	}
	return strings.Join(list, " or ")
}

func (n *passing) String() string {
	var list []string
	for k, words := range passingWords {
		if n.has[k] {
			list = append(list, fmt.Sprintf("%d %s", n.counts[k], words))
		}
	}
	return "Significant are " + strings.Join(list, ", ") + "."
}

// ofCorpus says what looks wrong in the corpus, "" where nothing does.
func ofCorpus(findings []Finding) string {
	var list []string
	all := 0
	for _, f := range findings {
		all += f.Count
		list = append(list, fmt.Sprintf("%s (%d)", f.Kind, f.Count))
	}
	if all == 0 {
		return ""
	}
	const shown = 6
	if n := len(list) - shown; n > 0 {
		list = append(list[:shown], figures.Plural(n, "other kind"))
	}
	return fmt.Sprintf("pipeline check has %s about the corpus: %s. An example of each is listed below.", figures.Plural(all, "finding"), strings.Join(list, ", "))
}

// doubts lists what limits the conclusions that the values allow.
func doubts(groups []*group, dropped []Dropped, warnings []reason) []string {
	var all, failed, warned, weak, tested, interval int // tested, interval: among those with a value
	var passed passing
	for _, g := range groups {
		for _, c := range g.cells {
			if c.X == c.Y && c.OK() {
				continue // a layer with itself needs no test and no interval
			}
			all++
			if !c.OK() {
				failed++
			}
			if figures.Weak(c, figures.DefaultAlpha) {
				weak++
			}
			if c.OK() && c.Significance() != nil {
				tested++
				passed.count(c)
			}
			if c.OK() && c.Lo != nil {
				interval++
			}
			if len(c.Warnings) > 0 {
				warned++
			}
		}
	}
	if all == 0 {
		return []string{"The run has no results."}
	}
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if failed > 0 {
		add("%d of %s could not be computed. They are hatched in the figures, and the reasons are listed below.", failed, figures.Plural(all, "cell"))
	}
	if warned > 0 {
		add("%d of %s %s a warning: %s.", warned, figures.Plural(all, "cell"), hasHave(warned), kindsOf(warnings))
	}
	values := all - failed
	switch {
	case values == 0:
		return append(list, "No value could be computed.")
	case tested == 0:
		add("No value was tested against a permutation null. In small samples these metrics are high for unrelated layers too.")
	case weak > 0:
		add("%d of %s tested against a permutation null are not significant at 0.05, %s. They are marked in the figures. %s", weak, figures.Plural(tested, "value"), passed.correction(), &passed)
	}
	if tested > 0 && tested < values {
		add("%s not tested against a permutation null.", figures.Plural(values-tested, "value")+" "+wasWere(values-tested))
	}
	switch {
	case interval == 0:
		add("No value has a confidence interval, so it is not known how much the values would change with other speakers.")
	case interval < values:
		add("%s no confidence interval.", figures.Plural(values-interval, "value")+" "+hasHave(values-interval))
	}
	n := 0
	for _, d := range dropped {
		n += d.Rows
	}
	if n > 0 {
		add("%s dropped, beside silence, for the reasons listed below. The results do not cover them.", figures.Plural(n, "row")+" "+wasWere(n))
	}
	return list
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func hasHave(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

// pairRow is a line of the summary table: a pair of models under a measure.
type pairRow struct {
	Comparison, Measure, X, Y string
	Min, Mean, Max, At        string
	Values, Weak, Failed      int
}

// pairRows summarises every pair of models under every measure. A layer with
// itself is left out.
func pairRows(groups []*group) []pairRow {
	var rows []pairRow
	for _, g := range groups {
		type pair struct{ x, y string }
		var order []pair
		cells := map[pair][]*results.Cell{}
		for _, c := range g.cells {
			k := pair{c.X.Model, c.Y.Model}
			if cells[k] == nil {
				order = append(order, k)
			}
			cells[k] = append(cells[k], c)
		}
		for _, k := range order {
			rows = append(rows, newPairRow(g, k.x, k.y, cells[k]))
		}
	}
	return rows
}

func newPairRow(g *group, x, y string, cells []*results.Cell) pairRow {
	r := pairRow{Comparison: g.comparison, Measure: figures.Label(g.measure), X: x, Y: y}
	var average figures.Mean
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, c := range cells {
		if c.X == c.Y {
			continue
		}
		if !c.OK() {
			r.Failed++
			continue
		}
		if figures.Weak(c, figures.DefaultAlpha) {
			r.Weak++
		}
		average.Add(*c.Value)
		lo = min(lo, *c.Value)
		if *c.Value > hi {
			hi = *c.Value
			r.At = c.X.Layer + ", " + c.Y.Layer
		}
	}
	r.Values = average.N
	if average.N > 0 {
		r.Min, r.Mean, r.Max = figures.Short(lo), figures.Short(average.Value), figures.Short(hi)
	}
	return r
}
