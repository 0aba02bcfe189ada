package figures

import (
	"fmt"
	"image/color"
	"slices"
	"strconv"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/results"
)

// mds is a figure of layers as points: the closer two stand, the more alike
// they are. The layers of a stage of a model are joined in their order.
type mds struct {
	f       *Figure
	layers  []results.Layer
	x, y    []float64
	shown   float64 // share of the spread that the plane shows
	stress  float64 // how far the distances in the plane are from those of the layers
	unknown int

	labelled      []bool // which layers have their name beside them
	title, rests  []string
	plot          vg.Length // width of the plot; its height keeps the scale of both axes
	tall          vg.Length
	lo, hi        [2]float64
	left, top     vg.Length
	entry         vg.Length // width of an entry of the legend
	columns, rows int       // of the legend
	legendTop     vg.Length
	width, height vg.Length
}

func newMDS(f *Figure, ix *index) *mds {
	m := &mds{f: f, layers: flatten(f.XModels)}
	distance, unknown := distances(f, ix)
	m.unknown = unknown
	m.x, m.y, m.shown = classicalScaling(distance, len(m.layers))
	m.stress = stress(distance, m.x, m.y)
	m.layout(ix)
	return m
}

// mdsWords says what the picture is and what it leaves out.
func mdsWords(f *Figure, ix *index) string {
	m := newMDS(f, ix)
	return fmt.Sprintf("Classical scaling of 1 minus the value (mean of both directions): the plane shows %.0f %% of the spread, with a stress of %.2f (Kruskal's stress-1; 0 is none); layers of a model are joined in order, a number a layer.", 100*m.shown, m.stress)
}

func (m *mds) Size() (w, h vg.Length) { return m.width, m.height }

func (m *mds) layout(ix *index) {
	m.lo, m.hi = [2]float64{m.x[0], m.y[0]}, [2]float64{m.x[0], m.y[0]}
	for i := range m.layers {
		for k, v := range []float64{m.x[i], m.y[i]} {
			m.lo[k], m.hi[k] = min(m.lo[k], v), max(m.hi[k], v)
		}
	}
	for k := range m.lo {
		room := max(0.06*(m.hi[0]-m.lo[0]), 0.01)
		m.lo[k], m.hi[k] = m.lo[k]-room, m.hi[k]+room
	}
	widest := vg.Length(0)
	for _, model := range m.f.XModels {
		widest = max(widest, canvas.Width(canvas.Regular, canvas.LabelSize, model.shown()))
	}
	m.entry = 14 + widest + 10
	m.left = margin + canvas.TextSize*canvas.LineHeight + 26
	beside := vg.Length(0)
	if m.f.Look.legend() == LegendRight {
		beside = 12 + m.entry - 10
	}
	m.plot = 340
	if room := m.f.Look.room(); room > 0 {
		m.plot = max(room-m.left-beside-margin, 60)
	}
	m.tall = max(min(m.plot*vg.Length((m.hi[1]-m.lo[1])/(m.hi[0]-m.lo[0])), m.plot), 60)
	m.width = canvas.Snap(m.left + m.plot + beside + margin)
	m.columns, m.rows = flow(len(m.f.XModels), m.entry, m.width-m.left-margin)
	rest := Label(m.f.Measure()) + "; " + summaryLine(m.f.grid(ix, m.f.Measure()).cells) + fmt.Sprintf("; the plane shows %.0f\u00a0%% of the spread, stress %.2f", 100*m.shown, m.stress)
	if m.unknown > 0 {
		rest += "; without a value and put at the mean distance: " + Plural(m.unknown, "pair") + " of layers"
	}
	m.title, m.rests = headerOf(m.f, m.width-2*margin, rest)
	m.top = margin + headHeight(m.title, m.rests)
	body := m.tall + tickSize + canvas.LabelSize*canvas.LineHeight + canvas.TextSize*canvas.LineHeight + 6
	m.legendTop = m.top + body + 4
	switch m.f.Look.legend() {
	case LegendRight:
		m.columns, m.rows, m.legendTop = 1, len(m.f.XModels), m.top
		body = max(body, vg.Length(m.rows)*entryHigh)
	case LegendBelow:
		body += 4 + vg.Length(m.rows)*entryHigh
	}
	m.height = canvas.Snap(m.top + body + margin)
	m.chooseLabels()
}

func (m *mds) at(i int) vg.Point {
	return vg.Point{X: m.across(m.x[i]), Y: m.up(m.y[i])}
}

func (m *mds) across(v float64) vg.Length {
	return m.left + m.plot*vg.Length((v-m.lo[0])/(m.hi[0]-m.lo[0]))
}

func (m *mds) up(v float64) vg.Length {
	return m.height - m.top - m.tall + m.tall*vg.Length((v-m.lo[1])/(m.hi[1]-m.lo[1]))
}

