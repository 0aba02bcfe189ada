package metrics

import (
	"fmt"
	"slices"
	"sync"

	"speechsim/metrics/internal/linalg"
)

// Moments are the second moments of stacked layers: the number of rows, each
// unit's mean, and the sums of products between the units of the pairs of
// layers that will be compared. All of CKA, the CCA family, the unit and
// attention correlations and Procrustes are functions of them, so rows can be
// added as they come and forgotten.
//
// With z the units of all layers less a provisional centre c, and, if asked
// for, one more column a layer with the row's squared norm |z|² (less its own
// provisional centre), the state is
//
//	n,  c,  Σ z,  Σ z² (a column),  Σ z_i z_jᵀ (a block for each needed pair).
//
// The centre is about the mean of the first rows that were added. It keeps sums
// free of cancellation where a unit's mean is far from zero, and has no other
// effect: what the measures see is Σ z_i z_jᵀ - (Σ z_i)(Σ z_j)ᵀ/n.
//
// A Moments may be read from many goroutines, but not while something is added.
type Moments struct {
	*layout
	backend   Backend
	elsewhere Products // nil: the backend's
	float64   bool
	workers   int
	pool      *pool

	n      int
	centre []float64 // of each column
	sum    []float64 // Σ z
	square []float64 // Σ z²
	noise  []float64 // below this a scatter is the rounding of a subtraction
	cross  [][]float64
	broken error // set when an interrupted Add left half a block behind

	cache factorCache
}

// Options say what a Moments keeps and how it computes.
type Options struct {
	// Pairs are the pairs of layers that will be compared, in either order;
	// nil means all. Each layer in a pair is kept with itself too.
	Pairs [][2]int
	// CrossOnly leaves out each layer's block with itself. neuron_neuron and
	// attention need no more than the cross blocks; all other metrics do.
	CrossOnly bool
	// SquaredNorms adds each row's squared norm, which the debiased CKA needs.
	SquaredNorms bool
	// Float64 multiplies in double precision: errors of 1e-11 in place of
	// 3e-7, at a third of the speed.
	Float64 bool
	// Products multiplies the rows in the backend's place: on a GPU. A block of
	// Products.Rows rows is best then.
	Products Products
	// Workers bounds the goroutines of an Add; 0 means one a processor. It has
	// no effect on any bit of the result.
	Workers int
}

// NewMoments returns empty moments of layers with dims units each.
func NewMoments(b Backend, dims []int, o Options) (*Moments, error) {
	l, err := newLayout(dims, o)
	if err != nil {
		return nil, err
	}
	if o.Products != nil && o.Float64 {
		return nil, errProductsDouble
	}
	return newMoments(b, l, o, &pool{}), nil
}

func newMoments(b Backend, l *layout, o Options, p *pool) *Moments {
	m := &Moments{layout: l, backend: b, elsewhere: o.Products, float64: o.Float64, workers: o.Workers, pool: p}
	columns := l.columns()
	m.centre, m.sum = make([]float64, columns), make([]float64, columns)
	m.square, m.noise = make([]float64, columns), make([]float64, columns)
	m.cross = make([][]float64, len(l.blocks))
	for i := range m.cross {
		m.cross[i] = make([]float64, l.size(i))
	}
	return m
}

// Empty returns empty moments of the same layers and options. The two share
// the memory that an Add works in, so that the moments of fifty speakers do
// not each hold some.
func (m *Moments) Empty() *Moments {
	return newMoments(m.backend, m.layout, Options{Products: m.elsewhere, Float64: m.float64, Workers: m.workers}, m.pool)
}

// Reset takes all rows away, in the same memory.
func (m *Moments) Reset() {
	m.n, m.broken = 0, nil
	for _, numbers := range m.numbers() {
		clear(numbers)
	}
	m.cache.clear()
}

// Clone returns a copy that shares no state.
func (m *Moments) Clone() *Moments {
	c := m.Empty()
	c.set(m)
	return c
}

