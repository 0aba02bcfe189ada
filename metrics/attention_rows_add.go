package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// Add adds the maps of one utterance, one ColMajor Matrix a layer:
// [frames*frames, heads], cell (query, key) at row query*frames + key, which is
// how a model gives [heads, frames, frames].
func (a *AttentionRows) Add(ctx context.Context, maps []Matrix, frames int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	shaped, err := a.checkMaps(maps, frames)
	if err != nil || frames == 0 {
		return err
	}
	u := newAttentionUtterance(a, shaped, frames)
	// Chunks of queries keep the copies small compared with the maps themselves.
	for from := 0; from < frames; from += attentionChunk(frames) {
		u.addChunk(from, min(from+attentionChunk(frames), frames))
	}
	u.finish()
	return nil
}

// attentionChunk is the number of queries handled at once: some 2^15 cells.
func attentionChunk(frames int) int { return max(1, 1<<15/frames) }

func (a *AttentionRows) checkMaps(maps []Matrix, frames int) ([]Matrix, error) {
	if len(maps) != len(a.state.Heads) {
		return nil, fmt.Errorf("%d attention maps for %d layers", len(maps), len(a.state.Heads))
	}
	shaped := make([]Matrix, len(maps))
	for i, x := range maps {
		if !slices.Contains(a.xs, i) && !slices.Contains(a.ys, i) {
			continue
		}
		x, err := x.shaped()
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		if !x.ColMajor || x.Cols != a.state.Heads[i] || x.Rows != frames*frames {
			return nil, fmt.Errorf("layer %d: attention must be ColMajor, [%d cells, %d heads]; it is [%d, %d]",
				i, frames*frames, a.state.Heads[i], x.Rows, x.Cols)
		}
		shaped[i] = x
	}
	errs := make([]error, len(maps))
	parallel.Run(a.workers, len(maps), func(_, i int) {
		_, errs[i] = Finite(shaped[i], i)
	})
	return shaped, errors.Join(errs...)
}

// attentionUtterance is the work on one utterance: all heads of the x side
// stacked, and all of the y side.
type attentionUtterance struct {
	*AttentionRows
	maps   []Matrix
	frames int
	sides  [2]attentionSide
	inner  linalg.Dense[float64]   // Σ A·B over cells, for frobenius
	tiles  [][4]int                // of the products: rows and columns
	result []linalg.Dense[float64] // of each tile
}

// attentionSide stacks the heads of several layers.
type attentionSide struct {
	layers []int
	first  map[int]int // of each layer: its first row in the stack
	heads  int
	cells  linalg.Dense[float64] // [heads, cells of the chunk]
	square []float64             // of each head: Σ A² over the utterance
}

func newAttentionUtterance(a *AttentionRows, maps []Matrix, frames int) *attentionUtterance {
	u := &attentionUtterance{AttentionRows: a, maps: maps, frames: frames}
	for k, layers := range [][]int{a.xs, a.ys} {
		side := attentionSide{layers: layers, first: map[int]int{}}
		for _, i := range layers {
			side.first[i] = side.heads
			side.heads += a.state.Heads[i]
		}
		side.square = make([]float64, side.heads)
		u.sides[k] = side
	}
	u.inner = linalg.New[float64](u.sides[0].heads, u.sides[1].heads)
	rows, cols := parallel.Cuts(u.sides[0].heads, 48), parallel.Cuts(u.sides[1].heads, 96)
	for r := range len(rows) - 1 {
		for c := range len(cols) - 1 {
			u.tiles = append(u.tiles, [4]int{rows[r], rows[r+1], cols[c], cols[c+1]})
			u.result = append(u.result, linalg.New[float64](rows[r+1]-rows[r], cols[c+1]-cols[c]))
		}
	}
	return u
}

// addChunk adds the queries [from, to).
func (u *attentionUtterance) addChunk(from, to int) {
	if u.has("frobenius") {
		u.load(from, to, u.sumSquares)
		u.products(u.inner)
	}
	if u.has("elkheir2024") && u.frames > 1 {
		u.load(from, to, u.standardise)
		r := linalg.New[float64](u.inner.Rows, u.inner.Cols)
		u.products(r)
		f := float64(u.frames-1) / float64(u.frames)
		u.eachPair("elkheir2024", func(h, g int) float64 { return f * r.At(h, g) })
	}
	if u.has("js") {
		u.addDivergences(from, to)
	}
}

