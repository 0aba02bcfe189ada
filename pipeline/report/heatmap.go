package report

import (
	"fmt"

	"gonum.org/v1/plot/vg"
)

// Room in and around a heat map, in points.
const (
	margin   vg.Length = 8
	mapSide  vg.Length = 390 // longest side that a map grows to
	maxEdge            = 150 * pixel
	minEdge            = 15 * pixel // of a cell: a map of 146 layers is 18 cm wide
	valueRow vg.Length = 19         // edge from which a cell's value is written into it
	barWidth           = 38 * pixel
	barMin   vg.Length = 90 // least height of the colour bar
	minWidth vg.Length = 250
)

// heatmap is a heat map laid out: positions are final, nothing is drawn.
type heatmap struct {
	f       *Figure
	g       *grid
	lo, hi  float64
	under   bool // values below lo, above hi: the colour bar ends in a point
	over    bool
	colours colourMap

	edge          vg.Length
	x, y          *axis
	originX       vg.Length // lower left corner of the map
	originY       vg.Length
	barX, barY    vg.Length
	barHeight     vg.Length
	barTicks      []tick
	barTitle      []string
	title, rests  []string // header lines
	legend        []legendEntry
	width, height vg.Length
}

// legendEntry explains a sign below the map.
type legendEntry struct {
	sign state
	text string
}

func newHeatmap(f *Figure, ix *index) *heatmap {
	g := f.grid(ix, f.Measure())
	h := &heatmap{f: f, g: g}
	h.colours, _ = mapNamed(f.Scale.Map)
	var values []float64
	for _, c := range g.cells {
		if c != nil && c.Value != nil {
			values = append(values, *c.Value)
		}
	}
	h.lo, h.hi = f.Scale.limits(values)
	for _, v := range values {
		h.under, h.over = h.under || v < h.lo, h.over || v > h.hi
	}
	h.layout()
	return h
}

func (h *heatmap) Size() (w, height vg.Length) { return h.width, h.height }

func (h *heatmap) layout() {
	n := max(len(h.g.x), len(h.g.y))
	h.edge = min(max(snapDown(mapSide/vg.Length(n)), minEdge), maxEdge)
	h.x = newAxis(h.f.XModels, h.edge, true)
	h.y = newAxis(h.f.YModels, h.edge, false)
	h.legend = h.legendEntries()

	// Across: title of the y axis, names, labels, the map, the colour bar.
	h.originX = snap(margin + textSize*lineHeight + h.y.nameDepth() + h.y.depth + tickSize + 5)
	h.barHeight = snap(max(h.y.length, barMin))
	h.barTicks = barTicks(h.lo, h.hi)
	widest := vg.Length(0)
	for _, t := range h.barTicks {
		widest = max(widest, width(regular, labelSize, t.label))
	}
	h.barTitle = wrap(regular, labelSize, h.barHeight, h.f.quantityLabel(h.f.Measure()))
	h.barX = snap(h.originX + h.x.length + 12)
	barEnd := h.barX + barWidth + tickSize + 2 + widest + 4 + vg.Length(len(h.barTitle))*labelSize*lineHeight
	h.width = snap(max(barEnd+margin, minWidth))

	// Down: header, map, labels, names, title of the x axis, legend.
	room := h.width - 2*margin
	h.title = wrap(bold, titleSize, room, h.f.Title)
	h.rests = wrap(regular, labelSize, room, labelOf(h.f.Measure())+"; "+summaryLine(h.g.cells))
	head := margin + lines(h.title, titleSize) + lines(h.rests, labelSize) + 8
	below := tickSize + 2 + h.x.depth + 3 + h.x.nameDepth() + textSize*lineHeight
	body := max(h.y.length+below, h.barHeight+8)
	foot := vg.Length(len(h.legend))*labelSize*1.6 + margin
	if len(h.legend) > 0 {
		foot += 6
	}
	h.height = snap(head + body + foot)
	h.originY = snap(h.height - head - h.y.length)
	h.barY = snap(h.height - head - h.barHeight)
}

// lines is the height of some lines of text; none for an empty text.
func lines(text []string, size vg.Length) vg.Length {
	if len(text) == 1 && text[0] == "" {
		return 0
	}
	return vg.Length(len(text)) * size * lineHeight
}

func (h *heatmap) legendEntries() []legendEntry {
	var list []legendEntry
	count := h.g.count()
	if n := count[notSignificant]; n > 0 {
		list = append(list, legendEntry{notSignificant, fmt.Sprintf("%s: %s", h.f.notSignificantText(h.g.cells), plural(n, "cell"))})
	}
	if n := count[notComputed]; n > 0 {
		list = append(list, legendEntry{notComputed, "could not be computed: " + plural(n, "cell")})
	}
	if n := count[absent]; n > 0 {
		list = append(list, legendEntry{absent, "not among the results: " + plural(n, "cell")})
	}
	return list
}

func (h *heatmap) Draw(p *pen) {
	p.fillRect(white, 0, 0, h.width, h.height)
	drawHeader(p, h.width, h.height, h.title, h.rests)
	h.drawCells(p)
	h.drawSigns(p)
	h.drawFrame(p)
	h.drawXLabels(p)
	h.drawYLabels(p)
	h.drawBar(p)
	h.drawLegend(p)
}

// drawHeader writes the title and the line below it at the top of a figure.
func drawHeader(p *pen, width, height vg.Length, title, rests []string) {
	y := height - margin
	for _, l := range title {
		if l == "" {
			continue
		}
		y -= titleSize * lineHeight
		p.text(bold, titleSize, ink, left, margin, y+0.25*titleSize, l)
	}
	for _, l := range rests {
		y -= labelSize * lineHeight
		p.text(regular, labelSize, softInk, left, margin, y+0.25*labelSize, l)
	}
}
