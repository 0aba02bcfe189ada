package report

import (
	"image/color"

	"gonum.org/v1/plot/vg"
)

func (h *heatmap) drawXLabels(p *pen) {
	var marks vg.Path
	for i, l := range h.g.x {
		x := h.originX + h.x.start[i] + h.edge/2
		if !h.x.labels[i] {
			addLine(&marks, x, h.originY, x, h.originY-tickSize/2)
			continue
		}
		addLine(&marks, x, h.originY, x, h.originY-tickSize)
		if y := h.originY - tickSize - 2; h.x.turned {
			p.upText(regular, h.x.size, ink, right, x+middle(h.x.size), y, l.Layer)
		} else {
			p.text(regular, h.x.size, ink, centre, x, y-0.72*h.x.size, l.Layer)
		}
	}
	strokeTicks(p, marks)
	y := h.originY - tickSize - 2 - h.x.depth - 3
	for _, b := range h.x.blocks {
		mid := h.originX + (b.from+b.to)/2
		for k, l := range b.name {
			if h.x.namesAcross {
				p.upText(regular, h.x.nameSize, ink, right, mid+lineOffset(k, len(b.name), h.x.nameSize), y-4, l)
				continue
			}
			p.text(regular, h.x.nameSize, ink, centre, mid, y-vg.Length(k+1)*h.x.nameSize*lineHeight+0.3*h.x.nameSize, l)
		}
	}
	y -= h.x.nameDepth() + textSize*lineHeight
	p.text(regular, labelSize, softInk, centre, h.originX+h.x.length/2, y+0.3*textSize, orDefault(h.f.XTitle, "layer of x"))
}

func (h *heatmap) drawYLabels(p *pen) {
	var marks vg.Path
	for j, l := range h.g.y {
		y := h.originY + h.y.start[j] + h.edge/2
		if !h.y.labels[j] {
			addLine(&marks, h.originX, y, h.originX-tickSize/2, y)
			continue
		}
		addLine(&marks, h.originX, y, h.originX-tickSize, y)
		p.text(regular, h.y.size, ink, right, h.originX-tickSize-2, y-middle(h.y.size), l.Layer)
	}
	strokeTicks(p, marks)
	x := h.originX - tickSize - 2 - h.y.depth - 3
	for _, b := range h.y.blocks {
		mid := h.originY + (b.from+b.to)/2
		for k, l := range b.name {
			if h.y.namesAcross {
				p.text(regular, h.y.nameSize, ink, right, x-4, mid-lineOffset(k, len(b.name), h.y.nameSize), l)
				continue
			}
			away := vg.Length(len(b.name)-1-k) * h.y.nameSize * lineHeight
			p.upText(regular, h.y.nameSize, ink, centre, x-away-0.25*h.y.nameSize, mid, l)
		}
	}
	p.upText(regular, labelSize, softInk, centre, x-h.y.nameDepth()-0.4*textSize, h.originY+h.y.length/2, orDefault(h.f.YTitle, "layer of y"))
}

// lineOffset is how far the baseline of line k of n lies past the middle of
// them all.
func lineOffset(k, n int, size vg.Length) vg.Length {
	return middle(size) + (vg.Length(k)-vg.Length(n-1)/2)*size*lineHeight
}

func strokeTicks(p *pen, marks vg.Path) {
	p.SetColor(black)
	p.SetLineWidth(0.4)
	p.Stroke(marks)
}

// drawBar draws the colour bar with its ticks and its title, which names the
// quantity and its unit.
func (h *heatmap) drawBar(p *pen) {
	const steps = 128
	at := func(k int) vg.Length { return h.barY + snap(h.barHeight*vg.Length(k)/steps) }
	for k := range steps {
		top := at(k + 1)
		if p.overlap && k+1 < steps {
			top += pixel
		}
		p.fillRect(h.colours[2*k+k*2/steps], h.barX, at(k), barWidth, top-at(k))
	}
	outline := []vg.Point{{X: h.barX, Y: h.barY}, {X: h.barX + barWidth, Y: h.barY},
		{X: h.barX + barWidth, Y: h.barY + h.barHeight}, {X: h.barX, Y: h.barY + h.barHeight}, {X: h.barX, Y: h.barY}}
	p.line(black, 0.6, nil, outline...)
	if h.over {
		h.drawPoint(p, h.barY+h.barHeight, 6, h.colours[255])
	}
	if h.under {
		h.drawPoint(p, h.barY, -6, h.colours[0])
	}
	x := h.barX + barWidth
	var marks vg.Path
	widest := vg.Length(0)
	for _, t := range h.barTicks {
		y := h.barY + h.barHeight*vg.Length((t.value-h.lo)/(h.hi-h.lo))
		addLine(&marks, x, y, x+tickSize, y)
		p.text(regular, labelSize, ink, left, x+tickSize+2, y-middle(labelSize), t.label)
		widest = max(widest, width(regular, labelSize, t.label))
	}
	strokeTicks(p, marks)
	x += tickSize + 2 + widest + 4
	for k, l := range h.barTitle {
		p.upText(regular, labelSize, ink, centre, x+vg.Length(k+1)*labelSize*lineHeight-0.3*labelSize, h.barY+h.barHeight/2, l)
	}
}

// drawPoint draws the end of a colour bar that stands for values beyond it.
func (h *heatmap) drawPoint(p *pen, y, reach vg.Length, clr color.NRGBA) {
	a, b, tip := vg.Point{X: h.barX, Y: y}, vg.Point{X: h.barX + barWidth, Y: y}, vg.Point{X: h.barX + barWidth/2, Y: y + reach}
	var path vg.Path
	path.Move(a)
	path.Line(tip)
	path.Line(b)
	path.Close()
	p.SetColor(clr)
	p.Fill(path)
	p.line(black, 0.6, nil, a, tip, b)
}

func (h *heatmap) drawLegend(p *pen) {
	const side = 30 * pixel
	y := snap(margin + vg.Length(len(h.legend)-1)*labelSize*1.6)
	for _, e := range h.legend {
		x := snap(margin)
		var path vg.Path
		switch {
		case e.sign == notSignificant && h.edge >= valueRow:
			p.text(regular, labelSize*0.85, ink, centre, x+side/2, y+side/2-middle(labelSize*0.85), "n.s.")
			p.text(regular, labelSize, ink, left, x+side+8, y+side/2-middle(labelSize), e.text)
			y -= labelSize * 1.6
			continue
		case e.sign == notSignificant:
			p.fillRect(h.colours[60], x, y, side, side)
			p.fillRect(inkOn(h.colours[60]), x+snap(side*0.36), y+snap(side*0.36), snap(side*0.28), snap(side*0.28))
		default:
			p.fillRect(voidFill, x, y, side, side)
			addHatch(&path, x, y, side, e.sign == absent)
			p.SetColor(hatchInk)
			p.SetLineWidth(0.5)
			p.Stroke(path)
		}
		p.strokeRect(hatchInk, 0.4, x, y, side, side)
		p.text(regular, labelSize, ink, left, x+side+8, y+side/2-middle(labelSize), e.text)
		y -= labelSize * 1.6
	}
}
