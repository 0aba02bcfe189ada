package figures

import (
	"fmt"
	"slices"

	"speechsim/pipeline/results"
)

// series is one line of a figure of curves.
type series struct {
	label  string
	model  string // x model whose layers it runs over
	y      results.Layer
	style  int // place among the figure's line styles
	points []seriesPoint
}

// seriesPoint is a layer of a line. Where there is no value, the cell is nil
// or has no value, and the state says which.
type seriesPoint struct {
	at    int // place on the panel's x axis
	x     results.Layer
	cell  *results.Cell
	state state
	paper *float64 // published value
}

// stretches cuts a line where values are missing, and where another stage of the model begins.
func (s *series) stretches(has func(seriesPoint) bool) [][]seriesPoint {
	var list [][]seriesPoint
	open, stage := false, ""
	for _, pt := range s.points {
		if !has(pt) {
			open = false
			continue
		}
		if !open || results.Stage(pt.x.Layer) != stage {
			list = append(list, nil)
			open, stage = true, results.Stage(pt.x.Layer)
		}
		list[len(list)-1] = append(list[len(list)-1], pt)
	}
	return list
}

// panel is one plot of a figure of curves: an x axis of layers and its lines.
type panel struct {
	title  string
	layers []string
	names  []string // of the layers; a layer that has no name but its model's is called as that is
	turned []bool   // which names stand upright
	lines  []series
}

// panelsOf decides what is a line and what is a plot of its own:
//
//   - one y layer in all (word vectors, say): a line for each x model, and for
//     each measure, in one plot;
//   - more y layers: a plot for each x model, a line for each y layer (and measure).
//
// It also returns the styles' labels, in order, and what they name.
func panelsOf(f *Figure, ix *index) (panels []panel, labels []string, naming string) {
	ys := flatten(f.YModels)
	single := len(ys) == 1
	var models []Model
	for _, m := range f.XModels {
		if len(m.Layers) > 0 {
			models = append(models, m)
		}
	}
	naming = namingOf(f, single, ys)
	if f.together != nil {
		labels = slices.Clone(f.together.labels)
	}
	style := func(label string) int {
		if i := slices.Index(labels, label); i >= 0 {
			return i
		}
		labels = append(labels, label)
		return len(labels) - 1
	}
	for _, x := range models {
		if !single || len(panels) == 0 {
			p := panel{layers: x.Layers}
			if single {
				p.layers = unionOfLayers(models)
			} else if len(models) > 1 {
				p.title = x.shown()
			}
			for _, l := range p.layers {
				m := f.model(l)
				p.names = append(p.names, m.shown())
			}
			panels = append(panels, p)
		}
		p := &panels[len(panels)-1]
		for _, m := range f.Measures() {
			for _, y := range ys {
				label := lineLabel(f, m, x, y, single)
				s := series{label: label, model: x.Name, y: y, style: style(label)}
				for _, l := range x.Layers {
					at := results.Layer{Model: x.Name, Layer: l}
					c := ix.find(f, m, at, y)
					point := seriesPoint{at: slices.Index(p.layers, l), x: at, cell: c, state: stateOf(c, f.alpha())}
					point.paper = f.published(m, at, y)
					s.points = append(s.points, point)
				}
				p.lines = append(p.lines, s)
			}
		}
	}
	return panels, labels, naming
}

// namingOf is the heading of the legend: what its entries name.
func namingOf(f *Figure, single bool, ys []results.Layer) string {
	switch {
	case len(f.Also) > 0 && single:
		return ""
	case single && ys[0] == (results.Layer{}):
		return ""
	case single:
		return "with " + f.layerName(ys[0])
	case len(f.Also) == 0 && oneModel(ys):
		return f.layerName(results.Layer{Model: ys[0].Model}) + " layer"
	}
	return ""
}

func lineLabel(f *Figure, m results.Measure, x Model, y results.Layer, single bool) string {
	label := ""
	if len(f.Also) > 0 {
		label = Label(m)
	}
	switch {
	case single && (len(f.Also) == 0 || len(f.XModels) > 1):
		label = joinWords(x.shown(), label)
	case single:
	case oneModel(flatten(f.YModels)) && len(f.Also) == 0:
		label = y.Layer
	default:
		label = joinWords(f.layerName(y), label)
	}
	return label
}

func joinWords(a, b string) string {
	if b == "" {
		return a
	}
	return a + ", " + b
}

func oneModel(layers []results.Layer) bool {
	for _, l := range layers {
		if l.Model != layers[0].Model {
			return false
		}
	}
	return true
}

// LayerName writes "bert 4", or the model alone where its layer has no name of its own.
func LayerName(l results.Layer) string {
	if l.Layer == "" || l.Layer == l.Model {
		return l.Model
	}
	return fmt.Sprintf("%s %s", l.Model, l.Layer)
}

// unionOfLayers merges the models' layers into one axis and keeps the order of
// each: a layer that is new follows the one that it follows in its model.
func unionOfLayers(models []Model) []string {
	var union []string
	for _, m := range models {
		at := 0
		for _, l := range m.Layers {
			if i := slices.Index(union, l); i >= 0 {
				at = i + 1
				continue
			}
			union = slices.Insert(union, at, l)
			at++
		}
	}
	return union
}

// extremes are two lines of nulls: at each layer, the lowest mean and 95th percentile of the panel's lines, and the highest.
func (p *panel) extremes() (ends [2]series) {
	for i, layer := range p.layers {
		var lowest, highest *results.Null
		for _, s := range p.lines {
			for _, pt := range s.points {
				if pt.at != i || pt.cell == nil || pt.cell.Null == nil {
					continue
				}
				n := pt.cell.Null
				if lowest == nil {
					lowest, highest = &results.Null{Mean: n.Mean, Q95: n.Q95}, &results.Null{Mean: n.Mean, Q95: n.Q95}
				}
				lowest.Mean, lowest.Q95 = min(lowest.Mean, n.Mean), min(lowest.Q95, n.Q95)
				highest.Mean, highest.Q95 = max(highest.Mean, n.Mean), max(highest.Q95, n.Q95)
			}
		}
		for k, n := range []*results.Null{lowest, highest} {
			pt := seriesPoint{at: i, x: results.Layer{Layer: layer}}
			if n != nil {
				pt.cell = &results.Cell{Null: n}
			}
			ends[k].points = append(ends[k].points, pt)
		}
	}
	return ends
}
