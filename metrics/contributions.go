package metrics

import (
	"fmt"

	"speechsim/metrics/internal/linalg"
)

// Contributions say which rows carry the value of a metric on two layers.
type Contributions struct {
	Share  []float64 // of each row: its part of the likeness of the two layers; the shares add up to 1
	Effect []float64 // of each row: without it the value is, to first order, the value times 1 - effect; the effects add up to 0
}

// CKAContributions takes cka, biased or debiased, apart into rows. With X and Y the centred rows, what CKA divides is a sum
// over pairs of rows, and so one over rows,
//
//	|XᵀY|² = <XXᵀ, YYᵀ> = Σ_i s_i,   s_i = Σ_j (x_i·x_j)(y_i·y_j) = x_iᵀ (XᵀY) y_i,
//
// of which s_i/|XᵀY|² is the share of row i. It is large where the row's likeness to other rows is the same in both layers, and
// negative where it is opposite. With a_i and b_i the shares of row i in the denominators |XᵀX|² and |YᵀY|², a row of weight 1 + w
// changes the logarithm of CKA by (2 s_i - a_i - b_i) w to first order; that the mean moves too changes nothing to first order. So
// 2 s_i - a_i - b_i is the effect: a row that is large in one layer alone pulls the value down though its share is not negative.
//
// Debiased, the sums are those over j ≠ i of the products of U-centred Gram matrices (Székely and Rizzo 2014), which Song's
// estimate is n(n-3) times the mean of:
//
//	A_ij = x_i·x_j + (|x_i|² + |x_j|²)/(n-2) - Σ_t |x_t|²/((n-1)(n-2)).
//
// They take no matrix of n rows by n rows either, as the code below shows.
//
// dx and dy are the units of the layers. blocks visits all rows, some at a time, in the same order whenever it is called: three times.
func CKAContributions(b Backend, variant string, dx, dy int, blocks func(visit func(x, y Matrix) error) error) (*Contributions, error) {
	if variant != "biased" && variant != "debiased" {
		return nil, fmt.Errorf("cka %s is not taken apart into rows", variant)
	}
	s := &ckaShares{backend: b, layers: [2]shareLayer{{mean: make([]float64, dx)}, {mean: make([]float64, dy)}}, debiased: variant == "debiased"}
	err := blocks(s.addMean)
	if err == nil && s.debiased && s.n < 4 {
		err = undefined("cka", variant, "%d rows are too few; at least 4 are needed", s.n)
	}
	if err != nil {
		return nil, err
	}
	s.settle()
	if err := blocks(s.addProducts); err != nil {
		return nil, err
	}
	for k := range s.pairs {
		s.pairs[k].centre(s)
	}
	if err := blocks(s.addRows); err != nil {
		return nil, err
	}
	return s.contributions(variant)
}

// ckaShares is the state of CKAContributions.
type ckaShares struct {
	backend  Backend
	debiased bool
	n        int
	layers   [2]shareLayer
	pairs    [3]sharePair // x with y, x with x, y with y
}

func (s *ckaShares) addMean(x, y Matrix) error {
	for k, m := range [2]Matrix{x, y} {
		m, err := Finite(m, k)
		if err != nil {
			return err
		}
		rows, l := denseRows[float64](m, false), &s.layers[k]
		for r := range rows.Rows {
			for u, v := range rows.Row(r) {
				if v != 0 {
					l.mean[u] += v
					l.nonzero++
				}
			}
		}
	}
	s.n += x.Rows
	return nil
}

// settle ends the first visit: means are known, and which layers are sparse.
func (s *ckaShares) settle() {
	for k := range s.layers {
		l := &s.layers[k]
		for u := range l.mean {
			l.mean[u] /= float64(max(s.n, 1))
		}
		l.sparse = l.nonzero <= s.n*len(l.mean)/leastZeros
		l.square = sumSquares(l.mean)
	}
	for k, of := range [3][2]int{{0, 1}, {0, 0}, {1, 1}} {
		if s.layers[of[0]].sparse && !s.layers[of[1]].sparse {
			of[0], of[1] = of[1], of[0]
		}
		p, a, b := &s.pairs[k], len(s.layers[of[0]].mean), len(s.layers[of[1]].mean)
		p.of, p.pull = of, [2][]float64{make([]float64, a), make([]float64, b)}
		if s.layers[of[1]].sparse {
			a, b = b, a
		}
		p.product = linalg.New[float64](a, b)
	}
}

