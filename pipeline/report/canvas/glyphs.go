package canvas

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// Glyphs are the outlines of the letters that drawings have used, by the names that refer to them. Text in SVG is drawn by its outlines:
// a picture whose text names a font is cut and moved where that font is missing, since everything was measured with it.
type Glyphs struct{ paths map[string]string }

// SVG writes the outlines as a picture of nothing, for a page whose drawings share them.
func (g *Glyphs) SVG() string {
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0" style="position:absolute" aria-hidden="true">`)
	g.define(&b)
	b.WriteString("</svg>\n")
	return b.String()
}

func (g *Glyphs) define(w io.Writer) {
	fmt.Fprint(w, "<defs>")
	for _, name := range slices.Sorted(maps.Keys(g.paths)) {
		fmt.Fprintf(w, `<path id="%s" d="%s"/>`, name, g.paths[name])
	}
	fmt.Fprintln(w, "</defs>")
}

// placed is a letter of a text: the name of its outline, "" for a space, and where it stands, in units of the font.
type placed struct {
	name string
	x    int
}

// place sets a text, with the advances and the kerning by which [Width] measures it. It returns false when the font lacks a letter.
func (g *Glyphs) place(f font.Face, text string) (list []placed, all bool) {
	var buf sfnt.Buffer
	units := fixed.Int26_6(f.Face.UnitsPerEm())
	style := "r"
	if f.Font.Weight >= xfont.WeightBold {
		style = "b"
	}
	x, before := 0, sfnt.GlyphIndex(0)
	for _, letter := range text {
		i, err := f.Face.GlyphIndex(&buf, letter)
		if err != nil || i == 0 {
			return nil, false
		}
		if kern, err := f.Face.Kern(&buf, before, i, units, xfont.HintingNone); err == nil && before != 0 {
			x += int(kern)
		}
		name := fmt.Sprintf("%s%d", style, i)
		if _, known := g.paths[name]; !known {
			segments, err := f.Face.LoadGlyph(&buf, i, units, nil)
			if err != nil {
				return nil, false
			}
			g.paths[name] = outline(segments)
		}
		if g.paths[name] == "" {
			name = ""
		}
		list = append(list, placed{name, x})
		advance, err := f.Face.GlyphAdvance(&buf, i, units, xfont.HintingNone)
		if err != nil {
			return nil, false
		}
		x, before = x+int(advance), i
	}
	return list, true
}

// outline writes segments as path data, in whole units of the font, each place relative to the one before.
func outline(segments sfnt.Segments) string {
	var b strings.Builder
	var x, y, startX, startY int
	// number puts a space in front where two numbers would run together.
	number := func(v int, first bool) {
		if !first && v >= 0 {
			b.WriteByte(' ')
		}
		fmt.Fprint(&b, v)
	}
	for _, s := range segments {
		command, points := byte('m'), 1
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if b.Len() > 0 {
				b.WriteByte('z')
				x, y = startX, startY
			}
			startX, startY = int(s.Args[0].X), int(s.Args[0].Y)
		case sfnt.SegmentOpLineTo:
			command = 'l'
		case sfnt.SegmentOpQuadTo:
			command, points = 'q', 2
		case sfnt.SegmentOpCubeTo:
			command, points = 'c', 3
		}
		b.WriteByte(command)
		for k, at := range s.Args[:points] {
			number(int(at.X)-x, k == 0)
			number(int(at.Y)-y, false)
		}
		end := s.Args[points-1]
		x, y = int(end.X), int(end.Y)
	}
	if b.Len() > 0 {
		b.WriteByte('z')
	}
	return b.String()
}

// FillString draws a text by the outlines of its letters. The text itself stays with it, so that it can be found in the file. What
// the font has no outlines for is left to the fonts of the reader, held to the width that was measured.
func (c *svg) FillString(f font.Face, pt vg.Point, text string) {
	if f.Font.Size == 0 || text == "" {
		return
	}
	x, y := c.point(pt)
	size := c.length(f.Font.Size)
	turn := ""
	if angle := c.now().m.degrees(); angle > 1e-9 || angle < -1e-9 {
		turn = " rotate(" + svgNumber(angle) + ")"
	}
	letters, all := c.glyphs.place(f, text)
	if !all {
		weight := ""
		if f.Font.Weight >= xfont.WeightBold {
			weight = ` font-weight="bold"`
		}
		fmt.Fprintf(&c.body, `<text transform="translate(%s)%s" font-family="%s" font-size="%s"%s textLength="%s" lengthAdjust="spacingAndGlyphs"%s>%s</text>`+"\n",
			pairSpaced(x, y), turn, svgFonts, svgNumber(size), weight, svgNumber(c.length(f.Width(text))), paint("fill", c.rgba()), escapeXML(text))
		return
	}
	said := ""
	if !c.shared { // a page says what its figures show
		said = ` data-text="` + escapeXML(text) + `"`
	}
	fmt.Fprintf(&c.body, `<g%s%s transform="translate(%s)%s scale(%.5g)">`, said, paint("fill", c.rgba()), pairSpaced(x, y), turn, size/float64(f.Face.UnitsPerEm()))
	for _, l := range letters {
		if l.name == "" {
			continue
		}
		at := ""
		if l.x != 0 {
			at = fmt.Sprintf(` x="%d"`, l.x)
		}
		fmt.Fprintf(&c.body, `<use xlink:href="#%s"%s/>`, l.name, at)
	}
	c.body.WriteString("</g>\n")
}
