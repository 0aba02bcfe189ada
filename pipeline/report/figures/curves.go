package figures

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/results"
)

// curves is a figure of curves laid out.
type curves struct {
	f      *Figure
	panels []panel
	labels []string // of the line styles
	naming string
	lo, hi float64
	ticks  []canvas.Tick

	styles        lineStyles
	count         [absent + 1]int
	halves        []float64 // half-widths of the intervals
	elsewhere     int       // intervals that do not hold their value
	chance        bool
	papers        int // published values
	paperLines    int
	weakText      string
	title, rests  []string
	yTitle        []string
	yRoom         vg.Length // it takes
	w, h          vg.Length // of one plot
	columns, rows int
	tickRoom      vg.Length
	depth         vg.Length // room for the layer labels
	labelSize     vg.Length // of the layer labels
	legend        []curveEntry
	legendRows    int
	legendColumn  vg.Length // width of one column of the legend
	place         string    // of the legend
	legendX       vg.Length
	legendTop     vg.Length // from the top of the plots
	wide, height  vg.Length
}

// curveEntry is a line of the legend: a line style, or a sign.
type curveEntry struct {
	style int // -1: not a line style
	sign  string
	text  string
}

// Room in and around the plots, in points.
const (
	plotWide   vg.Length = 320 // a plot that stands alone
	plotHigh   vg.Length = 200
	panelWide  vg.Length = 200 // one of several
	panelHigh  vg.Length = 140
	panelSpace vg.Length = 14
	entryHigh  vg.Length = 10.5
	sampleWide vg.Length = 26
)

func newCurves(f *Figure, ix *index) *curves {
	c := &curves{f: f}
	c.panels, c.labels, c.naming = panelsOf(f, ix)
	c.styles = c.colours()
	var values []float64
	var cells []*results.Cell
	for _, p := range c.panels {
		for _, s := range p.lines {
			if slices.ContainsFunc(s.points, func(pt seriesPoint) bool { return pt.paper != nil }) {
				c.paperLines++
			}
			for _, pt := range s.points {
				c.count[pt.state]++
				cells = append(cells, pt.cell)
				values = append(values, c.valuesOf(pt)...)
			}
		}
	}
	if f.difference {
		values = append(values, 0)
	}
	c.lo, c.hi = f.Scale.limits(withRoom(values))
	c.ticks = canvas.Ticks(c.lo, c.hi)
	c.weakText = f.notSignificantText(cells)
	c.layout(cells)
	return c
}

// withRoom adds to values some room at both ends, so that no line runs along the frame.
func withRoom(values []float64) []float64 {
	if len(values) == 0 {
		return nil
	}
	lo, hi := slices.Min(values), slices.Max(values)
	room := 0.03 * (hi - lo)
	return append(values, lo-room, hi+room)
}

// colours are those of the lines: of a model that has its own, that, where the lines are of models.
func (c *curves) colours() lineStyles {
	styles := slices.Clone(canvas.ColoursFor(len(c.labels)))
	if lineStyles(styles).many() {
		return styles
	}
	for _, p := range c.panels {
		for _, s := range p.lines {
			m := c.f.model(s.y.Model)
			if len(flatten(c.f.YModels)) == 1 {
				m = c.f.model(s.model)
			}
			if clr, ok := m.colour(); ok {
				styles[s.style] = clr
			}
		}
	}
	return styles
}

// valuesOf lists what a point makes the axis reach to, and notes which signs
// the legend has to explain.
func (c *curves) valuesOf(pt seriesPoint) []float64 {
	var v []float64
	if pt.paper != nil {
		v = append(v, *pt.paper)
		c.papers++
	}
	if pt.cell == nil || pt.cell.Value == nil {
		return v
	}
	v = append(v, *pt.cell.Value)
	if pt.cell.Lo != nil {
		if Elsewhere(pt.cell) != "" {
			c.elsewhere++
		}
		v = append(v, *pt.cell.Lo, *pt.cell.Hi)
		c.halves = append(c.halves, (*pt.cell.Hi-*pt.cell.Lo)/2)
	}
	if pt.cell.Null != nil {
		v = append(v, pt.cell.Null.Mean, pt.cell.Null.Q95)
		c.chance = true
	}
	return v
}

