package figures

import (
	"fmt"
	"io"
	"math"
	"strings"

	"speechsim/pipeline/results"
)

// maxColumns is how many columns of numbers a page of a paper holds.
const maxColumns = 14

// writeLaTeX writes a figure's numbers as a table for a paper (packages
// booktabs and threeparttable): one row an x layer and one column a y layer.
// A map with more than 14 y layers becomes a row a pair of models, with the
// range of its values.
func writeLaTeX(w io.Writer, f *Figure, ix *index) error {
	t := &latexTable{f: f}
	for _, m := range f.Measures() {
		g := f.grid(ix, m)
		if len(g.y)*len(f.Measures()) > maxColumns {
			t.addSummary(m, g)
		} else {
			t.addColumns(m, g)
		}
	}
	_, err := io.WriteString(w, t.String()+t.end(captionOf(f, ix, false)))
	return err
}

// latexTable collects the parts of a table: either a column for each y layer,
// or rows of summary.
type latexTable struct {
	f       *Figure
	columns []latexColumn
	summary []string
	notes   [absent + 1]bool
}

type latexColumn struct {
	head   string
	values []string // by x layer
}

func (t *latexTable) addColumns(m results.Measure, g *grid) {
	for j, y := range g.y {
		head := LayerName(y)
		if len(t.f.Also) > 0 {
			head += ", " + Label(m)
		}
		column := latexColumn{head: escapeTeX(head)}
		for i := range g.x {
			c, s := g.at(i, j)
			t.notes[s] = true
			column.values = append(column.values, latexValue(c, s))
		}
		t.columns = append(t.columns, column)
	}
}

// latexValue writes a cell: value, interval, and a sign where there is
// something to say.
func latexValue(c *results.Cell, s state) string {
	switch s {
	case notComputed:
		return `\tnote{b}`
	case absent:
		return `\tnote{c}`
	}
	v := fmt.Sprintf("$%.3f$", *c.Value)
	if c.Lo != nil {
		v += fmt.Sprintf(` {\scriptsize $[%.3f, %.3f]$}`, *c.Lo, *c.Hi)
	}
	if s == notSignificant {
		v += `\tnote{a}`
	}
	return v
}

// addSummary adds a row for each pair of models.
func (t *latexTable) addSummary(m results.Measure, g *grid) {
	for _, x := range t.f.XModels {
		for _, y := range t.f.yModels() {
			s := summarise(g, x.Name, y.Name)
			row := []string{escapeTeX(x.Name), escapeTeX(y.Name), escapeTeX(Label(m))}
			if s.n == 0 {
				row = append(row, "--", "--", "--", "--")
			} else {
				row = append(row, fmt.Sprintf("$%.3f$", s.min), fmt.Sprintf("$%.3f$", s.mean), fmt.Sprintf("$%.3f$", s.max),
					escapeTeX(s.at.X.Layer+", "+s.at.Y.Layer))
			}
			row = append(row, fmt.Sprint(s.n), fmt.Sprint(s.missing))
			t.summary = append(t.summary, strings.Join(row, " & "))
		}
	}
}

// summary of the cells of a pair of models. A layer with itself is left out.
type summary struct {
	n, missing     int
	min, mean, max float64
	at             results.Pair // where the largest value is
}

func summarise(g *grid, x, y string) summary {
	s := summary{min: math.Inf(1), max: math.Inf(-1)}
	for i, lx := range g.x {
		for j, ly := range g.y {
			if lx.Model != x || ly.Model != y || lx == ly {
				continue
			}
			c, _ := g.at(i, j)
			if c == nil || c.Value == nil {
				s.missing++
				continue
			}
			s.n++
			s.mean += (*c.Value - s.mean) / float64(s.n)
			s.min = min(s.min, *c.Value)
			if *c.Value > s.max {
				s.max, s.at = *c.Value, results.Pair{X: lx, Y: ly}
			}
		}
	}
	return s
}

func (t *latexTable) String() string {
	var b strings.Builder
	b.WriteString("% needs \\usepackage{booktabs,threeparttable}\n\\begin{table}\n\\centering\n\\begin{threeparttable}\n")
	if len(t.summary) > 0 {
		b.WriteString("\\begin{tabular}{lllrrrlrr}\n\\toprule\n" +
			"x & y & metric & min & mean & max & at layers & values & missing \\\\\n\\midrule\n")
		for _, row := range t.summary {
			b.WriteString(row + " \\\\\n")
		}
		b.WriteString("\\bottomrule\n\\end{tabular}\n")
		return b.String()
	}
	fmt.Fprintf(&b, "\\begin{tabular}{ll%s}\n\\toprule\nmodel & layer", strings.Repeat("r", len(t.columns)))
	for _, c := range t.columns {
		b.WriteString(" & " + c.head)
	}
	b.WriteString(" \\\\\n")
	row := 0
	for _, m := range t.f.XModels {
		b.WriteString("\\midrule\n")
		for k, l := range m.Layers {
			name := ""
			if k == 0 {
				name = escapeTeX(m.Name)
			}
			b.WriteString(name + " & " + escapeTeX(l))
			for _, c := range t.columns {
				b.WriteString(" & " + c.values[row])
			}
			b.WriteString(" \\\\\n")
			row++
		}
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
	return b.String()
}

// end closes the table with notes, caption and label.
func (t *latexTable) end(caption string) string {
	var b strings.Builder
	texts := [absent + 1]string{
		notSignificant: `\item[a] Not significant at ` + t.f.alphaText() + ".",
		notComputed:    `\item[b] Could not be computed.`,
		absent:         `\item[c] Not among the results.`,
	}
	var notes []string
	for s, used := range t.notes {
		if used && texts[s] != "" {
			notes = append(notes, texts[s])
		}
	}
	if len(t.summary) > 0 {
		notes = append(notes, `\item A layer with itself is left out.`)
	}
	if len(notes) > 0 {
		b.WriteString("\\begin{tablenotes}\\footnotesize\n" + strings.Join(notes, "\n") + "\n\\end{tablenotes}\n")
	}
	fmt.Fprintf(&b, "\\end{threeparttable}\n\\caption{%s %s}\n\\label{tab:%s}\n\\end{table}\n", escapeTeX(Sentence(t.f.Title)), escapeTeX(caption), t.f.Name)
	return b.String()
}

var texEscaper = strings.NewReplacer(`\`, `\textbackslash{}`, "{", `\{`, "}", `\}`, "$", `\$`, "&", `\&`, "#", `\#`, "%", `\%`,
	"_", `\_`, "^", `\textasciicircum{}`, "~", `\textasciitilde{}`, "|", `$|$`, "<", `$<$`, ">", `$>$`, "≥", `$\geq$`, "≤", `$\leq$`, "±", `$\pm$`, "\u00a0", "~", "\u2212", "$-$")

func escapeTeX(s string) string { return texEscaper.Replace(s) }
