package report

import (
	"gonum.org/v1/plot/vg"
)

// axis lays the layers of one side of a heat map out: where each begins, which
// labels are shown, and how the model names break into lines.
type axis struct {
	models []Model
	start  []vg.Length // left (or lower) edge of each layer, from the map's corner
	length vg.Length
	blocks []block // one a model

	size   vg.Length    // of layer labels
	labels map[int]bool // which layers have a label
	turned bool         // labels stand upright (x axis only)
	depth  vg.Length    // room the labels take, away from the map
}

// block is a model's stretch of an axis.
type block struct {
	from, to vg.Length
	name     []string // lines
}

const (
	gap      = 10 * pixel // between models
	tickSize = 3 * vg.Length(1)
)

// newAxis lays out an axis whose cells have the given edge. across says that
// labels stand side by side (x axis) and not one above the other.
func newAxis(models []Model, edge vg.Length, across bool) *axis {
	a := &axis{models: models, size: smallSize, labels: map[int]bool{}}
	if edge >= 14 {
		a.size = labelSize
	}
	at := vg.Length(0)
	for _, m := range models {
		if len(m.Layers) == 0 {
			continue
		}
		if at > 0 {
			at += gap
		}
		b := block{from: at}
		for range m.Layers {
			a.start = append(a.start, at)
			at += edge
		}
		b.to = at
		b.name = wrap(regular, textSize, max(b.to-b.from, 2*textSize), m.Name)
		a.blocks = append(a.blocks, b)
	}
	a.length = at
	a.chooseLabels(edge, across)
	return a
}

// chooseLabels shows every layer's label where there is room, else every
// second, third, ... and the last of each model.
func (a *axis) chooseLabels(edge vg.Length, across bool) {
	widest := vg.Length(0)
	for _, m := range a.models {
		for _, l := range m.Layers {
			widest = max(widest, width(regular, a.size, l))
		}
	}
	upright := 1.1 * a.size // what a label needs when they stand one above the other
	level := widest + 2.5
	need := upright
	if across {
		need = level
		// Side by side is easier to read, and worth leaving out every second label, no more.
		if stepFor(level, edge) > max(2, stepFor(upright, edge)) {
			a.turned, need = true, upright
		}
	}
	a.depth = widest
	if across && !a.turned {
		a.depth = a.size
	}
	step := stepFor(need, edge)
	n := 0
	for _, m := range a.models {
		last := -1
		for i := range m.Layers {
			end := i == len(m.Layers)-1
			if i%step != 0 && !end {
				continue
			}
			if end && last >= 0 && vg.Length(i-last)*edge < need {
				delete(a.labels, n+last)
			}
			a.labels[n+i] = true
			last = i
		}
		n += len(m.Layers)
	}
}

// stepFor is how many cells a label takes.
func stepFor(need, edge vg.Length) int {
	step := 1
	for vg.Length(step)*edge < need {
		step++
	}
	return step
}

// nameDepth is the room that the model names take, away from the labels.
func (a *axis) nameDepth() vg.Length {
	lines := 0
	for _, b := range a.blocks {
		lines = max(lines, len(b.name))
	}
	return vg.Length(lines) * textSize * lineHeight
}
