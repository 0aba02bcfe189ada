package metrics

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// CKAGrouped is cka's variant grouped: linear CKA of rows that come in groups, such as the frames of speakers. The debiased estimate takes
// rows to be independent of each other. Rows of a group share an effect, and the pairs of rows within it push the estimate up, for unrelated
// layers too. This one takes tuples of rows of different groups alone. With C_g = Σ x yᵀ, s_g = Σ x and t_g = Σ y over the n_g rows of
// group g, it estimates HSIC by the U-statistic over groups
//
//	HSIC = A/N₂ - 2 B/N₃ + D/N₄
//	A = Σ <C_g, C_h>,      N₂ = Σ n_g n_h              over g ≠ h,
//	B = Σ s_hᵀ C_g t_k,    N₃ = Σ n_g n_h n_k          over g, h, k that differ,
//	D = Σ s_g·s_k t_h·t_l, N₄ = Σ n_g n_h n_k n_l      over g, h, k, l that differ,
//
// which are the terms of the U-statistic of HSIC (Gretton et al. 2007; Song et al. 2012) without the tuples that hold two rows of one
// group. Where each group is one row, it is the debiased estimate. Rows are counted from their common mean. (Liu et al. 2021, A kernel-based test
// of independence for cluster-correlated data, keep these tuples and correct the distribution of a test instead.)
//
// The result has the values without each group too, for the jackknife. The sums over distinct groups follow from those over all groups,
// so the cost is two readings of the groups' moments and, of each group and pair of layers, one product of G and d x d numbers.
//
// whole are the moments of all rows, groups yields those of each group and is ranged over twice, and pairs are the cells (i, j). It needs 4
// groups with rows, and 5 for a value without one of them.
func CKAGrouped(ctx context.Context, whole *Moments, groups iter.Seq2[*Moments, error], pairs [][2]int) (*OfGroups, error) {
	g := newGroupedCKA(whole, pairs)
	if err := g.read(ctx, groups); err != nil {
		return nil, err
	}
	return g.result()
}

// OfGroups is what the moments of groups give, of each pair of layers that was asked for.
type OfGroups struct {
	Cells   []CellValue
	Left    *Replicates   // with each group left out; nil where the metric does not have that at hand
	Effects []GroupEffect // of cka; nil for others
	Scales  []float64     // of cka, its denominator: √(HSIC of x · HSIC of y), for NullGrouped
}

// GroupEffect says how much the rows of a group have in common in two layers.
type GroupEffect struct {
	// Shares are the intra-class correlations of x and y: the share of variance that is between groups, over all units (one-way analysis of
	// variance for groups of unequal size; Donner 1986). 0 where rows of a group are no more alike than others. Of groups that were
	// joined, it is that of the joined ones, which is lower.
	Shares [2]float64
	// Grouped is cka grouped, NaN where it has no value.
	Grouped float64
}

// InTurn reads groups one after the other.
func InTurn(sizes []int, group func(g int) (*Moments, error)) iter.Seq2[*Moments, error] {
	return func(yield func(*Moments, error) bool) {
		for g := range sizes {
			if !yield(group(g)) {
				return
			}
		}
	}
}

// read reads the groups twice: their products are added once the sums of all are known.
func (g *groupedCKA) read(ctx context.Context, groups iter.Seq2[*Moments, error]) error {
	if err := eachGroup(ctx, groups, g.addSums); err != nil {
		return err
	}
	g.gather()
	if err := eachGroup(ctx, groups, g.addProducts); err != nil {
		return err
	}
	rows := 0
	for _, n := range g.sizes {
		rows += n
	}
	if g.next != len(g.sizes) || rows != g.whole.n {
		return fmt.Errorf("%d groups of %d rows were read, then %d: they do not make up the %d rows", len(g.sizes), rows, g.next, g.whole.n)
	}
	return nil
}

