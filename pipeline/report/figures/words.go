package figures

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/results"
)

// Words says what a metric's number is, for axes, colour bars and sentences.
type Words struct {
	name     string // "CKA"
	Quantity string // what the number is, with its range or unit
	Directed bool   // value(x, y) and value(y, x) differ
	Scale    string // what 0 and 1 are; "" where they are no marks
}

var metricTable = map[string]Words{
	"cka":           {"CKA", "similarity", false, "0 where the similarities between rows have nothing in common in the two layers, 1 where they are the same up to scale"},
	"cca":           {"CCA", "mean canonical correlation", false, "0 where no direction of one layer is a linear function of the other, 1 where each is"},
	"svcca":         {"SVCCA", "mean canonical correlation", false, "0 where no direction of much variance is a linear function of the other layer, 1 where each is"},
	"pwcca":         {"PWCCA", "weighted mean canonical correlation", true, "0 where no direction that x uses is a linear function of y, 1 where each is"},
	"neuron_neuron": {"Neuron to neuron", "mean of best |r|", true, "0 where no unit of x goes along with one of y, 1 where each unit of x is one of y up to scale and shift"},
	"neuron_layer":  {"Neuron to layer", "mean multiple correlation", true, "0 where no unit of x is a linear function of y, 1 where each is"},
	"procrustes":    {"Procrustes", "score", false, "0 where the layers have nothing in common, 1 where they are the same up to rotation, scale and shift"},
	"attention":     {"Attention", "similarity of best-matching heads", true, "1 where each head of x has one of y with the same maps (layer 0 is the map of the first block, which makes hidden layer 1)"},
	"asif":          {"ASIF", "share retrieved", true, "0 where no word is retrieved through the other layer, 1 where each is"},
	"knn":           {"k-NN", "share of common neighbours", false, "0 where rows have no nearest neighbours in common, 1 where they have all"},
	"word_distance": {"Word distance", "mean cosine distance of word pairs", false, ""},
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

// WordsOf returns the words of a measure; those of a metric that is not known are general.
func WordsOf(m results.Measure) Words {
	w, ok := metricTable[m.Metric]
	if !ok {
		w = Words{name: m.Metric, Quantity: "value", Directed: true}
	}
	if q, ok := quantityOf[results.Measure{Metric: m.Metric, Variant: m.Variant}]; ok {
		w.Quantity = q
	}
	return w
}

// ScaleOf says what 0 and 1 are of a measure's metric: "CKA is 0 where ...", "" where they are no marks.
func ScaleOf(m results.Measure) string {
	w := WordsOf(m)
	if w.Scale == "" {
		return ""
	}
	return w.name + " is " + w.Scale
}

// Label names a measure: "CKA, debiased".
func Label(m results.Measure) string {
	if m.Label != "" {
		return m.Label
	}
	name := WordsOf(m).name
	if m.Variant != "" {
		name += ", " + strings.ReplaceAll(m.Variant, "_", " ")
	}
	return joinWords(name, m.Params.String())
}

// summaryLine gives the rows, n and units of a figure.
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
		return Grouped(s.lo)
	}
	return Grouped(s.lo) + " to " + Grouped(s.hi)
}

// Grouped writes a count with its digits in groups of three, apart from four
// digits, as the SI asks: 46 906, 3000.
func Grouped(n int) string {
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

// Plural gives "1 cell", "2 cells".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Grouped(n) + " " + noun + "s"
}

// captionOf returns a figure's caption in full: the words of the config, then
// metric, variant, rows and n, then what marks and hatching mean and how many
// cells have them; not what is about signs in the picture when the caption
// stands at a table.
func captionOf(f *Figure, ix *index, picture bool) string {
	return strings.Join(captionParts(f, ix, picture), " ")
}

// panelCaption says what is in each panel, and what holds for all of them once.
func panelCaption(f *Figure, ix *index, picture bool) (parts []string) {
	if f.Caption != "" {
		parts = append(parts, Sentence(f.Caption))
	}
	all := make([][]string, len(f.Panels))
	for i := range f.Panels {
		all[i] = captionParts(&f.Panels[i], ix, picture)
	}
	common := func(part string) bool {
		return len(all) > 1 && !slices.ContainsFunc(all, func(of []string) bool { return !slices.Contains(of, part) })
	}
	for i := range f.Panels {
		parts = append(parts, fmt.Sprintf("(%c) %s", 'a'+i, Sentence(f.Panels[i].Title)))
		parts = append(parts, slices.DeleteFunc(slices.Clone(all[i]), common)...)
	}
	for _, part := range all[0] {
		if common(part) {
			parts = append(parts, part)
		}
	}
	return parts
}

