package figures

import (
	"image/color"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
)

// corner is the lower left corner of a cell.
func (h *heatmap) corner(i, j int) (x, y vg.Length) {
	return h.originX + h.x.start[i], h.originY + h.y.start[j]
}

// drawCells paints the squares that have a value. Where the canvas allows it,
// all squares of one colour are one path.
func (h *heatmap) drawCells(p *canvas.Pen) {
	var paths [256]vg.Path
	for j := range h.g.y {
		for i := range h.g.x {
			c, _ := h.g.at(i, j)
			if c == nil || c.Value == nil {
				continue
			}
			x, y := h.corner(i, j)
			if h.g.self(i, j) {
				p.FillRect(canvas.SelfFill, x, y, h.edge, h.edge)
				continue
			}
			k := canvas.Level(*c.Value, h.lo, h.hi)
			if !p.Overlap {
				canvas.AddRect(&paths[k], x, y, h.edge, h.edge)
				continue
			}
			w, up := h.edge, h.edge
			if i+1 < len(h.g.x) && h.x.start[i+1]-h.x.start[i] < h.edge+gap/2 {
				w += canvas.Pixel
			}
			if j+1 < len(h.g.y) && h.y.start[j+1]-h.y.start[j] < h.edge+gap/2 {
				up += canvas.Pixel
			}
			p.FillRect(h.colours[k], x, y, w, up)
		}
	}
	for k, path := range paths {
		if len(path) > 0 {
			p.SetColor(h.colours[k])
			p.Fill(path)
		}
	}
}

// drawSigns hatches what has no value, marks what is not significant, and
// writes the values into cells that are large enough.
func (h *heatmap) drawSigns(p *canvas.Pen) {
	var void, hatch vg.Path
	marks := map[color.NRGBA]*vg.Path{canvas.White: {}, canvas.Black: {}}
	side := max(canvas.SnapDown(h.edge*0.28), 2*canvas.Pixel)
	inset := canvas.Snap((h.edge - side) / 2)
	for j := range h.g.y {
		for i := range h.g.x {
			c, s := h.g.at(i, j)
			x, y := h.corner(i, j)
			switch {
			case s == notComputed || s == absent:
				canvas.AddRect(&void, x, y, h.edge, h.edge)
				addHatch(&hatch, x, y, h.edge, s == absent)
			case h.g.self(i, j):
			case h.edge >= valueRow && h.valueSize()*vg.Length(h.f.Look.scale()) >= leastText:
				h.drawValue(p, x, y, *c.Value, s == notSignificant)
			case s == notSignificant:
				clr := canvas.InkOn(h.colours[canvas.Level(*c.Value, h.lo, h.hi)])
				canvas.AddRect(marks[clr], x+inset, y+inset, side, side)
			}
		}
	}
	if len(void) > 0 {
		p.SetColor(canvas.VoidFill)
		p.Fill(void)
		p.SetColor(canvas.HatchInk)
		p.SetLineWidth(0.5)
		p.Stroke(hatch)
		p.SetLineWidth(0.3)
		p.Stroke(void)
	}
	for _, clr := range []color.NRGBA{canvas.White, canvas.Black} {
		if path := *marks[clr]; len(path) > 0 {
			p.SetColor(clr)
			p.Fill(path)
		}
	}
}

// valueSize is the size of the values in cells.
func (h *heatmap) valueSize() vg.Length { return min(canvas.LabelSize, h.edge*0.34) }

func (h *heatmap) drawValue(p *canvas.Pen, x, y vg.Length, v float64, weak bool) {
	clr := canvas.InkOn(h.colours[canvas.Level(v, h.lo, h.hi)])
	size := h.valueSize()
	base := y + h.edge/2 - canvas.Middle(size)
	if weak {
		base += size * 0.55
		p.Text(canvas.Regular, size*0.85, clr, canvas.Centre, x+h.edge/2, base-size*1.1, "n.s.")
	}
	p.Text(canvas.Regular, size, clr, canvas.Centre, x+h.edge/2, base, shortValue(v))
}

// addHatch adds diagonal lines inside a square; crossed adds those the other
// way too.
func addHatch(path *vg.Path, x, y, edge vg.Length, crossed bool) {
	n := max(1, int(edge/3.5))
	step := edge / vg.Length(n)
	for k := -n + 1; k < n; k++ {
		d := vg.Length(k) * step
		u, v := max(d, 0), max(-d, 0)
		run := edge - max(d, -d)
		canvas.AddLine(path, x+u, y+v, x+u+run, y+v+run)
		if crossed {
			canvas.AddLine(path, x+u, y+edge-v, x+u+run, y+edge-v-run)
		}
	}
}

// drawFrame draws the outline and the borders between models.
func (h *heatmap) drawFrame(p *canvas.Pen) {
	p.StrokeRect(canvas.Black, 0.6, h.originX, h.originY, h.x.length, h.y.length)
	for _, b := range h.x.blocks[1:] {
		x := h.originX + b.from - gap/2
		p.Line(canvas.Black, 0.8, nil, vg.Point{X: x, Y: h.originY - tickSize}, vg.Point{X: x, Y: h.originY + h.y.length})
	}
	for _, b := range h.y.blocks[1:] {
		y := h.originY + b.from - gap/2
		p.Line(canvas.Black, 0.8, nil, vg.Point{X: h.originX - tickSize, Y: y}, vg.Point{X: h.originX + h.x.length, Y: y})
	}
}
