package canvas

import (
	"image/color"

	"gonum.org/v1/plot/vg"
)

// graphics is what a canvas draws with.
type graphics struct {
	m         matrix // from points, y up, to the canvas's own system, y down
	colour    color.Color
	lineWidth vg.Length
	dash      []vg.Length
	offset    vg.Length
}

// graphicsStack is the part of a [vg.Canvas] that keeps what it draws with.
type graphicsStack struct{ list []graphics }

func newGraphicsStack(m matrix) graphicsStack { return graphicsStack{[]graphics{{m: m}}} }

func (s *graphicsStack) now() *graphics { return &s.list[len(s.list)-1] }

func (s *graphicsStack) Push()                    { s.list = append(s.list, *s.now()) }
func (s *graphicsStack) Pop()                     { s.list = s.list[:len(s.list)-1] }
func (s *graphicsStack) SetLineWidth(w vg.Length) { s.now().lineWidth = w }
func (s *graphicsStack) SetLineDash(dash []vg.Length, o vg.Length) {
	g := s.now()
	g.dash, g.offset = dash, o
}
func (s *graphicsStack) SetColor(clr color.Color) { s.now().colour = clr }
func (s *graphicsStack) Rotate(rad float64)       { g := s.now(); g.m = g.m.rotate(rad) }
func (s *graphicsStack) Translate(pt vg.Point)    { g := s.now(); g.m = g.m.translate(pt) }
func (s *graphicsStack) Scale(x, y float64)       { g := s.now(); g.m = g.m.scale(x, y) }

// point converts a place.
func (s *graphicsStack) point(p vg.Point) (x, y float64) { return s.now().m.apply(p) }

// length converts a length; scaling that differs in x and y is not used here.
func (s *graphicsStack) length(l vg.Length) float64 { return l.Points() * s.now().m.size() }

// rgba returns the current colour.
func (s *graphicsStack) rgba() color.NRGBA {
	clr := s.now().colour
	if clr == nil {
		clr = color.Black
	}
	return color.NRGBAModel.Convert(clr).(color.NRGBA)
}
