package metrics

import (
	"errors"
	"fmt"
	"slices"

	"speechsim/metrics/internal/parallel"
)

// layout says which products a Moments keeps, and how they are cut into
// blocks. It depends on the dimensions and the options alone, so two moments
// made alike can be merged, and no bit depends on the number of workers.
//
// Narrow neighbours (attention layers of 12 heads, say) share a panel, because
// one product of 144 columns is faster than twelve of 12. A wide layer is a
// panel of its own.
type layout struct {
	dims   []int
	offset []int // of each layer's first unit among all units
	units  int   // units of all layers
	pairs  [][2]int
	norms  bool
	cross  bool // only what pairs of different layers need

	panels  []panel
	panelOf []int // of each layer, -1 if no pair needs it
	blocks  []blockShape
	blockAt map[[2]int]int // from panels (p <= q) to an index into blocks
	tiles   []tile
}

// panel is a stretch of columns: layers [first, last), units [from, to). The
// last panel holds the squared norms if they are kept, one column a layer.
type panel struct {
	first, last int
	from, to    int
	norms       bool
}

func (p panel) width() int { return p.to - p.from }

// blockShape is one block of the cross-product matrix, between panels p <= q.
// For p == q only the upper triangle is kept.
type blockShape struct{ p, q int }

// tile is the part of a block that one task computes: rows [r0, r1), columns
// [c0, c1) of the block. Tiles on the diagonal of a diagonal block are
// symmetric.
type tile struct {
	block          int
	r0, r1, c0, c1 int
	symmetric      bool
}

const (
	// panelUnits bounds the panels that several layers share.
	panelUnits = 512
	// wantedTiles is the number of tasks below which blocks are cut further.
	wantedTiles = 24
	// smallestTile is the width below which products get slow.
	smallestTile = 128
)

// ErrNoLayers is returned for moments of nothing.
var ErrNoLayers = errors.New("moments need at least one layer")

// newLayout checks the options and plans the blocks.
func newLayout(dims []int, o Options) (*layout, error) {
	if len(dims) == 0 {
		return nil, ErrNoLayers
	}
	if o.SquaredNorms && o.CrossOnly {
		return nil, errors.New("squared norms serve the debiased CKA, which needs each layer's own block too: unset CrossOnly")
	}
	l := &layout{dims: slices.Clone(dims), norms: o.SquaredNorms, cross: o.CrossOnly}
	for i, d := range dims {
		if d < 1 || d > 1<<20 {
			return nil, fmt.Errorf("layer %d has %d units; from 1 to %d are possible", i, d, 1<<20)
		}
		l.offset = append(l.offset, l.units)
		l.units += d
	}
	needed, err := l.neededPairs(o.Pairs)
	if err != nil {
		return nil, err
	}
	l.makePanels(needed)
	l.makeBlocks(needed)
	l.makeTiles()
	return l, nil
}

// neededPairs returns the pairs i <= j to keep, as a set, and fills l.pairs.
func (l *layout) neededPairs(asked [][2]int) (map[[2]int]bool, error) {
	needed := map[[2]int]bool{}
	if asked == nil {
		for i := range l.dims {
			for j := i + 1; j < len(l.dims); j++ {
				needed[[2]int{i, j}] = true
			}
			if !l.cross {
				needed[[2]int{i, i}] = true
			}
		}
	}
	for _, p := range asked {
		i, j := min(p[0], p[1]), max(p[0], p[1])
		if i < 0 || j >= len(l.dims) {
			return nil, fmt.Errorf("the pair (%d, %d) names a layer outside 0 to %d", p[0], p[1], len(l.dims)-1)
		}
		needed[[2]int{i, j}] = true
		if !l.cross {
			needed[[2]int{i, i}], needed[[2]int{j, j}] = true, true
		}
	}
	for p := range needed {
		l.pairs = append(l.pairs, p)
	}
	slices.SortFunc(l.pairs, comparePairs)
	return needed, nil
}

