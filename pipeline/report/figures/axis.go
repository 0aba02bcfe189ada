package figures

import (
	"math"
	"strings"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
)

// axis lays the layers of one side of a heat map out: where each begins, which
// labels are shown, and how the model names break into lines.
type axis struct {
	names  []string    // of the layers; that of a layer which has no name but its model's is empty
	start  []vg.Length // left (or lower) edge of each layer, from the map's corner
	length vg.Length
	blocks []block // one a model

	size   vg.Length // of layer labels
	labels []bool    // which layers have a label
	turned []bool    // which of them stand upright (x axis only)
	depth  vg.Length // room the labels take, away from the map
	past   vg.Length // how far the name of the first or last model may reach past the map
}

// block is a model's stretch of an axis. Its name is turned where it does not fit otherwise.
type block struct {
	from, to    vg.Length
	first, next int // its layers
	model       string
	name        []string // its lines
	size        vg.Length
	across      bool // the name stands across the axis, not along it
}

const (
	gap      = 10 * canvas.Pixel // between models
	tickSize = 3 * vg.Length(1)
)

// newAxis lays out an axis whose cells have the given edge. across says that
// labels stand side by side (x axis) and not one above the other; nameRoom is the most that names of models take which stand across it, and past how far
// others may reach past the map.
func newAxis(models []Model, edge, nameRoom, past vg.Length, across bool) *axis {
	a := &axis{size: canvas.SmallSize, past: past}
	if edge >= 14 {
		a.size = canvas.LabelSize
	}
	at := vg.Length(0)
	for i := range models {
		m := &models[i]
		if len(m.Layers) == 0 {
			continue
		}
		if at > 0 {
			at += gap
		}
		b := block{from: at, model: m.shown(), first: len(a.start)}
		for _, l := range m.Layers {
			if l == m.Name {
				l = ""
			}
			a.names = append(a.names, l)
			a.start = append(a.start, at)
			at += edge
		}
		b.to, b.next = at, len(a.start)
		a.blocks = append(a.blocks, b)
	}
	a.length = at
	a.chooseLabels(edge, across)
	a.nameLayout(nameRoom, across)
	return a
}

// chooseLabels shows every layer's label where there is room, else as many as
// fit, and always the last of each model, unless it would touch the first one of the next.
func (a *axis) chooseLabels(edge vg.Length, across bool) {
	a.labels = make([]bool, len(a.names))
	a.turned, a.depth = labelRoom(a.names, a.size, edge, across)
	half := func(i int) vg.Length { return labelHalf(a.names[i], a.size, across && !a.turned[i]) }
	for k, b := range a.blocks {
		copy(a.labels[b.first:b.next], fittingLabels(a.start[b.first:b.next], func(i int) vg.Length { return half(b.first + i) }))
		if k == 0 {
			continue
		}
		before := a.blocks[k-1]
		for i := before.next - 1; i > before.first; i-- {
			if a.labels[i] && a.start[b.first]-a.start[i] < half(i)+half(b.first) {
				a.labels[i] = false
			}
		}
	}
}

// labelRoom decides which labels, that stand a pitch apart, are turned upright,
// and how much room they all take away from the axis. Level labels are easier to
// read, and worth leaving out every second, no more.
func labelRoom(labels []string, size, pitch vg.Length, across bool) (turned []bool, depth vg.Length) {
	turned = make([]bool, len(labels))
	for i, l := range labels {
		wide := canvas.Width(canvas.Regular, size, l)
		turned[i] = across && wide+labelSpace > 2*pitch && pitch < 4*wide
		if turned[i] || !across {
			depth = max(depth, wide)
		} else {
			depth = max(depth, size)
		}
	}
	return turned, depth
}

const labelSpace vg.Length = 2.5 // least space between two labels

// labelHalf is the room that a label takes to each side of its layer; level labels need their width, others their height.
func labelHalf(label string, size vg.Length, level bool) vg.Length {
	if level {
		return (canvas.Width(canvas.Regular, size, label) + labelSpace) / 2
	}
	return 0.55 * size
}

// fittingLabels chooses labels, from the first on, that do not touch the one
// before; the last is always among them. at is where each stands along the
// axis, and half the room that it takes to each side.
func fittingLabels(at []vg.Length, half func(i int) vg.Length) []bool {
	yes := make([]bool, len(at))
	last := -1
	for i := range at {
		if last < 0 || at[i]-at[last] >= half(i)+half(last) {
			yes[i] = true
			last = i
		}
	}
	if end := len(at) - 1; end >= 0 && !yes[end] {
		for k := end - 1; k >= 0 && at[end]-at[k] < half(end)+half(k); k-- {
			yes[k] = false
		}
		yes[end] = true
	}
	return yes
}

// nameLayout breaks the model names into lines along the axis; a name that would need more than two stands across it. The name of a narrow model
// on an x axis may reach into the room that its neighbours' names leave.
func (a *axis) nameLayout(room vg.Length, level bool) {
	for i := range a.blocks {
		b := &a.blocks[i]
		b.size = canvas.TextSize
		b.name = canvas.Wrap(canvas.Regular, b.size, b.to-b.from, b.model)
		b.across = len(b.name) > 2
	}
	for i := range a.blocks {
		b := &a.blocks[i]
		if !b.across {
			continue
		}
		if wide := a.free(i); level && longestWord(b.model, b.size) <= wide {
			if lines := canvas.Wrap(canvas.Regular, b.size, wide, b.model); len(lines) <= 2 {
				b.name, b.across = lines, false
				continue
			}
		}
		room := room
		if b.to-b.from < 2*b.size*canvas.LineHeight { // two lines side by side would touch those of the next model
			b.size, room = canvas.LabelSize, vg.Length(math.Inf(1))
		}
		b.name = canvas.Wrap(canvas.Regular, b.size, room, b.model)
	}
}

// free is the room along the axis for the name of model i: as far to either side as no name of a neighbour is, nor much past the map.
func (a *axis) free(i int) vg.Length {
	const space = 6
	mid := func(b *block) vg.Length { return (b.from + b.to) / 2 }
	half := func(b *block) vg.Length { // of its name
		if b.across {
			return (b.to - b.from) / 2
		}
		wide := vg.Length(0)
		for _, l := range b.name {
			wide = max(wide, canvas.Width(canvas.Regular, b.size, l))
		}
		return wide / 2
	}
	b := &a.blocks[i]
	left, right := mid(b)+a.past, a.length+a.past-mid(b)
	if i > 0 {
		before := &a.blocks[i-1]
		left = mid(b) - mid(before) - half(before) - space
	}
	if i+1 < len(a.blocks) {
		after := &a.blocks[i+1]
		right = mid(after) - half(after) - mid(b) - space
	}
	return 2 * min(left, right)
}

// longestWord is the width of the longest piece of a name that a line does not break.
func longestWord(name string, size vg.Length) vg.Length {
	longest := vg.Length(0)
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '-' }) {
		longest = max(longest, canvas.Width(canvas.Regular, size, word+"-"))
	}
	return longest
}

// nameDepth is the room that the model names take, away from the labels.
func (a *axis) nameDepth() vg.Length {
	depth := vg.Length(0)
	for _, b := range a.blocks {
		if !b.across {
			depth = max(depth, vg.Length(len(b.name))*b.size*canvas.LineHeight)
			continue
		}
		for _, l := range b.name {
			depth = max(depth, canvas.Width(canvas.Regular, b.size, l)+4)
		}
	}
	return depth
}
