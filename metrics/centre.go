package metrics

import "speechsim/metrics/internal/linalg"

// sampledRows is how many rows of a chunk its centre is taken from: a centre
// need only be near the mean, and these come within a sixteenth of a standard
// deviation of it.
const sampledRows = 256

// columnMeans sets mean to the mean of each unit over every step-th row. Sums are those of differences
// to the first row, so the mean of a constant unit is exactly that constant.
func columnMeans[S linalg.Float](mean []float64, x Matrix, data []S, step int) {
	taken := float64((x.Rows + step - 1) / step)
	if x.ColMajor {
		for u := range mean {
			unit, sum := data[u*x.Stride:][:x.Rows], 0.0
			for r := 0; r < len(unit); r += step {
				sum += float64(unit[r]) - float64(unit[0])
			}
			mean[u] = float64(unit[0]) + sum/taken
		}
		return
	}
	clear(mean)
	first := data[:x.Cols]
	for r := 0; r < x.Rows; r += step {
		for u, v := range data[r*x.Stride:][:x.Cols] {
			mean[u] += float64(v) - float64(first[u])
		}
	}
	for u := range mean {
		mean[u] = float64(first[u]) + mean[u]/taken
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

// centreInto writes layer i, less a mean of these very rows, to its panel, and
// adds to the sums, and to the rows' squared norms about the common centre,
// which is that mean of the first chunk of all.
func centreInto[T linalg.Float](m *Moments, b *chunkBuffers[T], i int, x Matrix) {
	if x.Data64 != nil {
		centreFrom(m, b, i, x, x.Data64)
	} else {
		centreFrom(m, b, i, x, x.Data)
	}
}

func centreFrom[T, S linalg.Float](m *Moments, b *chunkBuffers[T], i int, x Matrix, data []S) {
	p := &b.panels[m.panelOf[i]]
	first := m.offset[i]
	at := first - m.panels[m.panelOf[i]].from
	centre, sum, square := make([]float64, x.Cols), make([]float64, x.Cols), make([]float64, x.Cols)
	columnMeans(centre, x, data, (x.Rows+sampledRows-1)/sampledRows)
	if m.n == 0 {
		copy(m.centre[first:], centre)
	}
	var norms []float64
	if m.norms {
		norms = b.norms[i]
	}
	common := m.centre[first : first+x.Cols]
	switch {
	case p.byUnit:
		for u := range x.Cols {
			sum[u], square[u] = centreUnit(p.Row(at+u), data[u*x.Stride:][:x.Rows], centre[u], common[u], norms)
		}
	case x.ColMajor:
		unit := make([]T, x.Rows)
		for u := range x.Cols {
			sum[u], square[u] = centreUnit(unit, data[u*x.Stride:][:x.Rows], centre[u], common[u], norms)
			for r, z := range unit {
				p.Data[r*p.Stride+at+u] = z
			}
		}
	default:
		for r := range x.Rows {
			row := data[r*x.Stride:][:x.Cols]
			centreRow(p.Row(r)[at:at+x.Cols], row, centre, sum, square)
			if norms != nil {
				norms[r] = squaredDistance(row, common)
			}
		}
	}
	for u := range x.Cols {
		b.addColumn(m, first+u, centre[u], sum[u], square[u], x.Rows)
	}
}

// addColumn adds the sums of one column, taken about centre, to those about the
// common one, and keeps what moving its products takes.
func (b *chunkBuffers[T]) addColumn(m *Moments, column int, centre, sum, square float64, n int) {
	d := centre - m.centre[column]
	b.delta[column], b.sum[column] = d, sum
	m.sum[column] += sum + float64(n)*d
	m.square[column] += square + 2*d*sum + float64(n)*d*d
}

// centreRow sets z to x - centre, and adds z and z² to the sums.
func centreRow[T, S linalg.Float](z []T, x []S, centre, sum, square []float64) {
	z, centre, sum, square = z[:len(x)], centre[:len(x)], sum[:len(x)], square[:len(x)]
	for u, v := range x {
		d := T(float64(v) - centre[u])
		z[u] = d
		f := float64(d)
		sum[u] += f
		square[u] += f * f
	}
}

// squaredDistance returns |x - centre|².
func squaredDistance[S linalg.Float](x []S, centre []float64) float64 {
	centre = centre[:len(x)]
	// Four sums, so that one addition need not wait for the one before.
	var s [4]float64
	u := 0
	for ; u+4 <= len(x); u += 4 {
		for k := range 4 {
			d := float64(x[u+k]) - centre[u+k]
			s[k] += d * d
		}
	}
	for ; u < len(x); u++ {
		d := float64(x[u]) - centre[u]
		s[0] += d * d
	}
	return s[0] + s[1] + s[2] + s[3]
}

// centreUnit sets z to x - centre over the rows of one unit, adds the squared
// distances to the common centre to the rows' norms if they are kept, and
// returns Σ z and Σ z².
func centreUnit[T, S linalg.Float](z []T, x []S, centre, common float64, norms []float64) (sum, square float64) {
	z = z[:len(x)]
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
		d := float64(x[r]) - common
		norms[r] += d * d
	}
	return s[0] + s[1] + s[2] + s[3], q[0] + q[1] + q[2] + q[3]
}
