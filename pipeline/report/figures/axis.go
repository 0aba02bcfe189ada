package figures

import (
	"math"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
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

	nameSize    vg.Length // of model names
	namesAcross bool      // they stand across the axis, not along it
}

// block is a model's stretch of an axis.
type block struct {
	from, to vg.Length
	model    string
	name     []string // its lines
}

const (
	gap      = 10 * canvas.Pixel // between models
	tickSize = 3 * vg.Length(1)
)

// newAxis lays out an axis whose cells have the given edge. across says that
// labels stand side by side (x axis) and not one above the other; nameRoom is the most that names of models take which stand across it.
func newAxis(models []Model, edge, nameRoom vg.Length, across bool) *axis {
	a := &axis{models: models, size: canvas.SmallSize, labels: map[int]bool{}}
	if edge >= 14 {
		a.size = canvas.LabelSize
	}
	at := vg.Length(0)
	for _, m := range models {
		if len(m.Layers) == 0 {
			continue
		}
		if at > 0 {
			at += gap
		}
		b := block{from: at, model: m.shown()}
		for range m.Layers {
			a.start = append(a.start, at)
			at += edge
		}
		b.to = at
		a.blocks = append(a.blocks, b)
	}
	a.length = at
	a.chooseLabels(edge, across)
	a.nameLayout(nameRoom)
	return a
}

// chooseLabels shows every layer's label where there is room, else as many as
// fit, and always the last of each model.
func (a *axis) chooseLabels(edge vg.Length, across bool) {
	var layers []string
	for _, m := range a.models {
		layers = append(layers, m.Layers...)
	}
	a.turned, a.depth = labelRoom(layers, a.size, edge, across)
	n := 0
	for _, m := range a.models {
		at := make([]vg.Length, len(m.Layers))
		for i := range at {
			at[i] = a.start[n+i]
		}
		for i, yes := range fittingLabels(m.Layers, at, a.size, across && !a.turned) {
			a.labels[n+i] = yes
		}
		n += len(m.Layers)
	}
	a.partModels(layers, across && !a.turned)
}

// partModels takes away the last labels of a model that would touch the first one of the next.
func (a *axis) partModels(layers []string, level bool) {
	first := 0
	for _, m := range a.models[:max(len(a.models)-1, 0)] {
		next := first + len(m.Layers)
		for i := next - 1; i > first && next < len(layers); i-- {
			if a.labels[i] && a.start[next]-a.start[i] < labelHalf(layers[i], a.size, level)+labelHalf(layers[next], a.size, level) {
				a.labels[i] = false
			}
		}
		first = next
	}
}

// labelRoom decides whether labels that stand a pitch apart are turned upright,
// and how much room they take away from the axis. Level labels are easier to
// read, and worth leaving out every second, no more.
func labelRoom(layers []string, size, pitch vg.Length, across bool) (turned bool, depth vg.Length) {
	widest := vg.Length(0)
	for _, l := range layers {
		widest = max(widest, canvas.Width(canvas.Regular, size, l))
	}
	if !across {
		return false, widest
	}
	if widest+labelSpace > 2*pitch && pitch < 4*widest {
		return true, widest
	}
	return false, size
}

const labelSpace vg.Length = 2.5 // least space between two labels

// labelHalf is the room that a label takes to each side of its layer.
func labelHalf(label string, size vg.Length, level bool) vg.Length {
	if level {
		return (canvas.Width(canvas.Regular, size, label) + labelSpace) / 2
	}
	return 0.55 * size
}

// fittingLabels chooses labels, from the first on, that do not touch the one
// before; the last is always among them. at is where each stands along the
// axis; level labels need their width, others their height.
func fittingLabels(layers []string, at []vg.Length, size vg.Length, level bool) []bool {
	half := func(i int) vg.Length { return labelHalf(layers[i], size, level) }
	yes := make([]bool, len(layers))
	last := -1
	for i := range layers {
		if last < 0 || at[i]-at[last] >= half(i)+half(last) {
			yes[i] = true
			last = i
		}
	}
	if end := len(layers) - 1; end >= 0 && !yes[end] {
		for k := end - 1; k >= 0 && at[end]-at[k] < half(end)+half(k); k-- {
			yes[k] = false
		}
		yes[end] = true
	}
	return yes
}

// nameLayout breaks the model names into lines along the axis, or, where a
// name would need more than two, stands them across it.
func (a *axis) nameLayout(room vg.Length) {
	a.nameSize = canvas.TextSize
	narrow := false
	for i := range a.blocks {
		b := &a.blocks[i]
		b.name = canvas.Wrap(canvas.Regular, canvas.TextSize, b.to-b.from, b.model)
		a.namesAcross = a.namesAcross || len(b.name) > 2
		narrow = narrow || b.to-b.from < 2*canvas.TextSize*canvas.LineHeight
	}
	if !a.namesAcross {
		return
	}
	if narrow { // two lines side by side would touch those of the next model
		a.nameSize, room = canvas.LabelSize, vg.Length(math.Inf(1))
	}
	for i := range a.blocks {
		a.blocks[i].name = canvas.Wrap(canvas.Regular, a.nameSize, room, a.blocks[i].model)
	}
}

// nameDepth is the room that the model names take, away from the labels.
func (a *axis) nameDepth() vg.Length {
	depth := vg.Length(0)
	for _, b := range a.blocks {
		if !a.namesAcross {
			depth = max(depth, vg.Length(len(b.name))*a.nameSize*canvas.LineHeight)
			continue
		}
		for _, l := range b.name {
			depth = max(depth, canvas.Width(canvas.Regular, a.nameSize, l)+4)
		}
	}
	return depth
}
