package figures

import (
	"image/color"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/results"
)

// plot is one panel of a figure of curves as it is drawn, with its lower left
// corner at (x, y).
type plot struct {
	*canvas.Pen
	c     *curves
	panel *panel
	x, y  vg.Length
}

// at is where layer i stands, and up where a value does.
func (p *plot) at(i int) vg.Length { return p.x + (vg.Length(i)+0.5)*p.c.pitch(p.panel) }

func (p *plot) up(v float64) vg.Length {
	t := min(max((v-p.c.lo)/(p.c.hi-p.c.lo), 0), 1)
	return p.y + p.c.h*vg.Length(t)
}

func (p *plot) draw() {
	c, x, y := p.c, p.x, p.y
	for _, t := range c.ticks {
		p.Line(canvas.GridInk, 0.5, nil, vg.Point{X: x, Y: p.up(t.Value)}, vg.Point{X: x + c.w, Y: p.up(t.Value)})
		p.Line(canvas.Black, 0.4, nil, vg.Point{X: x, Y: p.up(t.Value)}, vg.Point{X: x - tickSize, Y: p.up(t.Value)})
		p.Text(canvas.Regular, canvas.LabelSize, canvas.Ink, canvas.Right, x-tickSize-2, p.up(t.Value)-canvas.Middle(canvas.LabelSize), t.Label)
	}
	p.drawLayerLabels()
	if !c.styles.many() {
		for _, s := range p.panel.lines {
			p.drawBand(&s)
		}
	}
	p.drawChance()
	for _, s := range p.panel.lines {
		p.drawPaper(&s)
		p.drawLine(&s)
	}
	missing := make([]int, len(p.panel.layers))
	for _, s := range p.panel.lines {
		for _, pt := range s.points {
			if pt.state == notComputed || pt.state == absent {
				drawMissing(p.Pen, c.styles[s.style], p.at(pt.at), y+5+6*vg.Length(min(missing[pt.at], 8)), pt.state)
				missing[pt.at]++
			}
		}
	}
	p.Line(canvas.Black, 0.6, nil, vg.Point{X: x, Y: y + c.h}, vg.Point{X: x, Y: y}, vg.Point{X: x + c.w, Y: y})
}

func (p *plot) drawLayerLabels() {
	c, panel, x, y := p.c, p.panel, p.x, p.y
	at := make([]vg.Length, len(panel.layers))
	for i := range at {
		at[i] = p.at(i)
	}
	var marks vg.Path
	for i, yes := range fittingLabels(panel.names, at, c.labelSize, !c.turned) {
		if !yes {
			canvas.AddLine(&marks, at[i], y, at[i], y-tickSize/2)
			continue
		}
		canvas.AddLine(&marks, at[i], y, at[i], y-tickSize)
		if base := y - tickSize - 2; c.turned {
			p.UpText(canvas.Regular, c.labelSize, canvas.Ink, canvas.Right, at[i]+canvas.Middle(c.labelSize), base, panel.names[i])
		} else {
			p.Text(canvas.Regular, c.labelSize, canvas.Ink, canvas.Centre, at[i], base-0.72*c.labelSize, panel.names[i])
		}
	}
	strokeTicks(p.Pen, marks)
	name := orDefault(c.f.XTitle, "layer")
	if c.f.XTitle == "" && panel.title == "" && len(c.f.XModels) == 1 {
		name = "layer of " + c.f.XModels[0].shown()
	}
	p.Text(canvas.Regular, canvas.TextSize, canvas.Ink, canvas.Centre, x+c.w/2, y-tickSize-2-c.depth-canvas.TextSize*canvas.LineHeight, name)
}

