package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// A task whose moments do not fit in the memory of a run is measured in tiles: its layers are cut into stretches, and a
// tile has the cells between two of them, both directions together, with moments of its own. Tiles are measured one after
// the other, and what they give is joined before intervals, differences and p are taken.

// WholeTile is the tile of all cells.
func (t *Task) WholeTile() *Tile {
	tile := &Tile{Grid: t.Grid, Task: t, Measures: t.Measures, LayerAt: t.All()}
	for c := range t.Cells {
		tile.CellAt = append(tile.CellAt, c)
	}
	return tile
}

// cut divides a task among tiles of n stretches of layers.
func cut(t *Task, n int) []*Tile {
	stretch := func(position int) int { return ((position+1)*n - 1) / len(t.Layers) }
	shares := map[Pair][]int{}
	var order []Pair
	for c, at := range t.Cells {
		key := Pair{min(stretch(at.X), stretch(at.Y)), max(stretch(at.X), stretch(at.Y))}
		if shares[key] == nil {
			order = append(order, key)
		}
		shares[key] = append(shares[key], c)
	}
	tiles := make([]*Tile, len(order))
	for k, key := range order {
		tiles[k] = tileOf(t, shares[key])
		tiles[k].Name = fmt.Sprintf("tile %d of %d", k+1, len(order))
	}
	return tiles
}

// tileOf is the tile of some of the cells.
func tileOf(t *Task, cells []int) *Tile {
	tile := &Tile{Task: t, Measures: t.Measures, CellAt: cells}
	used := make([]int, len(t.Layers)) // position in the tile's layers, plus one
	for _, c := range cells {
		used[t.Cells[c].X], used[t.Cells[c].Y] = 1, 1
	}
	for i, l := range t.Layers {
		if used[i] > 0 {
			tile.Layers, tile.LayerAt = append(tile.Layers, l), append(tile.LayerAt, i)
			used[i] = len(tile.Layers)
		}
	}
	for _, c := range cells {
		at := Pair{used[t.Cells[c].X] - 1, used[t.Cells[c].Y] - 1}
		tile.Cells = append(tile.Cells, at)
		tile.X, tile.Y = appendOnce(tile.X, at.X), appendOnce(tile.Y, at.Y)
	}
	tile.Blocks = blocksOf(tile.Cells)
	return tile
}

// blocksOf lists the blocks that cells need, each once, in order.
func blocksOf(cells []Pair) [][2]int {
	need := map[[2]int]bool{}
	for _, c := range cells {
		need[[2]int{min(c.X, c.Y), max(c.X, c.Y)}] = true
	}
	out := slices.Collect(maps.Keys(need))
	slices.SortFunc(out, func(a, b [2]int) int { return cmp.Or(a[0]-b[0], a[1]-b[1]) })
	return out
}
