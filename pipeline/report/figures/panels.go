package figures

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
)

// together is what a figure keeps to as one of several panels.
type together struct {
	labels []string  // of the lines of all panels, so that a line looks the same in each
	plot   vg.Length // width of a plot of curves, 0 = the usual one
	edge   vg.Length // of a cell of a map, 0 = the usual one
	inner  bool      // another panel stands to the left: no title of the value axis
	last   bool      // of its row: the colour bar stands here
}

// panelGrid is a figure of panels laid out: figures side by side, with a letter each, over one scale and with one legend.
type panelGrid struct {
	f             *Figure
	parts         []panelPart
	columns       int
	legend        *curves // whose legend is that of all; nil for maps
	legendTop     vg.Length
	title         []string
	width, height vg.Length
}

// panelPart is one panel: where its upper left corner stands, below its title.
type panelPart struct {
	layout layout
	title  []string
	x, top vg.Length
}

const (
	partSpace vg.Length = 10  // between panels
	leastPart vg.Length = 150 // width that each has at least where nobody says in how many columns they stand
)

func newPanelGrid(f *Figure, ix *index) *panelGrid {
	g := &panelGrid{f: f, columns: f.Columns}
	if g.columns == 0 {
		g.columns = len(f.Panels)
		if room := f.Look.room(); room > 0 {
			g.columns = max(1, int(room/leastPart))
		}
	}
	g.columns = min(g.columns, len(f.Panels))
	parts := slices.Clone(f.Panels)
	lo, hi := 0.0, 0.0
	var labels []string
	for i := range parts {
		parts[i].Look = Look{Bare: true, Legend: LegendNone}
		low, high := limitsOf(&parts[i], ix)
		if i == 0 || low < lo {
			lo = low
		}
		if i == 0 || high > hi {
			hi = high
		}
		if parts[i].Kind == Curves {
			_, names, _ := panelsOf(&parts[i], ix)
			for _, name := range names {
				if !slices.Contains(labels, name) {
					labels = append(labels, name)
				}
			}
		}
	}
	for i := range parts {
		parts[i].Scale.Min, parts[i].Scale.Max = &lo, &hi
		parts[i].together = &together{labels: labels, inner: i%g.columns > 0, last: i%g.columns == g.columns-1 || i == len(parts)-1}
	}
	g.parts = make([]panelPart, len(parts))
	g.fit(parts, ix)
	g.place()
	return g
}

// limitsOf are the ends of the scale of a figure by itself.
func limitsOf(f *Figure, ix *index) (lo, hi float64) {
	switch l := layoutOf(f, ix).(type) {
	case *curves:
		return l.lo, l.hi
	case *heatmap:
		return l.lo, l.hi
	}
	return 0, 1
}

// fit lays the panels out with plots, or cells, of one size, the largest that the width of the figure has room for.
func (g *panelGrid) fit(parts []Figure, ix *index) {
	try := func(plot, edge vg.Length) vg.Length {
		for i := range parts {
			parts[i].together.plot, parts[i].together.edge = plot, edge
			g.parts[i].layout = layoutOf(&parts[i], ix)
		}
		return g.across()
	}
	room := g.f.Look.room()
	if parts[0].Kind == Curves {
		if room == 0 {
			try(panelWide, 0)
			return
		}
		plot := panelWide
		for range 6 { // what stands beside the plots depends little on their size
			plot = max(plot+(room-try(plot, 0))/vg.Length(g.columns), 30)
		}
		try(plot, 0)
		return
	}
	edge := vg.Length(maxEdge)
	for _, p := range parts {
		n := max(layerCount(p.XModels), layerCount(p.YModels))
		edge = min(edge, max(canvas.SnapDown(mapSide/vg.Length(n)/2), minEdge))
	}
	if room > 0 {
		edge = maxEdge
	}
	for wide := try(0, edge); room > 0 && wide > room && edge > canvas.Pixel; wide = try(0, edge) {
		edge -= canvas.Pixel
	}
}

// across places the panels from left to right and returns the width of all.
func (g *panelGrid) across() vg.Length {
	x := margin - partSpace
	for column := range g.columns {
		widest := vg.Length(0)
		for i := column; i < len(g.parts); i += g.columns {
			g.parts[i].x = x + partSpace
			w, _ := g.parts[i].layout.Size()
			widest = max(widest, w)
		}
		x += partSpace + widest
	}
	return x + margin
}