// eachGroup visits the groups that have rows.
func eachGroup(ctx context.Context, groups iter.Seq2[*Moments, error], visit func(*Moments) error) error {
	for group, err := range groups {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && group.n > 0 {
			err = visit(group)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// groupedCKA is a map of grouped CKA on its way.
type groupedCKA struct {
	whole  *Moments
	pairs  [][2]int
	blocks []*groupedBlock
	at     map[[2]int]int // layers i <= j -> block
	sizes  []int
	sums   map[int][]float64 // of each layer: Σ (x - mean) of each group, a row a group
	grams  map[int]linalg.Dense[float64]
	work   []groupedWork // of each worker
	next   int           // the group whose products are added next
}

// groupedBlock is what is known of two layers i <= j. In the names, C are the cross-products of all rows and c those of a group.
type groupedBlock struct {
	i, j   int
	err    error
	cc     float64     // |C|²
	sct    []float64   // of each group: s C t
	own    []float64   // |c|²
	sctOwn []float64   // s c t
	shared []float64   // <C, c>
	others []float64   // Σ_h s_h c t_h
	u, v   []float64   // Σ cᵀ s and Σ c t over groups
	sketch [][]float64 // of each group: sketchOf(c)
}

// groupedWork is the memory of a worker.
type groupedWork struct{ group, all, sums []float64 }

func newGroupedCKA(whole *Moments, pairs [][2]int) *groupedCKA {
	g := &groupedCKA{whole: whole, pairs: pairs, at: map[[2]int]int{}, sums: map[int][]float64{}, grams: map[int]linalg.Dense[float64]{}}
	for _, p := range pairs {
		for _, b := range [][2]int{{min(p[0], p[1]), max(p[0], p[1])}, {p[0], p[0]}, {p[1], p[1]}} {
			if _, ok := g.at[b]; ok {
				continue
			}
			g.at[b] = len(g.blocks)
			block := &groupedBlock{i: b[0], j: b[1]}
			if block.err = whole.check("cka", "grouped", b[0], b[1], 4); block.err == nil {
				block.u, block.v = make([]float64, whole.dims[b[1]]), make([]float64, whole.dims[b[0]])
				g.sums[b[0]], g.sums[b[1]] = nil, nil
			}
			g.blocks = append(g.blocks, block)
		}
	}
	g.work = make([]groupedWork, min(parallel.Workers(whole.workers), max(1, len(g.blocks))))
	return g
}

// addSums adds the sums of a group, counted from the mean of all rows.
func (g *groupedCKA) addSums(group *Moments) error {
	g.sizes = append(g.sizes, group.n)
	for i := range g.sums {
		for _, d := range difference(group.Mean(i), g.whole.Mean(i)) {
			g.sums[i] = append(g.sums[i], float64(group.n)*d)
		}
	}
	return group.broken
}

// gather does what can be done once the sums of all groups are known.
func (g *groupedCKA) gather() {
	for i := range g.sums {
		s := g.sumsOf(i)
		gram := linalg.New[float64](s.Rows, s.Rows)
		g.whole.backend.Gemm64(false, true, s, s, gram)
		g.grams[i] = gram
	}
	g.each(func(b *groupedBlock, w *groupedWork) error {
		all, err := centred(g.whole, b.i, b.j, &w.all)
		if err != nil {
			return err
		}
		b.cc = sumSquares(all.Data)
		b.sct = g.throughout(b, all, w)
		return nil
	})
}

// addProducts adds the cross-products of a group.
func (g *groupedCKA) addProducts(group *Moments) error {
	if g.next == len(g.sizes) || g.sizes[g.next] != group.n {
		return errors.New("the groups are not the same when they are read again")
	}
	at := g.next
	g.next++
	g.each(func(b *groupedBlock, w *groupedWork) error {
		c, err := centred(group, b.i, b.j, &w.group)
		if err != nil {
			return err
		}
		s, t := g.sumsOf(b.i).Row(at), g.sumsOf(b.j).Row(at)
		sct := 0.0
		for r := range c.Rows { // counted from the mean of all rows
			row, shift := c.Row(r), s[r]/float64(group.n)
			for k := range row {
				row[k] += shift * t[k]
			}
			ct := dot(row, t)
			sct += s[r] * ct
			b.v[r] += ct
		}
		b.own, b.sctOwn, b.sketch = append(b.own, sumSquares(c.Data)), append(b.sctOwn, sct), append(b.sketch, sketchOf(c))
		all, err := centred(g.whole, b.i, b.j, &w.all)
		if err != nil {
			return err
		}
		b.shared, b.others = append(b.shared, dot(all.Data, c.Data)), append(b.others, sum(g.throughout(b, c, w)))
		for k, v := range sized(&w.sums, len(g.sizes), c.Cols).Row(at) { // s c
			b.u[k] += v
		}
		return nil
	})
	return group.broken
}

// throughout returns s_h c t_h of each group h, and leaves s_h c in the worker's sums.
func (g *groupedCKA) throughout(b *groupedBlock, c linalg.Dense[float64], w *groupedWork) []float64 {
	product := sized(&w.sums, len(g.sizes), c.Cols)
	g.whole.backend.Gemm64(false, false, g.sumsOf(b.i), c, product)
	t, out := g.sumsOf(b.j), make([]float64, len(g.sizes))
	for h := range out {
		out[h] = dot(product.Row(h), t.Row(h))
	}
	return out
}

// each runs a task for each block that has no error yet.
func (g *groupedCKA) each(task func(*groupedBlock, *groupedWork) error) {
	parallel.Run(len(g.work), len(g.blocks), func(worker, k int) {
		if b := g.blocks[k]; b.err == nil {
			b.err = task(b, &g.work[worker])
		}
	})
}

func (g *groupedCKA) sumsOf(layer int) linalg.Dense[float64] {
	return linalg.Dense[float64]{Rows: len(g.sizes), Cols: g.whole.dims[layer], Stride: g.whole.dims[layer], Data: g.sums[layer]}
}

// sized is a matrix in memory that grows as needed.
func sized(memory *[]float64, rows, cols int) linalg.Dense[float64] {
	if len(*memory) < rows*cols {
		*memory = make([]float64, rows*cols)
	}
	return linalg.Dense[float64]{Rows: rows, Cols: cols, Stride: cols, Data: (*memory)[:rows*cols]}
}

// centred writes Σ (x - mean)(y - mean)ᵀ of layers i <= j into memory.
func centred(m *Moments, i, j int, memory *[]float64) (linalg.Dense[float64], error) {
	raw, _, err := m.stored(i, j)
	if err != nil {
		return raw, err
	}
	out := sized(memory, raw.Rows, raw.Cols)
	s, mean := m.layerSum(i), m.layerSum(j)
	for k := range mean {
		mean[k] /= float64(m.n)
	}
	for r := range raw.Rows {
		row := out.Row(r)
		for k, p := range raw.Row(r) {
			row[k] = p - s[r]*mean[k]
		}
	}
	if i == j { // of which the upper triangle is kept
		mirror(out)
	}
	return out, nil
}

// result is what all pairs give.
func (g *groupedCKA) result() (*OfGroups, error) {
	estimates := make([]groupedHSIC, len(g.blocks))
	g.each(func(b *groupedBlock, _ *groupedWork) error {
		estimates[g.at[[2]int{b.i, b.j}]] = g.estimate(b)
		return nil
	})
	shares := map[int]float64{}
	for i := range g.sums {
		shares[i] = g.share(i)
	}
	out := &OfGroups{Cells: make([]CellValue, len(g.pairs)), Effects: make([]GroupEffect, len(g.pairs)), Scales: make([]float64, len(g.pairs))}
	out.Left = &Replicates{Whole: make([]float64, len(g.pairs)), Left: make([][]float64, len(g.sizes)), Sizes: g.sizes, Spreads: make([]Spread, len(g.pairs))}
	for k := range out.Left.Left {
		out.Left.Left[k] = make([]float64, len(g.pairs))
	}
	for k, p := range g.pairs {
		c := &out.Cells[k]
		xy, x, y := g.at[[2]int{min(p[0], p[1]), max(p[0], p[1])}], g.at[[2]int{p[0], p[0]}], g.at[[2]int{p[1], p[1]}]
		c.Err = cmp.Or(g.blocks[xy].err, g.blocks[x].err, g.blocks[y].err)
		if c.Err == nil {
			c.Value, c.Err = g.value(p, estimates[xy].hsic, estimates[x].hsic, estimates[y].hsic)
		}
		value, err := orNaN(c.Value.Value, c.Err)
		if err != nil {
			return nil, err
		}
		out.Scales[k] = math.Sqrt(estimates[x].hsic.left) * math.Sqrt(estimates[y].hsic.left)
		out.Effects[k] = GroupEffect{Shares: [2]float64{shares[p[0]], shares[p[1]]}, Grouped: value}
		out.Left.Whole[k] = value
		for left, row := range out.Left.Left {
			row[k] = math.NaN()
			if !math.IsNaN(value) && len(g.sizes) > 4 {
				if row[k], err = orNaN(g.whole.groupedRatio(estimates[xy].left[left], estimates[x].left[left], estimates[y].left[left])); err != nil {
					return nil, err
				}
			}
		}
	}
	parallel.Run(len(g.work), len(g.pairs), func(_, k int) {
		if value := out.Left.Whole[k]; !math.IsNaN(value) && len(g.sizes) > 4 {
			out.Left.Spreads[k] = g.spread(g.pairs[k], value, estimates)
		}
	})
	return out, nil
}

// spread is that of the cell of a pair of layers. CKA is xy / √(x y) of estimates of HSIC; to first order in each, it is the sum of their products of groups,
// with the derivatives of CKA as weights.
func (g *groupedCKA) spread(p [2]int, value float64, estimates []groupedHSIC) Spread {
	pairs := powersOf(g.sizes).pairs()
	xy, x, y := g.at[[2]int{min(p[0], p[1]), max(p[0], p[1])}], g.at[[2]int{p[0], p[0]}], g.at[[2]int{p[1], p[1]}]
	term := func(block int, derivative float64) pairTerm {
		b := g.blocks[block]
		return pairTerm{derivative / pairs, b.sketch, g.whole.dims[b.i]*g.whole.dims[b.j] <= sketchSize}
	}
	hx, hy := estimates[x].hsic.left, estimates[y].hsic.left
	scale := math.Sqrt(hx) * math.Sqrt(hy)
	terms := []pairTerm{term(xy, 1/scale), term(x, -value/2/hx), term(y, -value/2/hy)}
	return Spread{Second: secondOrder(g.whole.backend, g.sizes, terms), Biased: g.blocks[xy].cc / pairs / scale}
}

// orNaN is NaN for a value that is undefined on these data.
func orNaN(value float64, err error) (float64, error) {
	var undefined *UndefinedError
	if errors.As(err, &undefined) {
		return math.NaN(), nil
	}
	return value, err
}

// groupedHSIC is the estimate of two layers, of all groups and with each left out.
type groupedHSIC struct {
	hsic
	left []hsic
}

// value is the value of a cell, as in CKA.
func (g *groupedCKA) value(p [2]int, xy, x, y hsic) (Value, error) {
	if len(g.sizes) < 4 {
		return Value{}, undefined("cka", "grouped", "it needs at least 4 groups with rows and there are %d", len(g.sizes))
	}
	v := newValue(g.whole, p[0], p[1])
	var err error
	v.Value, err = g.whole.groupedRatio(xy, x, y)
	if p[0] == p[1] {
		v.Value = 1
	}
	return v, err
}

// groupedRatio is CKA of estimates of HSIC, unless one of them is no more than rounding.
func (m *Moments) groupedRatio(xy, x, y hsic) (float64, error) {
	if err := m.judge("grouped", x, "x"); err != nil {
		return 0, err
	}
	if err := m.judge("grouped", y, "y"); err != nil {
		return 0, err
	}
	return m.ratio("grouped", xy, x, y)
}

// estimate is the U-statistic of two layers. Sums over all groups are 0, because rows are counted from their mean; what is left of the sums
// over distinct groups are those over equal ones.
func (g *groupedCKA) estimate(b *groupedBlock) groupedHSIC {
	n, own, all := powersOf(g.sizes), sum(b.own), sum(b.sct)
	kx, ky := withoutDiagonal(g.grams[b.i]), withoutDiagonal(g.grams[b.j])
	out := groupedHSIC{}
	out.hsic = hsic{left: n.hsic(b.cc, own, all, sum(b.sctOwn), distinct(kx, ky, -1)), terms: (b.cc + own) / n.pairs()}
	out.left = make([]hsic, len(g.sizes))
	s, t := g.sumsOf(b.i), g.sumsOf(b.j)
	for k, size := range g.sizes {
		n := n.without(size)
		a := b.cc - 2*b.shared[k] + b.own[k] - (own - b.own[k])
		bb := 2*b.sct[k] - 6*b.sctOwn[k] + dot(b.u, t.Row(k)) + dot(b.v, s.Row(k)) - all + b.others[k] + 2*sum(b.sctOwn)
		// What is left of the rows' products is a difference of those of all rows, whose rounding it keeps.
		out.left[k] = hsic{left: a/n.pairs() - 2*bb/n.triples() + distinct(kx, ky, k)/n.quadruples(), terms: (b.cc + own) / n.pairs()}
	}
	return out
}

// share is the intra-class correlation of a layer.
func (g *groupedCKA) share(i int) float64 {
	between, squares, n := 0.0, 0.0, float64(g.whole.n)
	for k, size := range g.sizes {
		between += sumSquares(g.sumsOf(i).Row(k)) / float64(size)
		squares += float64(size) * float64(size) / n
	}
	groups := float64(len(g.sizes))
	within := sum(g.whole.scatters(i)) - between
	if groups < 2 || n <= groups {
		return 0
	}
	between, within = between/(groups-1), within/(n-groups)
	size := (n - squares) / (groups - 1)
	return max(0, (between-within)/(between+(size-1)*within))
}

// distinct is the sum of K_gk L_hl over groups that all differ, without one of them (-1: of all): with the diagonals 0,
// ΣK ΣL - 4 1ᵀKL1 + 2 tr KL (Song et al. 2012).
func distinct(k, l linalg.Dense[float64], without int) float64 {
	var sumK, sumL, rows, trace float64
	for g := range k.Rows {
		if g == without {
			continue
		}
		rk, rl := k.Row(g), l.Row(g)
		inK, inL := sum(rk), sum(rl)
		trace += dot(rk, rl)
		if without >= 0 {
			inK, inL = inK-rk[without], inL-rl[without]
			trace -= rk[without] * rl[without]
		}
		sumK, sumL, rows = sumK+inK, sumL+inL, rows+inK*inL
	}
	return sumK*sumL - 4*rows + 2*trace
}

func withoutDiagonal(m linalg.Dense[float64]) linalg.Dense[float64] {
	out := linalg.New[float64](m.Rows, m.Cols)
	for r := range m.Rows {
		copy(out.Row(r), m.Row(r))
		out.Row(r)[r] = 0
	}
	return out
}

// powers are the sums of the first four powers of the sizes of groups.
type powers [4]float64

func powersOf(sizes []int) (p powers) {
	for _, n := range sizes {
		for k := range p {
			p[k] += math.Pow(float64(n), float64(k+1))
		}
	}
	return p
}

func (p powers) without(n int) powers {
	for k := range p {
		p[k] -= math.Pow(float64(n), float64(k+1))
	}
	return p
}

// pairs, triples and quadruples are the numbers of tuples of rows of different groups.
func (p powers) pairs() float64   { return p[0]*p[0] - p[1] }
func (p powers) triples() float64 { return p[0]*p[0]*p[0] - 3*p[0]*p[1] + 2*p[2] }
func (p powers) quadruples() float64 {
	return p[0]*p[0]*p[0]*p[0] - 6*p[0]*p[0]*p[1] + 8*p[0]*p[2] + 3*p[1]*p[1] - 6*p[3]
}

// hsic is the U-statistic of groups of these sizes whose sums over all rows are 0: cc = |C|², own = Σ |C_g|², sct = Σ s_gᵀ C t_g, sctOwn = Σ
// s_gᵀ C_g t_g, and d is D.
func (p powers) hsic(cc, own, sct, sctOwn, d float64) float64 {
	return (cc-own)/p.pairs() - 2*(2*sctOwn-sct)/p.triples() + d/p.quadruples()
}

func sum(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s
}