// captionParts are the sentences of a caption.
func captionParts(f *Figure, ix *index, picture bool) (parts []string) {
	if f.Kind == Several {
		return panelCaption(f, ix, picture)
	}
	if f.Caption != "" {
		parts = append(parts, Sentence(f.Caption))
	}
	var all []*results.Cell
	var labels, agreement []string
	var count [absent + 1]int
	intervals, nulls, elsewhere := false, false, 0
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
		if Elsewhere(c) != "" {
			elsewhere++
		}
	}
	measures := strings.Join(labels, "; ") + "."
	parts = append(parts, strings.ToUpper(measures[:1])+measures[1:])
	if s := summaryLine(all); s != "" {
		parts = append(parts, strings.ToUpper(s[:1])+s[1:]+".")
	}
	parts = append(parts, agreement...)
	if picture && f.Kind == MDS {
		parts = append(parts, mdsWords(f, ix))
	}
	if picture && f.Kind == Tree {
		own, all := ownNearest(f, ix)
		parts = append(parts, fmt.Sprintf("Average linkage on 1 minus the value (mean of both directions). Of %s, %d have their most similar other layer in their own model.", Plural(all, "layer"), own))
	}
	var styles lineStyles
	if f.Kind == Curves {
		_, labels, _ := panelsOf(f, ix)
		styles = canvas.ColoursFor(len(labels))
	}
	if picture && f.Kind == Curves && intervals {
		parts = append(parts, styles.intervalWords()+"95 % CI"+resampledText(f)+".")
	}
	if picture && f.Kind == Curves && nulls {
		parts = append(parts, "Chance, by permutation: mean (dashed) and 95th percentile (dotted), "+styles.chanceWords()+".")
	}
	if elsewhere > 0 {
		parts = append(parts, fmt.Sprintf("The CI of %s does not hold the value: it is about the value less its bias, or of rows of different groups alone.", Plural(elsewhere, "cell")))
	}
	sign := func(s string) string { // of a table
		if picture {
			return ""
		}
		return s + " "
	}
	if count[notSignificant] > 0 && (f.Kind != Tree && f.Kind != MDS || !picture) {
		kind := ""
		if _, full := correctionOf(all); full != "" {
			kind = ": " + full
		}
		parts = append(parts, fmt.Sprintf("%s%s (p > %s%s).", sign("ᵃ"), marked(f, count[notSignificant], picture), f.alphaText(), kind))
	}
	if !picture && nulls {
		parts = append(parts, chanceText(all))
	}
	if count[notComputed] > 0 {
		parts = append(parts, sign("ᵇ")+Plural(count[notComputed], "cell")+" could not be computed.")
	}
	if count[absent] > 0 {
		parts = append(parts, sign("ᶜ")+Plural(count[absent], "cell")+" not among the results.")
	}
	return parts
}

// resampledText says of what the intervals of a figure are, behind "95 % CI"; "" where it does not know.
func resampledText(f *Figure) string {
	if f.Resampled == "" {
		return ""
	}
	return ", by a jackknife over " + f.Resampled
}

// chanceText says against what values were tested: what was permuted, and between which values chance is.
func chanceText(cells []*results.Cell) string {
	var abouts []string
	var lo, hi float64
	draws := 0
	for _, c := range cells {
		if c == nil || c.Null == nil {
			continue
		}
		if draws == 0 {
			lo, hi = c.Null.Mean, c.Null.Mean
		}
		lo, hi, draws = min(lo, c.Null.Mean), max(hi, c.Null.Mean), max(draws, c.Null.Draws)
		if !slices.Contains(abouts, c.Null.About) {
			abouts = append(abouts, c.Null.About)
		}
	}
	text := fmt.Sprintf("p and chance are of %s", Plural(draws, "permutation"))
	if len(abouts) == 1 && abouts[0] != "" {
		text += " (" + abouts[0] + ")"
	}
	if Short(lo) == Short(hi) {
		return fmt.Sprintf("%s: chance is %s.", text, Short(lo))
	}
	return fmt.Sprintf("%s: chance is %s to %s.", text, Short(lo), Short(hi))
}

// Short writes a value with three decimals.
func Short(v float64) string {
	if math.Abs(v) >= 1000 {
		return canvas.Minus(strconv.FormatFloat(v, 'g', 4, 64))
	}
	return decimals(v, 3)
}

// decimals writes a value with so many decimals; one that is rounded to zero has no sign.
func decimals(v float64, n int) string {
	s := strconv.FormatFloat(v, 'f', n, 64)
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	return canvas.Minus(s)
}

// shortValue writes a value with two decimals, as it stands inside a cell.
func shortValue(v float64) string {
	if math.Abs(v) >= 100 {
		return canvas.Minus(strconv.FormatFloat(v, 'g', 3, 64))
	}
	return decimals(v, 2)
}

// Sentence ends a text with a full stop, unless it ends a sentence already.
func Sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".?!") {
		return s
	}
	return s + "."
}

// marked says in a sentence what the marks of a figure mean, and how many there are.
func marked(f *Figure, n int, picture bool) string {
	sign := ""
	if f.difference {
		return Plural(n, "difference") + " cannot be told from 0"
	}
	switch {
	case !picture:
	case f.Kind == Heatmap:
		sign = "A square or n.s. marks a value that is not above chance; "
	default:
		sign = "A hollow marker is a value that is not above chance; "
	}
	switch {
	case sign == "" && n == 1:
		return "1 value is not above chance"
	case sign == "":
		return Grouped(n) + " values are not above chance"
	case n == 1:
		return sign + "1 is"
	}
	return sign + Grouped(n) + " are"
}
