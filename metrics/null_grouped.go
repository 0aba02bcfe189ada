package metrics

import (
	"context"
	"errors"
	"fmt"

	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// ErrNotGroups says why a value of groups has no null where word types are permuted.
var ErrNotGroups = errors.New("the value is of groups of rows, and the null permutes word types")

// NullGrouped draws the null distribution of a map of [CKAGrouped], as [NullCKA] does of the other variants. sketch holds the rows of all
// layers in the order of the shuffle, which must permute groups, and pairs are the cells (x, y), of different layers each. scales are
// their denominators (OfGroups.Scales): whole groups that are permuted leave those as they are, so that p does not depend on them.
//
// Under a draw the numerator needs four sums: that of the squared products of all rows (one product of the sketch), those of the
// squared products of each pair of groups that may meet (made once), and two of sums of rows (see [CKAGrouped]).
func NullGrouped(ctx context.Context, sketch *Sketch, scales []float64, pairs [][2]int, shuffle *Shuffle, draws int) (*Null, error) {
	switch {
	case !shuffle.OfGroups():
		return nil, ErrNotGroups
	case sketch.n != shuffle.Rows():
		return nil, fmt.Errorf("the sketch has %d rows, the pairings %d", sketch.n, shuffle.Rows())
	case len(scales) != len(pairs):
		return nil, fmt.Errorf("%d scales for %d pairs", len(scales), len(pairs))
	}
	for _, p := range pairs {
		if p[0] == p[1] {
			return nil, fmt.Errorf("layer %d is paired with itself: the two sides of a sketch must have independent directions", p[0])
		}
	}
	shuffle, draws = shuffle.Exhaust(draws)
	sketch.finish()
	g, err := newGroupedNull(sketch, pairs, shuffle)
	if err != nil {
		return nil, err
	}
	null := &Null{About: shuffle.About}
	for k := -1; k < draws; k++ {
		var pairing []int
		if k >= 0 {
			pairing = shuffle.Draw(k)
		}
		values, err := g.draw(ctx, pairing)
		if err != nil {
			return nil, err
		}
		for c := range values {
			values[c] /= scales[c]
		}
		if k < 0 {
			null.Observed = values
		} else {
			null.Draws = append(null.Draws, values)
		}
	}
	return null, nil
}

// groupedNull is what the draws of a null of grouped CKA share.
type groupedNull struct {
	pairs      [][2]int
	sizes      powers
	groups     []block
	of         map[int]int    // first row of a group -> group
	rows, sums *sketchMoments // of the rows, and of the sums of each group's
	along      [][]float64    // of each layer: x·s of each row, s the sum of its group
	grams      []linalg.Dense[float64]
	own        []linalg.Dense[float64] // of each pair: |X_gᵀ Y_h|² of groups g and h that may meet
	draws      [2]*redrawn             // of rows and sums
}

func newGroupedNull(sketch *Sketch, pairs [][2]int, shuffle *Shuffle) (*groupedNull, error) {
	groups := shuffle.groups
	g := &groupedNull{pairs: pairs, groups: groups, of: map[int]int{}, own: make([]linalg.Dense[float64], len(pairs)),
		along: make([][]float64, len(sketch.dims)), grams: make([]linalg.Dense[float64], len(sketch.dims))}
	sizes := make([]int, len(groups))
	for k, b := range groups {
		g.of[b.from], sizes[k] = k, b.rows
	}
	g.sizes = powersOf(sizes)
	sums := sketch.sumsOf(groups)
	parallel.Run(sketch.workers, len(sketch.dims), func(_, i int) {
		s := linalg.Dense[float32]{Rows: len(groups), Cols: sketch.width, Stride: sketch.width, Data: sums.rows[i]}
		g.along[i] = make([]float64, sketch.n)
		for k, b := range groups {
			for r := b.from; r < b.from+b.rows; r++ {
				g.along[i][r] = dot32(sketch.row(i, r), s.Row(k))
			}
		}
		gram := linalg.New[float64](len(groups), len(groups))
		for a := range groups {
			for b := range a {
				gram.Data[a*gram.Stride+b] = dot32(s.Row(a), s.Row(b))
				gram.Data[b*gram.Stride+a] = gram.At(a, b)
			}
		}
		g.grams[i] = gram
	})
	g.shareProducts(sketch)
	var err error
	if g.rows, err = newSketchMoments(sketch, pairs); err != nil {
		return nil, err
	}
	if g.sums, err = newSketchMoments(sums, pairs); err != nil {
		return nil, err
	}
	for k, m := range []*sketchMoments{g.rows, g.sums} {
		g.draws[k] = newRedrawn(m.Moments, m.layers, m.y)
	}
	return g, nil
}

// shareProducts makes |X_gᵀ Y_h|² for all groups of a bin. It is <X_g X_gᵀ, Y_h Y_hᵀ> too, which is less work where groups have fewer rows
// than the sketch has directions.
func (g *groupedNull) shareProducts(sketch *Sketch) {
	bins := map[int][]int{}
	for k, b := range g.groups {
		bins[b.bin] = append(bins[b.bin], k)
	}
	for c := range g.own {
		g.own[c] = linalg.New[float64](len(g.groups), len(g.groups))
	}
	for _, bin := range bins {
		rows := g.groups[bin[0]].rows
		if rows > sketch.width {
			parallel.Run(sketch.workers, len(g.pairs), func(_, c int) {
				product := linalg.New[float32](sketch.width, sketch.width)
				for _, a := range bin {
					for _, b := range bin {
						sketch.backend.Gemm32(true, false, sketch.rowsOf(g.pairs[c][0], g.groups[a]), sketch.rowsOf(g.pairs[c][1], g.groups[b]), product)
						g.own[c].Row(a)[b] = dot32(product.Data, product.Data)
					}
				}
			})
			continue
		}
		kernels := make([]linalg.Dense[float32], len(sketch.dims))
		parallel.Run(sketch.workers, len(kernels), func(_, i int) {
			kernels[i] = linalg.New[float32](len(bin), rows*rows)
			for k, a := range bin {
				x := sketch.rowsOf(i, g.groups[a])
				sketch.backend.Gemm32(false, true, x, x, linalg.Dense[float32]{Rows: rows, Cols: rows, Stride: rows, Data: kernels[i].Row(k)})
			}
		})
		parallel.Run(sketch.workers, len(g.pairs), func(_, c int) {
			product := linalg.New[float32](len(bin), len(bin))
			sketch.backend.Gemm32(false, true, kernels[g.pairs[c][0]], kernels[g.pairs[c][1]], product)
			for k, a := range bin {
				for l, b := range bin {
					g.own[c].Row(a)[b] = float64(product.At(k, l))
				}
			}
		})
	}
}

// draw estimates HSIC of each pair under a pairing of rows; nil is the true one.
func (g *groupedNull) draw(ctx context.Context, pairing []int) ([]float64, error) {
	var groups []int // of y, that goes with each of x
	if pairing != nil {
		for _, b := range g.groups {
			groups = append(groups, g.of[pairing[b.from]])
		}
	}
	rows, err := g.draws[0].draw(ctx, pairing)
	if err != nil {
		return nil, err
	}
	sums, err := g.draws[1].draw(ctx, groups)
	if err != nil {
		return nil, err
	}
	paired := func(k int, p []int) int {
		if p == nil {
			return k
		}
		return p[k]
	}
	values, errs := make([]float64, len(g.pairs)), make([]error, len(g.pairs))
	work := make([]struct{ c, s []float64 }, parallel.Workers(rows.workers))
	parallel.Run(len(work), len(g.pairs), func(worker, k int) {
		x, y := g.pairs[k][0], g.pairs[k][1]
		w := &work[worker]
		c, err := centred(rows, g.rows.at[0][x], g.rows.at[1][y], &w.c)
		s, err2 := centred(sums, g.sums.at[0][x], g.sums.at[1][y], &w.s)
		if errs[k] = errors.Join(err, err2); errs[k] != nil {
			return
		}
		own, sctOwn := 0.0, 0.0
		for a := range g.groups {
			own += g.own[k].At(a, paired(a, groups))
		}
		for r, v := range g.along[x] {
			sctOwn += v * g.along[y][paired(r, pairing)]
		}
		ky := linalg.New[float64](len(g.groups), len(g.groups))
		for a := range g.groups {
			from := g.grams[y].Row(paired(a, groups))
			for b, row := 0, ky.Row(a); b < len(row); b++ {
				row[b] = from[paired(b, groups)]
			}
		}
		values[k] = g.sizes.hsic(sumSquares(c.Data), own, dot(c.Data, s.Data), sctOwn, distinct(g.grams[x], ky, -1))
	})
	return values, errors.Join(errs...)
}

// sumsOf is the same sketch of the sums of the rows of each group.
func (s *Sketch) sumsOf(groups []block) *Sketch {
	out := &Sketch{backend: s.backend, dims: s.dims, width: s.width, workers: s.workers, rows: make([][]float32, len(s.dims)), n: len(groups), finished: true}
	for i := range s.dims {
		for _, b := range groups {
			sum := make([]float64, s.width)
			for r := b.from; r < b.from+b.rows; r++ {
				for u, v := range s.row(i, r) {
					sum[u] += float64(v)
				}
			}
			for _, v := range sum {
				out.rows[i] = append(out.rows[i], float32(v))
			}
		}
	}
	return out
}

// row is a row of layer i.
func (s *Sketch) row(i, r int) []float32 { return s.rows[i][r*s.width : (r+1)*s.width] }

// rowsOf are the rows of a group in layer i.
func (s *Sketch) rowsOf(i int, b block) linalg.Dense[float32] {
	return linalg.Dense[float32]{Rows: b.rows, Cols: s.width, Stride: s.width, Data: s.rows[i][b.from*s.width : (b.from+b.rows)*s.width]}
}

func dot32(x, y []float32) float64 {
	sum := 0.0
	for k, v := range x {
		sum += float64(v) * float64(y[k])
	}
	return sum
}
