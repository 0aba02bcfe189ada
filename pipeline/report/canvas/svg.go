package canvas

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
)

// Pixel is the grid on which heat maps are laid out: one pixel at 300 dpi, so
// that cells have sharp edges in the PNG, and the user unit of the SVG, so that
// their coordinates are whole numbers there.
const Pixel vg.Length = 72.0 / 300

// svgFonts are tried in order for letters that have no outlines.
const svgFonts = "Liberation Sans, Arimo, Arial, Helvetica, sans-serif"

// svg is a [vg.Canvas] that writes compact SVG. gonum's own writes a
// style and eight long numbers for every square of a heat map, some ten times
// the bytes, and all figures of a run stand in one page.
//
// User units are pixels, y goes down, and transforms are applied to the
// coordinates (text that is turned carries its rotation).
type svg struct {
	graphicsStack
	width, height vg.Length
	title, desc   string
	glyphs        *Glyphs
	shared        bool // the page that the drawing stands in has the outlines
	body          bytes.Buffer
}

func newSVG(width, height vg.Length, scale float64, title, desc string) *svg {
	unit := scale / Pixel.Points()
	m := matrix{unit, 0, 0, -unit, 0, height.Points() * unit}
	c := &svg{graphicsStack: newGraphicsStack(m), width: width * vg.Length(scale), height: height * vg.Length(scale), title: title, desc: desc}
	vg.Initialize(c)
	return c
}

func (c *svg) Size() (w, h vg.Length) { return c.width, c.height }

// svgNumber rounds to a tenth of a user unit, 0.024 points.
func svgNumber(v float64) string {
	s := strconv.FormatFloat(v, 'f', 1, 64)
	s = strings.TrimSuffix(s, ".0")
	if s == "-0" {
		return "0"
	}
	return s
}

func (c *svg) Stroke(p vg.Path) {
	s := c.now()
	if s.lineWidth <= 0 {
		return
	}
	fmt.Fprintf(&c.body, `<path d="%s" fill="none"%s stroke-width="%s"`, c.pathData(p), paint("stroke", c.rgba()), svgNumber(c.length(s.lineWidth)))
	if len(s.dash) > 0 {
		var dashes []string
		for _, d := range s.dash {
			dashes = append(dashes, svgNumber(c.length(d)))
		}
		fmt.Fprintf(&c.body, ` stroke-dasharray="%s"`, strings.Join(dashes, " "))
		if s.offset != 0 {
			fmt.Fprintf(&c.body, ` stroke-dashoffset="%s"`, svgNumber(c.length(s.offset)))
		}
	}
	c.body.WriteString("/>\n")
}

func (c *svg) Fill(p vg.Path) {
	data := c.pathData(p)
	crisp := ""
	if !strings.ContainsAny(data, ".lACQ") {
		crisp = ` shape-rendering="crispEdges"` // squares on the pixel grid: no seams between neighbours
	}
	fmt.Fprintf(&c.body, `<path d="%s"%s%s/>`+"\n", data, paint("fill", c.rgba()), crisp)
}

// paint gives an attribute for a colour and, where it is not opaque, one for
// its opacity.
func paint(attribute string, c color.NRGBA) string {
	s := fmt.Sprintf(` %s="#%02x%02x%02x"`, attribute, c.R, c.G, c.B)
	if c.A != 255 {
		s += fmt.Sprintf(` %s-opacity="%s"`, attribute, strconv.FormatFloat(float64(c.A)/255, 'f', 2, 64))
	}
	return s
}

