package figures

import (
	"image/color"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
)

func (h *heatmap) drawXLabels(p *canvas.Pen) {
	var marks vg.Path
	y := h.originY - tickSize - 2
	for _, b := range h.x.blocks {
		for i := b.first; i < b.next; i++ {
			x := h.originX + h.x.start[i] + h.edge/2
			if !h.x.labels[i] {
				canvas.AddLine(&marks, x, h.originY, x, h.originY-tickSize/2)
				continue
			}
			canvas.AddLine(&marks, x, h.originY, x, h.originY-tickSize)
			if h.x.turned[i] {
				p.UpText(canvas.Regular, h.x.size, canvas.Ink, canvas.Right, x+canvas.Middle(h.x.size), y, h.x.names[i])
			} else {
				p.Text(canvas.Regular, h.x.size, canvas.Ink, canvas.Centre, x, y-0.72*h.x.size, h.x.names[i])
			}
		}
	}
	strokeTicks(p, marks)
	y -= h.x.depth + 3
	for _, b := range h.x.blocks {
		mid := h.originX + (b.from+b.to)/2
		for k, l := range b.name {
			if b.across {
				p.UpText(canvas.Regular, b.size, canvas.Ink, canvas.Right, mid+lineOffset(k, len(b.name), b.size), y-4, l)
				continue
			}
			p.Text(canvas.Regular, b.size, canvas.Ink, canvas.Centre, mid, y-vg.Length(k+1)*b.size*canvas.LineHeight+0.3*b.size, l)
		}
	}
	y -= h.x.nameDepth() + canvas.TextSize*canvas.LineHeight
	p.Text(canvas.Regular, canvas.LabelSize, canvas.SoftInk, canvas.Centre, h.originX+h.x.length/2, y+0.3*canvas.TextSize, orDefault(h.f.XTitle, "layer of x"))
}

func (h *heatmap) drawYLabels(p *canvas.Pen) {
	var marks vg.Path
	for j, name := range h.y.names {
		y := h.originY + h.y.start[j] + h.edge/2
		if !h.y.labels[j] {
			canvas.AddLine(&marks, h.originX, y, h.originX-tickSize/2, y)
			continue
		}
		canvas.AddLine(&marks, h.originX, y, h.originX-tickSize, y)
		p.Text(canvas.Regular, h.y.size, canvas.Ink, canvas.Right, h.originX-tickSize-2, y-canvas.Middle(h.y.size), name)
	}
	strokeTicks(p, marks)
	x := h.originX - tickSize - 2 - h.y.depth - 3
	for _, b := range h.y.blocks {
		mid := h.originY + (b.from+b.to)/2
		for k, l := range b.name {
			if b.across {
				p.Text(canvas.Regular, b.size, canvas.Ink, canvas.Right, x-4, mid-lineOffset(k, len(b.name), b.size), l)
				continue
			}
			away := vg.Length(len(b.name)-1-k) * b.size * canvas.LineHeight
			p.UpText(canvas.Regular, b.size, canvas.Ink, canvas.Centre, x-away-0.25*b.size, mid, l)
		}
	}
	title := orDefault(h.f.YTitle, "layer of y")
	mid := min(h.originY+h.y.length/2, h.originY+h.y.length-canvas.Width(canvas.Regular, canvas.LabelSize, title)/2) // of a low map it hangs down
	p.UpText(canvas.Regular, canvas.LabelSize, canvas.SoftInk, canvas.Centre, x-h.y.nameDepth()-0.4*canvas.TextSize, mid, title)
}

// lineOffset is how far the baseline of line k of n lies past the middle of
// them all.
func lineOffset(k, n int, size vg.Length) vg.Length {
	return canvas.Middle(size) + (vg.Length(k)-vg.Length(n-1)/2)*size*canvas.LineHeight
}

func strokeTicks(p *canvas.Pen, marks vg.Path) {
	p.SetColor(canvas.Black)
	p.SetLineWidth(0.4)
	p.Stroke(marks)
}

