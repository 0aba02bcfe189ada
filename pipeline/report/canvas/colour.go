package canvas

import (
	"encoding/hex"
	"fmt"
	"image/color"
	"math"
	"sync"

	"gonum.org/v1/plot/palette/moreland"
)

// Map is 256 colours from low to high.
type Map [256]color.NRGBA

var colourMaps = map[string]func() Map{
	"viridis":   sync.OnceValue(func() Map { return mapFromTable(Viridis) }),
	"cividis":   sync.OnceValue(func() Map { return mapFromTable(Cividis) }),
	"rocket":    sync.OnceValue(func() Map { return mapFromTable(rocketTable) }),
	"diverging": sync.OnceValue(divergingMap),
}

// MapNamed returns a colour map; "" is viridis.
func MapNamed(name string) (Map, error) {
	if name == "" {
		name = "viridis"
	}
	m, ok := colourMaps[name]
	if !ok {
		return Map{}, fmt.Errorf("colour map %q, expected viridis, cividis, rocket or diverging", name)
	}
	return m(), nil
}

func mapFromTable(table string) Map {
	var m Map
	raw, err := hex.DecodeString(table)
	if err != nil || len(raw) != 3*len(m) {
		panic(fmt.Sprintf("canvas: a colour table has %d bytes: %v", len(raw), err))
	}
	for i := range m {
		m[i] = color.NRGBA{raw[3*i], raw[3*i+1], raw[3*i+2], 255}
	}
	return m
}

// Table writes the colours as hexadecimal RGB, from low to high.
func (m Map) Table() string {
	raw := make([]byte, 0, 3*len(m))
	for _, c := range m {
		raw = append(raw, c.R, c.G, c.B)
	}
	return hex.EncodeToString(raw)
}

// divergingMap is blue to white to red, even in lightness on both sides
// (Moreland 2009).
func divergingMap() Map {
	var m Map
	scale := moreland.SmoothBlueRed()
	scale.SetMin(0)
	scale.SetMax(255)
	for i := range m {
		c, err := scale.At(float64(i))
		if err != nil {
			panic(fmt.Sprintf("canvas: diverging colour map: %v", err))
		}
		m[i] = color.NRGBAModel.Convert(c).(color.NRGBA)
	}
	return m
}

// Level returns the place of a value on a map that goes from lo to hi.
func Level(v, lo, hi float64) uint8 {
	t := (v - lo) / (hi - lo)
	return uint8(math.Round(255 * min(max(t, 0), 1)))
}

// luminance is the relative luminance of a colour (WCAG 2), 0 to 1.
func luminance(c color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// InkOn returns black or white, whichever stands out more from the colour.
func InkOn(c color.NRGBA) color.NRGBA {
	if l := luminance(c); 1.05/(l+0.05) > (l+0.05)/0.05 {
		return White
	}
	return Black
}

// Colours of text, of lines that are no series, and of hatching.
var (
	Black        = color.NRGBA{0, 0, 0, 255}
	White        = color.NRGBA{255, 255, 255, 255}
	Ink          = color.NRGBA{0x22, 0x22, 0x22, 255} // text
	SoftInk      = color.NRGBA{0x55, 0x55, 0x55, 255} // secondary text, lines of the permutation null
	GridInk      = color.NRGBA{0xdd, 0xdd, 0xdd, 255}
	VoidFill     = color.NRGBA{0xd4, 0xd4, 0xd4, 255} // behind hatching: darker than the light end of any map, lighter than the dark one
	SelfFill     = color.NRGBA{0xec, 0xec, 0xec, 255} // of a layer with itself: no colour of any map
	HatchInk     = color.NRGBA{0x50, 0x50, 0x50, 255}
	PublishedInk = color.NRGBA{0x99, 0x00, 0x55, 255} // values from a paper
)

// LineColours tell a few lines apart for readers with and without colour
// deficiency (Okabe and Ito 2008, without its yellow, which is too light for a
// line on white).
var LineColours = []color.NRGBA{
	{0x00, 0x72, 0xb2, 255}, // blue
	{0xd5, 0x5e, 0x00, 255}, // vermilion
	{0x00, 0x9e, 0x73, 255}, // bluish green
	{0xcc, 0x79, 0xa7, 255}, // reddish purple
	{0x00, 0x00, 0x00, 255}, // black
	{0xe6, 0x9f, 0x00, 255}, // orange
	{0x56, 0xb4, 0xe9, 255}, // sky blue
}

// ColoursFor returns n line colours: the fixed ones while they last, else
// steps along viridis, which then read as an order (layers are ordered).
func ColoursFor(n int) []color.NRGBA {
	if n <= len(LineColours) {
		return LineColours[:n]
	}
	m, _ := MapNamed("viridis")
	list := make([]color.NRGBA, n)
	for i := range list {
		list[i] = m[i*225/(n-1)] // up to 225: the yellow end is too light for a line
	}
	return list
}

// WithAlpha makes a colour transparent: a is 0 for nothing, 255 for all of it.
func WithAlpha(c color.NRGBA, a uint8) color.NRGBA {
	c.A = a
	return c
}
