package metrics

import "speechsim/metrics/internal/linalg"

// leastZeros: a layer of which at most one number in so many is not 0 is sparse. Labels are: one class or two of thousands hold for a row, and
// products of all units with each other would take hours where those of what is there take a second.
const leastZeros = 8

// shareLayer is one of the two layers of CKAContributions.
type shareLayer struct {
	mean    []float64
	square  float64   // |mean|²
	norms   []float64 // |x_i|² of each row, centred
	total   float64   // their sum
	nonzero int       // numbers that are not 0
	sparse  bool
}

// shareRows are rows of a block: centred, or, of a sparse layer, what is not 0 of them as it is.
type shareRows struct {
	dense  linalg.Dense[float64]
	sparse [][]unitValue // nil where the layer is not
}

type unitValue struct {
	unit  int
	value float64
}

func (l *shareLayer) rowsOf(x Matrix) shareRows {
	if !l.sparse {
		return shareRows{dense: minus[float64](x, l.mean)}
	}
	dense, rows := denseRows[float64](x, false), make([][]unitValue, x.Rows)
	for r := range rows {
		for u, v := range dense.Row(r) {
			if v != 0 {
				rows[r] = append(rows[r], unitValue{u, v})
			}
		}
	}
	return shareRows{sparse: rows}
}

// norm is |x_r|² of the centred row.
func (l *shareLayer) norm(rows *shareRows, r int) float64 {
	if !l.sparse {
		return sumSquares(rows.dense.Row(r))
	}
	norm := l.square
	for _, e := range rows.sparse[r] {
		norm += e.value * (e.value - 2*l.mean[e.unit])
	}
	return norm
}

// addTo adds a multiple of row r; that of a sparse layer is not centred.
func (rows *shareRows) addTo(to []float64, by float64, r int) {
	if rows.sparse == nil {
		for u, v := range rows.dense.Row(r) {
			to[u] += by * v
		}
		return
	}
	for _, e := range rows.sparse[r] {
		to[e.unit] += by * e.value
	}
}

// dot is the product of row r with v; that of a sparse layer is not centred.
func (rows *shareRows) dot(v []float64, r int) float64 {
	if rows.sparse == nil {
		return dot(rows.dense.Row(r), v)
	}
	sum := 0.0
	for _, e := range rows.sparse[r] {
		sum += e.value * v[e.unit]
	}
	return sum
}

// sharePair is two layers a and b, which may be one. If one of two is sparse, that is b.
type sharePair struct {
	of      [2]int
	product linalg.Dense[float64] // AᵀB, or BᵀA where b is sparse
	pull    [2][]float64          // Σ_j |b_j|² a_j and Σ_j |a_j|² b_j
	norms   float64               // Σ_j |a_j|² |b_j|²
	rows    []float64             // s_i

	// What centring takes away from products with rows of sparse layers that are as they are.
	pullMean [2]float64 // pull times the mean of its layer
	byB      []float64  // AᵀB times the mean of b
	byA      []float64  // BᵀA times the mean of a
	means    float64    // AᵀB times the means of both
}

// add adds the products of a block.
func (p *sharePair) add(backend Backend, a, b *shareRows) {
	if b.sparse == nil {
		block := linalg.New[float64](p.product.Rows, p.product.Cols)
		backend.Gemm64(true, false, a.dense, b.dense, block)
		for i, v := range block.Data {
			p.product.Data[i] += v
		}
		return
	}
	for r, row := range b.sparse {
		for _, e := range row {
			a.addTo(p.product.Row(e.unit), e.value, r)
		}
	}
}

// centre makes the sums those of centred rows. Those of a dense layer are; products of the centred rows of one layer with rows of another do
// not depend on whether these are centred.
func (p *sharePair) centre(s *ckaShares) {
	a, b := &s.layers[p.of[0]], &s.layers[p.of[1]]
	for k, l := range [2]*shareLayer{a, b} {
		if l.sparse {
			for u, m := range l.mean {
				p.pull[k][u] -= [2]*shareLayer{b, a}[k].total * m
			}
			p.pullMean[k] = dot(p.pull[k], l.mean)
		}
	}
	if !b.sparse {
		return
	}
	p.byB = make([]float64, len(a.mean))
	for c, m := range b.mean {
		row := p.product.Row(c)
		for u := range row {
			if a.sparse {
				row[u] -= float64(s.n) * m * a.mean[u]
			}
			p.byB[u] += m * row[u]
		}
	}
	if a.sparse {
		for c := range b.mean {
			p.byA = append(p.byA, dot(p.product.Row(c), a.mean))
		}
		p.means = dot(p.byA, b.mean)
	}
}

// through gives a_rᵀ (AᵀB) b_r of the centred rows of a block.
func (p *sharePair) through(backend Backend, a, b *shareRows) func(r int) float64 {
	if b.sparse == nil {
		product := linalg.New[float64](a.dense.Rows, p.product.Cols)
		backend.Gemm64(false, false, a.dense, p.product, product)
		return func(r int) float64 { return dot(product.Row(r), b.dense.Row(r)) }
	}
	return func(r int) float64 {
		v := p.means - a.dot(p.byB, r)
		for _, e := range b.sparse[r] {
			v += e.value * a.dot(p.product.Row(e.unit), r)
			if p.byA != nil {
				v -= e.value * p.byA[e.unit]
			}
		}
		return v
	}
}