// load copies the cells of queries [from, to) of every head into the stacks and
// applies change to each head's cells.
func (u *attentionUtterance) load(from, to int, change func(side *attentionSide, layer, row int, cells []float64)) {
	cells := (to - from) * u.frames
	for k := range u.sides {
		side := &u.sides[k]
		if side.cells.Cols != cells {
			side.cells = linalg.New[float64](side.heads, cells)
		}
		parallel.Run(u.workers, len(side.layers), func(_, l int) {
			layer := side.layers[l]
			for h := range u.state.Heads[layer] {
				row := side.first[layer] + h
				loadCells(side.cells.Row(row), u.maps[layer], h, from*u.frames)
				change(side, layer, row, side.cells.Row(row))
			}
		})
	}
}

// loadCells copies cells of head h.
func loadCells(to []float64, x Matrix, h, from int) {
	at := h*x.Stride + from
	if x.Data64 != nil {
		copy(to, x.Data64[at:])
		return
	}
	for k, v := range x.Data[at : at+len(to)] {
		to[k] = float64(v)
	}
}

func (u *attentionUtterance) sumSquares(side *attentionSide, _, row int, cells []float64) {
	side.square[row] += sumSquares(cells)
}

// standardise centres each query's row and scales it to unit length, so that
// inner products are correlations.
func (u *attentionUtterance) standardise(side *attentionSide, layer, _ int, cells []float64) {
	for ; len(cells) > 0; cells = cells[u.frames:] {
		row := cells[:u.frames]
		m, raw := mean(row), sumSquares(row)
		for k := range row {
			row[k] -= m
		}
		scatter := sumSquares(row)
		if scatter <= 1e-24*raw {
			clear(row)
			if side == &u.sides[0] || !slices.Contains(u.xs, layer) {
				u.state.Flat[layer]++ // one goroutine a layer
			}
			continue
		}
		f := 1 / math.Sqrt(scatter)
		for k := range row {
			row[k] *= f
		}
	}
}

// products adds to sum the inner products of the stacked heads.
func (u *attentionUtterance) products(sum linalg.Dense[float64]) {
	parallel.Run(u.workers, len(u.tiles), func(_, k int) {
		t, c := u.tiles[k], u.result[k]
		x, y := u.sides[0].cells, u.sides[1].cells
		u.backend.Gemm64(false, true, x.Slice(t[0], t[1], 0, x.Cols), y.Slice(t[2], t[3], 0, y.Cols), c)
		for r := range c.Rows {
			to := sum.Row(t[0] + r)[t[2]:t[3]]
			for k, v := range c.Row(r) {
				to[k] += v
			}
		}
	})
}

// eachPair adds f(h, g), of stacked heads, to the sums of a variant.
func (u *attentionUtterance) eachPair(variant string, f func(h, g int) float64) {
	sums := u.state.Sums[variant]
	parallel.Run(u.workers, len(sums), func(_, p int) {
		i, j := u.state.Pairs[p][0], u.state.Pairs[p][1]
		for h := range u.state.Heads[i] {
			for g := range u.state.Heads[j] {
				sums[p][h*u.state.Heads[j]+g] += f(u.sides[0].first[i]+h, u.sides[1].first[j]+g)
			}
		}
	})
}

// addDivergences adds the Jensen-Shannon divergences of queries [from, to). With
// L(p) = Σ p ln p, that of two rows is (L(p) + L(q))/2 - L((p + q)/2).
func (u *attentionUtterance) addDivergences(from, to int) {
	var entropy [2][]float64
	for k := range u.sides {
		entropy[k] = make([]float64, u.sides[k].heads)
	}
	u.load(from, to, func(side *attentionSide, _, row int, cells []float64) {
		k := 0
		if side == &u.sides[1] {
			k = 1
		}
		entropy[k][row] = sumLog(cells, nil)
	})
	u.eachPair("js", func(h, g int) float64 {
		both := sumLog(u.sides[0].cells.Row(h), u.sides[1].cells.Row(g))
		return (entropy[0][h]+entropy[1][g])/2 - both
	})
}

// sumLog returns Σ p ln p, or, with q, that of the mean of p and q; 0 ln 0 = 0.
func sumLog(p, q []float64) float64 {
	sum := 0.0
	for k, v := range p {
		if q != nil {
			v = (v + q[k]) / 2
		}
		if v > 0 {
			sum += v * math.Log(v)
		}
	}
	return sum
}

// finish adds what is a function of the whole utterance.
func (u *attentionUtterance) finish() {
	if u.has("frobenius") {
		u.eachPair("frobenius", func(h, g int) float64 {
			squares := u.sides[0].square[h] + u.sides[1].square[g]
			if d := squares - 2*u.inner.At(h, g); d > 1e-13*squares { // else rounding
				return math.Sqrt(d)
			}
			return 0
		})
	}
	u.state.Utterances++
	u.state.Frames += u.frames
}