func (c *curves) Size() (w, h vg.Length) { return c.wide, c.height }

func (c *curves) layout(cells []*results.Cell) {
	room, place := c.f.Look.room(), c.f.Look.legend()
	c.w, c.h, c.columns = plotWide, plotHigh, 1
	if c.f.together != nil {
		c.w = c.f.together.plot
		c.h = c.w * panelHigh / panelWide
	}
	if len(c.panels) > 1 && c.f.together == nil {
		c.w, c.h = panelWide, panelHigh
		if room == 0 || room >= narrow {
			c.columns = 2
		}
	}
	c.rows = (len(c.panels) + c.columns - 1) / c.columns
	widest := vg.Length(0)
	for _, t := range c.ticks {
		widest = max(widest, canvas.Width(canvas.Regular, canvas.LabelSize, t.Label))
	}
	c.tickRoom = widest + tickSize + 3
	c.gatherLegend()
	beside := func() vg.Length { // of the plots: the legend
		if place != LegendRight {
			return 0
		}
		return 12 + vg.Length((len(c.legend)+c.legendRows-1)/c.legendRows)*c.legendColumn
	}
	left := func() vg.Length { return margin + c.yRoom + c.tickRoom }
	c.legendRows = len(c.legend)
	for range 3 { // the title of the value axis breaks at the height of the plots, which follows from their width
		if room > 0 {
			if place == LegendRight && beside() > room/2 { // it would leave no room for the plots
				place = LegendBelow
			}
			between := vg.Length(c.columns-1) * (panelSpace + c.tickRoom)
			c.w = max((room-left()-between-beside()-margin)/vg.Length(c.columns), 60)
			c.h = c.w * min(max(plotHigh/plotWide, 90/c.w), 1)
		}
		c.layoutLayerLabels()
		if place == LegendRight {
			c.breakLegend()
		}
		if c.f.together != nil && c.f.together.inner {
			continue
		}
		c.yTitle = canvas.Wrap(canvas.Regular, canvas.TextSize, c.plotsHeight(), c.quantity())
		c.yRoom = canvas.TextSize * (0.15 + canvas.LineHeight*vg.Length(len(c.yTitle)))
	}
	plots := vg.Length(c.columns)*c.w + vg.Length(c.columns-1)*(panelSpace+c.tickRoom)
	c.wide = canvas.Snap(left() + plots + beside() + margin)
	c.place, c.legendX = place, left()+plots+12
	body := c.plotsHeight()
	switch place {
	case LegendRight:
		body = max(body, c.legendHeight())
	case LegendBelow:
		c.legendX, c.legendTop = left(), body+6
		_, c.legendRows = flow(len(c.legend), c.legendColumn, c.wide-left()-margin)
		body += 6 + c.legendHeight()
	}
	var labels []string
	for _, m := range c.f.Measures() {
		labels = append(labels, Label(m))
	}
	c.title, c.rests = headerOf(c.f, c.wide-2*margin, strings.Join(labels, " and ")+"; "+summaryLine(cells))
	c.height = canvas.Snap(margin + headHeight(c.title, c.rests) + body + margin)
}

// quantity is the title of the value axis.
func (c *curves) quantity() string {
	if c.f.YTitle != "" {
		return c.f.YTitle
	}
	first := WordsOf(c.f.Measure())
	for _, m := range c.f.Also {
		if w := WordsOf(m); w.name != first.name || w.Quantity != first.Quantity {
			return "value"
		}
	}
	if len(c.f.Also) == 0 {
		return c.f.quantityLabel(c.f.Measure())
	}
	return c.f.quantityLabel(results.Measure{Label: first.name, Metric: c.f.Metric, Variant: c.f.Variant})
}

