package figures

import (
	"bytes"

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
		f.Published, f.difference, f.Scale = nil, true, Scale{Map: "diverging"}
		list = append(list, f)
	}
	return list
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