// set copies the state of o, which has the same layout.
func (m *Moments) set(o *Moments) {
	m.n, m.broken, m.float64 = o.n, o.broken, o.float64
	copy(m.centre, o.centre)
	copy(m.sum, o.sum)
	copy(m.square, o.square)
	copy(m.noise, o.noise)
	for i := range m.cross {
		copy(m.cross[i], o.cross[i])
	}
	m.cache.clear()
}

// N is the number of rows added.
func (m *Moments) N() int { return m.n }

// Layers is the number of layers.
func (m *Moments) Layers() int { return len(m.dims) }

// Dim is the number of units of layer i.
func (m *Moments) Dim(i int) int { return m.dims[i] }

// Pairs are the pairs of layers that are kept, i <= j, in order.
func (m *Moments) Pairs() [][2]int { return slices.Clone(m.pairs) }

// OwnMoments returns empty moments of each layer with itself, whatever pairs the options name.
func OwnMoments(b Backend, dims []int, o Options) (*Moments, error) {
	o.Pairs = ownPairs(len(dims))
	return NewMoments(b, dims, o)
}

func ownPairs(layers int) (pairs [][2]int) {
	for i := range layers {
		pairs = append(pairs, [2]int{i, i})
	}
	return pairs
}

// Mean returns the mean of each unit of layer i.
func (m *Moments) Mean(i int) []float64 {
	mean := make([]float64, m.dims[i])
	for u := range mean {
		c := m.offset[i] + u
		mean[u] = m.centre[c] + m.sum[c]/float64(max(m.n, 1))
	}
	return mean
}

// Variance returns the variance of each unit of layer i, over n; exactly 0 for
// dead units.
func (m *Moments) Variance(i int) []float64 {
	v := m.scatters(i)
	for u := range v {
		v[u] /= float64(max(m.n, 1))
	}
	return v
}

// DeadUnits returns the units of layer i that are constant, or vary 1e-12 times as
// much as the layer's largest. Metrics leave them
// out, and count them in a warning.
func (m *Moments) DeadUnits(i int) []int {
	var dead []int
	for u, s := range m.scatters(i) {
		if s == 0 {
			dead = append(dead, u)
		}
	}
	return dead
}

// live returns the units of layer i that vary.
func (m *Moments) live(i int) []int {
	var live []int
	for u, s := range m.scatters(i) {
		if s != 0 {
			live = append(live, u)
		}
	}
	return live
}

// scatters returns Σ (x - mean)² of each unit of layer i, 0 where that can't
// be told from rounding, and where it is nothing next to the layer's largest: a
// layer norm's weight of 1e-33 leaves a unit that float32 products can't hold, and
// that no metric could see. What counts is the ratio: a layer that is small as a whole
// is as good as any.
func (m *Moments) scatters(i int) []float64 {
	const rounding = 1e-13 // of Σ z², some hundred units in the last place
	s := make([]float64, m.dims[i])
	if m.n == 0 {
		return s
	}
	for u := range s {
		c := m.offset[i] + u
		v := m.square[c] - m.sum[c]*m.sum[c]/float64(m.n)
		if v > max(m.noise[c], rounding*m.square[c]) {
			s[u] = v
		}
	}
	if m.dims[i] > 0 {
		const dead = 1e-24 // a standard deviation of 1e-12 of the largest
		least := dead * slices.Max(s)
		for u, v := range s {
			if v < least {
				s[u] = 0
			}
		}
	}
	return s
}

// scatter returns the sums of products of centred rows, Σ (x - x̄)(y - ȳ)ᵀ, for
// layers i and j: [dim i, dim j]. It fails if the pair is not among those kept.
func (m *Moments) scatter(i, j int) (linalg.Dense[float64], error) {
	none := linalg.Dense[float64]{}
	if m.broken != nil {
		return none, m.broken
	}
	raw, err := m.products(i, j)
	if err != nil {
		return none, err
	}
	s, mean := m.layerSum(i), m.layerSum(j)
	for k := range mean {
		mean[k] /= float64(max(m.n, 1))
	}
	for r := range raw.Rows {
		row, sr := raw.Row(r), s[r]
		for c := range row {
			row[c] -= sr * mean[c]
		}
	}
	if i == j { // the sums of squares are those of the units, kept in double precision
		for u, v := range m.scatters(i) {
			raw.Row(u)[u] = v
		}
	}
	return raw, nil
}

