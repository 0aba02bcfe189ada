package figures

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/results"
)

// paperWidths are those that a figure of no width of its own is set for in a paper, in mm: a column, the text of article in one column, a page.
var paperWidths = []float64{ColumnWidth, textWidth, FullWidth}

// textWidth is that of article in one column. A picture that is wider is shrunk there.
const textWidth = 120

// onPaper is the figure as a paper takes it in: without the title and the line of facts, which stand in the caption, and set for the narrowest width of a paper that it fits.
func (f *Figure) onPaper(ix *index) *Figure {
	p := *f
	p.Look.Bare = true
	if f.Look.Width > 0 {
		return &p
	}
	for _, mm := range paperWidths {
		p.Look.Width = mm
		if fits(&p, ix) {
			break
		}
	}
	return &p
}

// fits says whether a figure is no wider than it should be, no higher than a page leaves room for beside its caption, and what it shows large enough.
func fits(f *Figure, ix *index) bool {
	drawn := layoutOf(f, ix)
	wide, high := drawn.Size()
	switch l := drawn.(type) {
	case *heatmap:
		if l.edge < minEdge {
			return false
		}
	case *curves:
		if l.w < leastPlot || l.place == LegendBelow && l.legendX+l.legendColumn > l.wide {
			return false
		}
	}
	return wide <= f.Look.room()+1 && high*vg.Length(f.Look.scale()) <= mostHigh(f, ix)
}

// mostHigh is how high a figure may be on a page that has its caption too.
func mostHigh(f *Figure, ix *index) vg.Length {
	room := texPage
	if f.Look.oneColumn() {
		room = texColumn
	}
	return max(texHeight-captionHeight(f.Title+captionOf(f, ix, true), room), leastHigh)
}

// oneColumn says whether a figure of this look stands in one of two columns.
func (l *Look) oneColumn() bool { return l.Width <= ColumnWidth+10 }

const (
	leastPlot           = 90  // how wide a plot of curves is at least that can be read
	leastHigh vg.Length = 150 // how high a figure is at least, whatever its caption
)

// Snippets is the file beside the figures with the lines of LaTeX that show each.
const Snippets = "figures.tex"

// snippetsOf is the format of the pictures that LaTeX is to show, "" where there is none, and then no file of snippets. Pictures of this format are set for a paper.
func snippetsOf(formats []string) string {
	for _, picture := range []string{"pdf", "png"} {
		if slices.Contains(formats, picture) && slices.Contains(formats, "tex") {
			return picture
		}
	}
	return ""
}

// snippets are the figures as a paper takes them in: each with its caption and its label, over one column or the page.
func snippets(figures []Figure, ix *index, picture string) string {
	var b strings.Builder
	for i := range figures {
		f := figures[i].onPaper(ix)
		environment, size := "figure", fmt.Sprintf(`width=\ifdim\linewidth<%gmm\linewidth\else%gmm\fi`, f.Look.Width, f.Look.Width)
		if !f.Look.oneColumn() {
			environment = "figure*"
		}
		if f.Look.Width > textWidth || !fits(f, ix) {
			size = fmt.Sprintf(`width=\linewidth,height=%.0fpt,keepaspectratio`, mostHigh(f, ix).Points())
		}
		fmt.Fprintf(&b, "\n\\begin{%s}\n\\centering\n\\includegraphics[%s]{%s.%s}\n\\caption{%s %s}\n\\label{fig:%s}\n\\end{%s}\n",
			environment, size, f.Name, picture, EscapeTeX(Sentence(f.Title)), EscapeTeX(captionOf(f, ix, true)), f.Name, environment)
	}
	return NeedsTeX(b.String(), "graphicx") + "% \\graphicspath{{figures/}} says where the files are\n" + b.String()
}

// FormatsOf are those of some formats in which a run of these figures has files of the figure: a table is written once, so not for panels, whose figures have theirs, nor
// for two figures that show the same numbers.
func FormatsOf(f *Figure, figures []Figure, formats []string) []string {
	if tabled(f, figures) {
		return formats
	}
	return slices.DeleteFunc(slices.Clone(formats), func(format string) bool { return format == "tex" })
}

// tabled says whether a figure is the one whose name the table of its numbers has: the first that shows them as they are, else the first tree or map of layers.
func tabled(f *Figure, figures []Figure) bool {
	if f.Kind == Several {
		return false
	}
	for i := range figures {
		if o := &figures[i]; o.Name != f.Name && sameNumbers(f, o) && (picturesOnly(f.Kind) && !picturesOnly(o.Kind) || picturesOnly(f.Kind) == picturesOnly(o.Kind) && before(figures, o.Name, f.Name)) {
			return false
		}
	}
	return true
}

// picturesOnly says whether figures of a kind show distances and no numbers.
func picturesOnly(k Kind) bool { return k == Tree || k == MDS }

// sameNumbers says whether two figures show the same cells.
func sameNumbers(a, b *Figure) bool {
	plain := func(k Kind) bool { return k == Heatmap || k == Curves || picturesOnly(k) }
	return plain(a.Kind) && plain(b.Kind) && a.own == nil && b.own == nil && a.Comparison == b.Comparison && slices.EqualFunc(a.Measures(), b.Measures(), results.Measure.Same) &&
		slices.Equal(flatten(a.XModels), flatten(b.XModels)) && slices.Equal(flatten(a.yModels()), flatten(b.yModels()))
}

// before says which of two names stands first.
func before(figures []Figure, a, b string) bool {
	for i := range figures {
		if figures[i].Name == a || figures[i].Name == b {
			return figures[i].Name == a
		}
	}
	return false
}
