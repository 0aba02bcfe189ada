package report

import (
	"image/color"

	"gonum.org/v1/plot/vg"
)

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
		p.line(c.paperInk(s), 0.9, paperDash, pts...)
		for _, pt := range pts {
			drawMarker(p, paperMarker, c.paperInk(s), 1.6, pt, false)
		}
	}
}

// paperInk is the colour of a published line: its own while there is one, else
// that of the line it belongs to.
func (c *curves) paperInk(s *series) color.NRGBA {
	if c.paperLines > 1 {
		return c.colours[s.style]
	}
	return publishedInk
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
