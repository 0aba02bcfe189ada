package figures

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
)

// What a page holds, in points: the text of article in one column, which is the narrowest of those that are usual, and one of its two columns on A4. A table
// that is no wider stands in both.
const (
	texPage   vg.Length = 343
	texColumn vg.Length = 220
	texHeight vg.Length = 530 // of a table with its caption
	texSpace  vg.Length = 6   // between columns
	texApart  vg.Length = 9   // between columns of which each has a value and its interval, which belong together
	texRule   vg.Length = 5   // the height of a rule with the room around it
	groupRoom vg.Length = 70  // of the name of a model before its rows
	nameRoom  vg.Length = 80  // of the name of a row
	headRoom  vg.Length = 58  // of the name of a column
)

// mostOnPage is more values than any page holds.
const mostOnPage = 1500

// texInterval is where intervals stand.
type texInterval int

const (
	beside  texInterval = iota // beside their values
	below                      // below their values
	leftOut                    // nowhere
	alone                      // in the place of values
)

// texLayout is a table laid out: its columns stand in blocks, one below the other.
type texLayout struct {
	*texTable
	at     texInterval
	blocks [][2]int // columns from and up to
	width  vg.Length
	height vg.Length
	names  vg.Length   // the width of what names the rows
	wide   []vg.Length // the widths of columns, without the room beside them

	space  vg.Length // between columns
	beside vg.Length // between a value, which may have a sign, and its interval
}

// fit lays the table out with the most that a page has room for, and says whether any of it fits.
func (t *texTable) fit(caption string) (*texLayout, bool) {
	if len(t.rows)*len(t.columns) > mostOnPage { // a map may have a million cells
		return nil, false
	}
	turned := t.turned()
	for _, at := range []texInterval{beside, below} {
		for _, u := range []*texTable{t, turned} {
			if l := u.layOut(at); len(l.blocks) == 1 && l.holds(caption+t.bracketsText(at)) {
				return l, true
			}
		}
	}
	return t.fewestBlocks(leftOut, caption)
}

// fitIntervals lays out the table of intervals alone.
func (t *texTable) fitIntervals(caption string) (*texLayout, bool) {
	return t.fewestBlocks(alone, caption)
}

func (t *texTable) fewestBlocks(at texInterval, caption string) (*texLayout, bool) {
	l := t.layOut(at)
	if u := t.turned().layOut(at); len(u.blocks) < len(l.blocks) {
		l = u
	}
	return l, l.holds(caption)
}

// holds says whether a page holds the table, with its caption.
func (l *texLayout) holds(caption string) bool {
	room := texPage
	if l.width <= texColumn {
		room = texColumn
	}
	return l.width <= texPage && l.height+captionHeight(l.f.Title+caption, room) <= texHeight
}

// captionHeight is how high a caption is at 10 points, with the room around it.
func captionHeight(caption string, room vg.Length) vg.Length {
	lines := math.Ceil(float64(texWidth(caption) * 10 / texSize * 1.1 / room))
	return vg.Length(lines)*12 + 22
}

// layOut cuts the columns into as few blocks as the width of a page takes, between models where it can.
func (t *texTable) layOut(at texInterval) *texLayout {
	l := &texLayout{texTable: t, at: at, space: texSpace, beside: 3}
	switch {
	case at == beside && t.intervals():
		l.space = texApart
	case at == alone: // brackets keep them apart
		l.space = texSpace - 1
	}
	if t.has(func(c texCell) bool { return c.state != shown && !c.none }) {
		l.beside = 5
	}
	l.names = l.namesWidth()
	for j := range t.columns {
		l.wide = append(l.wide, l.columnWidth(j))
	}
	from := 0
	for from < len(t.columns) {
		to := from + 1
		for to < len(t.columns) && l.across(from, to+1) <= texPage {
			to++
		}
		if to < len(t.columns) { // back to where a model begins, if the block has one that ends
			for cut := to; cut > from; cut-- {
				if t.columns[cut].group != t.columns[cut-1].group {
					to = cut
					break
				}
			}
		}
		l.blocks = append(l.blocks, [2]int{from, to})
		l.width = max(l.width, l.across(from, to))
		from = to
	}
	l.height = l.up()
	return l
}

// grouped says whether names have groups.
func grouped(names []texName) bool {
	return slices.ContainsFunc(names, func(n texName) bool { return n.group != "" })
}

// widest is the width of the widest of some lines.
func widest(list []string) vg.Length {
	w := vg.Length(0)
	for _, line := range list {
		w = max(w, texWidth(line))
	}
	return w
}

