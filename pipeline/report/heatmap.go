package report

import (
	"fmt"
	"image/color"

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
	h.lo, h.hi = limits(f.Scale, values)
	for _, v := range values {
		h.under, h.over = h.under || v < h.lo, h.over || v > h.hi
	}
	h.layout()
	return h
}

func (h *heatmap) size() (w, height vg.Length) { return h.width, h.height }

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

func (h *heatmap) draw(p *pen) {
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

// corner is the lower left corner of a cell.
func (h *heatmap) corner(i, j int) (x, y vg.Length) {
	return h.originX + h.x.start[i], h.originY + h.y.start[j]
}

// drawCells paints the squares that have a value. Where the canvas allows it,
// all squares of one colour are one path.
func (h *heatmap) drawCells(p *pen) {
	var paths [256]vg.Path
	for j := range h.g.y {
		for i := range h.g.x {
			c, _ := h.g.at(i, j)
			if c == nil || c.Value == nil {
				continue
			}
			k := level(*c.Value, h.lo, h.hi)
			x, y := h.corner(i, j)
			if !p.overlap {
				addRect(&paths[k], x, y, h.edge, h.edge)
				continue
			}
			w, up := h.edge, h.edge
			if i+1 < len(h.g.x) && h.x.start[i+1]-h.x.start[i] < h.edge+gap/2 {
				w += pixel
			}
			if j+1 < len(h.g.y) && h.y.start[j+1]-h.y.start[j] < h.edge+gap/2 {
				up += pixel
			}
			p.fillRect(h.colours[k], x, y, w, up)
		}
	}
	for k, path := range paths {
		if len(path) > 0 {
			p.SetColor(h.colours[k])
			p.Fill(path)
		}
	}
}

// drawSigns hatches what has no value, marks what is not significant, and
// writes the values into cells that are large enough.
func (h *heatmap) drawSigns(p *pen) {
	var void, hatch vg.Path
	marks := map[color.NRGBA]*vg.Path{white: {}, black: {}}
	side := max(snapDown(h.edge*0.28), 2*pixel)
	inset := snap((h.edge - side) / 2)
	for j := range h.g.y {
		for i := range h.g.x {
			c, s := h.g.at(i, j)
			x, y := h.corner(i, j)
			switch {
			case s == notComputed || s == absent:
				addRect(&void, x, y, h.edge, h.edge)
				addHatch(&hatch, x, y, h.edge, s == absent)
			case h.edge >= valueRow:
				h.drawValue(p, x, y, *c.Value, s == notSignificant)
			case s == notSignificant:
				clr := inkOn(h.colours[level(*c.Value, h.lo, h.hi)])
				addRect(marks[clr], x+inset, y+inset, side, side)
			}
		}
	}
	if len(void) > 0 {
		p.SetColor(voidFill)
		p.Fill(void)
		p.SetColor(hatchInk)
		p.SetLineWidth(0.5)
		p.Stroke(hatch)
		p.SetLineWidth(0.3)
		p.Stroke(void)
	}
	for _, clr := range []color.NRGBA{white, black} {
		if path := *marks[clr]; len(path) > 0 {
			p.SetColor(clr)
			p.Fill(path)
		}
	}
}

func (h *heatmap) drawValue(p *pen, x, y vg.Length, v float64, weak bool) {
	clr := inkOn(h.colours[level(v, h.lo, h.hi)])
	size := min(labelSize, h.edge*0.34)
	base := y + h.edge/2 - middle(size)
	if weak {
		base += size * 0.55
		p.text(regular, size*0.85, clr, centre, x+h.edge/2, base-size*1.1, "n.s.")
	}
	p.text(regular, size, clr, centre, x+h.edge/2, base, shortValue(v))
}

// addHatch adds diagonal lines inside a square; crossed adds those the other
// way too.
func addHatch(path *vg.Path, x, y, edge vg.Length, crossed bool) {
	n := max(1, int(edge/3.5))
	step := edge / vg.Length(n)
	for k := -n + 1; k < n; k++ {
		d := vg.Length(k) * step
		u, v := max(d, 0), max(-d, 0)
		run := edge - max(d, -d)
		addLine(path, x+u, y+v, x+u+run, y+v+run)
		if crossed {
			addLine(path, x+u, y+edge-v, x+u+run, y+edge-v-run)
		}
	}
}

// drawFrame draws the outline and the borders between models.
func (h *heatmap) drawFrame(p *pen) {
	p.strokeRect(black, 0.6, h.originX, h.originY, h.x.length, h.y.length)
	for _, b := range h.x.blocks[1:] {
		x := h.originX + b.from - gap/2
		p.line(black, 0.8, nil, vg.Point{X: x, Y: h.originY - tickSize}, vg.Point{X: x, Y: h.originY + h.y.length})
	}
	for _, b := range h.y.blocks[1:] {
		y := h.originY + b.from - gap/2
		p.line(black, 0.8, nil, vg.Point{X: h.originX - tickSize, Y: y}, vg.Point{X: h.originX + h.x.length, Y: y})
	}
}

func (h *heatmap) drawXLabels(p *pen) {
	var marks vg.Path
	for i, l := range h.g.x {
		x := h.originX + h.x.start[i] + h.edge/2
		if !h.x.labels[i] {
			addLine(&marks, x, h.originY, x, h.originY-tickSize/2)
			continue
		}
		addLine(&marks, x, h.originY, x, h.originY-tickSize)
		if y := h.originY - tickSize - 2; h.x.turned {
			p.upText(regular, h.x.size, ink, right, x+middle(h.x.size), y, l.Layer)
		} else {
			p.text(regular, h.x.size, ink, centre, x, y-0.72*h.x.size, l.Layer)
		}
	}
	strokeTicks(p, marks)
	y := h.originY - tickSize - 2 - h.x.depth - 3
	for _, b := range h.x.blocks {
		mid := h.originX + (b.from+b.to)/2
		for k, l := range b.name {
			if h.x.namesAcross {
				p.upText(regular, h.x.nameSize, ink, right, mid+lineOffset(k, len(b.name), h.x.nameSize), y-4, l)
				continue
			}
			p.text(regular, h.x.nameSize, ink, centre, mid, y-vg.Length(k+1)*h.x.nameSize*lineHeight+0.3*h.x.nameSize, l)
		}
	}
	y -= h.x.nameDepth() + textSize*lineHeight
	p.text(regular, labelSize, softInk, centre, h.originX+h.x.length/2, y+0.3*textSize, orDefault(h.f.XTitle, "layer of x"))
}

func (h *heatmap) drawYLabels(p *pen) {
	var marks vg.Path
	for j, l := range h.g.y {
		y := h.originY + h.y.start[j] + h.edge/2
		if !h.y.labels[j] {
			addLine(&marks, h.originX, y, h.originX-tickSize/2, y)
			continue
		}
		addLine(&marks, h.originX, y, h.originX-tickSize, y)
		p.text(regular, h.y.size, ink, right, h.originX-tickSize-2, y-middle(h.y.size), l.Layer)
	}
	strokeTicks(p, marks)
	x := h.originX - tickSize - 2 - h.y.depth - 3
	for _, b := range h.y.blocks {
		mid := h.originY + (b.from+b.to)/2
		for k, l := range b.name {
			if h.y.namesAcross {
				p.text(regular, h.y.nameSize, ink, right, x-4, mid-lineOffset(k, len(b.name), h.y.nameSize), l)
				continue
			}
			away := vg.Length(len(b.name)-1-k) * h.y.nameSize * lineHeight
			p.upText(regular, h.y.nameSize, ink, centre, x-away-0.25*h.y.nameSize, mid, l)
		}
	}
	p.upText(regular, labelSize, softInk, centre, x-h.y.nameDepth()-0.4*textSize, h.originY+h.y.length/2, orDefault(h.f.YTitle, "layer of y"))
}

// lineOffset is how far the baseline of line k of n lies past the middle of
// them all.
func lineOffset(k, n int, size vg.Length) vg.Length {
	return middle(size) + (vg.Length(k)-vg.Length(n-1)/2)*size*lineHeight
}

func strokeTicks(p *pen, marks vg.Path) {
	p.SetColor(black)
	p.SetLineWidth(0.4)
	p.Stroke(marks)
}

// drawBar draws the colour bar with its ticks and its title, which names the
// quantity and its unit.
func (h *heatmap) drawBar(p *pen) {
	const steps = 128
	at := func(k int) vg.Length { return h.barY + snap(h.barHeight*vg.Length(k)/steps) }
	for k := range steps {
		top := at(k + 1)
		if p.overlap && k+1 < steps {
			top += pixel
		}
		p.fillRect(h.colours[2*k+k*2/steps], h.barX, at(k), barWidth, top-at(k))
	}
	outline := []vg.Point{{X: h.barX, Y: h.barY}, {X: h.barX + barWidth, Y: h.barY},
		{X: h.barX + barWidth, Y: h.barY + h.barHeight}, {X: h.barX, Y: h.barY + h.barHeight}, {X: h.barX, Y: h.barY}}
	p.line(black, 0.6, nil, outline...)
	if h.over {
		h.drawPoint(p, h.barY+h.barHeight, 6, h.colours[255])
	}
	if h.under {
		h.drawPoint(p, h.barY, -6, h.colours[0])
	}
	x := h.barX + barWidth
	var marks vg.Path
	widest := vg.Length(0)
	for _, t := range h.barTicks {
		y := h.barY + h.barHeight*vg.Length((t.value-h.lo)/(h.hi-h.lo))
		addLine(&marks, x, y, x+tickSize, y)
		p.text(regular, labelSize, ink, left, x+tickSize+2, y-middle(labelSize), t.label)
		widest = max(widest, width(regular, labelSize, t.label))
	}
	strokeTicks(p, marks)
	x += tickSize + 2 + widest + 4
	for k, l := range h.barTitle {
		p.upText(regular, labelSize, ink, centre, x+vg.Length(k+1)*labelSize*lineHeight-0.3*labelSize, h.barY+h.barHeight/2, l)
	}
}

// drawPoint draws the end of a colour bar that stands for values beyond it.
func (h *heatmap) drawPoint(p *pen, y, reach vg.Length, clr color.NRGBA) {
	a, b, tip := vg.Point{X: h.barX, Y: y}, vg.Point{X: h.barX + barWidth, Y: y}, vg.Point{X: h.barX + barWidth/2, Y: y + reach}
	var path vg.Path
	path.Move(a)
	path.Line(tip)
	path.Line(b)
	path.Close()
	p.SetColor(clr)
	p.Fill(path)
	p.line(black, 0.6, nil, a, tip, b)
}

func (h *heatmap) drawLegend(p *pen) {
	const side = 30 * pixel
	y := snap(margin + vg.Length(len(h.legend)-1)*labelSize*1.6)
	for _, e := range h.legend {
		x := snap(margin)
		var path vg.Path
		switch {
		case e.sign == notSignificant && h.edge >= valueRow:
			p.text(regular, labelSize*0.85, ink, centre, x+side/2, y+side/2-middle(labelSize*0.85), "n.s.")
			p.text(regular, labelSize, ink, left, x+side+8, y+side/2-middle(labelSize), e.text)
			y -= labelSize * 1.6
			continue
		case e.sign == notSignificant:
			p.fillRect(h.colours[60], x, y, side, side)
			p.fillRect(inkOn(h.colours[60]), x+snap(side*0.36), y+snap(side*0.36), snap(side*0.28), snap(side*0.28))
		default:
			p.fillRect(voidFill, x, y, side, side)
			addHatch(&path, x, y, side, e.sign == absent)
			p.SetColor(hatchInk)
			p.SetLineWidth(0.5)
			p.Stroke(path)
		}
		p.strokeRect(hatchInk, 0.4, x, y, side, side)
		p.text(regular, labelSize, ink, left, x+side+8, y+side/2-middle(labelSize), e.text)
		y -= labelSize * 1.6
	}
}
