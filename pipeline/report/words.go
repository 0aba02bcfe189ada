package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"speechsim/pipeline/results"
)

// metricWords says what a metric's number is, for axes and colour bars.
type metricWords struct {
	name     string // "CKA"
	quantity string // what the number is, with its range or unit
	directed bool   // value(x, y) and value(y, x) differ
}

var metricTable = map[string]metricWords{
	"cka":           {"CKA", "similarity", false},
	"cca":           {"CCA", "mean canonical correlation", false},
	"svcca":         {"SVCCA", "mean canonical correlation", false},
	"pwcca":         {"PWCCA", "weighted mean canonical correlation", true},
	"neuron_neuron": {"Neuron to neuron", "mean of best |r|", true},
	"neuron_layer":  {"Neuron to layer", "mean multiple correlation", true},
	"procrustes":    {"Procrustes", "score", false},
	"attention":     {"Attention", "similarity of best-matching heads", true},
	"asif":          {"ASIF", "share retrieved", true},
	"knn":           {"k-NN", "share of common neighbours", false},
	"word_distance": {"Word distance", "mean cosine distance of word pairs", false},
}

// quantityOf holds the variants whose number is another than their metric's.
var quantityOf = map[results.Measure]string{
	{Metric: "cca", Variant: "mean_squared"}:        "mean squared canonical correlation",
	{Metric: "neuron_neuron", Variant: "signed"}:    "mean of best r",
	{Metric: "neuron_layer", Variant: "heldout_r2"}: "mean R² in groups left out",
	{Metric: "attention", Variant: "pearson"}:       "r of best-matching heads",
	{Metric: "attention", Variant: "elkheir2024"}:   "r of best-matching heads, by row",
	{Metric: "attention", Variant: "js"}:            "1 \u2212 Jensen-Shannon divergence of best-matching heads, nats",
	{Metric: "attention", Variant: "frobenius"}:     "1 \u2212 Frobenius distance of best-matching heads",
}

func wordsOf(m results.Measure) metricWords {
	w, ok := metricTable[m.Metric]
	if !ok {
		w = metricWords{name: m.Metric, quantity: "value", directed: true}
	}
	if q, ok := quantityOf[results.Measure{Metric: m.Metric, Variant: m.Variant}]; ok {
		w.quantity = q
	}
	return w
}

// labelOf names a measure: "CKA, debiased".
func labelOf(m results.Measure) string {
	if m.Label != "" {
		return m.Label
	}
	name := wordsOf(m).name
	if m.Variant != "" {
		name += ", " + strings.ReplaceAll(m.Variant, "_", " ")
	}
	return joinWords(name, m.Params.String())
}

// quantityLabel is what stands at a colour bar or a value axis: measure and unit.
func (f *Figure) quantityLabel(m results.Measure) string {
	label := fmt.Sprintf("%s (%s)", labelOf(m), orDefault(f.Quantity, wordsOf(m).quantity))
	if f.difference {
		return "difference of " + label
	}
	return label
}

// summaryLine says on what a figure's numbers rest: rows, n and units.
func summaryLine(cells []*results.Cell) string {
	var rows []string
	n, units := span{}, span{}
	for _, c := range cells {
		if c == nil {
			continue
		}
		if c.Rows != "" && !slices.Contains(rows, c.Rows) {
			rows = append(rows, c.Rows)
		}
		n.add(c.N)
		units.add(c.DX)
		units.add(c.DY)
	}
	var parts []string
	if len(rows) > 0 {
		parts = append(parts, "rows: "+strings.Join(rows, ", "))
	}
	if n.seen {
		parts = append(parts, "n = "+n.String())
	}
	if units.seen {
		parts = append(parts, "units per layer: "+units.String())
	}
	return strings.Join(parts, "; ")
}

// span is the range of counts that were seen.
type span struct {
	lo, hi int
	seen   bool
}

func (s *span) add(n int) {
	if n == 0 {
		return
	}
	if !s.seen || n < s.lo {
		s.lo = n
	}
	if !s.seen || n > s.hi {
		s.hi = n
	}
	s.seen = true
}

