package figures

import (
	"math"
	"strconv"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/results"
)

// Targets say where the cells of a picture stand, so that a page can answer whoever points at one. Places are in the units of the
// picture's view box, from its upper left corner.
type Targets struct {
	Name   string        `json:"name"` // of the figure
	Wide   float64       `json:"wide"` // of the view box
	High   float64       `json:"high"`
	Maps   []TargetMap   `json:"maps,omitempty"`
	Points []TargetCurve `json:"points,omitempty"`
}

// TargetOf says whose values are shown: those of the run's cells, or others, which are then said in Texts.
type TargetOf struct {
	Comparison string   `json:"comparison"`
	Metric     string   `json:"metric"`
	Variant    string   `json:"variant"`
	Params     string   `json:"params"`
	Texts      []string `json:"texts,omitempty"` // one a cell, of values that are not the run's cells
}

// TargetMap is a map of cells: column i of row j has the corner (X[i], Y[j]), and its text is number j len(X) + i.
type TargetMap struct {
	TargetOf
	Edge float64         `json:"edge"`
	X    []float64       `json:"x"`
	Y    []float64       `json:"y"`
	XOf  []results.Layer `json:"xof"`
	YOf  []results.Layer `json:"yof"`
}

// TargetCurve is a line of points, or the layers of a tree or of a map of layers, which have no y.
type TargetCurve struct {
	TargetOf
	X     []float64       `json:"x"`
	Y     []float64       `json:"y"`
	XOf   []results.Layer `json:"xof"`
	YOf   *results.Layer  `json:"yof,omitempty"`
	Label string          `json:"label,omitempty"`
}

// targetsOf lists the targets of a figure as it is laid out.
func targetsOf(f *Figure, l layout) Targets {
	wide, high := l.Size()
	t := Targets{Name: f.Name, Wide: units(wide), High: units(high)}
	t.add(f, l, 0, 0)
	return t
}

func units(l vg.Length) float64 { return math.Round(float64(l / canvas.Pixel)) }

// add takes the targets of a layout whose upper left corner is (left, top).
func (t *Targets) add(f *Figure, l layout, left, top vg.Length) {
	_, high := l.Size()
	x := func(v vg.Length) float64 { return units(left + v) }
	y := func(v vg.Length) float64 { return units(top + high - v) }
	switch l := l.(type) {
	case *heatmap:
		t.addMap(f, l, x, y)
	case *curves:
		eachPlot(l, func(p *plot) {
			for _, s := range p.panel.lines {
				c := TargetCurve{TargetOf: targetOf(f, f.Measure()), Label: s.label, YOf: &s.y}
				for _, pt := range s.points {
					if pt.cell == nil || pt.cell.Value == nil {
						continue
					}
					c.TargetOf = targetOf(f, results.Measure{Metric: pt.cell.Metric, Variant: pt.cell.Variant, Params: pt.cell.Params})
					c.X, c.Y, c.XOf = append(c.X, x(p.at(pt.at))), append(c.Y, y(p.up(*pt.cell.Value))), append(c.XOf, pt.x)
				}
				if f.own != nil {
					for _, pt := range s.points {
						if pt.cell != nil && pt.cell.Value != nil {
							c.Texts = append(c.Texts, s.label+" at "+f.layerName(pt.x)+"\n"+valueText(pt.cell))
						}
					}
				}
				t.Points = append(t.Points, c)
			}
		})
	case *tree:
		places := l.places()
		t.addLayers(f, l.leaves, func(i int) (float64, float64) { return x(places[i].X + 5), y(places[i].Y) })
	case *mds:
		t.addLayers(f, l.layers, func(i int) (float64, float64) { return x(l.at(i).X), y(l.at(i).Y) })
	case *panelGrid:
		for i := range l.parts {
			t.add(&f.Panels[i], l.parts[i].layout, left+l.parts[i].x, top+l.parts[i].top)
		}
	}
}

func (t *Targets) addMap(f *Figure, h *heatmap, x, y func(vg.Length) float64) {
	m := TargetMap{TargetOf: targetOf(f, f.Measure()), Edge: units(h.edge), XOf: h.g.x, YOf: h.g.y}
	for i := range h.g.x {
		m.X = append(m.X, x(h.originX+h.x.start[i]))
	}
	for j := range h.g.y {
		m.Y = append(m.Y, y(h.originY+h.y.start[j]+h.edge))
	}
	if f.own != nil {
		for j, ly := range h.g.y {
			for i, lx := range h.g.x {
				c, _ := h.g.at(i, j)
				m.Texts = append(m.Texts, f.layerName(lx)+" \u00d7 "+f.layerName(ly)+"\n"+valueText(c))
			}
		}
	}
	t.Maps = append(t.Maps, m)
}

func (t *Targets) addLayers(f *Figure, layers []results.Layer, at func(i int) (x, y float64)) {
	c := TargetCurve{TargetOf: targetOf(f, f.Measure()), XOf: layers}
	for i := range layers {
		x, y := at(i)
		c.X, c.Y = append(c.X, x), append(c.Y, y)
	}
	t.Points = append(t.Points, c)
}

func targetOf(f *Figure, m results.Measure) TargetOf {
	return TargetOf{Comparison: f.Comparison, Metric: m.Metric, Variant: m.Variant, Params: m.Params.String()}
}

// valueText says a value that is no cell of the run.
func valueText(c *results.Cell) string {
	switch {
	case c == nil:
		return "Not among the results."
	case c.Value == nil:
		return "Could not be computed: " + c.Error
	}
	s := Short(*c.Value)
	if c.Lo != nil {
		s += " (95 % CI " + Short(*c.Lo) + " to " + Short(*c.Hi) + ")"
	}
	if c.N > 0 {
		s += ", n = " + strconv.Itoa(c.N)
	}
	return s
}
