package configs

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Look says how figures are set for the page that they are to stand on.
type Look struct {
	Pos    Pos
	Width  string  // column (80 mm), full (170 mm), or millimetres; "" = what a figure takes
	Font   float64 // of names and titles of axes, in points; 0 = 8
	Legend string  // right, below or none; "" = right, and below where the width is less than 120 mm
	Bare   bool    // without the title and the line of facts
}

// Report says what the page holds beside what was computed.
type Report struct {
	Pos   Pos
	Audio string // of the words and phones that carry values: links to the corpus's files (default), or clips, which are packed into the page too
}

// Panels is a figure that shows several of the run's figures side by side over one scale.
type Panels struct {
	Pos     Pos
	Name    string
	Of      []string // names of figures, as their files have them
	Title   string
	Caption string
	Columns int // 0 = all panels in one row
}

// Figure is one way in which a comparison is drawn.
//
// In YAML: heatmap, or {heatmap: {title: ..., caption: ..., scale: {map: rocket, min: 0, max: 1}, x_label: ..., y_label: ..., width: ...}}, or a list of such.
type Figure struct {
	Pos     Pos
	Kind    string
	Title   string
	Caption string
	Scale   Scale
	XLabel  string `yaml:"x_label"` // titles of the axes; "" = what they show
	YLabel  string `yaml:"y_label"`
	Width   string // as of [Look], of this figure alone
}

// Scale is the range of values that a figure shows, by default that of the data, and the colours of a map.
type Scale struct {
	Pos      Pos
	Min, Max *float64
	Map      string // viridis (default), cividis, rocket, or diverging
}

var (
	kinds = []string{"heatmap", "curves", "profile", "tree", "mds", "sweep", "grid", "prefix"}
	maps  = []string{"viridis", "cividis", "rocket", "diverging"}
)

func (k *Comparison) validateFigures(oneOf func(Pos, string, *string, []string), bad func(Pos, string, ...any)) {
	seen := map[string]bool{}
	for i := range k.Figures {
		f := &k.Figures[i]
		oneOf(f.Pos, "figure", &f.Kind, kinds)
		if seen[f.Kind] {
			bad(f.Pos, "comparison %q: figure has %s twice", k.Name, f.Kind)
		}
		seen[f.Kind] = true
		if _, err := Millimetres(f.Width); err != nil {
			bad(f.Pos.Of("width"), "comparison %q: figure %s: %v", k.Name, f.Kind, err)
		}
		if f.Scale.Map != "" {
			oneOf(f.Scale.Pos.Of("map"), "figure scale.map", &f.Scale.Map, maps)
		}
		if s := f.Scale; s.Min != nil && s.Max != nil && *s.Min >= *s.Max {
			bad(s.Pos.Of("min", "max"), "figure scale: min is %g and max is %g; min must be less", *s.Min, *s.Max)
		}
		if (f.Kind == "tree" || f.Kind == "mds") && len(k.Models) == 0 {
			bad(f.Pos, "comparison %q: figure: %s compares the layers of models with one another; give models: [...] in place of x and y", k.Name, f.Kind)
		}
	}
}

// Sizes that figures can have: below, text and marks no longer fit; above, no page holds them.
const (
	columnWidth, fullWidth = 80, 170
	leastWidth, mostWidth  = 50, 1000
	leastFont, mostFont    = 4, 30
)

// Millimetres reads a width of figures; 0 where none is asked for.
func Millimetres(width string) (float64, error) {
	switch width {
	case "":
		return 0, nil
	case "column":
		return columnWidth, nil
	case "full":
		return fullWidth, nil
	}
	mm, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(width, "mm")), 64)
	if err != nil || !(mm >= leastWidth && mm <= mostWidth) {
		return 0, fmt.Errorf("width is %q; it must be column (%d mm), full (%d mm), or %d to %d millimetres", width, columnWidth, fullWidth, leastWidth, mostWidth)
	}
	return mm, nil
}

func (l *Look) validate(oneOf func(Pos, string, *string, []string), bad func(Pos, string, ...any)) {
	if _, err := Millimetres(l.Width); err != nil {
		bad(l.Pos.Of("width"), "figure: %v", err)
	}
	if l.Font != 0 && !(l.Font >= leastFont && l.Font <= mostFont) {
		bad(l.Pos.Of("font"), "figure.font is %g points; it must be from %d to %d", l.Font, leastFont, mostFont)
	}
	if l.Legend != "" {
		oneOf(l.Pos.Of("legend"), "figure.legend", &l.Legend, []string{"right", "below", "none"})
	}
}

var (
	figureName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	hexColour  = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)
)

// mostPanels is how many letters name them.
const mostPanels = 26

func (c *Config) validatePanels(bad func(Pos, string, ...any)) {
	var names []string
	for i := range c.Panels {
		p := &c.Panels[i]
		switch {
		case !figureName.MatchString(p.Name):
			bad(p.Pos.Of("name"), "panels: name is %q; it is the name of files: letters, digits, '-', '_' and '.'", p.Name)
		case slices.Contains(names, p.Name):
			bad(p.Pos.Of("name"), "two panels are named %q", p.Name)
		}
		names = append(names, p.Name)
		if len(p.Of) < 2 || len(p.Of) > mostPanels {
			bad(p.Pos.Of("of"), "panels %q: of lists %d of the figures; list 2 to %d by their names in the folder figures", p.Name, len(p.Of), mostPanels)
		}
		if p.Columns < 0 || p.Columns > mostPanels {
			bad(p.Pos.Of("columns"), "panels %q: columns is %d; it must be from 1 to %d", p.Name, p.Columns, mostPanels)
		}
	}
}

// validateLabels looks at what figures call the models: two of the same would be one line.
func (c *Config) validateLabels(bad func(Pos, string, ...any)) {
	of := map[string]string{}
	for i := range c.Models {
		m := &c.Models[i]
		shown := m.Label
		if shown == "" {
			shown = m.Name
		}
		if other, taken := of[shown]; taken && other != m.Name {
			bad(m.Pos.Of("label"), "models %q and %q are both called %q in figures; give each a label of its own", other, m.Name, shown)
		}
		of[shown] = m.Name
		if strings.ContainsAny(m.Label, "\n\x00") {
			bad(m.Pos.Of("label"), "model %q: label %q must be one line", m.Name, m.Label)
		}
		if m.Colour != "" && !hexColour.MatchString(m.Colour) {
			bad(m.Pos.Of("colour"), "model %q: colour is %q; it must be red, green and blue as two hexadecimal digits each, such as \"#0072b2\"", m.Name, m.Colour)
		}
	}
}
