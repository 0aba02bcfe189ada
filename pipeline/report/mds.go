package report

import (
	"fmt"
	"image/color"
	"strconv"

	"gonum.org/v1/plot/vg"
	"speechsim/pipeline/results"
)

// mds is a figure of layers as points: the closer two stand, the more alike
// they are. The layers of a model are joined in their order.
type mds struct {
	f       *Figure
	layers  []results.Layer
	x, y    []float64
	shown   float64 // share of the spread that the plane shows
	unknown int

	title, rests  []string
	plot          vg.Length // width of the plot; its height keeps the scale of both axes
	tall          vg.Length
	lo, hi        [2]float64
	left, top     vg.Length
	legend        vg.Length // where the legend begins
	width, height vg.Length
}

func newMDS(f *Figure, ix *index) *mds {
	m := &mds{f: f, layers: flatten(f.XModels)}
	distance, unknown := distances(f, ix)
	m.unknown = unknown
	m.x, m.y, m.shown = classicalScaling(distance, len(m.layers))
	m.layout(ix)
	return m
}

// mdsWords says what the picture is and what it leaves out.
func mdsWords(f *Figure, ix *index) string {
	m := newMDS(f, ix)
	return fmt.Sprintf("Classical scaling of 1 minus the value (mean of both directions): the plane shows %.0f %% of the spread; layers of a model are joined in order, a number a layer.", 100*m.shown)
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
	m.plot = 340
	m.tall = min(m.plot*vg.Length((m.hi[1]-m.lo[1])/(m.hi[0]-m.lo[0])), m.plot)
	widest := vg.Length(0)
	for _, model := range m.f.XModels {
		widest = max(widest, width(regular, labelSize, model.Name))
	}
	m.left = margin + textSize*lineHeight + 26
	m.legend = m.left + m.plot + 12
	m.width = snap(m.legend + 14 + widest + margin)
	room := m.width - 2*margin
	m.title = wrap(bold, titleSize, room, m.f.Title)
	rest := labelOf(m.f.Measure()) + "; " + summaryLine(m.f.grid(ix, m.f.Measure()).cells)
	if m.unknown > 0 {
		rest += "; without a value and put at the mean distance: " + plural(m.unknown, "pair") + " of layers"
	}
	m.rests = wrap(regular, labelSize, room, rest)
	m.top = margin + lines(m.title, titleSize) + lines(m.rests, labelSize) + 8
	body := max(m.tall+tickSize+labelSize*lineHeight+textSize*lineHeight+6, vg.Length(len(m.f.XModels))*entryHigh)
	m.height = snap(m.top + body + margin)
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

func (m *mds) Draw(p *pen) {
	p.fillRect(white, 0, 0, m.width, m.height)
	drawHeader(p, m.width, m.height, m.title, m.rests)
	m.drawAxes(p)
	colours := coloursFor(len(m.f.XModels))
	first := 0
	for k, model := range m.f.XModels {
		m.drawModel(p, first, len(model.Layers), colours[k], markerShapes[k%len(markerShapes)])
		y := m.height - m.top - (vg.Length(k)+0.5)*entryHigh
		drawMarker(p, markerShapes[k%len(markerShapes)], colours[k], 2.3, vg.Point{X: m.legend + 4, Y: y}, false)
		p.text(regular, labelSize, ink, left, m.legend+14, y-middle(labelSize), model.Name)
		first += len(model.Layers)
	}
}

// drawModel draws n layers from the given one on, joined in order.
func (m *mds) drawModel(p *pen, first, n int, clr color.NRGBA, shape markerShape) {
	pts := make([]vg.Point, n)
	for i := range pts {
		pts[i] = m.at(first + i)
	}
	if n > 1 {
		p.line(withAlpha(clr, 120), 0.7, nil, pts...)
	}
	for i, pt := range pts {
		drawMarker(p, shape, clr, 2.1, pt, false)
		p.text(regular, smallSize, ink, left, pt.X+3, pt.Y+2, m.layers[first+i].Layer)
	}
}

func (m *mds) drawAxes(p *pen) {
	x0, y0 := m.left, m.height-m.top-m.tall
	var marks vg.Path
	for _, t := range ticks(m.lo[0], m.hi[0]) {
		addLine(&marks, m.across(t.value), y0, m.across(t.value), y0-tickSize)
		p.text(regular, labelSize, ink, centre, m.across(t.value), y0-tickSize-labelSize, t.label)
	}
	for _, t := range ticks(m.lo[1], m.hi[1]) {
		addLine(&marks, x0, m.up(t.value), x0-tickSize, m.up(t.value))
		p.text(regular, labelSize, ink, right, x0-tickSize-2, m.up(t.value)-middle(labelSize), t.label)
	}
	strokeTicks(p, marks)
	p.strokeRect(black, 0.6, x0, y0, m.plot, m.tall)
	name := func(k int) string { return "dimension " + strconv.Itoa(k) + " of 1 \u2212 " + labelOf(m.f.Measure()) }
	p.text(regular, textSize, ink, centre, x0+m.plot/2, y0-tickSize-labelSize*lineHeight-textSize, name(1))
	p.upText(regular, textSize, ink, centre, margin+textSize, y0+m.tall/2, "dimension 2")
}
