package report

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

var (
	regular = font.Font{Typeface: "Liberation", Variant: "Sans"}
	bold    = font.Font{Typeface: "Liberation", Variant: "Sans", Weight: xfont.WeightBold}
	faces   = font.NewCache(liberation.Collection())
)

// Sizes of text, in points. Journals ask for 5 to 7 points at the least.
const (
	titleSize  vg.Length = 10
	textSize   vg.Length = 8
	labelSize  vg.Length = 7
	smallSize  vg.Length = 6
	lineHeight           = 1.25
)

// pen draws on a canvas. Coordinates are points, y goes up, as everywhere in
// vg.
type pen struct {
	vg.Canvas
	overlap bool // paint squares a little over their neighbours: PDF viewers show seams between exact ones
}

// anchor is the part of a text that stands left of its position.
type anchor float64

const (
	left   anchor = 0
	centre anchor = 0.5
	right  anchor = 1
)

func width(f font.Font, size vg.Length, s string) vg.Length {
	face := faces.Lookup(f, size)
	return face.Width(s)
}

// text writes s with its baseline at y.
func (p *pen) text(f font.Font, size vg.Length, clr color.Color, a anchor, x, y vg.Length, s string) {
	face := faces.Lookup(f, size)
	p.SetColor(clr)
	p.FillString(face, vg.Point{X: x - vg.Length(a)*face.Width(s), Y: y}, s)
}

// upText writes s upward, with its baseline at x.
func (p *pen) upText(f font.Font, size vg.Length, clr color.Color, a anchor, x, y vg.Length, s string) {
	face := faces.Lookup(f, size)
	p.SetColor(clr)
	p.Push()
	p.Rotate(math.Pi / 2)
	p.FillString(face, vg.Point{X: y - vg.Length(a)*face.Width(s), Y: -x}, s)
	p.Pop()
}

// middle is the distance from the baseline to half the height of digits and
// capitals.
func middle(size vg.Length) vg.Length { return 0.35 * size }

func (p *pen) line(clr color.Color, w vg.Length, dash []vg.Length, pts ...vg.Point) {
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

func (p *pen) fillRect(clr color.Color, x, y, w, h vg.Length) {
	var path vg.Path
	addRect(&path, x, y, w, h)
	p.SetColor(clr)
	p.Fill(path)
}

func (p *pen) strokeRect(clr color.Color, line, x, y, w, h vg.Length) {
	var path vg.Path
	addRect(&path, x, y, w, h)
	p.SetColor(clr)
	p.SetLineWidth(line)
	p.Stroke(path)
}

// addRect adds a rectangle whose lower left corner is (x, y).
func addRect(path *vg.Path, x, y, w, h vg.Length) {
	path.Move(vg.Point{X: x, Y: y})
	path.Line(vg.Point{X: x + w, Y: y})
	path.Line(vg.Point{X: x + w, Y: y + h})
	path.Line(vg.Point{X: x, Y: y + h})
	path.Close()
}

func addLine(path *vg.Path, x0, y0, x1, y1 vg.Length) {
	path.Move(vg.Point{X: x0, Y: y0})
	path.Line(vg.Point{X: x1, Y: y1})
}

// snap rounds to the pixel grid.
func snap(l vg.Length) vg.Length { return vg.Length(math.Round(float64(l/pixel))) * pixel }

// snapDown rounds down to the pixel grid, to one pixel at least.
func snapDown(l vg.Length) vg.Length {
	return max(vg.Length(math.Floor(float64(l/pixel)+1e-6)), 1) * pixel
}

// wrap breaks s into lines no wider than w. It breaks at spaces, and inside a
// word after '-', '_', '/', '.' or, where it must, anywhere.
func wrap(f font.Font, size, w vg.Length, s string) []string {
	var lines []string
	for _, paragraph := range strings.Split(s, "\n") {
		line := ""
		for _, piece := range pieces(paragraph) {
			switch {
			case width(f, size, strings.TrimRight(line+piece, " ")) <= w:
				line += piece
			default:
				if line != "" {
					lines = append(lines, strings.TrimRight(line, " "))
				}
				for width(f, size, strings.TrimRight(piece, " ")) > w && utf8.RuneCountInString(piece) > 1 {
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
		if n > 0 && width(f, size, s[:end]) > w {
			break
		}
		n = end
	}
	return n
}
