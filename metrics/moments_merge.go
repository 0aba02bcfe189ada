package metrics

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// Merge adds the rows of o, which must be of the same layers and options, as if
// they had been added here. It is exact: the two provisional centres may differ.
//
// With δ = c_o - c, the units of o about c are z + δ, and the squared norm of a
// row is |z + δ|² = |z|² + 2 δ·z + |δ|². So the columns about the new centre,
// squared norms included, are linear in (z, |z|², 1), and their sums of products
// follow from the ones that o holds.
func (m *Moments) Merge(o *Moments) error { return m.combine(o, 1) }

// Sub takes the rows of o away again: the inverse of Merge. What is left of a
// unit that varied among those rows alone is rounding, and it counts as dead.
func (m *Moments) Sub(o *Moments) error {
	if o.n > m.n {
		return fmt.Errorf("can't take %d rows from %d", o.n, m.n)
	}
	return m.combine(o, -1)
}

// complement turns the moments of some rows of whole into those of the others.
func (m *Moments) complement(whole *Moments) error {
	if m.n > whole.n {
		return fmt.Errorf("can't take %d rows from %d", m.n, whole.n)
	}
	const rounding = 1e-13 // of what a subtraction takes away, as in combine
	for c, v := range m.square {
		m.noise[c] += rounding * v
	}
	m.n = -m.n
	for _, numbers := range append([][]float64{m.sum, m.square}, m.cross...) {
		for k, v := range numbers {
			numbers[k] = -v
		}
	}
	if err := m.combine(whole, 1); err != nil {
		return err
	}
	for c, v := range m.square {
		m.noise[c] += rounding * v
	}
	return nil
}

func (m *Moments) combine(o *Moments, sign float64) error {
	switch {
	case m.broken != nil:
		return m.broken
	case o.broken != nil:
		return o.broken
	case !m.layout.equal(o.layout):
		return errors.New("moments of different layers, pairs or options can't be merged")
	case o.n == 0:
		return nil
	}
	precise := m.float64 && o.float64
	if m.n == 0 {
		m.set(o)
		m.float64 = precise
		return nil
	}
	m.cache.clear()
	m.float64 = precise
	s := newShift(m, o)
	s.addSways()
	parallel.Run(m.workers, len(m.blocks), func(_, k int) { s.addBlock(k, sign) })
	s.addColumns(sign)
	return nil
}

// MergeFrom adds the rows of a file that WriteTo or WriteRounded wrote, as Merge does, in the memory of one of its blocks.
func (m *Moments) MergeFrom(r io.Reader) error {
	if m.broken != nil {
		return m.broken
	}
	if m.n == 0 {
		return m.Load(r)
	}
	in, n, written, err := m.open(r)
	if err != nil {
		return err
	}
	o := &Moments{layout: m.layout, n: n, float64: written.Float64, cross: make([][]float64, len(m.blocks))}
	if err := o.readColumns(in); err != nil {
		return err
	}
	m.cache.clear()
	m.float64 = m.float64 && o.float64
	s := newShift(m, o)
	var units []float64
	for k := range m.blocks {
		memory := &units
		if !m.unitsOnly(k) { // what squared norms gain needs these to the end
			memory = &o.cross[k]
		}
		if err := in.block(m.layout, k, memory); err != nil {
			m.broken = err
			return err
		}
		o.cross[k] = *memory
		s.addSway(k)
		s.addBlock(k, 1)
	}
	s.addColumns(1)
	m.broken = in.end()
	return m.broken
}

// shift is o seen from the centre of m: each column is z' = z + δ, and the
// squared norm of layer i is ρ' = ρ + 2 δ_i·z_i + κ_i.
type shift struct {
	m, o  *Moments
	same  bool      // the centres are equal, so nothing moves
	delta []float64 // δ of each unit; κ of each squared norm
	sum   []float64 // Σ z', Σ ρ'
	// sway[i] is 2 δ_iᵀ Σ z_i zᵀ: the sums of products of what layer i's
	// squared norm gains with every unit, about the old centre. nil without norms.
	sway [][]float64
}

func newShift(m, o *Moments) *shift {
	s := &shift{m: m, o: o, same: slices.Equal(m.centre, o.centre)}
	s.delta, s.sum = make([]float64, len(m.sum)), slices.Clone(o.sum)
	if s.same {
		return s
	}
	for c := range m.units {
		s.delta[c] = o.centre[c] - m.centre[c]
		s.sum[c] += float64(o.n) * s.delta[c]
	}
	if !m.norms {
		return s
	}
	s.sway = make([][]float64, len(m.dims))
	for i := range m.dims {
		if m.panelOf[i] < 0 {
			continue
		}
		c := m.units + i
		kappa, gain := o.centre[c]-m.centre[c], 0.0
		for u := m.offset[i]; u < m.offset[i]+m.dims[i]; u++ {
			kappa += s.delta[u] * s.delta[u]
			gain += 2 * s.delta[u] * o.sum[u]
		}
		s.delta[c] = kappa
		s.sum[c] += gain + float64(o.n)*kappa
		s.sway[i] = make([]float64, m.units)
	}
	return s
}

// addSways adds to the sway what all blocks say.
func (s *shift) addSways() {
	parallel.Run(s.m.workers, len(s.m.blocks), func(_, k int) { s.addSway(k) })
}