func (p *plot) drawBand(s *series) {
	alpha := uint8(50)
	if len(p.c.labels) > 4 {
		alpha = 22
	}
	for _, run := range s.stretches(func(pt seriesPoint) bool { return pt.cell != nil && pt.cell.Lo != nil }) {
		if len(run) == 1 { // a band needs two ends: draw the interval as a bar
			pt := run[0]
			p.Line(p.c.styles[s.style], 1, nil, vg.Point{X: p.at(pt.at), Y: p.up(*pt.cell.Lo)}, vg.Point{X: p.at(pt.at), Y: p.up(*pt.cell.Hi)})
			continue
		}
		var path vg.Path
		path.Move(vg.Point{X: p.at(run[0].at), Y: p.up(*run[0].cell.Hi)})
		for _, pt := range run[1:] {
			path.Line(vg.Point{X: p.at(pt.at), Y: p.up(*pt.cell.Hi)})
		}
		for i := len(run) - 1; i >= 0; i-- {
			path.Line(vg.Point{X: p.at(run[i].at), Y: p.up(*run[i].cell.Lo)})
		}
		path.Close()
		p.SetColor(canvas.WithAlpha(p.c.styles[s.style], alpha))
		p.Fill(path)
	}
}

// drawChance draws the permutation null: that of each line in its colour, since p of a point is of its own null. Where lines are many, it
// is drawn once for all.
func (p *plot) drawChance() {
	if p.c.styles.many() {
		p.drawNull(canvas.SoftInk, p.panel.chance())
		return
	}
	for i := range p.panel.lines {
		p.drawNull(p.c.styles[p.panel.lines[i].style], (&panel{layers: p.panel.layers, lines: p.panel.lines[i : i+1]}).chance())
	}
}

func (p *plot) drawNull(clr color.NRGBA, along []chance) {
	var mean, q95 []vg.Point
	flush := func() {
		if len(mean) == 1 { // one layer alone: a short level line
			mean = []vg.Point{{X: mean[0].X - 6, Y: mean[0].Y}, {X: mean[0].X + 6, Y: mean[0].Y}}
			q95 = []vg.Point{{X: q95[0].X - 6, Y: q95[0].Y}, {X: q95[0].X + 6, Y: q95[0].Y}}
		}
		if len(mean) > 0 {
			p.Line(clr, 0.9, chanceDash, mean...)
			p.Line(clr, 0.7, quantileDash, q95...)
		}
		mean, q95 = nil, nil
	}
	for i, ch := range along {
		if i > 0 && results.Stage(p.panel.layers[i]) != results.Stage(p.panel.layers[i-1]) {
			flush()
		}
		if ch.n == 0 {
			flush()
			continue
		}
		mean = append(mean, vg.Point{X: p.at(i), Y: p.up(ch.mean)})
		q95 = append(q95, vg.Point{X: p.at(i), Y: p.up(ch.q95)})
	}
	flush()
}

func (p *plot) drawPaper(s *series) {
	for _, run := range s.stretches(func(pt seriesPoint) bool { return pt.paper != nil }) {
		pts := make([]vg.Point, len(run))
		for i, pt := range run {
			pts[i] = vg.Point{X: p.at(pt.at), Y: p.up(*pt.paper)}
		}
		p.Line(p.paperInk(s), 0.9, paperDash, pts...)
		for _, pt := range pts {
			drawMarker(p.Pen, paperMarker, p.paperInk(s), 1.6, pt, false)
		}
	}
}

// paperInk is the colour of a published line: its own while there is one, else
// that of the line it belongs to.
func (p *plot) paperInk(s *series) color.NRGBA {
	if p.c.paperLines > 1 {
		return p.c.styles[s.style]
	}
	return canvas.PublishedInk
}

func (p *plot) drawLine(s *series) {
	clr := p.c.styles[s.style]
	for _, run := range s.stretches(func(pt seriesPoint) bool { return pt.cell != nil && pt.cell.Value != nil }) {
		pts := make([]vg.Point, len(run))
		for i, pt := range run {
			pts[i] = vg.Point{X: p.at(pt.at), Y: p.up(*pt.cell.Value)}
		}
		if len(pts) > 1 {
			p.Line(clr, p.c.styles.width(), p.c.styles.dash(s.style), pts...)
		}
		for i, pt := range run {
			drawMarker(p.Pen, p.c.styles.marker(s.style), clr, p.c.styles.markerSize(), pts[i], pt.state == notSignificant)
		}
	}
}