// pathData writes lines relative to the point before, as h and v where they
// are level or upright. Positions are rounded first, so that errors do not add
// up.
func (c *svg) pathData(p vg.Path) string {
	var b strings.Builder
	var x, y, startX, startY float64
	at := func(pt vg.Point) (float64, float64) {
		x, y := c.point(pt)
		return math.Round(10*x) / 10, math.Round(10*y) / 10
	}
	pair := func(x, y float64) string {
		if s := svgNumber(y); s[0] == '-' {
			return svgNumber(x) + s
		} else {
			return svgNumber(x) + " " + s
		}
	}
	for i, part := range p {
		nx, ny := at(part.Pos)
		switch part.Type {
		case vg.MoveComp:
			b.WriteString("M" + pair(nx, ny))
			startX, startY = nx, ny
		case vg.LineComp:
			switch {
			case ny == y && nx == x:
				continue
			case ny == y:
				b.WriteString("h" + svgNumber(nx-x))
			case nx == x:
				b.WriteString("v" + svgNumber(ny-y))
			default:
				b.WriteString("l" + pair(nx-x, ny-y))
			}
		case vg.ArcComp:
			nx, ny = c.arc(&b, part, pair, at, i == 0)
		case vg.CurveComp:
			b.WriteString(map[int]string{1: "Q", 2: "C"}[len(part.Control)])
			for _, control := range part.Control {
				b.WriteString(pair(at(control)) + " ")
			}
			b.WriteString(pair(nx, ny))
		case vg.CloseComp:
			b.WriteString("z")
			nx, ny = startX, startY
		}
		x, y = nx, ny
	}
	return b.String()
}

// arc writes an arc as two halves, since SVG knows none that ends where it
// starts, and returns its end.
func (c *svg) arc(b *strings.Builder, part vg.PathComp, pair func(x, y float64) string, at func(vg.Point) (float64, float64), first bool) (x, y float64) {
	on := func(angle float64) (float64, float64) {
		sin, cos := math.Sincos(angle)
		return at(part.Pos.Add(vg.Point{X: part.Radius * vg.Length(cos), Y: part.Radius * vg.Length(sin)}))
	}
	join := "L"
	if first {
		join = "M"
	}
	b.WriteString(join + pair(on(part.Start)))
	sweep := "0" // y is turned over, and so is the sense of an arc
	if part.Angle < 0 {
		sweep = "1"
	}
	r := svgNumber(c.length(part.Radius))
	for _, share := range []float64{0.5, 1} {
		x, y = on(part.Start + share*part.Angle)
		fmt.Fprintf(b, "A%s %s 0 0 %s %s", r, r, sweep, pair(x, y))
	}
	return x, y
}

func pairSpaced(x, y float64) string { return svgNumber(x) + " " + svgNumber(y) }

func (c *svg) DrawImage(rect vg.Rectangle, img image.Image) {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(fmt.Sprintf("canvas: encode an image into memory: %v", err))
	}
	x, y := c.point(vg.Point{X: rect.Min.X, Y: rect.Max.Y})
	fmt.Fprintf(&c.body, `<image x="%s" y="%s" width="%s" height="%s" preserveAspectRatio="none" href="data:image/png;base64,%s"/>`+"\n",
		svgNumber(x), svgNumber(y), svgNumber(c.length(rect.Size().X)), svgNumber(c.length(rect.Size().Y)),
		base64.StdEncoding.EncodeToString(b.Bytes()))
}

// WriteTo writes the document. The title and description are for screen
// readers.
func (c *svg) WriteTo(w io.Writer) (int64, error) {
	unit := Pixel.Points()
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="%spt" height="%spt" viewBox="0 0 %s" role="img">`+"\n",
		points(c.width), points(c.height), pairSpaced(c.width.Points()/unit, c.height.Points()/unit))
	fmt.Fprintf(&b, "<title>%s</title>\n<desc>%s</desc>\n", escapeXML(c.title), escapeXML(c.desc))
	if !c.shared {
		c.glyphs.define(&b)
	}
	b.Write(c.body.Bytes())
	b.WriteString("</svg>\n")
	return b.WriteTo(w)
}

func points(l vg.Length) string { return strconv.FormatFloat(l.Points(), 'f', -1, 32) }

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// escapeXML also drops the control characters that XML can't hold.
func escapeXML(s string) string {
	return xmlEscaper.Replace(strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, s))
}
