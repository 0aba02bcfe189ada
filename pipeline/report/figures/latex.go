package figures

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/results"
)

// writeLaTeX writes a figure's numbers as a table for a paper, of package booktabs alone: a column for each model where there is one y layer, else one for
// each y layer. Intervals stand beside the values or below them, or in a second table, or are left out, as the page has room for them. What is too large even so becomes a
// row for each pair of models, with the range of its values.
func writeLaTeX(w io.Writer, f *Figure, ix *index) error {
	_, err := io.WriteString(w, latexOf(f, ix))
	return err
}

func latexOf(f *Figure, ix *index) string {
	t := newTexTable(f, ix)
	caption := captionOf(f, ix, false)
	laid, fits := t.fit(caption)
	if !fits {
		return pairsTable(f, ix, caption)
	}
	if laid.at == leftOut && t.intervals() {
		own := f.Name + "-intervals"
		var labels []string
		for _, m := range f.Measures() {
			labels = append(labels, Label(m))
		}
		about := strings.Join(labels, "; ") + ". 95 % CI" + resampledText(f) + ", of the values in "
		if second, fits := t.fitIntervals(about); fits {
			return needs(laid.write(caption+" The intervals are in ", f.Name, own) + "\n" + second.write(about, own, f.Name))
		}
	}
	return needs(laid.write(caption+t.bracketsText(laid.at), f.Name, ""))
}

// needs says above tables what these take.
func needs(tables string) string { return NeedsTeX(tables, "booktabs") + tables }

// texTable holds what a table says, before anything is known of its place on a page.
type texTable struct {
	f             *Figure
	rows, columns []texName
	cells         [][]texCell // by row and column
	ofRows        texName     // what stands above the names of the rows: "model" and "layer"
	ofColumns     texName     // what would if they were the columns
}

// texName names a row or a column: a model, or a measure, and what of it.
type texName struct{ group, name string }

// texCell is a cell, or nothing where a model has no such layer.
type texCell struct {
	cell  *results.Cell
	state state
	none  bool
}

func newTexTable(f *Figure, ix *index) *texTable {
	t := &texTable{f: f, ofRows: texName{"model", orDefault(f.XTitle, "layer")}, ofColumns: texName{"model", orDefault(f.YTitle, "layer")}}
	if len(f.Also) > 0 {
		t.ofColumns = texName{"metric", "model"}
	}
	g := f.grid(ix, f.Measure())
	models := len(g.y) == 1 && len(f.XModels) > 1
	var layers []string
	if models {
		layers = unionOfLayers(f.XModels)
		for _, l := range layers {
			if slices.ContainsFunc(f.XModels, func(m Model) bool { return m.Single && slices.Contains(m.Layers, l) }) {
				l = "–" // of what has no layers
			}
			t.rows = append(t.rows, texName{name: l})
		}
	} else {
		t.rows = namesOf(f.XModels)
	}
	t.cells = make([][]texCell, len(t.rows))
	for _, m := range f.Measures() {
		g := f.grid(ix, m)
		columns := namesOf(f.yModels())
		if models {
			columns = nil
			for _, x := range f.XModels {
				columns = append(columns, texName{name: x.shown()})
			}
		}
		for j, column := range columns {
			if len(f.Also) > 0 {
				column = texName{Label(m), strings.TrimSpace(column.group + " " + column.name)}
			}
			t.columns = append(t.columns, column)
			for i := range t.rows {
				x, y := i, j
				if models {
					x, y = slices.Index(g.x, results.Layer{Model: f.XModels[j].Name, Layer: layers[i]}), 0
				}
				cell := texCell{none: x < 0}
				if x >= 0 {
					cell.cell, cell.state = g.at(x, y)
				}
				t.cells[i] = append(t.cells[i], cell)
			}
		}
	}
	if t.rows = merged(t.rows); !models && !grouped(t.rows) {
		t.ofRows.name = t.ofRows.group
	}
	if t.columns = merged(t.columns); !grouped(t.columns) {
		t.ofColumns.name = t.ofColumns.group
	}
	return t
}

// namesOf names the layers of models; one that has a single layer by its nature is named by its model alone.
func namesOf(models []Model) (list []texName) {
	for _, m := range models {
		for _, l := range m.Layers {
			name := texName{m.shown(), l}
			if m.Single || l == m.Name {
				name.name = ""
			}
			list = append(list, name)
		}
	}
	return list
}

// merged joins groups and names where no group has more than one of them, so that no group stands above nothing.
func merged(names []texName) []texName {
	for i := 1; i < len(names); i++ {
		if names[i].group == names[i-1].group {
			return names
		}
	}
	list := slices.Clone(names)
	for i, n := range list {
		list[i] = texName{name: strings.TrimSpace(n.group + " " + n.name)}
	}
	return list
}

