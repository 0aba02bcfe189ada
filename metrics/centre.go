package metrics

import "speechsim/metrics/internal/linalg"

// centreLayer sets the provisional centre of layer i to the mean of the very
// first rows.
func (m *Moments) centreLayer(i int, x Matrix) {
	if m.n > 0 {
		return
	}
	centre := m.centre[m.offset[i] : m.offset[i]+m.dims[i]]
	if x.Data64 != nil {
		columnMeans(centre, x, x.Data64)
	} else {
		columnMeans(centre, x, x.Data)
	}
}

// columnMeans sets mean to the mean of each unit. Sums are those of differences
// to the first row, so the mean of a constant unit is exactly that constant.
func columnMeans[S linalg.Float](mean []float64, x Matrix, data []S) {
	if x.ColMajor {
		for u := range mean {
			unit, sum := data[u*x.Stride:][:x.Rows], 0.0
			for _, v := range unit {
				sum += float64(v) - float64(unit[0])
			}
			mean[u] = float64(unit[0]) + sum/float64(x.Rows)
		}
		return
	}
	clear(mean)
	first := data[:x.Cols]
	for r := range x.Rows {
		for u, v := range data[r*x.Stride:][:x.Cols] {
			mean[u] += float64(v) - float64(first[u])
		}
	}
	for u := range mean {
		mean[u] = float64(first[u]) + mean[u]/float64(x.Rows)
	}
}

// mean of numbers, by the same rule.
func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v - x[0]
	}
	return x[0] + sum/float64(len(x))
}

// centreInto writes layer i less its centre to its panel and adds to the sums,
// the sums of squares and the rows' squared norms: those of the numbers as they
// are rounded for the products, so that all moments belong to the same data.
func centreInto[T linalg.Float](m *Moments, b *chunkBuffers[T], i int, x Matrix) {
	if x.Data64 != nil {
		centreFrom(m, b, i, x, x.Data64)
	} else {
		centreFrom(m, b, i, x, x.Data)
	}
}

func centreFrom[T, S linalg.Float](m *Moments, b *chunkBuffers[T], i int, x Matrix, data []S) {
	p := &b.panels[m.panelOf[i]]
	at := m.offset[i] - m.panels[m.panelOf[i]].from
	from, to := m.offset[i], m.offset[i]+m.dims[i]
	centre, sum, square := m.centre[from:to], m.sum[from:to], m.square[from:to]
	var norms []float64
	if m.norms {
		norms = b.norms[i]
	}
	switch {
	case p.byUnit:
		for u := range x.Cols {
			s, q := centreUnit(p.Row(at+u), data[u*x.Stride:][:x.Rows], centre[u], norms)
			sum[u] += s
			square[u] += q
		}
	case x.ColMajor:
		unit := make([]T, x.Rows)
		for u := range x.Cols {
			s, q := centreUnit(unit, data[u*x.Stride:][:x.Rows], centre[u], norms)
			sum[u] += s
			square[u] += q
			for r, z := range unit {
				p.Data[r*p.Stride+at+u] = z
			}
		}
	default:
		for r := range x.Rows {
			q := centreRow(p.Row(r)[at:at+x.Cols], data[r*x.Stride:][:x.Cols], centre, sum, square)
			if norms != nil {
				norms[r] = q
			}
		}
	}
}

// centreRow sets z to x - centre, adds z and z² to the sums, and returns |z|².
func centreRow[T, S linalg.Float](z []T, x []S, centre, sum, square []float64) float64 {
	z, centre, sum, square = z[:len(x)], centre[:len(x)], sum[:len(x)], square[:len(x)]
	norm := 0.0
	for u, v := range x {
		d := T(float64(v) - centre[u])
		z[u] = d
		f := float64(d)
		q := f * f
		sum[u] += f
		square[u] += q
		norm += q
	}
	return norm
}

// centreUnit sets z to x - centre over the rows of one unit, adds z² to the
// rows' norms if they are kept, and returns Σ z and Σ z².
func centreUnit[T, S linalg.Float](z []T, x []S, centre float64, norms []float64) (sum, square float64) {
	z = z[:len(x)]
	// Four sums each, so that one addition need not wait for the one before.
	var s, q [4]float64
	r := 0
	for ; r+4 <= len(x); r += 4 {
		for k := range 4 {
			d := T(float64(x[r+k]) - centre)
			z[r+k] = d
			s[k] += float64(d)
			q[k] += float64(d) * float64(d)
		}
	}
	for ; r < len(x); r++ {
		d := T(float64(x[r]) - centre)
		z[r] = d
		s[0] += float64(d)
		q[0] += float64(d) * float64(d)
	}
	for r := range norms {
		norms[r] += float64(z[r]) * float64(z[r])
	}
	return s[0] + s[1] + s[2] + s[3], q[0] + q[1] + q[2] + q[3]
}
