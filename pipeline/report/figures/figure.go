package figures

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"

	"speechsim/pipeline/published"
	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/results"
)

// Kind is how a figure draws its cells.
type Kind string

// Kinds of figures.
const (
	Heatmap Kind = "heatmap" // a square a cell: x layers across, y layers upward
	Curves  Kind = "curves"  // value against the x layers, a line for each y layer (or each x model)
	Tree    Kind = "tree"    // which of the x layers group: a dendrogram on 1 - similarity
	MDS     Kind = "mds"     // the same as a map: layers that are alike stand close (classical scaling of 1 - similarity)
	Profile Kind = "profile" // the value of each x layer with its best layer in each y model, as curves
	Sweep   Kind = "sweep"   // value against a setting that the measures vary (threshold, first rows)
	Grid    Kind = "grid"    // a heat map over asif's settings: k across, p upward
	Prefix  Kind = "prefix"  // against the number of first rows, the correlation with the cells on all rows
	Several Kind = "panels"  // other figures side by side over one scale
)

var kinds = []Kind{Heatmap, Curves, Tree, MDS, Profile, Sweep, Grid, Prefix}

// Gathers says whether figures of this kind show several measures together.
func (k Kind) Gathers() bool { return k == Curves || k == Sweep || k == Grid || k == Prefix }

// Model is a model's part of an axis: its name and its layers in the order in
// which they are drawn.
type Model struct {
	Name   string   `json:"name"`
	Layers []string `json:"layers"`
	Label  string   `json:"label,omitempty"`  // what figures call it; "" = its name
	Single bool     `json:"single,omitempty"` // it has one layer in all, which needs no name
	Colour string   `json:"colour,omitempty"` // of its lines and points, such as #0072b2; "" = one of [canvas.LineColours]
}

// Scale is the range of values that a figure shows and the colours of a heat
// map. A value outside a fixed range is drawn in the end colour, and the colour
// bar says so with a pointed end.
type Scale struct {
	Min *float64 `json:"min,omitempty"` // nil: from the data, rounded outward
	Max *float64 `json:"max,omitempty"`
	Map string   `json:"map,omitempty"` // "viridis" (also ""), "cividis", "rocket", or "diverging" (for values of both signs; centred on 0)
}

// limits returns the range that values are shown in.
func (s Scale) limits(values []float64) (lo, hi float64) {
	return canvas.Limits(s.Min, s.Max, s.Map == "diverging", values)
}

// Figure says which cells to draw and how.
type Figure struct {
	Name    string `json:"name"` // file name without ending: letters, digits, '-', '_' and '.'
	Title   string `json:"title"`
	Caption string `json:"caption,omitempty"` // what the figure shows, in words; may be empty: number, metric, variant, rows and n are said in any case
	Kind    Kind   `json:"kind"`

	Comparison string            `json:"comparison,omitempty"` // cells of this comparison; "" = of any
	Metric     string            `json:"metric"`
	Variant    string            `json:"variant,omitempty"`
	Params     results.Params    `json:"params,omitzero"`     // of the cells
	Also       []results.Measure `json:"also,omitempty"`      // more measures: lines of their own in curves, and the settings of sweep, grid and prefix
	Symmetric  bool              `json:"symmetric,omitempty"` // value(x, y) = value(y, x): a cell that is stored one way is used for both

	XModels  []Model `json:"x"`
	YModels  []Model `json:"y,omitempty"`       // none for a tree
	XTitle   string  `json:"x_title,omitempty"` // of the axes; "" = layer
	YTitle   string  `json:"y_title,omitempty"`
	Scale    Scale   `json:"scale,omitzero"`
	Alpha    float64 `json:"alpha,omitempty"`    // a cell with p > Alpha is marked as not significant: K draws reach p = 1/(K+1); 0 = 0.05
	Quantity string  `json:"quantity,omitempty"` // what the values are, where it is not the metric's number
	Look     Look    `json:"look,omitzero"`

	Resampled string `json:"resampled,omitempty"` // what intervals leave out one at a time, and how many: "5 groups of speakers"

	Published []published.Matrix `json:"published,omitempty"` // drawn next to ours: as lines, or as a second map of the differences

	Panels  []Figure `json:"panels,omitempty"`  // of a figure of several; nothing but its name, title, caption and look is then its own
	Columns int      `json:"columns,omitempty"` // of the panels; 0 = all in one row

	together   *together // as one of several panels
	difference bool      // the values are differences of two others
	own        *index    // the cells to draw, where they are not the run's
}