// plotHeight is the height of one plot with its title and labels.
func (c *curves) plotHeight() vg.Length {
	h := c.h + tickSize + 2 + c.depth + canvas.TextSize*canvas.LineHeight + 4
	if c.panels[0].title != "" {
		h += canvas.TextSize * canvas.LineHeight
	}
	return h
}

func (c *curves) plotsHeight() vg.Length {
	return vg.Length(c.rows)*c.plotHeight() + vg.Length(c.rows-1)*6
}

// pitch is the distance of two layers of a panel.
func (c *curves) pitch(p *panel) vg.Length { return c.w / vg.Length(len(p.layers)) }

func (c *curves) layoutLayerLabels() {
	c.labelSize, c.depth = canvas.LabelSize, 0
	for i := range c.panels {
		p := &c.panels[i]
		turned, depth := labelRoom(p.names, c.labelSize, c.pitch(p), true)
		p.turned, c.depth = turned, max(c.depth, depth)
	}
}

func (c *curves) gatherLegend() {
	if c.naming != "" && c.f.together == nil {
		c.legend = append(c.legend, curveEntry{-1, "heading", c.naming})
	}
	for i, l := range c.labels {
		c.legend = append(c.legend, curveEntry{i, "", l})
	}
	add := func(yes bool, sign, text string) {
		if yes {
			c.legend = append(c.legend, curveEntry{-1, sign, text})
		}
	}
	interval := "95 % CI"
	if c.elsewhere > 0 {
		interval += fmt.Sprintf("; of %s less its bias", Plural(c.elsewhere, "value"))
	}
	add(len(c.halves) > 0 && c.styles.outlined(), "outline", interval)
	add(len(c.halves) > 0 && !c.styles.outlined() && !c.styles.many(), "band", interval)
	if len(c.halves) > 0 && c.styles.many() {
		add(true, "width", "95 % CI: "+medianHalf(c.halves))
	}
	switch {
	case c.styles.many():
		add(c.chance, "mean", "chance: lowest and highest mean")
		add(c.chance, "q95", "chance: lowest and highest 95th percentile")
	case len(c.labels) > 1:
		add(c.chance, "mean", "chance of each line: mean")
		add(c.chance, "q95", "chance of each line: 95th percentile")
	default:
		add(c.chance, "mean", "chance: mean")
		add(c.chance, "q95", "chance: 95th percentile")
	}
	for _, p := range c.f.Published {
		add(c.papers > 0, "paper", p.Label)
	}
	counted := func(text string, n int) string {
		if c.f.together != nil { // the legend is that of all panels
			return text
		}
		return fmt.Sprintf("%s (%d)", text, n)
	}
	add(c.count[notSignificant] > 0, "weak", counted(c.weakText, c.count[notSignificant]))
	add(c.count[notComputed] > 0, "failed", counted("could not be computed", c.count[notComputed]))
	add(c.count[absent] > 0, "absent", counted("not among the results", c.count[absent]))
	for _, e := range c.legend {
		c.legendColumn = max(c.legendColumn, sampleWide+6+canvas.Width(canvas.Regular, canvas.LabelSize, e.text)+8)
	}
}

// breakLegend puts a legend beside the plots into columns where it is much longer than they are high.
func (c *curves) breakLegend() {
	c.legendRows = len(c.legend)
	if c.legendHeight() > 1.5*c.plotsHeight() {
		c.legendRows = int(c.plotsHeight() / entryHigh)
	}
}

// legendHeight is the height of the legend's longest column.
func (c *curves) legendHeight() vg.Length { return vg.Length(c.legendRows) * entryHigh }

// medianHalf says how wide the intervals are where there are too many lines to
// draw them.
func medianHalf(halves []float64) string {
	slices.Sort(halves)
	return "±" + strconv.FormatFloat(halves[len(halves)/2], 'g', 2, 64) + " (median)"
}

