package metrics

import (
	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// sampledRows is how many rows of a block its centre is taken from. A centre
// need only be near the mean, and these come within a sixteenth of a standard
// deviation of it.
const sampledRows = 256

// centreBlock finds the centre of a block of rows, which becomes the common one
// if the block is the first. That of the first kept layers is there.
func (m *Moments) centreBlock(work *buffers, rows []Matrix, kept int) {
	work.centre = resize(work.centre, len(m.centre))
	parallel.Run(m.workers, len(rows)-kept, func(_, i int) {
		i += kept
		if m.panelOf[i] < 0 {
			return
		}
		x, centre := rows[i], work.centre[m.offset[i]:m.offset[i]+m.dims[i]]
		step := (x.Rows + sampledRows - 1) / sampledRows
		if x.Data64 != nil {
			columnMeans(centre, x, x.Data64, step)
		} else {
			columnMeans(centre, x, x.Data, step)
			for u, v := range centre { // so that differences to it are rounded once
				centre[u] = float64(float32(v))
			}
		}
		if m.n == 0 {
			copy(m.centre[m.offset[i]:], centre)
		}
	})
}

// centreNorms does the same for the rows' squared norms, from the first chunk.
func (m *Moments) centreNorms(centre []float64, norms [][]float64) {
	for i := range m.dims {
		if m.panelOf[i] < 0 {
			continue
		}
		column := m.units + i
		centre[column] = mean(norms[i])
		if m.n == 0 {
			m.centre[column] = centre[column]
		}
	}
}

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

// centreInto writes layer i, less the block's centre, to its panel, and adds to
// the sums, and to the rows' squared norms about the common centre.
func centreInto[T linalg.Float](m *Moments, b *chunkBuffers[T], centre []float64, i int, x Matrix) {
	if x.Data64 != nil {
		centreFrom(m, b, centre, i, x, x.Data64)
	} else {
		centreFrom(m, b, centre, i, x, x.Data)
	}
}

func centreFrom[T, S linalg.Float](m *Moments, b *chunkBuffers[T], centre []float64, i int, x Matrix, data []S) {
	p := &b.panels[m.panelOf[i]]
	first := m.offset[i]
	at := first - m.panels[m.panelOf[i]].from
	centre, common := centre[first:first+x.Cols], m.centre[first:first+x.Cols]
	sum, square := make([]float64, x.Cols), make([]float64, x.Cols)
	var norms []float64
	if m.norms {
		norms = b.norms[i]
	}
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
		rows := linalg.Dense[S]{Rows: x.Rows, Cols: x.Cols, Stride: x.Stride, Data: data}
		linalg.CentreRows(p.Slice(0, x.Rows, at, at+x.Cols), rows, centre, sum, square, common, norms)
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

// centreUnit sets z to x - centre over the rows of one unit, adds the squared
// distances to the common centre to the rows' norms if they are kept, and
// returns Σ z and Σ z².
func centreUnit[T, S linalg.Float](z []T, x []S, centre, common float64, norms []float64) (sum, square float64) {
	for r := range norms {
		d := float64(x[r]) - common
		norms[r] += d * d
	}
	if z, ok := any(z).([]float32); ok {
		if x, ok := any(x).([]float32); ok {
			return linalg.Centre(z, x, float32(centre))
		}
	}
	z = z[:len(x)]
	for r, v := range x {
		d := T(float64(v) - centre)
		z[r] = d
		f := float64(d)
		sum += f
		square += f * f
	}
	return sum, square
}