var figureName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Validate names the first field that can't be drawn.
func (f *Figure) Validate() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("figure %q: %s", f.Name, fmt.Sprintf(format, args...))
	}
	switch {
	case !figureName.MatchString(f.Name):
		return fail("the name is used for files: expected letters, digits, '-', '_' and '.'")
	case f.Name+".tex" == Snippets:
		return fail("a file of this name holds the lines of LaTeX that show the figures; choose another")
	case f.Kind == Several:
		if err := f.Look.validate(); err != nil {
			return fail("%v", err)
		}
		return validatePanels(f)
	case !slices.Contains(kinds, f.Kind):
		return fail("kind %q, expected one of %q", f.Kind, kinds)
	case f.Metric == "":
		return fail("metric: missing")
	case len(f.Also) > 0 && !f.Kind.Gathers():
		return fail("also: a %s shows one metric; draw a second figure", f.Kind)
	case f.Alpha < 0 || f.Alpha >= 1:
		return fail("alpha %v, expected 0 < alpha < 1", f.Alpha)
	case layerCount(f.XModels) == 0 || layerCount(f.yModels()) == 0:
		return fail("no layers: x has %d and y has %d, expected 1 or more", layerCount(f.XModels), layerCount(f.yModels()))
	}
	if _, err := canvas.MapNamed(f.Scale.Map); err != nil {
		return fail("%v", err)
	}
	if err := f.Look.validate(); err != nil {
		return fail("%v", err)
	}
	for _, end := range []*float64{f.Scale.Min, f.Scale.Max} {
		if end != nil && (math.IsNaN(*end) || math.IsInf(*end, 0)) {
			return fail("scale: %v, expected a finite number", *end)
		}
	}
	if f.Scale.Min != nil && f.Scale.Max != nil && *f.Scale.Min >= *f.Scale.Max {
		return fail("scale: min %v, max %v, expected min < max", *f.Scale.Min, *f.Scale.Max)
	}
	return nil
}

// DefaultAlpha is the level at which values are marked where nothing else is asked for.
const DefaultAlpha = 0.05

func (f *Figure) alpha() float64 {
	if f.Alpha == 0 {
		return DefaultAlpha
	}
	return f.Alpha
}

// yModels is the other side of the figure: a tree and an MDS compare their
// layers with one another.
func (f *Figure) yModels() []Model {
	if f.Kind == Tree || f.Kind == MDS {
		return f.XModels
	}
	return f.YModels
}

// notSignificantText says at which level a cell is marked, and whether against
// the whole family of cells.
func (f *Figure) notSignificantText(cells []*results.Cell) string {
	if f.difference {
		return fmt.Sprintf("not told from 0, p > %s", f.alphaText())
	}
	kind := "p"
	if short, _ := correctionOf(cells); short != "" {
		kind = short + " p"
	}
	return fmt.Sprintf("not above chance, %s > %s", kind, f.alphaText())
}

// correctionOf says for how many tests the p-values that decide are corrected, in short and in full; "" where they are not.
func correctionOf(cells []*results.Cell) (short, full string) {
	k := slices.IndexFunc(cells, func(c *results.Cell) bool { return c != nil && c.Null != nil && c.Null.PMax != nil })
	if k < 0 {
		return "", ""
	}
	switch cells[k].Null.Correct {
	case results.CorrectFDR:
		return "FDR-controlled", "with the false discovery rate controlled over all cells"
	case results.CorrectNone:
		return "", ""
	}
	return "family-wise", "family-wise, so that the verdicts on all cells hold together"
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// alphaText writes the level: "0.05".
func (f *Figure) alphaText() string { return strconv.FormatFloat(f.alpha(), 'g', 3, 64) }

func layerCount(models []Model) int {
	n := 0
	for _, m := range models {
		n += len(m.Layers)
	}
	return n
}

// flatten lists the layers of an axis in order.
func flatten(models []Model) []results.Layer {
	var list []results.Layer
	for _, m := range models {
		for _, l := range m.Layers {
			list = append(list, results.Layer{Model: m.Name, Layer: l})
		}
	}
	return list
}

// Measure is the figure's first (for a heat map only) measure.
func (f *Figure) Measure() results.Measure {
	return results.Measure{Metric: f.Metric, Variant: f.Variant, Params: f.Params}
}

// published returns the published value of a measure at a pair of layers, nil
// where there is none.
func (f *Figure) published(m results.Measure, x, y results.Layer) *float64 {
	for _, p := range f.Published {
		if v, ok := p.Values[results.Pair{X: x, Y: y}]; ok && p.Measure.Same(m) {
			return &v
		}
	}
	return nil
}

// Pairs lists the pairs of layers that the figure shows.
func (f *Figure) Pairs() []results.Pair {
	var list []results.Pair
	for _, x := range flatten(f.XModels) {
		for _, y := range flatten(f.yModels()) {
			list = append(list, results.Pair{X: x, Y: y})
		}
	}
	return list
}

// Measures are all that the figure shows.
func (f *Figure) Measures() []results.Measure {
	return append([]results.Measure{f.Measure()}, f.Also...)
}

// grid looks up the cells of one of the figure's measures.
func (f *Figure) grid(ix *index, m results.Measure) *grid {
	g := &grid{x: flatten(f.XModels), y: flatten(f.yModels())}
	for _, y := range g.y {
		for _, x := range g.x {
			c := ix.find(f, m, x, y)
			g.cells = append(g.cells, c)
			g.state = append(g.state, stateOf(c, f.alpha()))
		}
	}
	return g
}

// quantityLabel is what stands at a colour bar or a value axis: measure and unit.
func (f *Figure) quantityLabel(m results.Measure) string {
	label := fmt.Sprintf("%s (%s)", Label(m), orDefault(f.Quantity, WordsOf(m).Quantity))
	if f.difference {
		return "difference of " + label
	}
	return label
}