// products returns a copy of Σ z_i z_jᵀ.
func (m *Moments) products(i, j int) (linalg.Dense[float64], error) {
	block, flipped, err := m.stored(i, j)
	if err != nil {
		return block, err
	}
	if !flipped {
		out := block.Clone()
		if i == j {
			mirror(out)
		}
		return out, nil
	}
	return transposed(block), nil
}

// stored returns the place of Σ z_i z_jᵀ, or of its transpose. For i == j only
// the upper triangle means something.
func (m *Moments) stored(i, j int) (block linalg.Dense[float64], flipped bool, err error) {
	for _, k := range []int{i, j} {
		if k < 0 || k >= len(m.dims) {
			return block, false, fmt.Errorf("layer %d is outside 0 to %d", k, len(m.dims)-1)
		}
	}
	if _, kept := slices.BinarySearchFunc(m.pairs, [2]int{min(i, j), max(i, j)}, comparePairs); !kept {
		if i == j && m.layout.cross {
			return block, false, fmt.Errorf("the products of layer %d with itself were not kept (CrossOnly)", i)
		}
		return block, false, fmt.Errorf("the products of layers %d and %d were not kept", i, j)
	}
	if i > j {
		i, j, flipped = j, i, true
	}
	whole := m.block(m.blockAt[[2]int{m.panelOf[i], m.panelOf[j]}])
	r, c := m.offset[i]-m.panels[m.panelOf[i]].from, m.offset[j]-m.panels[m.panelOf[j]].from
	return whole.Slice(r, r+m.dims[i], c, c+m.dims[j]), flipped, nil
}

// block returns block k as a matrix, sharing memory.
func (m *Moments) block(k int) linalg.Dense[float64] {
	p, q := m.panels[m.blocks[k].p], m.panels[m.blocks[k].q]
	return linalg.Dense[float64]{Rows: p.width(), Cols: q.width(), Stride: q.width(), Data: m.cross[k]}
}

// layerSum returns a copy of Σ z of layer i.
func (m *Moments) layerSum(i int) []float64 {
	return slices.Clone(m.sum[m.offset[i] : m.offset[i]+m.dims[i]])
}

// mirror copies the upper triangle of a square matrix into its lower one.
func mirror(d linalg.Dense[float64]) {
	const edge = 32 // squares that fit the cache
	for r0 := 0; r0 < d.Rows; r0 += edge {
		for c0 := r0; c0 < d.Cols; c0 += edge {
			for r := r0; r < min(r0+edge, d.Rows); r++ {
				for c := max(c0, r+1); c < min(c0+edge, d.Cols); c++ {
					d.Data[c*d.Stride+r] = d.Data[r*d.Stride+c]
				}
			}
		}
	}
}

// transposeInto sets out to the transpose of d.
func transposeInto(out, d linalg.Dense[float64]) {
	const edge = 32
	for r0 := 0; r0 < d.Rows; r0 += edge {
		for c0 := 0; c0 < d.Cols; c0 += edge {
			for r := r0; r < min(r0+edge, d.Rows); r++ {
				for c := c0; c < min(c0+edge, d.Cols); c++ {
					out.Data[c*out.Stride+r] = d.Data[r*d.Stride+c]
				}
			}
		}
	}
}

// transposed returns a copy of the transpose.
func transposed(d linalg.Dense[float64]) linalg.Dense[float64] {
	out := linalg.New[float64](d.Cols, d.Rows)
	transposeInto(out, d)
	return out
}

// pool keeps the buffers of finished Adds for the next.
type pool struct {
	mu   sync.Mutex
	free []*buffers
}

func (p *pool) get() *buffers {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k := len(p.free) - 1; k >= 0 {
		b := p.free[k]
		p.free = p.free[:k]
		return b
	}
	return &buffers{}
}

func (p *pool) put(b *buffers) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, b)
}
