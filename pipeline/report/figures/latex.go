package figures

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/results"
)

// A table stands on a page of this height and width, in points: that of the conferences of the field, set in 8 points.
const (
	texPage   vg.Length = 160 / 25.4 * 72
	texColumn vg.Length = ColumnWidth / 25.4 * 72
	texLines            = 52
	texSpace  vg.Length = 8 // between columns
)

// writeLaTeX writes a figure's numbers as a table for a paper (packages
// booktabs and threeparttable): a column for each model where there is one y layer, else one for each y layer. Intervals stand beside the values,
// below them, or not at all, as the page has room. What is too large even so becomes a row for each pair of models, with the range of its values.
func writeLaTeX(w io.Writer, f *Figure, ix *index) error {
	for i := range f.Panels { // a table each
		if err := writeLaTeX(w, &f.Panels[i], ix); err != nil {
			return err
		}
	}
	if f.Kind == Several {
		return nil
	}
	t := &latexTable{f: f}
	for _, m := range f.Measures() {
		g := f.grid(ix, m)
		if len(g.y) == 1 && len(f.XModels) > 1 {
			t.addModels(m, g)
		} else {
			t.addColumns(m, g)
		}
	}
	if !t.fit() {
		t = &latexTable{f: f}
		for _, m := range f.Measures() {
			t.addSummary(m, f.grid(ix, m))
		}
	}
	_, err := io.WriteString(w, t.String()+t.end(captionOf(f, ix, false)))
	return err
}

// latexTable collects the parts of a table: either rows and columns of values, or rows of summary.
type latexTable struct {
	f         *Figure
	rows      []latexRow
	columns   []latexColumn
	summary   []string
	intervals texInterval
	width     vg.Length
	notes     [absent + 1]bool
}

// latexRow names the layers of a row; model is set in the first row of each model.
type latexRow struct{ model, layer string }

type latexColumn struct {
	group string // a model, which stands above its layers once; "" = none
	head  string
	cells []latexCell // by row
}

// latexCell is a cell, or nothing where a model has no such layer.
type latexCell struct {
	cell  *results.Cell
	state state
	none  bool
}

// texInterval is where intervals stand.
type texInterval int

const (
	beside texInterval = iota
	below
	leftOut
)

// addColumns adds a column for each y layer; the rows are the x layers.
func (t *latexTable) addColumns(m results.Measure, g *grid) {
	t.rows = nil
	for _, x := range t.f.XModels {
		for k, l := range x.Layers {
			row := latexRow{layer: l}
			if k == 0 {
				row.model = x.shown()
			}
			t.rows = append(t.rows, row)
		}
	}
	for j, y := range g.y {
		column := latexColumn{head: t.head(t.f.layerName(y), m)}
		if model := t.f.model(y.Model); len(model.Layers) > 1 && len(t.f.Also) == 0 {
			column.group, column.head = model.shown(), y.Layer
		}
		for i := range g.x {
			c, s := g.at(i, j)
			t.notes[s] = true
			column.cells = append(column.cells, latexCell{c, s, false})
		}
		t.columns = append(t.columns, column)
	}
}

// addModels adds a column for each x model; the rows are their layers.
func (t *latexTable) addModels(m results.Measure, g *grid) {
	t.rows = nil
	layers := unionOfLayers(t.f.XModels)
	for _, l := range layers {
		t.rows = append(t.rows, latexRow{layer: l})
	}
	for _, x := range t.f.XModels {
		column := latexColumn{head: t.head(x.shown(), m)}
		for _, l := range layers {
			cell := latexCell{none: true}
			if i := slices.Index(g.x, results.Layer{Model: x.Name, Layer: l}); i >= 0 {
				c, s := g.at(i, 0)
				t.notes[s] = true
				cell = latexCell{c, s, false}
			}
			column.cells = append(column.cells, cell)
		}
		t.columns = append(t.columns, column)
	}
}

func (t *latexTable) head(name string, m results.Measure) string {
	if len(t.f.Also) == 0 {
		return name
	}
	if name == "" {
		return Label(m)
	}
	return name + ", " + Label(m)
}