func (c *curves) Draw(p *canvas.Pen) {
	p.FillRect(canvas.White, 0, 0, c.wide, c.height)
	drawHeader(p, c.wide, c.height, c.title, c.rests)
	top := c.height - margin - headHeight(c.title, c.rests)
	for k, l := range c.yTitle {
		p.UpText(canvas.Regular, canvas.TextSize, canvas.Ink, canvas.Centre, margin+canvas.TextSize*(1+vg.Length(k)*canvas.LineHeight), top-c.plotsHeight()/2, l)
	}
	eachPlot(c, func(one *plot) {
		one.Pen = p
		if t := one.panel.title; t != "" {
			p.Text(canvas.Bold, canvas.TextSize, canvas.Ink, canvas.Left, one.x, one.y+c.h+0.35*canvas.TextSize, t)
		}
		one.draw()
	})
	if c.place != LegendNone {
		c.drawLegend(p, c.legendX, top-c.legendTop)
	}
}

// eachPlot goes through the plots in their places.
func eachPlot(c *curves, do func(p *plot)) {
	top := c.height - margin - headHeight(c.title, c.rests)
	for i := range c.panels {
		column, row := i%c.columns, i/c.columns
		x := margin + c.yRoom + c.tickRoom + vg.Length(column)*(c.w+panelSpace+c.tickRoom)
		y := top - vg.Length(row)*(c.plotHeight()+6)
		if c.panels[i].title != "" {
			y -= canvas.TextSize * canvas.LineHeight
		}
		do(&plot{nil, c, &c.panels[i], x, y - c.h})
	}
}

// drawLegend draws the legend's columns from its upper left corner.
func (c *curves) drawLegend(p *canvas.Pen, x, top vg.Length) {
	for k, e := range c.legend {
		x := x + vg.Length(k/c.legendRows)*c.legendColumn
		y := top - (vg.Length(k%c.legendRows)+0.5)*entryHigh
		text := x + sampleWide + 6
		from, to, mid := vg.Point{X: x, Y: y}, vg.Point{X: x + sampleWide, Y: y}, vg.Point{X: x + sampleWide/2, Y: y}
		switch e.sign {
		case "":
			p.Line(c.styles[e.style], c.styles.width(), c.styles.dash(e.style), from, to)
			drawMarker(p, c.styles.marker(e.style), c.styles[e.style], c.styles.markerSize(), mid, false)
		case "heading", "width":
			text = x
		case "band":
			p.FillRect(canvas.WithAlpha(canvas.SoftInk, 60), x, y-3.5, sampleWide, 7)
		case "outline":
			for _, up := range []vg.Length{-3, 3} {
				p.Line(canvas.WithAlpha(canvas.SoftInk, outlineAlpha), outlineWide, nil, vg.Point{X: x, Y: y + up}, vg.Point{X: x + sampleWide, Y: y + up})
			}
		case "mean":
			p.Line(canvas.SoftInk, 0.9, chanceDash, from, to)
		case "q95":
			p.Line(canvas.SoftInk, 0.7, quantileDash, from, to)
		case "paper":
			p.Line(canvas.PublishedInk, 0.9, paperDash, from, to)
			drawMarker(p, paperMarker, canvas.PublishedInk, 1.6, mid, false)
		case "weak":
			drawMarker(p, nil, canvas.SoftInk, c.styles.markerSize(), mid, true)
		case "failed":
			drawMissing(p, canvas.SoftInk, mid.X, mid.Y, notComputed)
		case "absent":
			drawMissing(p, canvas.SoftInk, mid.X, mid.Y, absent)
		}
		clr := canvas.Ink
		if e.sign == "heading" {
			clr = canvas.SoftInk
		}
		p.Text(canvas.Regular, canvas.LabelSize, clr, canvas.Left, text, y-canvas.Middle(canvas.LabelSize), e.text)
	}
}
