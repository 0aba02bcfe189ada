package matrices

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"speechsim/metrics"
)

// convention says who prints a variant, and why its number differs from the default's.
type convention struct{ who, why string }

// conventions are the published ways to compute what goes by one name, by metric and variant.
var conventions = map[string]convention{
	"cka debiased": {"our default", "estimates the kernels' alignment without bias, so unrelated layers give 0 at any number of rows"},
	"cka biased": {"Kornblith 2019, both papers, nearly every library",
		"every row is compared with itself too, which lifts unrelated layers to about d/(n + d); some codes average it over small batches, which lifts it further"},
	"cca mean": {"our default; scikit-learn on full-rank data, Bolaños 2024",
		"mean of the min(dx, dy) correlations; a sum over dimensions padded with zeros divided by sqrt(dx dy) (netrep) is smaller where dx and dy differ"},
	"cca mean_squared": {"R² CCA in Kornblith 2019", "squares the correlations, so weak directions count less"},
	"svcca textbook":   {"our default; Raghu 2017", "keeps the components that together reach 99 % of the variance, the one that crosses among them; units are not scaled"},
	"svcca elkheir2024": {"the code behind El Kheir 2024",
		"scales every unit to unit variance and drops the component that crosses 99 %: another subspace, often much larger when units differ in scale"},
	"pwcca textbook":    {"our default; Morcos 2018", "weighs each direction by how much of the centred x side lies on it"},
	"pwcca elkheir2024": {"the code behind El Kheir 2024", "on its own svcca's components, and weighed by the raw activations: a mean far from 0 changes the weights"},
	"pwcca pasad2021": {"layerwise-analysis code of Pasad 2021",
		"weighs the side with fewer units by its first units alone, with means added back: the value depends on the order of the units and on offsets"},
	"neuron_neuron absolute":  {"our default; the code behind El Kheir 2024", "best match by the magnitude of the correlation; that code gives NaN as soon as one unit is constant, here such units are left out"},
	"neuron_neuron signed":    {"the equation in the paper", "best match by the signed correlation: a unit that is the negative of another is no match"},
	"neuron_layer r":          {"our default; the code behind El Kheir 2024", "fitted and evaluated on the same rows: near 1 whenever rows are few for the units of y"},
	"neuron_layer heldout_r2": {"ours", "evaluated on held-out groups of rows: about 0 for unrelated layers"},
	"procrustes score":        {"our default; Ding 2021 gives the distance, 2 - 2 score", "1 for layers that a rotation and a scaling make equal"},
	"attention pearson":       {"our default", "over all cells at once"},
	"knn mutual":              {"our default", "neighbours by cosine on centred rows; uncentred inner products (Huh 2024) change when an offset is added"},
	"asif cosine":             {"our default; the papers' text", "similarities of rows of unit length"},
	"asif bolanos2024":        {"the thesis's code", "raw inner products: long anchors are preferred"},
}

// WriteParity writes our value next to what each published convention gives on the same matrices, and why they differ.
func (r *Result) WriteParity(w io.Writer) error {
	var b strings.Builder
	r.writeHead(&b)
	for from := 0; from < len(r.Cells); {
		to := from
		for to < len(r.Cells) && r.Cells[to].Metric == r.Cells[from].Metric && r.Cells[to].Comparison == r.Cells[from].Comparison {
			to++
		}
		if from > 0 {
			fmt.Fprintln(&b)
		}
		r.writeMetricParity(&b, from, to)
		from = to
	}
	r.writeWarnings(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeMetricParity writes cells [from, to), which are of one metric.
func (r *Result) writeMetricParity(b *strings.Builder, from, to int) {
	info, err := metrics.Lookup(r.Cells[from].Metric)
	if err != nil {
		panic(err) // the cells were made from the registry
	}
	title := info.Title
	if c := r.Cells[from].Comparison; c != "" {
		title += ", " + c
	}
	fmt.Fprintf(b, "%s\n", title)
	t := tabwriter.NewWriter(b, 0, 0, 3, ' ', 0)
	var why strings.Builder
	for i := from; i < to; i++ {
		c := &r.Cells[i]
		known := conventions[c.Metric+" "+c.Variant]
		difference := ""
		if ours := r.defaultOf(c.Metric, r.direction(c), from, to); ours != nil && c.Variant != info.Default().Name && c.Value != nil {
			difference = fmt.Sprintf("%+.6f", *c.Value-*ours)
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", variantText(c), r.direction(c), sixDigits(c.Value), difference, known.who)
		if v, err := info.Variant(c.Variant); err == nil && (i == from || r.Cells[i-1].Variant != c.Variant) {
			fmt.Fprintf(&why, "  %s: %s; %s.\n", c.Variant, v.About, known.why)
		}
	}
	t.Flush() // into memory
	b.WriteString(why.String())
}

// defaultOf is the value of the default variant among cells [from, to) of one metric in one direction, nil if there is none.
func (r *Result) defaultOf(metric, direction string, from, to int) *float64 {
	for i := from; i < to; i++ {
		info, err := metrics.Lookup(metric)
		if err == nil && r.Cells[i].Variant == info.Default().Name && (r.direction(&r.Cells[i]) == direction || r.direction(&r.Cells[i]) == "x, y") {
			return r.Cells[i].Value
		}
	}
	return nil
}

// directed says whether a variant differs between (x, y) and (y, x).
func directed(metric, variant string) bool {
	info, err := metrics.Lookup(metric)
	if err != nil {
		return false
	}
	v, err := info.Variant(variant)
	return err == nil && v.Directed
}