// turned is the table with its rows as columns.
func (t *texTable) turned() *texTable {
	u := &texTable{f: t.f, rows: t.columns, columns: t.rows, ofRows: t.ofColumns, ofColumns: t.ofRows, cells: make([][]texCell, len(t.columns))}
	for j := range t.columns {
		for i := range t.rows {
			u.cells[j] = append(u.cells[j], t.cells[i][j])
		}
	}
	return u
}

// has says whether any cell of the table is so.
func (t *texTable) has(so func(c texCell) bool) bool {
	return slices.ContainsFunc(t.cells, func(row []texCell) bool { return slices.ContainsFunc(row, so) })
}

func (t *texTable) intervals() bool {
	return t.has(func(c texCell) bool { return c.cell != nil && c.cell.Lo != nil })
}

// bracketsText says what stands in brackets, and where it is if it does not.
func (t *texTable) bracketsText(at texInterval) string {
	switch {
	case !t.intervals():
		return ""
	case at == leftOut:
		return " The intervals are in " + t.f.Name + ".csv."
	}
	return " In brackets: 95 % CI" + resampledText(t.f) + "."
}

// pairsTable is the table of what is too large for a page: a row for each pair of models.
func pairsTable(f *Figure, ix *index, caption string) string {
	names, spec, heads := vg.Length(pairsRoom), "ll", "x & y"
	if len(f.Also) > 0 {
		names, spec, heads = names*2/3, "lll", "x & y & metric"
	}
	var rows []string
	missing, high := 0, 0
	for _, m := range f.Measures() {
		g := f.grid(ix, m)
		for _, x := range f.XModels {
			for _, y := range f.yModels() {
				s := summarise(g, x.Name, y.Name)
				words := []string{x.shown(), y.shown()}
				if len(f.Also) > 0 {
					words = append(words, Label(m))
				}
				values := []string{"--", "--", "--"}
				at := "--"
				if s.n > 0 {
					values, at = []string{texNumber(s.min), texNumber(s.mean), texNumber(s.max)}, s.at.X.Layer+", "+s.at.Y.Layer
				}
				var row []string
				lines := 1
				for _, word := range append(words, at) {
					list := wrapTeX(word, names)
					lines = max(lines, len(list))
					row = append(row, texLines(list, "tl"))
				}
				row = slices.Insert(row, len(words), values...)
				rows = append(rows, strings.Join(append(row, fmt.Sprint(s.n)), " & ")+" \\\\\n")
				missing, high = missing+s.missing, high+lines
			}
		}
	}
	more := " A layer with itself is left out. All values, with their intervals, are in " + f.Name + ".csv."
	if high > texPairs {
		return fmt.Sprintf("%% No table: the %d pairs of models are more than a page holds. The values are in %s.csv.\n", len(rows), f.Name)
	}
	if missing > 0 {
		more += fmt.Sprintf(" Without a value: %s of layers.", Plural(missing, "pair"))
	}
	return needs(fmt.Sprintf("\\begin{table*}\n\\centering\\fontsize{%g}{%g}\\selectfont\\setlength{\\tabcolsep}{3pt}\n\\begin{tabular}{@{}%srrrlr@{}}\n\\toprule\n%s & min & mean & max & at layers & values \\\\\n\\midrule\n",
		texSize.Points(), texLine.Points(), spec, heads) + strings.Join(rows, "") + "\\bottomrule\n\\end{tabular}\n" + texCaption(f, caption+more, f.Name, "") + "\\end{table*}\n")
}

// Of a table of pairs of models: how wide a name may be, and how many lines a page holds.
const (
	pairsRoom = 70
	texPairs  = 40
)

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

// texCaption is the caption of a table, with its label; where it ends with another table, with that one's number.
func texCaption(f *Figure, caption, label, other string) string {
	caption = EscapeTeX(caption)
	if other != "" {
		caption += `Table~\ref{tab:` + other + "}."
	}
	return fmt.Sprintf("\\caption{%s %s}\n\\label{tab:%s}\n", EscapeTeX(Sentence(f.Title)), caption, label)
}

// texNumber writes a value as mathematics, so that its minus is one.
func texNumber(v float64) string { return "$" + plainNumber(v) + "$" }

// plainNumber writes a value with three decimals, or four digits where it is large, with a hyphen for its minus, and none before a zero.
func plainNumber(v float64) string { return strings.Replace(Short(v), "\u2212", "-", 1) }
