package figures

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
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
func drawMarker(p *canvas.Pen, shape markerShape, clr color.NRGBA, r vg.Length, at vg.Point, hollow bool) {
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
		p.SetColor(canvas.White)
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
func drawMissing(p *canvas.Pen, clr color.NRGBA, x, y vg.Length, s state) {
	const r = 2.4
	if s == absent {
		p.StrokeRect(clr, 0.8, x-r, y-r, 2*r, 2*r)
	}
	p.Line(clr, 1, nil, vg.Point{X: x - r, Y: y - r}, vg.Point{X: x + r, Y: y + r})
	p.Line(clr, 1, nil, vg.Point{X: x - r, Y: y + r}, vg.Point{X: x + r, Y: y - r})
}

// lineStyles tell the lines of a figure of curves apart: a colour for each,
// and what goes with it.
type lineStyles []color.NRGBA

// many says whether there are more lines than the fixed colours tell apart.
func (s lineStyles) many() bool { return len(s) > len(canvas.LineColours) }

// outlined says whether intervals are drawn by their edges: more than two bands over one another hide what is behind them.
func (s lineStyles) outlined() bool { return len(s) > 2 && !s.many() }

// intervalWords says in a caption how intervals are drawn, before what they are.
func (s lineStyles) intervalWords() string {
	switch {
	case s.many():
		return "The legend has the median half-width of the "
	case s.outlined():
		return "The edges around a line: "
	}
	return "Bands: "
}

// chanceWords says in a caption of which lines chance is drawn.
func (s lineStyles) chanceWords() string {
	if s.many() {
		return "the lowest and the highest among the lines"
	}
	return "in the colour of the line whose rows were permuted"
}

func (s lineStyles) width() vg.Length {
	if s.many() {
		return 0.9
	}
	return 1.2
}

func (s lineStyles) markerSize() vg.Length {
	if s.many() {
		return 1.7
	}
	return 2.3
}

// dash leaves lines solid where there are too many to tell by their dashes;
// their colours then are an ordered ramp.
func (s lineStyles) dash(style int) []vg.Length {
	if s.many() {
		return nil
	}
	return lineDashes[style]
}

func (s lineStyles) marker(style int) markerShape { return markerShapes[style%len(markerShapes)] }
