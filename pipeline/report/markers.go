package report

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
)

// Dashes of the lines that are not series.
var (
	chanceDash   = []vg.Length{4, 2}
	quantileDash = []vg.Length{1, 1.5}
	paperDash    = []vg.Length{5, 1.5, 1, 1.5}
)

// lineDashes go with the colours, so that lines differ without colour too.
var lineDashes = [][]vg.Length{nil, {5, 2}, {2, 1.2}, {7, 2, 2, 2}, nil, {5, 2}, {2, 1.2}}

// markerShape is the outline of a marker: points on a unit circle, or none for
// a circle.
type markerShape []vg.Point

var markerShapes = []markerShape{
	nil,                      // circle
	polygon(4, math.Pi/4),    // square
	polygon(3, math.Pi/2),    // triangle
	polygon(4, 0),            // diamond
	polygon(3, -math.Pi/2),   // triangle, tip down
	polygon(5, math.Pi/2),    // pentagon
	star(4, math.Pi/4, 0.42), // cross with four arms
	star(5, math.Pi/2, 0.45), // star
	polygon(6, 0),            // hexagon
	star(3, math.Pi/2, 0.4),  // three arms
}

var paperMarker = star(4, 0, 0.35)

func polygon(n int, turn float64) markerShape {
	var s markerShape
	for k := range n {
		sin, cos := math.Sincos(turn + 2*math.Pi*float64(k)/float64(n))
		s = append(s, vg.Point{X: vg.Length(cos), Y: vg.Length(sin)})
	}
	return s
}

// star has n arms; inner is how far in it goes between them.
func star(n int, turn float64, inner vg.Length) markerShape {
	var s markerShape
	for k, pt := range polygon(2*n, turn) {
		if k%2 == 1 {
			pt.X, pt.Y = inner*pt.X, inner*pt.Y
		}
		s = append(s, pt)
	}
	return s
}

// drawMarker draws a marker of the given radius; a hollow one stands for a
// value that is not significant.
func drawMarker(p *pen, shape markerShape, clr color.NRGBA, r vg.Length, at vg.Point, hollow bool) {
	var path vg.Path
	if shape == nil {
		path.Arc(at, r*0.9, 0, 2*math.Pi)
	} else {
		for k, pt := range shape {
			corner := vg.Point{X: at.X + 1.15*r*pt.X, Y: at.Y + 1.15*r*pt.Y}
			if k == 0 {
				path.Move(corner)
			} else {
				path.Line(corner)
			}
		}
	}
	path.Close()
	if hollow {
		p.SetColor(white)
	} else {
		p.SetColor(clr)
	}
	p.Fill(path)
	p.SetColor(clr)
	p.SetLineWidth(0.8)
	p.Stroke(path)
}

// drawMissing draws the sign of a value that is not there: a cross where the
// metric could not be computed, an open square where the results hold no cell.
func drawMissing(p *pen, clr color.NRGBA, x, y vg.Length, s state) {
	const r = 2.4
	if s == absent {
		p.strokeRect(clr, 0.8, x-r, y-r, 2*r, 2*r)
	}
	p.line(clr, 1, nil, vg.Point{X: x - r, Y: y - r}, vg.Point{X: x + r, Y: y + r})
	p.line(clr, 1, nil, vg.Point{X: x - r, Y: y + r}, vg.Point{X: x + r, Y: y - r})
}

func (c *curves) many() bool { return len(c.labels) > len(lineColours) }

func (c *curves) lineWidth() vg.Length {
	if c.many() {
		return 0.9
	}
	return 1.2
}

func (c *curves) markerSize() vg.Length {
	if c.many() {
		return 1.7
	}
	return 2.3
}

// dash leaves lines solid where there are too many to tell by their dashes;
// their colours then are an ordered ramp.
func (c *curves) dash(style int) []vg.Length {
	if c.many() {
		return nil
	}
	return lineDashes[style]
}

func (c *curves) marker(style int) markerShape { return markerShapes[style%len(markerShapes)] }

// drawLegend draws the legend's columns from its upper left corner.
func (c *curves) drawLegend(p *pen, x, top vg.Length) {
	for k, e := range c.legend {
		x := x + vg.Length(k/c.legendRows)*c.legendColumn
		y := top - (vg.Length(k%c.legendRows)+0.5)*entryHigh
		text := x + sampleWide + 6
		from, to, mid := vg.Point{X: x, Y: y}, vg.Point{X: x + sampleWide, Y: y}, vg.Point{X: x + sampleWide/2, Y: y}
		switch e.sign {
		case "":
			p.line(c.colours[e.style], c.lineWidth(), c.dash(e.style), from, to)
			drawMarker(p, c.marker(e.style), c.colours[e.style], c.markerSize(), mid, false)
		case "heading", "width":
			text = x
		case "band":
			p.fillRect(withAlpha(softInk, 60), x, y-3.5, sampleWide, 7)
		case "mean":
			p.line(softInk, 0.9, chanceDash, from, to)
		case "q95":
			p.line(softInk, 0.7, quantileDash, from, to)
		case "paper":
			p.line(publishedInk, 0.9, paperDash, from, to)
			drawMarker(p, paperMarker, publishedInk, 1.6, mid, false)
		case "weak":
			drawMarker(p, nil, softInk, c.markerSize(), mid, true)
		case "failed":
			drawMissing(p, softInk, mid.X, mid.Y, notComputed)
		case "absent":
			drawMissing(p, softInk, mid.X, mid.Y, absent)
		}
		clr := ink
		if e.sign == "heading" {
			clr = softInk
		}
		p.text(regular, labelSize, clr, left, text, y-middle(labelSize), e.text)
	}
}