// rowsOf are the rows of a block as the sums take them.
func (s *ckaShares) rowsOf(x, y Matrix) (rows [2]shareRows, err error) {
	for k, m := range [2]Matrix{x, y} {
		if m, err = m.shaped(); err != nil {
			return rows, err
		}
		rows[k] = s.layers[k].rowsOf(m)
	}
	return rows, nil
}

func (s *ckaShares) addProducts(x, y Matrix) error {
	rows, err := s.rowsOf(x, y)
	if err != nil {
		return err
	}
	var norms [2][]float64
	for k := range rows {
		l := &s.layers[k]
		for r := range x.Rows {
			norms[k] = append(norms[k], l.norm(&rows[k], r))
		}
		l.norms, l.total = append(l.norms, norms[k]...), l.total+sum(norms[k])
	}
	for k := range s.pairs {
		p := &s.pairs[k]
		a, b := p.of[0], p.of[1]
		p.add(s.backend, &rows[a], &rows[b])
		for r := range x.Rows {
			p.norms += norms[a][r] * norms[b][r]
			rows[a].addTo(p.pull[0], norms[b][r], r)
			rows[b].addTo(p.pull[1], norms[a][r], r)
		}
	}
	return nil
}

func (s *ckaShares) addRows(x, y Matrix) error {
	rows, err := s.rowsOf(x, y)
	if err != nil {
		return err
	}
	for k := range s.pairs {
		p := &s.pairs[k]
		a, b := &rows[p.of[0]], &rows[p.of[1]]
		through := p.through(s.backend, a, b)
		for r := range x.Rows {
			p.rows = append(p.rows, s.row(p, len(p.rows), through(r), a.dot(p.pull[0], r)-p.pullMean[0], b.dot(p.pull[1], r)-p.pullMean[1]))
		}
	}
	return nil
}

// row is s_i: Σ_j (a_i·a_j)(b_i·b_j), j = i included, or Σ_{j≠i} A_ij B_ij. Since Σ_{j≠i} B_ij = 0, what A_ij has that does not depend on j
// takes no part, and with k_i = |a_i|² and l_i = |b_i|²
//
//	Σ_{j≠i} A_ij B_ij = Σ_{j≠i} (a_i·a_j) B_ij + Σ_{j≠i} k_j B_ij/(n-2),
//
// where Σ_{j≠i} a_i·a_j = -k_i. byA is a_i·Σ_j l_j a_j, byB is b_i·Σ_j k_j b_j.
func (s *ckaShares) row(p *sharePair, i int, all, byA, byB float64) float64 {
	if !s.debiased {
		return all
	}
	la, lb := &s.layers[p.of[0]], &s.layers[p.of[1]]
	n, k, l, both := float64(s.n), la.norms[i], lb.norms[i], la.norms[i]*lb.norms[i]
	mean := lb.total / ((n - 1) * (n - 2))
	first := all - both + (byA-2*both)/(n-2) + mean*k
	second := byB - both + (l*(la.total-k)+p.norms-both)/(n-2) - mean*(la.total-k)
	return first + second/(n-2)
}

func (s *ckaShares) contributions(variant string) (*Contributions, error) {
	var totals [3]float64
	for k := range s.pairs {
		if totals[k] = sum(s.pairs[k].rows); totals[k] <= 0 {
			return nil, undefined("cka", variant, "what it is made of is %.3g in all, not positive", totals[k])
		}
	}
	c := &Contributions{Share: make([]float64, s.n), Effect: make([]float64, s.n)}
	for i := range s.n {
		c.Share[i] = s.pairs[0].rows[i] / totals[0]
		c.Effect[i] = 2*c.Share[i] - s.pairs[1].rows[i]/totals[1] - s.pairs[2].rows[i]/totals[2]
	}
	return c, nil
}

// KNNContributions takes knn apart into rows: the share of a row is its part of all neighbours that the two layers have in common, and
// since the value is a mean over rows, its effect is the share less 1/n.
func KNNContributions(x, y *Neighbours) (*Contributions, error) {
	common, err := commonNeighbours(x, y)
	if err != nil {
		return nil, err
	}
	total := 0
	for _, n := range common {
		total += n
	}
	if total == 0 {
		return nil, undefined("knn", "mutual", "no row has a neighbour that it has in both layers")
	}
	c := &Contributions{}
	for _, n := range common {
		share := float64(n) / float64(total)
		c.Share, c.Effect = append(c.Share, share), append(c.Effect, share-1/float64(len(common)))
	}
	return c, nil
}
