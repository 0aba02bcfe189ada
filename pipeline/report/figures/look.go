package figures

import (
	"encoding/hex"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/results"
)

// Look is how a figure is set for the page that it is to stand on.
type Look struct {
	Width  float64 `json:"width,omitempty"`  // in mm; 0 = what it takes
	Font   float64 `json:"font,omitempty"`   // of names and titles of axes, in points, to which all other text is in proportion; 0 = 8
	Legend string  `json:"legend,omitempty"` // of curves and points: right, below or none; "" = right, and below where the width is less than 120 mm
	Bare   bool    `json:"bare,omitempty"`   // without the title and the line of facts, which stand in the caption of a paper
}

// Places of a legend.
const (
	LegendRight = "right"
	LegendBelow = "below"
	LegendNone  = "none"
)

// Widths that journals and proceedings have: a column of 80 mm, a page of 170 mm.
const (
	ColumnWidth = 80
	FullWidth   = 170
)

// The sizes that can be asked for: below, text and marks no longer fit; above, no page holds it.
const (
	LeastWidth, MostWidth = 50, 1000
	LeastFont, MostFont   = 4, 30
)

func (l *Look) validate() error {
	switch {
	case l.Width != 0 && !(l.Width >= LeastWidth && l.Width <= MostWidth):
		return fmt.Errorf("width %g mm, expected %d to %d", l.Width, LeastWidth, MostWidth)
	case l.Font != 0 && !(l.Font >= LeastFont && l.Font <= MostFont):
		return fmt.Errorf("font of %g points, expected %d to %d", l.Font, LeastFont, MostFont)
	case !slices.Contains([]string{"", LegendRight, LegendBelow, LegendNone}, l.Legend):
		return fmt.Errorf("legend %q, expected right, below or none", l.Legend)
	}
	return nil
}

// scale is by how much the layout, whose text is of 8 points, is drawn larger.
func (l *Look) scale() float64 {
	if l.Font == 0 {
		return 1
	}
	return l.Font / canvas.TextSize.Points()
}

// room is the width that the layout has to keep to, 0 where it may take what it needs.
func (l *Look) room() vg.Length {
	return canvas.Snap(vg.Length(l.Width / 25.4 * 72 / l.scale()))
}

// narrow is the width up to which a legend stands below.
const narrow vg.Length = 120 / 25.4 * 72

// legend is where it stands.
func (l *Look) legend() string {
	switch {
	case l.Legend != "":
		return l.Legend
	case l.Width > 0 && l.room() < narrow:
		return LegendBelow
	}
	return LegendRight
}

// headerOf breaks the title of a figure and the line below it to a width; a bare figure has neither.
func headerOf(f *Figure, width vg.Length, facts string) (title, rests []string) {
	if f.Look.Bare {
		return nil, nil
	}
	return canvas.Wrap(canvas.Bold, canvas.TitleSize, width, f.Title), canvas.Wrap(canvas.Regular, canvas.LabelSize, width, facts)
}

// headHeight is the height of both, with the room below them.
func headHeight(title, rests []string) vg.Length {
	if len(title)+len(rests) == 0 {
		return 0
	}
	return lines(title, canvas.TitleSize) + lines(rests, canvas.LabelSize) + 8
}

// shown is what figures call the model.
func (m *Model) shown() string { return orDefault(m.Label, m.Name) }

// model finds a model of the figure; one that it does not have has a name and nothing else.
func (f *Figure) model(name string) Model {
	for _, side := range [][]Model{f.XModels, f.YModels} {
		if i := slices.IndexFunc(side, func(m Model) bool { return m.Name == name }); i >= 0 {
			return side[i]
		}
	}
	return Model{Name: name}
}

// layerName is [LayerName] with the label of the model.
func (f *Figure) layerName(l results.Layer) string {
	m := f.model(l.Model)
	if l.Layer == "" || l.Layer == l.Model || m.Single {
		return m.shown()
	}
	return m.shown() + " " + l.Layer
}

// modelColours are the colours of the models of x: their own, else the fixed ones.
func (f *Figure) modelColours() []color.NRGBA {
	list := slices.Clone(canvas.ColoursFor(len(f.XModels)))
	for i := range list {
		if c, ok := f.XModels[i].colour(); ok {
			list[i] = c
		}
	}
	return list
}

// colour reads the model's own colour.
func (m *Model) colour() (color.NRGBA, bool) {
	if len(m.Colour) != 7 || m.Colour[0] != '#' {
		return color.NRGBA{}, false
	}
	rgb, err := hex.DecodeString(m.Colour[1:])
	if err != nil {
		return color.NRGBA{}, false
	}
	return color.NRGBA{rgb[0], rgb[1], rgb[2], 255}, true
}

// flow puts legend entries of a width into columns of a room, filled row by row, and says how many rows there are.
func flow(entries int, wide, room vg.Length) (columns, rows int) {
	columns = max(1, min(entries, int(math.Floor(float64(room/wide)))))
	return columns, (entries + columns - 1) / columns
}
