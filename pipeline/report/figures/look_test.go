package figures

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
)

// textBoxes is a canvas that keeps where texts stand.
type textBoxes struct {
	boxes []textBox
	stack [][6]float64
}

type textBox struct {
	text           string
	x0, y0, x1, y1 float64
}

func (c *textBoxes) now() *[6]float64                    { return &c.stack[len(c.stack)-1] }
func (c *textBoxes) SetLineWidth(vg.Length)              {}
func (c *textBoxes) SetLineDash([]vg.Length, vg.Length)  {}
func (c *textBoxes) SetColor(color.Color)                {}
func (c *textBoxes) Push()                               { c.stack = append(c.stack, *c.now()) }
func (c *textBoxes) Pop()                                { c.stack = c.stack[:len(c.stack)-1] }
func (c *textBoxes) Stroke(vg.Path)                      {}
func (c *textBoxes) Fill(vg.Path)                        {}
func (c *textBoxes) DrawImage(vg.Rectangle, image.Image) {}
func (c *textBoxes) Scale(x, y float64)                  { panic("not scaled") }
func (c *textBoxes) at(x, y float64) (float64, float64) {
	m := c.now()
	return m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]
}
func (c *textBoxes) Translate(p vg.Point) {
	x, y := c.at(p.X.Points(), p.Y.Points())
	c.now()[4], c.now()[5] = x, y
}
func (c *textBoxes) Rotate(rad float64) {
	m, sin, cos := *c.now(), math.Sin(rad), math.Cos(rad)
	*c.now() = [6]float64{m[0]*cos + m[2]*sin, m[1]*cos + m[3]*sin, m[2]*cos - m[0]*sin, m[3]*cos - m[1]*sin, m[4], m[5]}
}
func (c *textBoxes) FillString(f font.Face, p vg.Point, text string) {
	size := f.Font.Size.Points()
	x0, y0 := c.at(p.X.Points(), p.Y.Points()-0.02*size) // digits and capitals: letters below the line touch nothing
	x1, y1 := c.at(p.X.Points()+f.Width(text).Points(), p.Y.Points()+0.7*size)
	c.boxes = append(c.boxes, textBox{text, min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)})
}

// textsOf lists where the texts of a drawing stand, in points of its layout.
func textsOf(d canvas.Drawing) []textBox {
	c := &textBoxes{stack: [][6]float64{{1, 0, 0, 1, 0, 0}}}
	d.Draw(&canvas.Pen{Canvas: c})
	return c.boxes
}

func (a textBox) touches(b textBox) bool {
	const slack = 0.05
	return a.x0 < b.x1-slack && b.x0 < a.x1-slack && a.y0 < b.y1-slack && b.y0 < a.y1-slack
}

// TestNoRoom: a width that the text alone is wider than gives a figure all the same.
func TestNoRoom(t *testing.T) {
	list, cells := gallery()
	ix := newIndex(cells)
	for _, f := range list {
		f = drawnAs(f, ix)
		f.Look = Look{Width: LeastWidth, Font: MostFont}
		if err := f.Validate(); err != nil {
			t.Fatal(err)
		}
		d := newDrawing(&f, ix)
		if w, h := d.Size(); !(w > 0 && h > 0 && w < 2000 && h < 5000) {
			t.Errorf("%s is %v by %v points", f.Name, w, h)
		}
		textsOf(d)
	}
}

// TestNothingIsCutOrOverprinted lays every figure of the gallery out for several pages: its text stays inside and apart, and it has the width that
// was asked for.
func TestNothingIsCutOrOverprinted(t *testing.T) {
	list, cells := gallery()
	ix := newIndex(cells)
	dir := os.Getenv("SPEECHSIM_GALLERY")
	for _, look := range []Look{{}, {Bare: true}, {Width: ColumnWidth}, {Width: ColumnWidth, Font: 7, Bare: true}, {Width: FullWidth}, {Width: FullWidth, Font: 10}, {Width: 120, Legend: LegendBelow}, {Width: 100, Legend: LegendNone}} {
		for _, f := range list {
			f = drawnAs(f, ix)
			f.Look = look
			if f.Kind == Several {
				f.Panels = slices.Clone(f.Panels)
			}
			if f.Name == "large-146" && look.Width == ColumnWidth {
				continue // 146 layers of six models are wider than a column
			}
			d := newDrawing(&f, ix)
			name := fmt.Sprintf("%s-%g-%g%s", f.Name, look.Width, look.Font, look.Legend)
			wide, high := d.Size()
			if got := wide.Points() * d.Scale() * 25.4 / 72; look.Width > 0 && math.Abs(got-look.Width) > 0.5 {
				t.Errorf("%s is %.1f mm wide", name, got)
			}
			boxes := textsOf(d)
			for _, b := range boxes {
				if b.x0 < 0 || b.y0 < 0 || b.x1 > wide.Points() || b.y1 > high.Points() {
					t.Errorf("%s: %q is cut: %.1f to %.1f of %.1f across, %.1f to %.1f of %.1f up", name, b.text, b.x0, b.x1, wide.Points(), b.y0, b.y1, high.Points())
				}
			}
			{
				slices.SortFunc(boxes, func(a, b textBox) int { return int(math.Copysign(1, a.x0-b.x0)) })
				for i, a := range boxes {
					for _, b := range boxes[i+1:] {
						if b.x0 >= a.x1 {
							break
						}
						if a.touches(b) {
							t.Errorf("%s: %q and %q are printed over each other", name, a.text, b.text)
						}
					}
				}
			}
			if dir != "" && look.Width > 0 {
				w, err := os.Create(filepath.Join(dir, name+".png"))
				if err != nil {
					t.Fatal(err)
				}
				if err := canvas.WritePNG(w, d); err != nil {
					t.Fatal(err)
				}
				w.Close()
			}
		}
	}
}