// fit chooses where intervals stand so that the table fits a page, and says whether it does.
func (t *latexTable) fit() bool {
	for _, at := range []texInterval{beside, below, leftOut} {
		t.intervals = at
		high := len(t.rows)
		if at == below {
			high *= 2
		}
		if t.width = t.measure(); t.width <= texPage && high <= texLines {
			return true
		}
	}
	return false
}

// measure is how wide the table is.
func (t *latexTable) measure() vg.Length {
	wide := func(s string) vg.Length { return canvas.Width(canvas.Regular, canvas.TextSize, s) + texSpace }
	model, layer := vg.Length(0), wide("layer")
	for _, r := range t.rows {
		layer = max(layer, wide(r.layer))
		if r.model != "" {
			model = max(model, wide(r.model))
		}
	}
	total := model + layer
	for _, c := range t.columns {
		column := vg.Length(0)
		for _, line := range headLines(c.head) {
			column = max(column, wide(line))
		}
		for _, cell := range c.cells {
			if cell.cell == nil || cell.cell.Value == nil {
				continue
			}
			value := wide(fmt.Sprintf("%.3f", *cell.cell.Value))
			if cell.cell.Lo != nil && t.intervals != leftOut {
				interval := 0.8 * wide(fmt.Sprintf("[%.3f, %.3f]", *cell.cell.Lo, *cell.cell.Hi))
				if t.intervals == beside {
					value += interval
				} else {
					value = max(value, interval)
				}
			}
			column = max(column, value)
		}
		total += column
	}
	return total
}

// headLines breaks the head of a column of numbers, which are narrow.
func headLines(head string) []string {
	return canvas.Wrap(canvas.Regular, canvas.TextSize, 60, head)
}

// latexValue writes a cell: value, interval, and a sign where there is
// something to say.
func (t *latexTable) latexValue(c latexCell) string {
	switch {
	case c.none:
		return ""
	case c.state == notComputed:
		return `\tnote{b}`
	case c.state == absent:
		return `\tnote{c}`
	}
	v := fmt.Sprintf("$%.3f$", *c.cell.Value)
	if c.state == notSignificant {
		v += `\tnote{a}`
	}
	if c.cell.Lo == nil || t.intervals == leftOut {
		return v
	}
	interval := fmt.Sprintf(`{\scriptsize $[%.3f, %.3f]$}`, *c.cell.Lo, *c.cell.Hi)
	if t.intervals == below {
		return `\shortstack[r]{` + v + `\\` + interval + `}`
	}
	return v + " " + interval
}

