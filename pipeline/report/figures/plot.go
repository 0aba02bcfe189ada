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
		p.drawReferences()
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
	half := func(i int) vg.Length { return labelHalf(panel.names[i], c.labelSize, !panel.turned[i]) }
	for i, yes := range fittingLabels(at, half) {
		if !yes {
			canvas.AddLine(&marks, at[i], y, at[i], y-tickSize/2)
			continue
		}
		canvas.AddLine(&marks, at[i], y, at[i], y-tickSize)
		if base := y - tickSize - 2; panel.turned[i] {
			p.UpText(canvas.Regular, c.labelSize, canvas.Ink, canvas.Right, at[i]+canvas.Middle(c.labelSize), base, panel.names[i])
		} else {
			p.Text(canvas.Regular, c.labelSize, canvas.Ink, canvas.Centre, at[i], base-0.72*c.labelSize, panel.names[i])
		}
	}
	strokeTicks(p.Pen, marks)
	name := orDefault(c.f.XTitle, "layer")
	if c.f.XTitle == "" && panel.title == "" && len(c.f.XModels) == 1 {
		name = c.f.XModels[0].shown() + " layer"
	}
	p.Text(canvas.Regular, canvas.TextSize, canvas.Ink, canvas.Centre, x+c.w/2, y-tickSize-2-c.depth-canvas.TextSize*canvas.LineHeight, name)
}

// Edges of intervals, where several lie over one another.
const (
	outlineAlpha           = 130
	outlineWide  vg.Length = 0.6
)

// drawReferences leads the value of a model of one layer, such as an acoustic baseline, past the layers of the others, which are read against it.
func (p *plot) drawReferences() {
	if len(p.panel.layers) < 3 {
		return
	}
	for _, s := range p.panel.lines {
		if len(s.points) != 1 || s.points[0].cell == nil || s.points[0].cell.Value == nil {
			continue
		}
		at := p.up(*s.points[0].cell.Value)
		p.Line(canvas.WithAlpha(p.c.styles[s.style], referenceAlpha), referenceWide, p.c.styles.dash(s.style), vg.Point{X: p.x, Y: at}, vg.Point{X: p.x + p.c.w, Y: at})
	}
}

// A value that others are read against.
const (
	referenceAlpha           = 170
	referenceWide  vg.Length = 0.7
)

func (p *plot) drawBand(s *series) {
	alpha := uint8(50)
	for _, run := range s.stretches(func(pt seriesPoint) bool { return pt.cell != nil && pt.cell.Lo != nil }) {
		if len(run) == 1 { // a band needs two ends: draw the interval as a bar
			pt := run[0]
			p.Line(p.c.styles[s.style], 1, nil, vg.Point{X: p.at(pt.at), Y: p.up(*pt.cell.Lo)}, vg.Point{X: p.at(pt.at), Y: p.up(*pt.cell.Hi)})
			continue
		}
		if p.c.styles.outlined() {
			var lo, hi []vg.Point
			for _, pt := range run {
				lo, hi = append(lo, vg.Point{X: p.at(pt.at), Y: p.up(*pt.cell.Lo)}), append(hi, vg.Point{X: p.at(pt.at), Y: p.up(*pt.cell.Hi)})
			}
			for _, edge := range [][]vg.Point{lo, hi} {
				p.Line(canvas.WithAlpha(p.c.styles[s.style], outlineAlpha), outlineWide, nil, edge...)
			}
			alpha = 14
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
// is drawn once for all: between which values the nulls of the lines are.
func (p *plot) drawChance() {
	mean, q95 := func(n *results.Null) float64 { return n.Mean }, func(n *results.Null) float64 { return n.Q95 }
	if p.c.styles.many() {
		for _, s := range p.panel.extremes() {
			p.drawNull(canvas.SoftInk, &s, mean, 0.9, chanceDash)
			p.drawNull(canvas.SoftInk, &s, q95, 0.7, quantileDash)
		}
		return
	}
	for _, s := range p.panel.lines {
		p.drawNull(p.c.styles[s.style], &s, mean, 0.9, chanceDash)
		p.drawNull(p.c.styles[s.style], &s, q95, 0.7, quantileDash)
	}
}

// drawNull draws a number of the nulls along a line, with its gaps.
func (p *plot) drawNull(clr color.NRGBA, s *series, of func(*results.Null) float64, wide vg.Length, dash []vg.Length) {
	for _, run := range s.stretches(func(pt seriesPoint) bool { return pt.cell != nil && pt.cell.Null != nil }) {
		var pts []vg.Point
		for _, pt := range run {
			pts = append(pts, vg.Point{X: p.at(pt.at), Y: p.up(of(pt.cell.Null))})
		}
		if len(pts) == 1 { // one layer alone: a short level line
			pts = []vg.Point{{X: pts[0].X - 6, Y: pts[0].Y}, {X: pts[0].X + 6, Y: pts[0].Y}}
		}
		p.Line(clr, wide, dash, pts...)
	}
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
