package matrices

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/results"
)

// WriteTable writes the result as a table: one line per cell, and below them warnings and notes.
func (r *Result) WriteTable(w io.Writer) error {
	var b strings.Builder
	r.writeHead(&b)
	r.writeCells(&b)
	r.writeWarnings(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) writeHead(b *strings.Builder) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, side := range []struct {
		name string
		Matrix
	}{{"x", r.X}, {"y", r.Y}} {
		fmt.Fprintf(t, "%s\t%s\t[%d, %d] %s\n", side.name, side.Name, side.Rows, side.Cols, side.Type)
	}
	t.Flush() // into memory
	fmt.Fprintln(b)
}

func (r *Result) writeCells(b *strings.Builder) {
	var intervals, nulls, levels bool
	for i := range r.Cells {
		c := &r.Cells[i]
		intervals, nulls, levels = intervals || c.Lo != nil, nulls || c.P != nil, levels || c.Comparison != ""
	}
	t := tabwriter.NewWriter(b, 0, 0, 3, ' ', 0)
	row := func(fields ...string) { fmt.Fprintln(t, strings.TrimRight(strings.Join(fields, "\t"), "\t ")) }
	head := []string{"metric", "variant", "direction"}
	if levels {
		head = append(head, "rows")
	}
	head = append(head, "value")
	if intervals {
		head = append(head, "95 % CI")
	}
	if nulls {
		head = append(head, "p", "null (mean, 95th percentile)")
	}
	row(head...)
	for i := range r.Cells {
		c := &r.Cells[i]
		fields := []string{c.Metric, variantText(c), r.direction(c)}
		if levels {
			fields = append(fields, text.Count(c.N, c.Rows, c.Rows+"s"))
		}
		fields = append(fields, sixDigits(c.Value))
		if intervals {
			fields = append(fields, fromTo(c.Lo, c.Hi))
		}
		if nulls {
			p, null := "", ""
			if c.P != nil {
				p = fmt.Sprintf("%.4g", *c.P)
				if c.AtFloor(*c.P) {
					p = "<= " + p
				}
			}
			if c.Null != nil {
				null = fmt.Sprintf("%.4f, %.4f", c.Null.Mean, c.Null.Q95)
			}
			fields = append(fields, p, null)
		}
		row(fields...)
	}
	t.Flush() // into memory
}

// direction says which way a directed metric goes.
func (r *Result) direction(c *results.Cell) string {
	switch {
	case !directed(c.Metric, c.Variant):
		return "x, y"
	case c.X.String() == r.layers[0].String():
		return "x -> y"
	}
	return "y -> x"
}

// variantText names a cell's variant with its settings; its level has a column of its own.
func variantText(c *results.Cell) string {
	settings := c.Params
	settings.Level = ""
	return strings.TrimSuffix(c.Variant+", "+settings.String(), ", ")
}

func sixDigits(v *float64) string {
	if v == nil {
		return "undefined"
	}
	return fmt.Sprintf("%.6f", *v)
}

func fromTo(a, b *float64) string {
	if a == nil || b == nil {
		return ""
	}
	return fmt.Sprintf("%.4f to %.4f", *a, *b)
}

// writeWarnings lists warnings, reasons and notes, each once with all cells it is about. Texts call x what a value goes from.
func (r *Result) writeWarnings(b *strings.Builder) {
	var texts []string
	about := map[string][]string{}
	for i := range r.Cells {
		c := &r.Cells[i]
		name := c.Metric + " " + variantText(c)
		if directed(c.Metric, c.Variant) {
			name += strings.Replace(", "+r.direction(c), "y -> x", "y -> x (here x is "+c.X.String()+", and y the other)", 1)
		}
		if c.Comparison != "" {
			name += ", " + c.Comparison
		}
		all := c.Warnings
		if c.Error != "" {
			all = append(slices.Clone(all), "undefined: "+c.Error)
		}
		for _, text := range all {
			if about[text] == nil {
				texts = append(texts, text)
			}
			about[text] = append(about[text], name)
		}
	}
	if len(texts)+len(r.Notes) > 0 {
		fmt.Fprintln(b)
	}
	for _, text := range texts {
		fmt.Fprintf(b, "%s: %s\n", strings.Join(about[text], "; "), text)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(b, note)
	}
}