// namesWidth is how wide the columns are that name the rows.
func (l *texLayout) namesWidth() vg.Length {
	group, name := vg.Length(0), widest(wrapTeX(l.ofRows.name, nameRoom))
	for i, r := range l.rows {
		if l.begins(i) && r.group != "" {
			group = max(group, widest(wrapTeX(r.group, groupRoom))+l.space)
		}
		name = max(name, widest(wrapTeX(r.name, nameRoom)))
	}
	if grouped(l.rows) {
		group = max(group, texWidth(l.ofRows.group)+l.space)
	}
	return group + name
}

// across is how wide a block of columns is.
func (l *texLayout) across(from, to int) vg.Length {
	total := l.names
	for i := from; i < to; {
		end := l.groupEnd(i, to)
		columns := l.span(i, end)
		if group := l.columns[i].group; group != "" {
			columns = max(columns, widest(wrapTeX(group, max(columns, headRoom))))
		}
		total += l.space + columns
		i = end
	}
	return total
}

// groupEnd is behind the last column of a block that is of the same group as column i.
func (l *texLayout) groupEnd(i, to int) int {
	end := i + 1
	for end < to && l.columns[end].group == l.columns[i].group && l.columns[i].group != "" {
		end++
	}
	return end
}

// span is how wide some columns are together.
func (l *texLayout) span(from, to int) vg.Length {
	w := -l.space
	for j := from; j < to; j++ {
		w += l.wide[j] + l.space
	}
	return w
}

// columnWidth counts how wide a column is.
func (l *texLayout) columnWidth(j int) vg.Length {
	w := widest(wrapTeX(l.columns[j].name, headRoom))
	for i := range l.rows {
		value, interval := l.texts(l.cells[i][j])
		v, ci := texNumbers(strings.TrimSuffix(value, texMarks)), texNumbers(interval)
		switch {
		case l.at == below, l.at == alone, ci == 0:
			w = max(w, v, ci)
		default:
			w = max(w, v+l.beside+ci)
		}
	}
	return w
}

// up is how high the table is.
func (l *texLayout) up() vg.Length {
	rowLines, rules := 0, 4
	for i, r := range l.rows {
		n := max(len(wrapTeX(r.name, nameRoom)), 1)
		if l.begins(i) {
			n = max(n, strings.Count(l.groupCell(i), `\\`)+1)
			rules++
		}
		if l.at == below && l.rowHasInterval(i) {
			n++
		}
		rowLines += n
	}
	total := vg.Length(0)
	for _, block := range l.blocks {
		heads, groups := 0, 0
		for j := block[0]; j < block[1]; j++ {
			heads = max(heads, len(wrapTeX(l.columns[j].name, headRoom)))
			if l.columns[j].group != "" {
				end := l.groupEnd(j, block[1])
				groups = max(groups, len(wrapTeX(l.columns[j].group, max(l.span(j, end), headRoom))))
			}
		}
		total += vg.Length(rowLines+heads+groups)*texLine + vg.Length(rules)*texRule + texLine
		if l.at == below {
			total += vg.Length(len(l.rows)) * texPair
		}
	}
	return total
}

// texPair is the room below an interval that stands below its value.
const texPair vg.Length = 2

func (l *texLayout) rowHasInterval(i int) bool {
	return slices.ContainsFunc(l.cells[i], func(c texCell) bool { return c.cell != nil && c.cell.Lo != nil })
}

// noValue stands in the place of a value, and is a dash.
const noValue = "--"

// texMarks stands for the signs behind a value, which take no room of their own.
const texMarks = "\x00"

// texts are what a cell says: its value, and its interval where it has one that is to be shown. A mark behind the value ends with texMarks.
func (l *texLayout) texts(c texCell) (value, interval string) {
	if c.none {
		return "", ""
	}
	if c.cell != nil && c.cell.Lo != nil && l.at != leftOut {
		interval = "[" + plainNumber(*c.cell.Lo) + ", " + plainNumber(*c.cell.Hi) + "]"
	}
	if l.at == alone {
		return "", interval
	}
	switch c.state {
	case notComputed, absent:
		return noValue + texMarks, interval
	case notSignificant:
		return plainNumber(*c.cell.Value) + texMarks, interval
	}
	return plainNumber(*c.cell.Value), interval
}