func (s span) String() string {
	if s.lo == s.hi {
		return grouped(s.lo)
	}
	return grouped(s.lo) + " to " + grouped(s.hi)
}

// grouped writes a count with its digits in groups of three, apart from four
// digits, as the SI asks: 46 906, 3000.
func grouped(n int) string {
	s := strconv.Itoa(n)
	if len(strings.TrimPrefix(s, "-")) <= 4 {
		return s
	}
	var parts []string
	for len(s) > 3 {
		parts = append([]string{s[len(s)-3:]}, parts...)
		s = s[:len(s)-3]
	}
	return strings.Join(append([]string{s}, parts...), "\u00a0")
}

// plural gives "1 cell", "2 cells".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// captionOf returns a figure's caption in full: the words of the config, then
// metric, variant, rows and n, then what marks and hatching mean and how many
// cells have them; not what is about signs in the picture when the caption
// stands at a table.
func captionOf(f *Figure, ix *index, picture bool) string {
	var parts []string
	if f.difference {
		parts = append(parts, "Differences, of the values below.")
	}
	if f.Caption != "" {
		parts = append(parts, sentence(f.Caption))
	}
	var all []*results.Cell
	var labels, agreement []string
	var count [absent + 1]int
	intervals, nulls := false, false
	for _, m := range f.Measures() {
		g := f.grid(ix, m)
		all = append(all, g.cells...)
		labels = append(labels, f.quantityLabel(m))
		for _, p := range f.Published {
			if p.Measure.Same(m) {
				agreement = append(agreement, "Compared with "+p.Label+", "+Compare(g.cells, p.Values).String()+".")
			}
		}
		for s, n := range g.count() {
			count[s] += n
		}
	}
	for _, c := range all {
		if c == nil {
			continue
		}
		intervals = intervals || c.Lo != nil
		nulls = nulls || c.Null != nil
	}
	parts = append(parts, strings.Join(labels, "; ")+".")
	if s := summaryLine(all); s != "" {
		parts = append(parts, strings.ToUpper(s[:1])+s[1:]+".")
	}
	parts = append(parts, agreement...)
	if f.Kind == MDS {
		parts = append(parts, mdsWords(f, ix))
	}
	if f.Kind == Tree {
		own, all := ownNearest(f, ix)
		parts = append(parts, fmt.Sprintf("Average linkage on 1 minus the value (mean of both directions). Of %s, %d have their most similar other layer in their own model.", plural(all, "layer"), own))
	}
	if picture && f.Kind == Curves && intervals {
		parts = append(parts, "Bands are the intervals of the values; with many lines only their median half-width is given.")
	}
	if picture && f.Kind == Curves && nulls {
		parts = append(parts, "Dashed grey: chance, the mean over permutations; dotted grey: its 95th percentile.")
	}
	if count[notSignificant] > 0 && f.Kind != Tree && f.Kind != MDS {
		kind := "p"
		if familyWise(all) {
			kind = "family-wise: p against the maximum over all cells"
		}
		parts = append(parts, fmt.Sprintf("%s not significant (%s > %s).", marked(count[notSignificant]), kind, f.alphaText()))
	}
	if count[notComputed] > 0 {
		parts = append(parts, plural(count[notComputed], "cell")+" could not be computed.")
	}
	if count[absent] > 0 {
		parts = append(parts, plural(count[absent], "cell")+" not among the results.")
	}
	return strings.Join(parts, " ")
}

// short writes a value with three decimals.
func short(v float64) string {
	if math.Abs(v) >= 1000 {
		return minus(strconv.FormatFloat(v, 'g', 4, 64))
	}
	return minus(strconv.FormatFloat(v, 'f', 3, 64))
}

// sentence ends a text with a full stop, unless it ends a sentence already.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".?!") {
		return s
	}
	return s + "."
}

func marked(n int) string {
	if n == 1 {
		return "1 cell is marked as"
	}
	return grouped(n) + " cells are marked as"
}
