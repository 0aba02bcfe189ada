package figures

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/results"
)

// tree is a figure of which layers group: a dendrogram with average linkage on
// 1 - similarity, where similarity is the mean of both directions.
type tree struct {
	f       *Figure
	leaves  []results.Layer
	merges  []merge
	order   []int // leaves from top to bottom
	unknown int   // pairs of layers without a value

	colours       map[string]color.NRGBA // of models
	shapes        map[string]markerShape
	title, rests  []string
	top, pitch    vg.Length // first leaf, distance of two leaves
	left, span    vg.Length // of the distance axis
	labelSize     vg.Length // of leaf labels
	lo, hi        float64   // distance at the right and left end
	width, height vg.Length
}

func newTree(f *Figure, ix *index) *tree {
	t := &tree{f: f, leaves: flatten(f.XModels), colours: map[string]color.NRGBA{}, shapes: map[string]markerShape{}}
	colours := f.modelColours()
	for i, m := range f.XModels {
		t.colours[m.Name], t.shapes[m.Name] = colours[i], markerShapes[i%len(markerShapes)]
	}
	distance, unknown := distances(f, ix)
	t.unknown = unknown
	t.merges = averageLinkage(distance, len(t.leaves))
	t.order = leafOrder(t.merges, len(t.leaves))
	t.hi = 0.1
	for _, m := range t.merges {
		t.lo, t.hi = min(t.lo, m.height), max(t.hi, m.height)
	}
	_, t.hi = canvas.Limits(nil, nil, false, []float64{0, t.hi})
	t.layout(ix)
	return t
}

// distances returns 1 - similarity of all pairs of x layers, NaN where there
// is no value, and how many pairs those are.
func distances(f *Figure, ix *index) (distance []float64, unknown int) {
	layers := flatten(f.XModels)
	n := len(layers)
	distance = make([]float64, n*n)
	for i, x := range layers {
		for j := range i {
			var m Mean
			for _, c := range []*results.Cell{ix.find(f, f.Measure(), x, layers[j]), ix.find(f, f.Measure(), layers[j], x)} {
				if c != nil && c.Value != nil {
					m.Add(*c.Value)
				}
			}
			d := math.NaN()
			if m.N > 0 {
				d = 1 - m.Value
			} else {
				unknown++
			}
			distance[i*n+j], distance[j*n+i] = d, d
		}
	}
	return distance, unknown
}

// ownNearest counts the layers whose most similar other layer is of their own
// model, among those that have any value with another layer.
func ownNearest(f *Figure, ix *index) (own, all int) {
	layers := flatten(f.XModels)
	distance, _ := distances(f, ix)
	n := len(layers)
	for i := range layers {
		best := -1
		for j := range layers {
			if d := distance[i*n+j]; i != j && !math.IsNaN(d) && (best < 0 || d < distance[i*n+best]) {
				best = j
			}
		}
		if best < 0 {
			continue
		}
		all++
		if layers[best].Model == layers[i].Model {
			own++
		}
	}
	return own, all
}

func (t *tree) Size() (w, h vg.Length) { return t.width, t.height }

func (t *tree) layout(ix *index) {
	n := vg.Length(len(t.leaves))
	t.pitch = min(max(560/n, 6), 12)
	t.labelSize = min(canvas.LabelSize, t.pitch)
	widest := vg.Length(0)
	for _, l := range t.leaves {
		widest = max(widest, canvas.Width(canvas.Regular, t.labelSize, t.f.layerName(l)))
	}
	t.left, t.span = margin+6, 300
	if room := t.f.Look.room(); room > 0 {
		t.span = max(room-t.left-12-widest-margin, 40)
	}
	t.width = canvas.Snap(t.left + t.span + 12 + widest + margin)
	rest := Label(t.f.Measure()) + "; " + summaryLine(t.f.grid(ix, t.f.Measure()).cells)
	if t.unknown > 0 {
		rest += "; without a value and left out: " + Plural(t.unknown, "pair") + " of layers"
	}
	t.title, t.rests = headerOf(t.f, t.width-2*margin, rest)
	t.top = margin + headHeight(t.title, t.rests)
	t.height = canvas.Snap(t.top + n*t.pitch + tickSize + canvas.LabelSize*canvas.LineHeight + canvas.TextSize*canvas.LineHeight + 6 + margin)
}

func (t *tree) Draw(p *canvas.Pen) {
	p.FillRect(canvas.White, 0, 0, t.width, t.height)
	drawHeader(p, t.width, t.height, t.title, t.rests)
	n := len(t.leaves)
	at := t.places()
	for leaf, name := range t.leaves {
		y := at[leaf].Y
		drawMarker(p, t.shapes[name.Model], t.colours[name.Model], min(2.3, t.pitch*0.35), vg.Point{X: t.x(0) + 5, Y: y}, false)
		p.Text(canvas.Regular, t.labelSize, canvas.Ink, canvas.Left, t.x(0)+11, y-canvas.Middle(t.labelSize), t.f.layerName(name))
	}
	var path vg.Path
	for k, m := range t.merges {
		a, b, x := at[m.a], at[m.b], t.x(m.height)
		canvas.AddLine(&path, a.X, a.Y, x, a.Y)
		path.Line(vg.Point{X: x, Y: b.Y})
		path.Line(b)
		at[n+k] = vg.Point{X: x, Y: (a.Y + b.Y) / 2}
	}
	p.SetColor(canvas.Ink)
	p.SetLineWidth(0.8)
	p.Stroke(path)
	t.drawAxis(p)
}

// places are where the leaves stand, with room for the joints.
func (t *tree) places() []vg.Point {
	at := make([]vg.Point, len(t.leaves)+len(t.merges))
	for place, leaf := range t.order {
		at[leaf] = vg.Point{X: t.x(0), Y: t.height - t.top - (vg.Length(place)+0.5)*t.pitch}
	}
	return at
}

// axisTitle names the distance and how groups are joined by it.
func (t *tree) axisTitle() string {
	return orDefault(t.f.XTitle, fmt.Sprintf("1 \u2212 %s, average linkage", Label(t.f.Measure())))
}

// x is where a distance stands: the leaves, at 0, are on the right.
func (t *tree) x(distance float64) vg.Length {
	return t.left + t.span*vg.Length(1-(distance-t.lo)/(t.hi-t.lo))
}

func (t *tree) drawAxis(p *canvas.Pen) {
	y := t.height - t.top - vg.Length(len(t.leaves))*t.pitch - 3
	p.Line(canvas.Black, 0.6, nil, vg.Point{X: t.x(t.hi), Y: y}, vg.Point{X: t.x(t.lo), Y: y})
	var marks vg.Path
	for _, k := range canvas.Ticks(t.lo, t.hi) {
		canvas.AddLine(&marks, t.x(k.Value), y, t.x(k.Value), y-tickSize)
		p.Text(canvas.Regular, canvas.LabelSize, canvas.Ink, canvas.Centre, t.x(k.Value), y-tickSize-canvas.LabelSize, k.Label)
	}
	strokeTicks(p, marks)
	p.Text(canvas.Regular, canvas.LabelSize, canvas.Ink, canvas.Centre, t.left+t.span/2, y-tickSize-canvas.LabelSize*canvas.LineHeight-canvas.TextSize, t.axisTitle())
}