func comparePairs(a, b [2]int) int {
	if a[0] != b[0] {
		return a[0] - b[0]
	}
	return a[1] - b[1]
}

// makePanels groups neighbours that are narrow and are compared with the same
// layers; layers that no pair needs get no panel.
func (l *layout) makePanels(needed map[[2]int]bool) {
	has := func(i, j int) bool { return needed[[2]int{min(i, j), max(i, j)}] }
	used := make([]bool, len(l.dims))
	for _, p := range l.pairs {
		used[p[0]], used[p[1]] = true, true
	}
	alike := func(i, j int) bool {
		for k := range l.dims {
			if k != i && k != j && has(i, k) != has(j, k) {
				return false
			}
		}
		return true
	}
	l.panelOf = make([]int, len(l.dims))
	for i, d := range l.dims {
		l.panelOf[i] = -1
		if !used[i] {
			continue
		}
		if last := len(l.panels) - 1; last >= 0 {
			p := &l.panels[last]
			if p.last == i && p.width()+d <= panelUnits && alike(i-1, i) {
				p.last, p.to = i+1, p.to+d
				l.panelOf[i] = last
				continue
			}
		}
		l.panelOf[i] = len(l.panels)
		l.panels = append(l.panels, panel{first: i, last: i + 1, from: l.offset[i], to: l.offset[i] + d})
	}
	if l.norms {
		l.panels = append(l.panels, panel{last: len(l.dims), from: l.units, to: l.units + len(l.dims), norms: true})
	}
}

// makeBlocks lists the panel pairs that hold a needed layer pair; the squared
// norms go with everything.
func (l *layout) makeBlocks(needed map[[2]int]bool) {
	wanted := map[blockShape]bool{}
	for pair := range needed {
		p, q := l.panelOf[pair[0]], l.panelOf[pair[1]]
		wanted[blockShape{min(p, q), max(p, q)}] = true
	}
	if l.norms {
		last := len(l.panels) - 1
		for p := range l.panels {
			wanted[blockShape{p, last}] = true
		}
	}
	for b := range wanted {
		l.blocks = append(l.blocks, b)
	}
	slices.SortFunc(l.blocks, func(a, b blockShape) int { return comparePairs([2]int{a.p, a.q}, [2]int{b.p, b.q}) })
	l.blockAt = map[[2]int]int{}
	for i, b := range l.blocks {
		l.blockAt[[2]int{b.p, b.q}] = i
	}
}

// makeTiles cuts the blocks into tasks: whole blocks if there are enough of
// them, else smaller and smaller squares.
func (l *layout) makeTiles() {
	for edge := 1024; ; edge /= 2 {
		l.tiles = l.tiles[:0]
		for i := range l.blocks {
			l.cutBlock(i, edge)
		}
		if len(l.tiles) >= wantedTiles || edge == smallestTile {
			return
		}
	}
}

func (l *layout) cutBlock(i, edge int) {
	b := l.blocks[i]
	rows, cols := parallel.Cuts(l.panels[b.p].width(), edge), parallel.Cuts(l.panels[b.q].width(), edge)
	for r := range len(rows) - 1 {
		for c := range len(cols) - 1 {
			if b.p == b.q && c < r {
				continue
			}
			l.tiles = append(l.tiles, tile{block: i, r0: rows[r], r1: rows[r+1], c0: cols[c], c1: cols[c+1],
				symmetric: b.p == b.q && r == c})
		}
	}
}

// size is the number of elements of block i.
func (l *layout) size(i int) int {
	b := l.blocks[i]
	return l.panels[b.p].width() * l.panels[b.q].width()
}

// columns is the number of accumulated columns: units, then squared norms.
func (l *layout) columns() int {
	if l.norms {
		return l.units + len(l.dims)
	}
	return l.units
}

// equal reports whether moments of the two layouts can be merged.
func (l *layout) equal(o *layout) bool {
	return slices.Equal(l.dims, o.dims) && slices.Equal(l.pairs, o.pairs) && l.norms == o.norms && l.cross == o.cross
}
