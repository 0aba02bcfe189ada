package report

import (
	"fmt"
	"image/color"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
	"speechsim/pipeline/results"
)

// curves is a figure of curves laid out.
type curves struct {
	f      *Figure
	panels []panel
	labels []string // of the line styles
	naming string
	lo, hi float64
	ticks  []tick

	colours       []color.NRGBA
	count         [absent + 1]int
	halves        []float64 // half-widths of the intervals
	chance, paper bool
	weakText      string
	title, rests  []string
	yTitle        []string
	w, h          vg.Length // of one plot
	columns, rows int
	tickRoom      vg.Length
	depth         vg.Length // room for the layer labels
	turned        bool
	labelSize     vg.Length // of the layer labels
	legend        []curveEntry
	legendRows    int
	legendColumn  vg.Length // width of one column of the legend
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
	sampleWide vg.Length = 20
)

func newCurves(f *Figure, ix *index) *curves {
	c := &curves{f: f}
	c.panels, c.labels, c.naming = f.panels(ix)
	c.colours = coloursFor(len(c.labels))
	var values []float64
	var cells []*results.Cell
	for _, p := range c.panels {
		for _, s := range p.lines {
			for _, pt := range s.points {
				c.count[pt.state]++
				cells = append(cells, pt.cell)
				values = append(values, c.valuesOf(pt)...)
			}
		}
	}
	c.lo, c.hi = limits(f.Scale, values)
	c.ticks = ticks(c.lo, c.hi)
	c.weakText = f.notSignificantText(cells)
	c.layout(cells)
	return c
}

// valuesOf lists what a point makes the axis reach to, and notes which signs
// the legend has to explain.
func (c *curves) valuesOf(pt seriesPoint) []float64 {
	var v []float64
	if pt.paper != nil {
		v = append(v, *pt.paper)
		c.paper = true
	}
	if pt.cell == nil || pt.cell.Value == nil {
		return v
	}
	v = append(v, *pt.cell.Value)
	if pt.cell.Lo != nil {
		v = append(v, *pt.cell.Lo, *pt.cell.Hi)
		c.halves = append(c.halves, (*pt.cell.Hi-*pt.cell.Lo)/2)
	}
	if pt.cell.Null != nil {
		v = append(v, pt.cell.Null.Mean, pt.cell.Null.Q95)
		c.chance = true
	}
	return v
}

func (c *curves) size() (w, h vg.Length) { return c.wide, c.height }

func (c *curves) layout(cells []*results.Cell) {
	c.w, c.h, c.columns = plotWide, plotHigh, 1
	if len(c.panels) > 1 {
		c.w, c.h, c.columns = panelWide, panelHigh, 2
	}
	c.rows = (len(c.panels) + c.columns - 1) / c.columns
	widest := vg.Length(0)
	for _, t := range c.ticks {
		widest = max(widest, width(regular, labelSize, t.label))
	}
	c.tickRoom = widest + tickSize + 3
	c.layoutLayerLabels()
	c.layoutLegend()

	plots := margin + 1.4*textSize*vg.Length(1) + c.tickRoom + vg.Length(c.columns)*c.w + vg.Length(c.columns-1)*(panelSpace+c.tickRoom)
	columns := (len(c.legend) + c.legendRows - 1) / c.legendRows
	c.wide = snap(plots + 12 + vg.Length(columns)*c.legendColumn + margin)
	room := c.wide - 2*margin
	c.title = wrap(bold, titleSize, room, c.f.Title)
	var labels []string
	for _, m := range c.f.measures() {
		labels = append(labels, m.label())
	}
	c.rests = wrap(regular, labelSize, room, strings.Join(labels, " and ")+"; "+summaryLine(cells))
	c.yTitle = wrap(regular, textSize, c.plotsHeight(), c.quantity())
	c.height = snap(margin + lines(c.title, titleSize) + lines(c.rests, labelSize) + 8 + max(c.plotsHeight(), c.legendHeight()) + margin)
}

// quantity is the title of the value axis.
func (c *curves) quantity() string {
	if len(c.f.Also) == 0 {
		return c.f.quantityLabel(c.f.Measure())
	}
	return "value"
}

// plotHeight is the height of one plot with its title and labels.
func (c *curves) plotHeight() vg.Length {
	h := c.h + tickSize + 2 + c.depth + textSize*lineHeight + 4
	if c.panels[0].title != "" {
		h += textSize * lineHeight
	}
	return h
}

func (c *curves) plotsHeight() vg.Length {
	return vg.Length(c.rows)*c.plotHeight() + vg.Length(c.rows-1)*6
}

// pitch is the distance of two layers of a panel.
func (c *curves) pitch(p *panel) vg.Length { return c.w / vg.Length(len(p.layers)) }

func (c *curves) layoutLayerLabels() {
	c.labelSize = labelSize
	for i := range c.panels {
		turned, _ := labelRoom(c.panels[i].layers, c.labelSize, c.pitch(&c.panels[i]), true)
		_, widest := labelRoom(c.panels[i].layers, c.labelSize, 0, false)
		c.turned = c.turned || turned
		c.depth = max(c.depth, widest)
	}
	if !c.turned {
		c.depth = c.labelSize
	}
}

