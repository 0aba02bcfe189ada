package figures

import (
	"fmt"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
)

// Room in and around a heat map, in points.
const (
	margin    vg.Length = 8
	mapSide   vg.Length = 390 // longest side that a map grows to
	maxEdge             = 150 * canvas.Pixel
	minEdge             = 15 * canvas.Pixel // of a cell: a map of 146 layers is 18 cm wide
	valueRow  vg.Length = 19                // edge from which a cell's value is written into it
	leastText vg.Length = 5                 // size of text that can be read on paper
	barWidth            = 38 * canvas.Pixel
	barMin    vg.Length = 90 // least height of the colour bar
	minWidth  vg.Length = 250
)

// heatmap is a heat map laid out: positions are final, nothing is drawn.
type heatmap struct {
	f       *Figure
	g       *grid
	lo, hi  float64
	under   bool // values below lo, above hi: the colour bar ends in a point
	over    bool
	colours canvas.Map

	edge          vg.Length
	x, y          *axis
	originX       vg.Length // lower left corner of the map
	originY       vg.Length
	barX, barY    vg.Length
	barHeight     vg.Length
	barTicks      []canvas.Tick
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
	h.colours, _ = canvas.MapNamed(f.Scale.Map)
	var values []float64
	for k, c := range g.cells {
		if c != nil && c.Value != nil && !h.g.self(k%len(g.x), k/len(g.x)) {
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
	h.edge = min(max(canvas.SnapDown(mapSide/vg.Length(n)), minEdge), maxEdge)
	h.legend = heatmapLegend(h)
	room := h.f.Look.room()
	switch {
	case h.f.together != nil:
		h.edge = h.f.together.edge
		h.across()
	case room > 0:
		h.edge = min(max(canvas.SnapDown(mapSide/vg.Length(len(h.g.y))), minEdge), maxEdge)
		h.across()
		for h.width > room && h.edge > canvas.Pixel {
			h.edge = max(h.edge-max(canvas.SnapDown((h.width-room)/vg.Length(len(h.g.x))), canvas.Pixel), canvas.Pixel)
			h.across()
		}
		h.width = max(h.width, room)
	default:
		h.across()
		h.width = max(h.width, minWidth)
	}
	h.down()
}

// across places what stands side by side at a size of the cells: title of the y axis, names, labels, the map, the colour bar.
func (h *heatmap) across() {
	names := vg.Length(96)
	if room := h.f.Look.room(); room > 0 && room < narrow {
		names = 60
	}
	h.y = newAxis(h.f.YModels, h.edge, names, 0, false)
	past := 3 * margin
	if h.f.together != nil || h.y.length < barMin { // the next panel begins there, or the colour bar reaches below the map
		past = margin
	}
	h.x = newAxis(h.f.XModels, h.edge, names, past, true)
	h.originX = canvas.Snap(margin + canvas.TextSize*canvas.LineHeight + h.y.nameDepth() + h.y.depth + tickSize + 5)
	h.barHeight = canvas.Snap(max(h.y.length, barMin))
	h.barTicks = canvas.BarTicks(h.lo, h.hi)
	widest := vg.Length(0)
	for _, t := range h.barTicks {
		widest = max(widest, canvas.Width(canvas.Regular, canvas.LabelSize, t.Label))
	}
	h.barTitle = canvas.Wrap(canvas.Regular, canvas.LabelSize, h.barHeight, h.f.quantityLabel(h.f.Measure()))
	h.barX = canvas.Snap(h.originX + h.x.length + 12)
	if h.f.together != nil && !h.f.together.last {
		h.width = canvas.Snap(h.originX + h.x.length + margin)
		return
	}
	barEnd := h.barX + barWidth + tickSize + 2 + widest + 4 + vg.Length(len(h.barTitle))*canvas.LabelSize*canvas.LineHeight
	h.width = canvas.Snap(barEnd + margin)
}

// down places what stands one below the other: header, map, labels, names, title of the x axis, legend.
func (h *heatmap) down() {
	h.title, h.rests = headerOf(h.f, h.width-2*margin, Label(h.f.Measure())+"; "+summaryLine(h.g.cells))
	head := margin + headHeight(h.title, h.rests)
	below := tickSize + 2 + h.x.depth + 3 + h.x.nameDepth() + canvas.TextSize*canvas.LineHeight
	body := max(h.y.length+below, h.barHeight+8)
	foot := vg.Length(len(h.legend))*canvas.LabelSize*1.6 + margin
	if len(h.legend) > 0 {
		foot += 6
	}
	h.height = canvas.Snap(head + body + foot)
	h.originY = canvas.Snap(h.height - head - h.y.length)
	h.barY = canvas.Snap(h.height - head - h.barHeight)
}

// lines is the height of some lines of text; none for an empty text.
func lines(text []string, size vg.Length) vg.Length {
	if len(text) == 1 && text[0] == "" {
		return 0
	}
	return vg.Length(len(text)) * size * canvas.LineHeight
}

func heatmapLegend(h *heatmap) []legendEntry {
	var list []legendEntry
	count := h.g.count()
	for k := range h.g.cells {
		if h.g.self(k%len(h.g.x), k/len(h.g.x)) {
			list = append(list, legendEntry{shown, "a layer with itself"})
			break
		}
	}
	if n := count[notSignificant]; n > 0 {
		list = append(list, legendEntry{notSignificant, fmt.Sprintf("%s: %s", h.f.notSignificantText(h.g.cells), Plural(n, "cell"))})
	}
	if n := count[notComputed]; n > 0 {
		list = append(list, legendEntry{notComputed, "could not be computed: " + Plural(n, "cell")})
	}
	if n := count[absent]; n > 0 {
		list = append(list, legendEntry{absent, "not among the results: " + Plural(n, "cell")})
	}
	return list
}

func (h *heatmap) Draw(p *canvas.Pen) {
	p.FillRect(canvas.White, 0, 0, h.width, h.height)
	drawHeader(p, h.width, h.height, h.title, h.rests)
	h.drawCells(p)
	h.drawSigns(p)
	h.drawFrame(p)
	h.drawXLabels(p)
	h.drawYLabels(p)
	if h.f.together == nil || h.f.together.last {
		h.drawBar(p)
	}
	h.drawLegend(p)
}

// drawHeader writes the title and the line below it at the top of a figure.
func drawHeader(p *canvas.Pen, width, height vg.Length, title, rests []string) {
	y := height - margin
	for _, l := range title {
		if l == "" {
			continue
		}
		y -= canvas.TitleSize * canvas.LineHeight
		p.Text(canvas.Bold, canvas.TitleSize, canvas.Ink, canvas.Left, margin, y+0.25*canvas.TitleSize, l)
	}
	for _, l := range rests {
		y -= canvas.LabelSize * canvas.LineHeight
		p.Text(canvas.Regular, canvas.LabelSize, canvas.SoftInk, canvas.Left, margin, y+0.25*canvas.LabelSize, l)
	}
}