// drawBar draws the colour bar with its ticks and its title, which names the
// quantity and its unit.
func (h *heatmap) drawBar(p *canvas.Pen) {
	const steps = 128
	at := func(k int) vg.Length { return h.barY + canvas.Snap(h.barHeight*vg.Length(k)/steps) }
	for k := range steps {
		top := at(k + 1)
		if p.Overlap && k+1 < steps {
			top += canvas.Pixel
		}
		p.FillRect(h.colours[2*k+k*2/steps], h.barX, at(k), barWidth, top-at(k))
	}
	outline := []vg.Point{{X: h.barX, Y: h.barY}, {X: h.barX + barWidth, Y: h.barY},
		{X: h.barX + barWidth, Y: h.barY + h.barHeight}, {X: h.barX, Y: h.barY + h.barHeight}, {X: h.barX, Y: h.barY}}
	p.Line(canvas.Black, 0.6, nil, outline...)
	if h.over {
		drawPoint(h, p, h.barY+h.barHeight, 6, h.colours[255])
	}
	if h.under {
		drawPoint(h, p, h.barY, -6, h.colours[0])
	}
	x := h.barX + barWidth
	var marks vg.Path
	widest := vg.Length(0)
	for _, t := range h.barTicks {
		y := h.barY + h.barHeight*vg.Length((t.Value-h.lo)/(h.hi-h.lo))
		canvas.AddLine(&marks, x, y, x+tickSize, y)
		p.Text(canvas.Regular, canvas.LabelSize, canvas.Ink, canvas.Left, x+tickSize+2, y-canvas.Middle(canvas.LabelSize), t.Label)
		widest = max(widest, canvas.Width(canvas.Regular, canvas.LabelSize, t.Label))
	}
	strokeTicks(p, marks)
	x += tickSize + 2 + widest + 4
	for k, l := range h.barTitle {
		p.UpText(canvas.Regular, canvas.LabelSize, canvas.Ink, canvas.Centre, x+vg.Length(k+1)*canvas.LabelSize*canvas.LineHeight-0.3*canvas.LabelSize, h.barY+h.barHeight/2, l)
	}
}

// drawPoint draws the end of a colour bar that stands for values beyond it.
func drawPoint(h *heatmap, p *canvas.Pen, y, reach vg.Length, clr color.NRGBA) {
	a, b, tip := vg.Point{X: h.barX, Y: y}, vg.Point{X: h.barX + barWidth, Y: y}, vg.Point{X: h.barX + barWidth/2, Y: y + reach}
	var path vg.Path
	path.Move(a)
	path.Line(tip)
	path.Line(b)
	path.Close()
	p.SetColor(clr)
	p.Fill(path)
	p.Line(canvas.Black, 0.6, nil, a, tip, b)
}

func (h *heatmap) drawLegend(p *canvas.Pen) {
	const side = 30 * canvas.Pixel
	y := canvas.Snap(margin + vg.Length(len(h.legend)-1)*canvas.LabelSize*1.6)
	for _, e := range h.legend {
		x := canvas.Snap(margin)
		var path vg.Path
		switch {
		case e.sign == notSignificant && h.edge >= valueRow:
			p.Text(canvas.Regular, canvas.LabelSize*0.85, canvas.Ink, canvas.Centre, x+side/2, y+side/2-canvas.Middle(canvas.LabelSize*0.85), "n.s.")
			p.Text(canvas.Regular, canvas.LabelSize, canvas.Ink, canvas.Left, x+side+8, y+side/2-canvas.Middle(canvas.LabelSize), e.text)
			y -= canvas.LabelSize * 1.6
			continue
		case e.sign == notSignificant:
			p.FillRect(h.colours[60], x, y, side, side)
			p.FillRect(canvas.InkOn(h.colours[60]), x+canvas.Snap(side*0.36), y+canvas.Snap(side*0.36), canvas.Snap(side*0.28), canvas.Snap(side*0.28))
		case e.sign == shown:
			p.FillRect(canvas.SelfFill, x, y, side, side)
		default:
			p.FillRect(canvas.VoidFill, x, y, side, side)
			addHatch(&path, x, y, side, e.sign == absent)
			p.SetColor(canvas.HatchInk)
			p.SetLineWidth(0.5)
			p.Stroke(path)
		}
		p.StrokeRect(canvas.HatchInk, 0.4, x, y, side, side)
		p.Text(canvas.Regular, canvas.LabelSize, canvas.Ink, canvas.Left, x+side+8, y+side/2-canvas.Middle(canvas.LabelSize), e.text)
		y -= canvas.LabelSize * 1.6
	}
}
