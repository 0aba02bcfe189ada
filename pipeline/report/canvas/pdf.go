package canvas

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"time"

	"codeberg.org/go-pdf/fpdf"
	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// pdfDate stands in every PDF as its date: files that differ in their date
// only would not be the same bytes from run to run.
var pdfDate = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// pdf is a [vg.Canvas] that writes PDF. gonum's own knows the letters of
// Windows-1252 alone, embeds each font whole (200 kB a figure) and carries the
// time of day.
type pdf struct {
	graphicsStack
	doc           *fpdf.Fpdf
	width, height vg.Length
	fonts         map[string]bool
	images        int
}

func newPDF(width, height vg.Length, title, desc string) *pdf {
	doc := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: width.Points(), Ht: height.Points()}})
	doc.SetCreationDate(pdfDate)
	doc.SetModificationDate(pdfDate)
	doc.SetCatalogSort(true)
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	doc.SetTitle(title, true)
	doc.SetSubject(desc, true)
	doc.SetProducer("pipeline", true)
	doc.SetLang("en")
	doc.AddPage()
	m := matrix{1, 0, 0, -1, 0, height.Points()}
	c := &pdf{graphicsStack: newGraphicsStack(m), doc: doc, width: width, height: height, fonts: map[string]bool{}}
	vg.Initialize(c)
	return c
}

func (c *pdf) Size() (w, h vg.Length) { return c.width, c.height }

// ink returns the current colour as the document takes it.
func (c *pdf) ink() (r, g, b int, alpha float64) {
	n := c.rgba()
	return int(n.R), int(n.G), int(n.B), float64(n.A) / 255
}

func (c *pdf) Stroke(p vg.Path) {
	s := c.now()
	if s.lineWidth <= 0 {
		return
	}
	r, g, b, alpha := c.ink()
	c.doc.SetDrawColor(r, g, b)
	c.doc.SetAlpha(alpha, "Normal")
	size := s.m.size()
	c.doc.SetLineWidth(s.lineWidth.Points() * size)
	dash := make([]float64, len(s.dash))
	for i, d := range s.dash {
		dash[i] = d.Points() * size
	}
	c.doc.SetDashPattern(dash, s.offset.Points()*size)
	c.path(p)
	c.doc.DrawPath("D")
}

func (c *pdf) Fill(p vg.Path) {
	r, g, b, alpha := c.ink()
	c.doc.SetFillColor(r, g, b)
	c.doc.SetAlpha(alpha, "Normal")
	c.path(p)
	c.doc.DrawPath("F")
}

func (c *pdf) path(p vg.Path) {
	m := c.now().m
	for i, part := range p {
		x, y := m.apply(part.Pos)
		switch part.Type {
		case vg.MoveComp:
			c.doc.MoveTo(x, y)
		case vg.LineComp:
			c.doc.LineTo(x, y)
		case vg.ArcComp:
			c.arc(part, i == 0)
		case vg.CurveComp:
			x0, y0 := m.apply(part.Control[0])
			if len(part.Control) == 1 {
				c.doc.CurveTo(x0, y0, x, y)
				break
			}
			x1, y1 := m.apply(part.Control[1])
			c.doc.CurveBezierCubicTo(x0, y0, x1, y1, x, y)
		case vg.CloseComp:
			c.doc.ClosePath()
		}
	}
}

// arc draws an arc as Bézier curves of at most a quarter circle each.
func (c *pdf) arc(part vg.PathComp, first bool) {
	on := func(angle, radius float64) vg.Point {
		sin, cos := math.Sincos(angle)
		return part.Pos.Add(vg.Point{X: vg.Length(radius * cos), Y: vg.Length(radius * sin)})
	}
	m, r := c.now().m, part.Radius.Points()
	if x, y := m.apply(on(part.Start, r)); first {
		c.doc.MoveTo(x, y)
	} else {
		c.doc.LineTo(x, y)
	}
	n := math.Ceil(math.Abs(part.Angle) / (math.Pi / 2))
	step := part.Angle / n
	reach := math.Hypot(r, 4.0/3*math.Tan(step/4)*r) // of a control point from the middle
	lean := math.Atan(4.0 / 3 * math.Tan(step/4))
	for k := range int(n) {
		from := part.Start + float64(k)*step
		x0, y0 := m.apply(on(from+lean, reach))
		x1, y1 := m.apply(on(from+step-lean, reach))
		x, y := m.apply(on(from+step, r))
		c.doc.CurveBezierCubicTo(x0, y0, x1, y1, x, y)
	}
}

func (c *pdf) FillString(f font.Face, pt vg.Point, text string) {
	if f.Font.Size == 0 || text == "" {
		return
	}
	style := ""
	if f.Font.Weight >= xfont.WeightBold {
		style = "B"
	}
	if !c.fonts[style] {
		c.fonts[style] = true
		var source bytes.Buffer
		if _, err := f.Face.WriteSourceTo(nil, &source); err != nil {
			c.doc.SetError(fmt.Errorf("read the font %s: %w", f.Name(), err))
			return
		}
		c.doc.AddUTF8FontFromBytes("Liberation", style, source.Bytes())
	}
	r, g, b, alpha := c.ink()
	c.doc.SetTextColor(r, g, b)
	c.doc.SetAlpha(alpha, "Normal")
	m := c.now().m
	c.doc.SetFont("Liberation", style, f.Font.Size.Points()*m.size())
	x, y := m.apply(pt)
	turned := math.Abs(m.degrees()) > 1e-9
	if turned {
		c.doc.TransformBegin()
		c.doc.TransformRotate(-m.degrees(), x, y)
	}
	c.doc.Text(x, y, text)
	if turned {
		c.doc.TransformEnd()
	}
}

func (c *pdf) DrawImage(rect vg.Rectangle, img image.Image) {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		c.doc.SetError(err)
		return
	}
	c.images++
	name := fmt.Sprintf("image-%d", c.images)
	options := fpdf.ImageOptions{ImageType: "png"}
	c.doc.RegisterImageOptionsReader(name, options, &b)
	m := c.now().m
	x, y := m.apply(vg.Point{X: rect.Min.X, Y: rect.Max.Y})
	c.doc.ImageOptions(name, x, y, rect.Size().X.Points()*m.size(), rect.Size().Y.Points()*m.size(), false, options, 0, "")
}

// WriteTo ends the document and writes it.
func (c *pdf) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	if err := c.doc.Output(&b); err != nil {
		return 0, err
	}
	return b.WriteTo(w)
}