// addSway adds to the sway what block k says: 2 δ_iᵀ Σ z_i z_jᵀ for its layers i and j, both ways. It comes before the blocks of squared
// norms are added.
func (s *shift) addSway(k int) {
	m := s.m
	if s.sway == nil || !m.unitsOnly(k) {
		return
	}
	p, q := m.panels[m.blocks[k].p], m.panels[m.blocks[k].q]
	whole := s.o.block(k)
	for i := p.first; i < p.last; i++ {
		for j := max(i, q.first); j < q.last; j++ {
			r, c := m.offset[i]-p.from, m.offset[j]-q.from
			s.swayOf(i, j, whole.Slice(r, r+m.dims[i], c, c+m.dims[j]))
		}
	}
}

// swayOf adds what the products of layers i <= j say; for i == j the upper triangle stands for both.
func (s *shift) swayOf(i, j int, block linalg.Dense[float64]) {
	di, dj := s.unitsOf(s.delta, i), s.unitsOf(s.delta, j)
	ofJ, ofI := s.unitsOf(s.sway[i], j), s.unitsOf(s.sway[j], i)
	for r := range block.Rows {
		row := block.Row(r)
		if i == j {
			ofI[r] += 2 * di[r] * row[r]
			for c := r + 1; c < len(row); c++ {
				ofI[c] += 2 * di[r] * row[c]
				ofI[r] += 2 * di[c] * row[c]
			}
			continue
		}
		twice, gain := 2*di[r], 0.0
		for c, v := range row {
			ofJ[c] += twice * v
			gain += dj[c] * v
		}
		ofI[r] += 2 * gain
	}
}

// unitsOf are those of layer i among numbers of all units.
func (s *shift) unitsOf(numbers []float64, i int) []float64 {
	from := s.m.offset[i]
	return numbers[from : from+s.m.dims[i]]
}

// addColumns adds what is known of single columns. It comes after all blocks.
func (s *shift) addColumns(sign float64) {
	m, o, n := s.m, s.o, float64(s.o.n)
	for c := range m.sum {
		square := o.square[c]
		switch d := s.delta[c]; {
		case s.same:
		case c < m.units:
			square += 2*d*o.sum[c] + n*d*d
		case m.panelOf[c-m.units] >= 0:
			square = s.normProduct(c-m.units, c-m.units)
		}
		before := m.square[c]
		m.sum[c] += sign * s.sum[c]
		m.square[c] += sign * square
		m.noise[c] += o.noise[c]
		if sign < 0 {
			m.noise[c] += 1e-13 * before
		}
	}
	m.n += int(sign) * o.n
}

// normProduct returns Σ ρ'_i ρ'_j.
func (s *shift) normProduct(i, j int) float64 {
	m, o := s.m, s.o
	norms := len(m.panels) - 1
	block := o.block(o.blockAt[[2]int{norms, norms}])
	p := block.At(min(i, j), max(i, j))
	if s.same {
		return p
	}
	// ρ_i (2 δ_j z_j) + (2 δ_i z_i) ρ_j + (2 δ_i z_i)(2 δ_j z_j)
	for u := range m.dims[j] {
		d := 2 * s.delta[m.offset[j]+u]
		p += d * (o.normUnit(i, j, u) + s.sway[i][m.offset[j]+u])
	}
	for u := range m.dims[i] {
		p += 2 * s.delta[m.offset[i]+u] * o.normUnit(j, i, u)
	}
	// The constants κ: Σ ρ'_i κ_j + κ_i Σ ρ'_j - n κ_i κ_j
	ki, kj := s.delta[m.units+i], s.delta[m.units+j]
	return p + s.sum[m.units+i]*kj + ki*s.sum[m.units+j] - float64(o.n)*ki*kj
}

// normUnit returns Σ ρ_i z_u for unit u of layer j.
func (m *Moments) normUnit(i, j, u int) float64 {
	p := m.panelOf[j]
	k := m.blockAt[[2]int{p, len(m.panels) - 1}]
	return m.cross[k][(m.offset[j]-m.panels[p].from+u)*len(m.dims)+i]
}

// addBlock adds block k of o, seen from m's centre, sign times.
func (s *shift) addBlock(k int, sign float64) {
	m, o := s.m, s.o
	p, q := m.panels[m.blocks[k].p], m.panels[m.blocks[k].q]
	to, from := m.block(k), o.block(k)
	n := float64(o.n)
	for r := range to.Rows {
		x, z := to.Row(r), from.Row(r)
		first := 0
		if m.blocks[k].p == m.blocks[k].q {
			first = r
		}
		switch {
		case s.same:
			for c := first; c < len(x); c++ {
				x[c] += sign * z[c]
			}
		case p.norms: // two squared norms
			for c := first; c < len(x); c++ {
				if m.panelOf[r] >= 0 && m.panelOf[c] >= 0 {
					x[c] += sign * s.normProduct(r, c)
				}
			}
		case q.norms: // Σ ρ'_i z'_u = Σ ρ_i z_u + 2 δ_i Σ z_i z_u + κ_i Σ z_u + δ_u Σ ρ'_i
			u := p.from + r
			for i := range x {
				if m.panelOf[i] >= 0 {
					x[i] += sign * (z[i] + s.sway[i][u] + s.delta[m.units+i]*o.sum[u] + s.delta[u]*s.sum[m.units+i])
				}
			}
		default: // Σ z'_u z'_v = Σ z_u z_v + δ_u Σ z_v + Σ z_u δ_v + n δ_u δ_v
			du, su := s.delta[p.from+r], o.sum[p.from+r]
			for c := first; c < len(x); c++ {
				v := q.from + c
				x[c] += sign * (z[c] + du*o.sum[v] + (su+n*du)*s.delta[v])
			}
		}
	}
}
