package metrics

import (
	"context"
	"math"

	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// GramRows is up to how many rows a null of biased or debiased CKA is drawn from Gram matrices: [n, n] of each layer take little
// time and memory then.
const GramRows = 1536

const (
	gramDraws = 16   // pairings that are made together: columns of one product
	gramBlock = 4096 // elements above a diagonal that are multiplied at once, at most; more than a row has
)

// GramNullMemory is the number of bytes that [NullOf] takes for CKA of so many rows, at most [GramRows], of layers of up to widest units, so
// many on each side. onto says that pairings take rows more than once, which needs double precision.
func GramNullMemory(rows, widest, x, y int, onto bool, o Options) int64 {
	n, size, squared := int64(rows), int64(4), int64(0)
	if o.Float64 || onto {
		size = 8
	}
	if onto {
		squared = 1
	}
	making := n*n*size + n*int64(widest)*(8+size)
	drawing := gramDraws * ((gramBlock+3*int64(x))*int64(y)*size + 8*n)
	return size*(n*n/2*int64(x)+(1+squared)*n*n*int64(y)) + int64(parallel.Workers(o.Workers))*max(making, drawing)
}

// fromGram says whether the null of a cell of so many rows is drawn from Gram matrices. x layers come first.
func fromGram(c Cell, x, rows int) bool {
	return c.Metric == "cka" && (c.Variant == "biased" || c.Variant == "debiased") && rows <= GramRows && c.X < x && c.Y >= x
}

// gramNull draws nulls of CKA from Gram matrices of centred rows, K = XXᵀ and L = YYᵀ: under a pairing P of the rows of y, |XᵀPY|² is the
// sum over K∘(PLPᵀ), which costs n² for each pair of layers, whatever their units, and nothing is approximate. What stands above the
// diagonals is multiplied as one product for all pairs of layers and 16 pairings.
//
// A pairing that takes rows of y more than once moves their mean and changes HSIC of y with itself. The products stay right, since K is
// centred. HSIC of y is made of Lc and cᵀ(L∘L)c, where c is how often each row is taken.
type gramNull[T linalg.Float] struct {
	n        int
	rounding float64
	multiply func(ta, tb bool, x, y, c linalg.Dense[T])
	above    linalg.Dense[T] // [layers of x, n(n-1)/2]: K above the diagonal, row by row
	x        []itself
	y        []gram[T]
}

// gram is the Gram matrix of one layer, of rows whose squared norms are 1 on average.
type gram[T linalg.Float] struct {
	itself
	k       linalg.Dense[T] // [n, n]
	squared linalg.Dense[T] // k∘k, where pairings take rows more than once
}

// itself is what CKA needs of a layer alone.
type itself struct {
	norms            []float64 // squared, of the rows about their mean
	sum              float64   // of the norms
	biased, debiased hsic
}

// drawGram sets the values of some of the cells from Gram matrices.
func (n *Null) drawGram(ctx context.Context, b Backend, layers []Matrix, x int, o Options, shuffle *Shuffle, cells []Cell, at []int) error {
	var values [][]float64
	var err error
	if o.Float64 || shuffle.onto { // single precision would lose what a frequent type that is far from the others leaves of the rest
		values, err = newGramNull(layers, x, shuffle.onto, o.Workers, roundingOf(true), b.Gemm64).draw(ctx, pick(cells, at), shuffle, len(n.Draws), o.Workers)
	} else {
		values, err = newGramNull(layers, x, false, o.Workers, roundingOf(false), b.Gemm32).draw(ctx, pick(cells, at), shuffle, len(n.Draws), o.Workers)
	}
	for k, v := range values {
		n.set(k-1, at, v)
	}
	return err
}

func newGramNull[T linalg.Float](layers []Matrix, x int, onto bool, workers int, rounding float64, multiply func(ta, tb bool, x, y, c linalg.Dense[T])) *gramNull[T] {
	n := layers[0].Rows
	g := &gramNull[T]{n: n, rounding: rounding, multiply: multiply, above: linalg.New[T](x, n*(n-1)/2), x: make([]itself, x), y: make([]gram[T], len(layers)-x)}
	parallel.Run(workers, len(layers), func(_, i int) {
		l := g.gramOf(layers[i])
		if i < x {
			g.x[i] = l.itself
			above := g.above.Row(i)
			for r := range n {
				above = above[copy(above, l.k.Row(r)[r+1:]):]
			}
			return
		}
		if onto {
			l.squared = linalg.New[T](n, n)
			for e, v := range l.k.Data {
				l.squared.Data[e] = v * v
			}
		}
		g.y[i-x] = l
	})
	return g
}

func (g *gramNull[T]) gramOf(x Matrix) gram[T] {
	exact, rows := denseRows[float64](x, true), linalg.New[T](x.Rows, x.Cols)
	squares := 0.0
	for _, v := range exact.Data {
		squares += v * v
	}
	if squares > 0 { // else all rows are alike
		scale := math.Sqrt(float64(g.n) / squares) // to norms of 1 on average, so that no product is too large or too small for its type
		for e, v := range exact.Data {
			rows.Data[e] = T(scale * v)
		}
	}
	l := gram[T]{k: linalg.New[T](g.n, g.n)}
	g.multiply(false, true, rows, rows, l.k)
	norms, above := make([]float64, g.n), 0.0
	for r := range g.n {
		row := l.k.Row(r)
		norms[r] = float64(row[r])
		for _, v := range row[r+1:] {
			above += float64(v) * float64(v)
		}
	}
	l.itself = newItself(norms, above)
	return l
}

// newItself is of the squared norms, and of the sum of the squares above the diagonal of the Gram matrix.
func newItself(norms []float64, above float64) itself {
	l := itself{norms: norms}
	for _, v := range norms {
		l.sum += v
	}
	l.biased, l.debiased = l.hsic("biased", &l, above), l.hsic("debiased", &l, above)
	return l
}

// hsic is HSIC of two layers, with its terms; above is the sum of the products above the diagonals of their Gram matrices.
func (l *itself) hsic(variant string, o *itself, above float64) hsic {
	diagonal := dot(l.norms, o.norms)
	frobenius := 2*above + diagonal
	if variant == "biased" {
		return hsic{left: frobenius}
	}
	n := float64(len(l.norms))
	return hsic{2*above + l.sum*o.sum/((n-1)*(n-2)) - 2*diagonal/(n-2), frobenius + diagonal}
}

func (l *itself) self(variant string) hsic {
	if variant == "biased" {
		return l.biased
	}
	return l.debiased
}

// draw returns the values of cells for the true pairing and then for each draw, [1 + draw][cell]: NaN where one is undefined.
func (g *gramNull[T]) draw(ctx context.Context, cells []Cell, shuffle *Shuffle, draws, workers int) ([][]float64, error) {
	out := make([][]float64, 1+draws)
	parallel.Run(workers, (len(out)+gramDraws-1)/gramDraws, func(_, batch int) {
		if ctx.Err() != nil {
			return
		}
		from := batch * gramDraws
		var pairings [][]int
		for k := from; k < min(from+gramDraws, len(out)); k++ {
			if k == 0 {
				pairings = append(pairings, identity(g.n))
			} else {
				pairings = append(pairings, shuffle.Draw(k-1))
			}
		}
		above := g.products(pairings)
		for d, pairing := range pairings {
			if from+d == 0 || !shuffle.changesNothing(pairing) {
				out[from+d] = g.values(cells, pairing, func(x, y int) float64 { return above[(x*len(g.y)+y)*gramDraws+d] })
			}
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for k := range out {
		if out[k] == nil { // the true pairing again, whose value must not depend on its place among the products
			out[k] = out[0]
		}
	}
	return out, nil
}

func identity(n int) []int {
	out := make([]int, n)
	for r := range out {
		out[r] = r
	}
	return out
}

// products returns the sums over K∘(PLPᵀ) above the diagonals, [layer of x, layer of y, pairing].
func (g *gramNull[T]) products(pairings [][]int) []float64 {
	columns := len(g.y) * gramDraws
	sums := make([]float64, len(g.x)*columns)
	paired, block := linalg.New[T](columns, gramBlock), linalg.New[T](len(g.x), columns)
	for row, at := 0, 0; row < g.n-1; { // at: where the block stands among what is above the diagonal
		first, size := row, 0
		for ; row < g.n-1 && size+g.n-1-row <= gramBlock; row++ {
			size += g.n - 1 - row
		}
		for y := range g.y {
			for d, pairing := range pairings {
				to := paired.Row(y*gramDraws + d)
				for i := first; i < row; i++ {
					from, rest := g.y[y].k.Row(pairing[i]), pairing[i+1:]
					part := to[:len(rest)]
					for k, r := range rest {
						part[k] = from[r]
					}
					to = to[len(rest):]
				}
			}
		}
		g.multiply(false, true, g.above.Slice(0, len(g.x), at, at+size), paired.Slice(0, columns, 0, size), block)
		for e, v := range block.Data {
			sums[e] += float64(v)
		}
		at += size
	}
	return sums
}

// values are those of all cells under one pairing; above has the products above the diagonals.
func (g *gramNull[T]) values(cells []Cell, pairing []int, above func(x, y int) float64) []float64 {
	drawn, about := make([]itself, len(g.y)), make([][]float64, len(g.y))
	for y := range g.y {
		drawn[y], about[y] = g.y[y].drawn(pairing, g.multiply)
	}
	values := make([]float64, len(cells))
	for c, cell := range cells {
		x, y := &g.x[cell.X], &drawn[cell.Y-len(g.x)]
		products := above(cell.X, cell.Y-len(g.x))
		// The sum over all of K∘L is the same whether L is centred; that above the diagonal makes up for what centring takes from it.
		products += (dot(x.norms, about[cell.Y-len(g.x)]) - dot(x.norms, y.norms)) / 2
		values[c] = g.ratio(cell.Variant, x.hsic(cell.Variant, y, products), x.self(cell.Variant), y.self(cell.Variant))
	}
	return values
}

// drawn is a layer under a pairing, and about the squared norms of its rows about the mean of the rows as they were.
func (l *gram[T]) drawn(pairing []int, multiply func(ta, tb bool, x, y, c linalg.Dense[T])) (drawn itself, about []float64) {
	about = make([]float64, len(pairing))
	for r, from := range pairing {
		about[r] = l.norms[from]
	}
	if l.squared.Data == nil { // each row is taken once
		drawn = l.itself
		drawn.norms = about
		return drawn, about
	}
	count, sums, squares := linalg.New[T](len(pairing), 1), linalg.New[T](len(pairing), 1), linalg.New[T](len(pairing), 1)
	for _, from := range pairing {
		count.Data[from]++
	}
	multiply(false, false, l.k, count, sums)
	multiply(false, false, l.squared, count, squares)
	var sum, ofRows, ofSquares float64 // of PLPᵀ: of all, of the squares of the sums of its rows, of all squares
	for r, c := range count.Data {
		row := float64(sums.Data[r])
		sum += float64(c) * row
		ofRows += float64(c) * row * row
		ofSquares += float64(c) * float64(squares.Data[r])
	}
	n, diagonal := float64(len(pairing)), 0.0
	norms := make([]float64, len(pairing))
	for r, from := range pairing {
		norms[r] = about[r] - 2*float64(sums.Data[from])/n + sum/(n*n)
		diagonal += norms[r] * norms[r]
	}
	frobenius := ofSquares - 2*ofRows/n + sum*sum/(n*n)
	return newItself(norms, (frobenius-diagonal)/2), about
}

// ratio is CKA, NaN where rounding may have moved it or a denominator is not positive.
func (g *gramNull[T]) ratio(variant string, xy, x, y hsic) float64 {
	v, lost := xy.ratio(x, y, g.rounding)
	switch {
	case x.left <= 0 || y.left <= 0 || x.unsure(g.rounding) || y.unsure(g.rounding) || lost > mostLost:
		return math.NaN()
	case variant == "biased":
		return min(v, 1)
	}
	return v
}