// addSummary adds a row for each pair of models.
func (t *latexTable) addSummary(m results.Measure, g *grid) {
	for _, x := range t.f.XModels {
		for _, y := range t.f.yModels() {
			s := summarise(g, x.Name, y.Name)
			row := []string{escapeTeX(x.shown()), escapeTeX(y.shown()), escapeTeX(Label(m))}
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

// environment is that of a table in one column of a page, or across it.
func (t *latexTable) environment() string {
	if t.width > texColumn || len(t.summary) > 0 {
		return "table*"
	}
	return "table"
}

func (t *latexTable) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%% needs \\usepackage{booktabs,threeparttable}\n\\begin{%s}\n\\centering\\footnotesize\\setlength{\\tabcolsep}{%gpt}\n\\begin{threeparttable}\n", t.environment(), texSpace.Points()/2)
	if len(t.summary) > 0 {
		b.WriteString("\\begin{tabular}{lllrrrlrr}\n\\toprule\n" +
			"x & y & metric & min & mean & max & at layers & values & missing \\\\\n\\midrule\n")
		for _, row := range t.summary {
			b.WriteString(row + " \\\\\n")
		}
		b.WriteString("\\bottomrule\n\\end{tabular}\n")
		return b.String()
	}
	models := slices.ContainsFunc(t.rows, func(r latexRow) bool { return r.model != "" })
	names, head := "l", "layer"
	if models {
		names, head = "ll", "model & layer"
	}
	fmt.Fprintf(&b, "\\begin{tabular}{%s%s}\n\\toprule\n%s%s", names, strings.Repeat("r", len(t.columns)), t.groupHeads(len(names)), head)
	for _, c := range t.columns {
		b.WriteString(" & " + texHead(c.head))
	}
	b.WriteString(" \\\\\n")
	for i, row := range t.rows {
		if i == 0 || row.model != "" {
			b.WriteString("\\midrule\n")
		}
		if models {
			b.WriteString(escapeTeX(row.model) + " & ")
		}
		b.WriteString(escapeTeX(row.layer))
		for _, c := range t.columns {
			b.WriteString(" & " + t.latexValue(c.cells[i]))
		}
		b.WriteString(" \\\\\n")
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
	return b.String()
}

// groupHeads is the line of models above their layers, with a rule below each; before is how many columns name the rows.
func (t *latexTable) groupHeads(before int) string {
	var names, rules string
	for i := 0; i < len(t.columns); {
		n := 1
		for i+n < len(t.columns) && t.columns[i+n].group == t.columns[i].group && t.columns[i].group != "" {
			n++
		}
		names += fmt.Sprintf(" & \\multicolumn{%d}{c}{%s}", n, escapeTeX(t.columns[i].group))
		if t.columns[i].group != "" {
			rules += fmt.Sprintf("\\cmidrule(lr){%d-%d}", before+i+1, before+i+n)
		}
		i += n
	}
	if rules == "" {
		return ""
	}
	return strings.Repeat(" &", before-1) + names + " \\\\\n" + rules + "\n"
}

// texHead writes the head of a column, in lines one below the other.
func texHead(head string) string {
	lines := headLines(head)
	for i := range lines {
		lines[i] = escapeTeX(lines[i])
	}
	if len(lines) == 1 {
		return lines[0]
	}
	return `\shortstack[r]{` + strings.Join(lines, `\\`) + "}"
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
	if t.intervals == leftOut {
		notes = append(notes, `\item Intervals are in the file of values, `+escapeTeX(t.f.Name)+`.csv.`)
	}
	if len(notes) > 0 {
		b.WriteString("\\begin{tablenotes}\\footnotesize\n" + strings.Join(notes, "\n") + "\n\\end{tablenotes}\n")
	}
	fmt.Fprintf(&b, "\\end{threeparttable}\n\\caption{%s %s}\n\\label{tab:%s}\n\\end{%s}\n", escapeTeX(Sentence(t.f.Title)), escapeTeX(caption), t.f.Name, t.environment())
	return b.String()
}

// snippets are the figures as a paper takes them in: each with its caption and its label, over one column or the page.
func snippets(figures []Figure, ix *index, picture string) string {
	var b strings.Builder
	b.WriteString("% needs \\usepackage{graphicx}; \\graphicspath{{figures/}} says where the files are\n")
	for i := range figures {
		f := &figures[i]
		environment, width := "figure", `\linewidth`
		if f.Look.Width > 0 {
			width = fmt.Sprintf("%gmm", f.Look.Width)
		}
		if f.Look.Width > ColumnWidth+10 {
			environment = "figure*"
		}
		fmt.Fprintf(&b, "\n\\begin{%s}\n\\centering\n\\includegraphics[width=%s]{%s.%s}\n\\caption{%s %s}\n\\label{fig:%s}\n\\end{%s}\n",
			environment, width, f.Name, picture, escapeTeX(Sentence(f.Title)), escapeTeX(captionOf(f, ix, true)), f.Name, environment)
	}
	return b.String()
}

var texEscaper = strings.NewReplacer(`\`, `\textbackslash{}`, "{", `\{`, "}", `\}`, "$", `\$`, "&", `\&`, "#", `\#`, "%", `\%`,
	"_", `\_`, "^", `\textasciicircum{}`, "~", `\textasciitilde{}`, "|", `$|$`, "<", `$<$`, ">", `$>$`, "≥", `$\geq$`, "≤", `$\leq$`, "±", `$\pm$`, "\u00a0", "~", "\u2212", "$-$", "×", `$\times$`, "²", `\textsuperscript{2}`)

func escapeTeX(s string) string { return texEscaper.Replace(s) }