// write writes the table as a float with a caption, which may end with another table, and a label.
func (l *texLayout) write(caption, label, other string) string {
	environment := "table"
	if l.width > texColumn {
		environment = "table*"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\\begin{%s}\n\\centering\\fontsize{%g}{%g}\\selectfont\\setlength{\\tabcolsep}{%gpt}\n", environment, texSize.Points(), texLine.Points(), l.space.Points()/2)
	for k, block := range l.blocks {
		if k > 0 {
			b.WriteString("\\par\\vspace{6pt}\n")
		}
		l.writeBlock(&b, block[0], block[1])
	}
	b.WriteString(texCaption(l.f, caption, label, other) + "\\end{" + environment + "}\n")
	return b.String()
}

// writeBlock writes some columns as a tabular.
func (l *texLayout) writeBlock(b *strings.Builder, from, to int) {
	names, spec := 1, "l"
	if grouped(l.rows) {
		names, spec = 2, "ll"
	}
	wide := 1 // columns of the tabular for a column of the table
	one := "r"
	if l.at == beside && l.intervals() {
		wide, one = 2, fmt.Sprintf("r@{\\hspace{%gpt}}r", l.beside.Points())
	}
	fmt.Fprintf(b, "\\begin{tabular}{@{}%s%s@{}}\n\\toprule\n", spec, strings.Repeat(one, to-from))
	if grouped(l.columns) {
		b.WriteString(l.groupHeads(from, to, names, wide))
	}
	if names == 2 {
		b.WriteString(EscapeTeX(l.ofRows.group) + " & ")
	}
	b.WriteString(texLines(wrapTeX(l.ofRows.name, nameRoom), "bl"))
	for j := from; j < to; j++ {
		head := texLines(wrapTeX(l.columns[j].name, headRoom), "br")
		if wide > 1 {
			head = fmt.Sprintf("\\multicolumn{%d}{r}{%s}", wide, head)
		}
		b.WriteString(" & " + head)
	}
	b.WriteString(" \\\\\n")
	for i, row := range l.rows {
		if l.begins(i) {
			b.WriteString("\\midrule\n")
		}
		if names == 2 {
			b.WriteString(l.groupCell(i) + " & ")
		}
		b.WriteString(texLines(wrapTeX(row.name, nameRoom), "tl"))
		l.writeRow(b, i, from, to, names)
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
}

// begins says whether a row is the first of its group.
func (l *texLayout) begins(i int) bool { return i == 0 || l.rows[i].group != l.rows[i-1].group }

// groupCell is what stands in the column of groups in a row: a line of the group's name in each of its rows, or where these are fewer all lines in the first.
func (l *texLayout) groupCell(i int) string {
	from, to := i, i+1
	for !l.begins(from) {
		from--
	}
	for to < len(l.rows) && !l.begins(to) {
		to++
	}
	list := wrapTeX(l.rows[i].group, groupRoom)
	switch {
	case len(list) > to-from && i == from:
		return texLines(list, "tl")
	case len(list) <= to-from && i-from < len(list):
		return EscapeTeX(list[i-from])
	}
	return ""
}

// writeRow writes the cells of a row, and where intervals stand below values those in a row of their own.
func (l *texLayout) writeRow(b *strings.Builder, i, from, to, names int) {
	second := strings.Repeat(" &", names-1)
	for j := from; j < to; j++ {
		value, interval := l.texts(l.cells[i][j])
		if mark := strings.HasSuffix(value, texMarks); mark {
			value = texMath(strings.TrimSuffix(value, texMarks)) + `\rlap{\textsuperscript{` + markOf[l.cells[i][j].state] + `}}`
		} else {
			value = texMath(value)
		}
		switch {
		case l.at == beside && l.intervals():
			b.WriteString(" & " + value + " & " + texMath(interval))
		case l.at == alone:
			b.WriteString(" & " + texMath(interval))
		default:
			b.WriteString(" & " + value)
			second += " & " + texMath(interval)
		}
	}
	b.WriteString(" \\\\\n")
	if l.at == below {
		if l.rowHasInterval(i) {
			b.WriteString(second + " \\\\\n")
		}
		if i+1 < len(l.rows) {
			fmt.Fprintf(b, "\\addlinespace[%gpt]\n", texPair.Points())
		}
	}
}

// markOf are the signs behind values, which the caption explains.
var markOf = map[state]string{notSignificant: "a", notComputed: "b", absent: "c"}

func texMath(s string) string {
	if s == "" || s == noValue {
		return s
	}
	return "$" + s + "$"
}

// groupHeads is the line of models above their layers, with a rule below each; names is how many columns name the rows, and wide how many of the
// tabular are one of the table.
func (l *texLayout) groupHeads(from, to, names, wide int) string {
	var heads, rules string
	for i := from; i < to; {
		end := l.groupEnd(i, to)
		head := texLines(wrapTeX(l.columns[i].group, max(l.span(i, end), headRoom)), "bc")
		heads += fmt.Sprintf(" & \\multicolumn{%d}{c}{%s}", (end-i)*wide, head)
		rules += fmt.Sprintf("\\cmidrule(lr){%d-%d}", names+1+(i-from)*wide, names+(end-from)*wide)
		i = end
	}
	return strings.Repeat(" &", names-1) + heads + " \\\\\n" + rules + "\n"
}