func (c *curves) layoutLegend() {
	if c.naming != "" {
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
	add(len(c.halves) > 0 && !c.many(), "band", "interval")
	if len(c.halves) > 0 && c.many() {
		add(true, "width", "intervals: "+c.medianHalf())
	}
	add(c.chance, "mean", "chance: mean")
	add(c.chance, "q95", "chance: 95th percentile")
	if c.paper {
		add(true, "paper", c.f.Published.Label)
	}
	add(c.count[notSignificant] > 0, "weak", fmt.Sprintf("%s (%d)", c.weakText, c.count[notSignificant]))
	add(c.count[notComputed] > 0, "failed", fmt.Sprintf("could not be computed (%d)", c.count[notComputed]))
	add(c.count[absent] > 0, "absent", fmt.Sprintf("not among the results (%d)", c.count[absent]))
	c.legendRows = len(c.legend)
	if c.legendHeight() > 1.5*c.plotsHeight() {
		c.legendRows = int(c.plotsHeight() / entryHigh)
	}
	for _, e := range c.legend {
		c.legendColumn = max(c.legendColumn, sampleWide+6+width(regular, labelSize, e.text)+8)
	}
}

// legendHeight is the height of the legend's longest column.
func (c *curves) legendHeight() vg.Length { return vg.Length(c.legendRows) * entryHigh }

// medianHalf says how wide the intervals are where there are too many lines to
// draw them.
func (c *curves) medianHalf() string {
	slices.Sort(c.halves)
	return "±" + strconv.FormatFloat(c.halves[len(c.halves)/2], 'g', 2, 64) + " (median)"
}

func (c *curves) draw(p *pen) {
	p.fillRect(white, 0, 0, c.wide, c.height)
	drawHeader(p, c.wide, c.height, c.title, c.rests)
	top := c.height - margin - lines(c.title, titleSize) - lines(c.rests, labelSize) - 8
	for k, l := range c.yTitle {
		p.upText(regular, textSize, ink, centre, margin+textSize*(1+vg.Length(k-len(c.yTitle)+1)*lineHeight), top-c.plotsHeight()/2, l)
	}
	x0 := margin + 1.4*textSize + c.tickRoom
	for i := range c.panels {
		column, row := i%c.columns, i/c.columns
		x := x0 + vg.Length(column)*(c.w+panelSpace+c.tickRoom)
		y := top - vg.Length(row)*(c.plotHeight()+6)
		if t := c.panels[i].title; t != "" {
			y -= textSize * lineHeight
			p.text(bold, textSize, ink, left, x, y+0.35*textSize, t)
		}
		c.drawPanel(p, &c.panels[i], x, y-c.h)
	}
	x := x0 + vg.Length(c.columns)*c.w + vg.Length(c.columns-1)*(panelSpace+c.tickRoom) + 12
	c.drawLegend(p, x, top)
}

// drawPanel draws a plot whose lower left corner is (x, y).
func (c *curves) drawPanel(p *pen, panel *panel, x, y vg.Length) {
	pitch := c.pitch(panel)
	at := func(i int) vg.Length { return x + (vg.Length(i)+0.5)*pitch }
	up := func(v float64) vg.Length {
		t := min(max((v-c.lo)/(c.hi-c.lo), 0), 1)
		return y + c.h*vg.Length(t)
	}
	for _, t := range c.ticks {
		p.line(gridInk, 0.5, nil, vg.Point{X: x, Y: up(t.value)}, vg.Point{X: x + c.w, Y: up(t.value)})
		p.line(black, 0.4, nil, vg.Point{X: x, Y: up(t.value)}, vg.Point{X: x - tickSize, Y: up(t.value)})
		p.text(regular, labelSize, ink, right, x-tickSize-2, up(t.value)-middle(labelSize), t.label)
	}
	c.drawLayerLabels(p, panel, x, y)
	if !c.many() {
		for _, s := range panel.lines {
			c.drawBand(p, &s, at, up)
		}
	}
	c.drawChance(p, panel, at, up)
	for _, s := range panel.lines {
		c.drawPaper(p, &s, at, up)
		c.drawLine(p, &s, at, up)
	}
	missing := make([]int, len(panel.layers))
	for _, s := range panel.lines {
		for _, pt := range s.points {
			if pt.state == notComputed || pt.state == absent {
				drawMissing(p, c.colours[s.style], at(pt.at), y+5+6*vg.Length(min(missing[pt.at], 8)), pt.state)
				missing[pt.at]++
			}
		}
	}
	p.line(black, 0.6, nil, vg.Point{X: x, Y: y + c.h}, vg.Point{X: x, Y: y}, vg.Point{X: x + c.w, Y: y})
}

func (c *curves) drawLayerLabels(p *pen, panel *panel, x, y vg.Length) {
	at := make([]vg.Length, len(panel.layers))
	for i := range at {
		at[i] = x + (vg.Length(i)+0.5)*c.pitch(panel)
	}
	var marks vg.Path
	for i, yes := range fittingLabels(panel.layers, at, c.labelSize, !c.turned) {
		if !yes {
			addLine(&marks, at[i], y, at[i], y-tickSize/2)
			continue
		}
		addLine(&marks, at[i], y, at[i], y-tickSize)
		if base := y - tickSize - 2; c.turned {
			p.upText(regular, c.labelSize, ink, right, at[i]+middle(c.labelSize), base, panel.layers[i])
		} else {
			p.text(regular, c.labelSize, ink, centre, at[i], base-0.72*c.labelSize, panel.layers[i])
		}
	}
	strokeTicks(p, marks)
	name := orDefault(c.f.XTitle, "layer")
	if c.f.XTitle == "" && panel.title == "" && len(c.f.XModels) == 1 {
		name = "layer of " + c.f.XModels[0].Name
	}
	p.text(regular, textSize, ink, centre, x+c.w/2, y-tickSize-2-c.depth-textSize*lineHeight, name)
}

// stretches cuts a line where values are missing.
func (s *series) stretches(has func(seriesPoint) bool) [][]seriesPoint {
	var list [][]seriesPoint
	open := false
	for _, pt := range s.points {
		if !has(pt) {
			open = false
			continue
		}
		if !open {
			list = append(list, nil)
			open = true
		}
		list[len(list)-1] = append(list[len(list)-1], pt)
	}
	return list
}

func (c *curves) drawBand(p *pen, s *series, at func(int) vg.Length, up func(float64) vg.Length) {
	alpha := uint8(50)
	if len(c.labels) > 4 {
		alpha = 22
	}
	for _, run := range s.stretches(func(pt seriesPoint) bool { return pt.cell != nil && pt.cell.Lo != nil }) {
		if len(run) == 1 { // a band needs two ends: draw the interval as a bar
			pt := run[0]
			p.line(c.colours[s.style], 1, nil, vg.Point{X: at(pt.at), Y: up(*pt.cell.Lo)}, vg.Point{X: at(pt.at), Y: up(*pt.cell.Hi)})
			continue
		}
		var path vg.Path
		path.Move(vg.Point{X: at(run[0].at), Y: up(*run[0].cell.Hi)})
		for _, pt := range run[1:] {
			path.Line(vg.Point{X: at(pt.at), Y: up(*pt.cell.Hi)})
		}
		for i := len(run) - 1; i >= 0; i-- {
			path.Line(vg.Point{X: at(run[i].at), Y: up(*run[i].cell.Lo)})
		}
		path.Close()
		p.SetColor(withAlpha(c.colours[s.style], alpha))
		p.Fill(path)
	}
}

func (c *curves) drawChance(p *pen, panel *panel, at func(int) vg.Length, up func(float64) vg.Length) {
	var mean, q95 []vg.Point
	flush := func() {
		if len(mean) == 1 { // one layer alone: a short level line
			mean = []vg.Point{{X: mean[0].X - 6, Y: mean[0].Y}, {X: mean[0].X + 6, Y: mean[0].Y}}
			q95 = []vg.Point{{X: q95[0].X - 6, Y: q95[0].Y}, {X: q95[0].X + 6, Y: q95[0].Y}}
		}
		if len(mean) > 0 {
			p.line(softInk, 0.9, chanceDash, mean...)
			p.line(softInk, 0.7, quantileDash, q95...)
		}
		mean, q95 = nil, nil
	}
	for i, ch := range panel.chance() {
		if ch.n == 0 {
			flush()
			continue
		}
		mean = append(mean, vg.Point{X: at(i), Y: up(ch.mean)})
		q95 = append(q95, vg.Point{X: at(i), Y: up(ch.q95)})
	}
	flush()
}

func (c *curves) drawPaper(p *pen, s *series, at func(int) vg.Length, up func(float64) vg.Length) {
	for _, run := range s.stretches(func(pt seriesPoint) bool { return pt.paper != nil }) {
		pts := make([]vg.Point, len(run))
		for i, pt := range run {
			pts[i] = vg.Point{X: at(pt.at), Y: up(*pt.paper)}
		}
		p.line(publishedInk, 0.9, paperDash, pts...)
		for _, pt := range pts {
			drawMarker(p, paperMarker, publishedInk, 1.6, pt, false)
		}
	}
}

func (c *curves) drawLine(p *pen, s *series, at func(int) vg.Length, up func(float64) vg.Length) {
	clr := c.colours[s.style]
	for _, run := range s.stretches(func(pt seriesPoint) bool { return pt.cell != nil && pt.cell.Value != nil }) {
		pts := make([]vg.Point, len(run))
		for i, pt := range run {
			pts[i] = vg.Point{X: at(pt.at), Y: up(*pt.cell.Value)}
		}
		if len(pts) > 1 {
			p.line(clr, c.lineWidth(), c.dash(s.style), pts...)
		}
		for i, pt := range run {
			drawMarker(p, c.marker(s.style), clr, c.markerSize(), pts[i], pt.state == notSignificant)
		}
	}
}
