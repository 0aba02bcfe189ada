package figures

import (
	"speechsim/pipeline/results"
)

// index finds the cells of a run by what a figure asks for. It is made of numbers: a run may have a million cells.
type index struct {
	cells  []results.Cell
	layers map[results.Layer]int32
	exact  map[results.Key]places   // by comparison and measure: the layers are left out of the keys
	any    map[results.Key][]places // with the comparison left out too
}

// places are numbers of cells, by those of their layers.
type places map[[2]int32]int32

func newIndex(cells []results.Cell) *index {
	ix := &index{cells: cells, layers: map[results.Layer]int32{}, exact: map[results.Key]places{}, any: map[results.Key][]places{}}
	number := func(l results.Layer) int32 {
		n, known := ix.layers[l]
		if !known {
			n = int32(len(ix.layers))
			ix.layers[l] = n
		}
		return n
	}
	for i := range cells {
		key := cells[i].Key()
		pair := [2]int32{number(key.X), number(key.Y)}
		key.X, key.Y = results.Layer{}, results.Layer{}
		group := ix.exact[key]
		if group == nil {
			group = places{}
			ix.exact[key] = group
			key.Comparison = ""
			ix.any[key] = append(ix.any[key], group)
		}
		group[pair] = int32(i)
	}
	return ix
}

// find returns the cell of a figure's measure at (x, y), or nil.
func (ix *index) find(f *Figure, m results.Measure, x, y results.Layer) *results.Cell {
	if f.own != nil {
		ix = f.own
	}
	key := results.Key{Comparison: f.Comparison, Metric: m.Metric, Variant: m.Variant, Params: m.Params}
	groups := []places{ix.exact[key]}
	if f.Comparison == "" {
		groups = ix.any[key]
	}
	c := ix.first(groups, x, y)
	if c == nil && f.Symmetric {
		c = ix.first(groups, y, x)
	}
	return c
}

// first returns the first cell of two layers in any of the groups, or nil.
func (ix *index) first(groups []places, x, y results.Layer) *results.Cell {
	i, known := ix.layers[x]
	j, knownY := ix.layers[y]
	if !known || !knownY {
		return nil
	}
	at := int32(-1)
	for _, g := range groups {
		if n, ok := g[[2]int32{i, j}]; ok && (at < 0 || n < at) {
			at = n
		}
	}
	if at < 0 {
		return nil
	}
	return &ix.cells[at]
}

// state is what a figure has to show about a cell.
type state int

const (
	shown          state = iota // a value
	notSignificant              // a value with p > alpha
	notComputed                 // the metric could not be computed
	absent                      // the results hold no such cell
)

func (s state) String() string {
	return [...]string{"ok", "not significant", "not computed", "absent"}[s]
}

// stateOf says what is to be shown of a cell, which may be nil; a value with p > alpha is not significant.
func stateOf(c *results.Cell, alpha float64) state {
	switch {
	case c == nil:
		return absent
	case c.Value == nil:
		return notComputed
	}
	if p := c.Significance(); p != nil && *p > alpha {
		return notSignificant
	}
	return shown
}

// Weak says whether a cell has a value that is not significant at alpha.
func Weak(c *results.Cell, alpha float64) bool { return stateOf(c, alpha) == notSignificant }

// grid is a figure's cells: the value of column i (x) and row j (y) is
// cells[j*len(x)+i].
type grid struct {
	x, y  []results.Layer
	cells []*results.Cell
	state []state
}

func (g *grid) at(i, j int) (*results.Cell, state) {
	k := j*len(g.x) + i
	return g.cells[k], g.state[k]
}

// count returns how many cells are in each state.
func (g *grid) count() [absent + 1]int {
	var n [absent + 1]int
	for _, s := range g.state {
		n[s]++
	}
	return n
}

// self says whether a cell is of a layer with itself, which is as similar as can be whatever the layer: it has no colour, so that the
// scale is that of what can differ.
func (g *grid) self(i, j int) bool {
	c, _ := g.at(i, j)
	return g.x[i] == g.y[j] && c != nil && c.Value != nil
}
