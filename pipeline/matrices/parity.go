package matrices

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"speechsim/metrics"
	"speechsim/pipeline/study"
)

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
		known := study.Conventions[c.Metric+" "+c.Variant]
		difference := ""
		if ours := r.defaultOf(c.Metric, r.direction(c), from, to); ours != nil && c.Variant != info.Default().Name && c.Value != nil {
			difference = fmt.Sprintf("%+.6f", *c.Value-*ours)
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", variantText(c), r.direction(c), sixDigits(c.Value), difference, known.Who)
		if v, err := info.Variant(c.Variant); err == nil && (i == from || r.Cells[i-1].Variant != c.Variant) {
			fmt.Fprintf(&why, "  %s: %s. %s.\n", c.Variant, v.About, known.Why)
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