func (m *mds) Draw(p *canvas.Pen) {
	p.FillRect(canvas.White, 0, 0, m.width, m.height)
	drawHeader(p, m.width, m.height, m.title, m.rests)
	m.drawAxes(p)
	colours := m.f.modelColours()
	legendX := m.left
	if m.f.Look.legend() == LegendRight {
		legendX += m.plot + 12
	}
	first := 0
	for k, model := range m.f.XModels {
		m.drawModel(p, first, len(model.Layers), colours[k], markerShapes[k%len(markerShapes)])
		first += len(model.Layers)
		if m.f.Look.legend() == LegendNone {
			continue
		}
		x, y := legendX+vg.Length(k%m.columns)*m.entry, m.height-m.legendTop-(vg.Length(k/m.columns)+0.5)*entryHigh
		drawMarker(p, markerShapes[k%len(markerShapes)], colours[k], 2.3, vg.Point{X: x + 4, Y: y}, false)
		p.Text(canvas.Regular, canvas.LabelSize, canvas.Ink, canvas.Left, x+14, y-canvas.Middle(canvas.LabelSize), model.shown())
	}
}

// drawModel draws n layers from the given one on, joined in order.
func (m *mds) drawModel(p *canvas.Pen, first, n int, clr color.NRGBA, shape markerShape) {
	pts := make([]vg.Point, n)
	for i := range pts {
		pts[i] = m.at(first + i)
	}
	for i := 0; i+1 < n; i++ {
		if results.Stage(m.layers[first+i].Layer) == results.Stage(m.layers[first+i+1].Layer) {
			p.Line(canvas.WithAlpha(clr, 120), 0.7, nil, pts[i], pts[i+1])
		}
	}
	for i, pt := range pts {
		drawMarker(p, shape, clr, 2.1, pt, false)
		if m.labelled[first+i] {
			p.Text(canvas.Regular, canvas.SmallSize, canvas.Ink, canvas.Left, pt.X+3, pt.Y+2, m.layers[first+i].Layer)
		}
	}
}

// chooseLabels leaves out the labels that would be printed over others; the first and the last layer of a model come before those between.
func (m *mds) chooseLabels() {
	m.labelled = make([]bool, len(m.layers))
	var taken []vg.Rectangle
	try := func(i int) {
		at := m.at(i).Add(vg.Point{X: 3, Y: 2})
		box := vg.Rectangle{Min: at, Max: at.Add(vg.Point{X: canvas.Width(canvas.Regular, canvas.SmallSize, m.layers[i].Layer), Y: 0.75 * canvas.SmallSize})}
		if !m.labelled[i] && !slices.ContainsFunc(taken, func(r vg.Rectangle) bool {
			return box.Min.X < r.Max.X && r.Min.X < box.Max.X && box.Min.Y < r.Max.Y && r.Min.Y < box.Max.Y
		}) {
			m.labelled[i] = true
			taken = append(taken, box)
		}
	}
	first := 0
	for _, model := range m.f.XModels {
		try(first)
		try(first + len(model.Layers) - 1)
		first += len(model.Layers)
	}
	for i := range m.layers {
		try(i)
	}
}

func (m *mds) drawAxes(p *canvas.Pen) {
	x0, y0 := m.left, m.height-m.top-m.tall
	var marks vg.Path
	for _, t := range canvas.Ticks(m.lo[0], m.hi[0]) {
		canvas.AddLine(&marks, m.across(t.Value), y0, m.across(t.Value), y0-tickSize)
		p.Text(canvas.Regular, canvas.LabelSize, canvas.Ink, canvas.Centre, m.across(t.Value), y0-tickSize-canvas.LabelSize, t.Label)
	}
	for _, t := range canvas.Ticks(m.lo[1], m.hi[1]) {
		canvas.AddLine(&marks, x0, m.up(t.Value), x0-tickSize, m.up(t.Value))
		p.Text(canvas.Regular, canvas.LabelSize, canvas.Ink, canvas.Right, x0-tickSize-2, m.up(t.Value)-canvas.Middle(canvas.LabelSize), t.Label)
	}
	strokeTicks(p, marks)
	p.StrokeRect(canvas.Black, 0.6, x0, y0, m.plot, m.tall)
	name := func(k int) string { return "dimension " + strconv.Itoa(k) + " of 1 \u2212 " + Label(m.f.Measure()) }
	p.Text(canvas.Regular, canvas.TextSize, canvas.Ink, canvas.Centre, x0+m.plot/2, y0-tickSize-canvas.LabelSize*canvas.LineHeight-canvas.TextSize, name(1))
	p.UpText(canvas.Regular, canvas.TextSize, canvas.Ink, canvas.Centre, margin+canvas.TextSize, y0+m.tall/2, "dimension 2")
}