// place sets the width, and the panels from top to bottom.
func (g *panelGrid) place() {
	g.width = canvas.Snap(max(g.across(), g.f.Look.room()))
	if !g.f.Look.Bare {
		g.title = canvas.Wrap(canvas.Bold, canvas.TitleSize, g.width-2*margin, g.f.Title)
	}
	down := margin + headHeight(g.title, nil)
	for first := 0; first < len(g.parts); first += g.columns {
		row := g.parts[first:min(first+g.columns, len(g.parts))]
		heading, highest := vg.Length(0), vg.Length(0)
		for k := range row {
			w, h := row[k].layout.Size()
			row[k].title = canvas.Wrap(canvas.Bold, canvas.TextSize, w-margin, fmt.Sprintf("(%c) %s", 'a'+first+k, g.f.Panels[first+k].Title))
			heading, highest = max(heading, lines(row[k].title, canvas.TextSize)), max(highest, h)
		}
		for k := range row {
			row[k].top = down + heading
		}
		down += heading + highest
	}
	g.gatherLegend()
	g.legendTop = down
	if g.legend != nil {
		_, g.legend.legendRows = flow(len(g.legend.legend), g.legend.legendColumn, g.width-2*margin)
		down += g.legend.legendHeight()
	}
	g.height = canvas.Snap(down + margin)
}

// gatherLegend makes one legend of those of all panels.
func (g *panelGrid) gatherLegend() {
	if g.f.Look.Legend == LegendNone {
		return
	}
	for _, part := range g.parts {
		c, isCurves := part.layout.(*curves)
		switch {
		case !isCurves:
			return
		case g.legend == nil:
			whole := *c
			whole.legend = slices.Clone(c.legend)
			g.legend = &whole
		default:
			for _, e := range c.legend {
				if !slices.Contains(g.legend.legend, e) {
					g.legend.legend = append(g.legend.legend, e)
				}
			}
			g.legend.legendColumn = max(g.legend.legendColumn, c.legendColumn)
		}
	}
}

func (g *panelGrid) Size() (w, h vg.Length) { return g.width, g.height }

func (g *panelGrid) Draw(p *canvas.Pen) {
	p.FillRect(canvas.White, 0, 0, g.width, g.height)
	drawHeader(p, g.width, g.height, g.title, nil)
	for _, part := range g.parts {
		_, high := part.layout.Size()
		p.Push()
		p.Translate(vg.Point{X: part.x, Y: g.height - part.top - high})
		part.layout.Draw(p)
		p.Pop()
		for k, l := range part.title {
			y := g.height - part.top + lines(part.title, canvas.TextSize) - vg.Length(k+1)*canvas.TextSize*canvas.LineHeight
			p.Text(canvas.Bold, canvas.TextSize, canvas.Ink, canvas.Left, part.x+margin/2, y, l)
		}
	}
	if g.legend != nil {
		g.legend.drawLegend(p, margin, g.height-g.legendTop)
	}
}

// validatePanels refuses panels that can't share a scale.
func validatePanels(f *Figure) error {
	for i := range f.Panels {
		p := &f.Panels[i]
		if err := p.Validate(); err != nil {
			return err
		}
		first, kind := &f.Panels[0], drawnKind(p.Kind)
		if kind != Curves && kind != Heatmap {
			return fmt.Errorf("figure %q: panels show maps or curves, and %s is drawn as %s", f.Name, p.Name, p.Kind)
		}
		if kind != drawnKind(first.Kind) || p.Metric != first.Metric || p.Variant != first.Variant {
			return fmt.Errorf("figure %q: panels share one scale, and %s shows %s as %s, while %s shows %s as %s", f.Name, first.Name, Label(first.Measure()), first.Kind, p.Name, Label(p.Measure()), p.Kind)
		}
	}
	return nil
}

// drawnKind is the kind as which a kind is drawn.
func drawnKind(k Kind) Kind {
	switch k {
	case Profile, Sweep, Prefix:
		return Curves
	case Grid:
		return Heatmap
	}
	return k
}
