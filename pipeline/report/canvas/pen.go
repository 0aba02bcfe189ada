package canvas

import (
	"image/color"
	"math"
	"strings"
	"unicode/utf8"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/vg"
)

// Regular and Bold are the fonts of all text.
var (
	Regular = font.Font{Typeface: "Liberation", Variant: "Sans"}
	Bold    = font.Font{Typeface: "Liberation", Variant: "Sans", Weight: xfont.WeightBold}
	faces   = font.NewCache(liberation.Collection())
)

// Sizes of text, in points. Journals ask for 5 to 7 points at the least.
const (
	TitleSize  vg.Length = 10
	TextSize   vg.Length = 8
	LabelSize  vg.Length = 7
	SmallSize  vg.Length = 6
	LineHeight           = 1.25
)

// Pen draws on a canvas. Coordinates are points, y goes up, as everywhere in
// vg.
type Pen struct {
	vg.Canvas
	Overlap bool // paint squares a little over their neighbours: PDF viewers show seams between exact ones
}

// Anchor is the part of a text that stands left of its position.
type Anchor float64

// Left, Centre and Right put a text at its position by its left end, its middle and its right end.
const (
	Left   Anchor = 0
	Centre Anchor = 0.5
	Right  Anchor = 1
)

// Width is how wide a text is.
func Width(f font.Font, size vg.Length, s string) vg.Length {
	face := faces.Lookup(f, size)
	return face.Width(s)
}

// Text writes s with its baseline at y.
func (p *Pen) Text(f font.Font, size vg.Length, clr color.Color, a Anchor, x, y vg.Length, s string) {
	face := faces.Lookup(f, size)
	p.SetColor(clr)
	p.FillString(face, vg.Point{X: x - vg.Length(a)*face.Width(s), Y: y}, s)
}

// UpText writes s upward, with its baseline at x.
func (p *Pen) UpText(f font.Font, size vg.Length, clr color.Color, a Anchor, x, y vg.Length, s string) {
	face := faces.Lookup(f, size)
	p.SetColor(clr)
	p.Push()
	p.Rotate(math.Pi / 2)
	p.FillString(face, vg.Point{X: y - vg.Length(a)*face.Width(s), Y: -x}, s)
	p.Pop()
}

// Middle is the distance from the baseline to half the height of digits and
// capitals.
func Middle(size vg.Length) vg.Length { return 0.35 * size }

// Line draws a line through points; dash is nil for a solid one.
func (p *Pen) Line(clr color.Color, w vg.Length, dash []vg.Length, pts ...vg.Point) {
	p.SetColor(clr)
	p.SetLineWidth(w)
	p.SetLineDash(dash, 0)
	var path vg.Path
	path.Move(pts[0])
	for _, pt := range pts[1:] {
		path.Line(pt)
	}
	p.Stroke(path)
	p.SetLineDash(nil, 0)
}

// FillRect fills a rectangle whose lower left corner is (x, y).
func (p *Pen) FillRect(clr color.Color, x, y, w, h vg.Length) {
	var path vg.Path
	AddRect(&path, x, y, w, h)
	p.SetColor(clr)
	p.Fill(path)
}

// StrokeRect draws the outline of such a rectangle.
func (p *Pen) StrokeRect(clr color.Color, line, x, y, w, h vg.Length) {
	var path vg.Path
	AddRect(&path, x, y, w, h)
	p.SetColor(clr)
	p.SetLineWidth(line)
	p.Stroke(path)
}

// AddRect adds a rectangle whose lower left corner is (x, y).
func AddRect(path *vg.Path, x, y, w, h vg.Length) {
	path.Move(vg.Point{X: x, Y: y})
	path.Line(vg.Point{X: x + w, Y: y})
	path.Line(vg.Point{X: x + w, Y: y + h})
	path.Line(vg.Point{X: x, Y: y + h})
	path.Close()
}

// AddLine adds a line from (x0, y0) to (x1, y1).
func AddLine(path *vg.Path, x0, y0, x1, y1 vg.Length) {
	path.Move(vg.Point{X: x0, Y: y0})
	path.Line(vg.Point{X: x1, Y: y1})
}

// Snap rounds to the pixel grid.
func Snap(l vg.Length) vg.Length { return vg.Length(math.Round(float64(l/Pixel))) * Pixel }

// SnapDown rounds down to the pixel grid, to one pixel at least.
func SnapDown(l vg.Length) vg.Length {
	return max(vg.Length(math.Floor(float64(l/Pixel)+1e-6)), 1) * Pixel
}

// Wrap breaks s into lines no wider than w. It breaks at spaces, and inside a
// word after '-', '_', '/', '.' or, where it must, anywhere.
func Wrap(f font.Font, size, w vg.Length, s string) []string {
	var lines []string
	for _, paragraph := range strings.Split(s, "\n") {
		line := ""
		for _, piece := range pieces(paragraph) {
			switch {
			case Width(f, size, strings.TrimRight(line+piece, " ")) <= w:
				line += piece
			default:
				if line != "" {
					lines = append(lines, strings.TrimRight(line, " "))
				}
				for Width(f, size, strings.TrimRight(piece, " ")) > w && utf8.RuneCountInString(piece) > 1 {
					n := fitting(f, size, w, piece)
					lines = append(lines, piece[:n])
					piece = piece[n:]
				}
				line = piece
			}
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

// pieces cuts a text after each place where a line may break.
func pieces(s string) []string {
	var list []string
	start := 0
	for i, r := range s {
		if strings.ContainsRune(" -_/", r) && i+1 < len(s) {
			list = append(list, s[start:i+1])
			start = i + 1
		}
	}
	return append(list, s[start:])
}

// fitting returns how many bytes of s, one character at least, fit into w.
func fitting(f font.Font, size, w vg.Length, s string) int {
	n := 0
	for i, r := range s {
		end := i + utf8.RuneLen(r)
		if n > 0 && Width(f, size, s[:end]) > w {
			break
		}
		n = end
	}
	return n
}
