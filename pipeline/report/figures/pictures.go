package figures

import (
	"bytes"
	"slices"

	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/results"
)

// Picture is a figure drawn to stand in a page.
type Picture struct {
	Name, Title string
	Caption     string // in full: with metric, variant, rows and n, and what the signs mean
	SVG         string
	Targets     Targets
}

// PageWidth is how wide pictures of a page are, in mm: two stand side by side on a desk's screen, and one on a phone's with text that can be read.
const PageWidth = 130

// Pictures draws figures of a run's cells, those of differences to published
// values among them, for a page: all of one width, without their titles, which stand in the captions. letters are the outlines that all of
// them share, and have to stand in the page before them.
func Pictures(figures []Figure, cells []results.Cell) (list []Picture, letters string, err error) {
	ix := newIndex(cells)
	figures, err = checked(figures, ix)
	if err != nil {
		return nil, "", err
	}
	sheet := canvas.Sheet()
	for i := range figures {
		f := &figures[i]
		var svg bytes.Buffer
		caption := captionOf(f, ix, true)
		f.Look = Look{Width: PageWidth, Legend: LegendBelow, Bare: true}
		d := newDrawing(f, ix)
		if err := sheet.WriteSVG(&svg, d, f.Title, caption); err != nil {
			return nil, "", err
		}
		list = append(list, Picture{f.Name, f.Title, caption, svg.String(), targetsOf(f, d.layout)})
	}
	return list, sheet.SVG(), nil
}

// OfDifferences returns those of a run's figures that show its differences
// from another run as well, the maps and curves that have any of the cells:
// without published values, in the colours of a diverging map, and with more
// behind their titles.
func OfDifferences(figures []Figure, cells []results.Cell, more string) []Figure {
	ix := newIndex(cells)
	var list []Figure
	for _, f := range figures {
		if f.Kind != Heatmap && f.Kind != Curves || !anyCell(&f, ix) {
			continue
		}
		f.Title += more
		f.XModels, f.YModels = withCells(&f, ix)
		f.Published, f.difference, f.Scale = nil, true, Scale{}
		if f.Kind == Heatmap { // curves show on which side of 0 they are without colours
			f.Scale.Map = "diverging"
		}
		list = append(list, f)
	}
	return list
}

// withCells are the models of a figure that have any of the cells.
func withCells(f *Figure, ix *index) (x, y []Model) {
	inX, inY := map[string]bool{}, map[string]bool{}
	for _, m := range f.Measures() {
		for _, at := range f.Pairs() {
			if ix.find(f, m, at.X, at.Y) != nil {
				inX[at.X.Model], inY[at.Y.Model] = true, true
			}
		}
	}
	without := func(models []Model, in map[string]bool) []Model {
		return slices.DeleteFunc(slices.Clone(models), func(m Model) bool { return !in[m.Name] })
	}
	return without(f.XModels, inX), without(f.YModels, inY)
}

// anyCell says whether any cell of the figure is among the results.
func anyCell(f *Figure, ix *index) bool {
	for _, m := range f.Measures() {
		if f.grid(ix, m).count()[absent] < len(f.Pairs()) {
			return true
		}
	}
	return false
}
