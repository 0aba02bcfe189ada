package matrices

import (
	"context"
	"errors"
	"fmt"
	"math"

	"speechsim/metrics"
	"speechsim/pipeline/internal/npy"
)

// pair is the two matrices of a comparison, as they lie in files.
type pair struct{ x, y *npy.Array }

// openPair opens both files.
func openPair(x, y string) (*pair, error) {
	var p pair
	var errX, errY error
	p.x, errX = npy.Open(x)
	p.y, errY = npy.Open(y)
	err := errors.Join(errX, errY)
	if err == nil && p.x.Rows != p.y.Rows {
		err = fmt.Errorf("%s has %d rows and %s has %d: row r of both must be the same sample", p.x.Name(), p.x.Rows, p.y.Name(), p.y.Rows)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return &p, nil
}

func (p *pair) close() {
	for _, a := range p.sides() {
		if a != nil {
			_ = a.Close() // nothing is written to it
		}
	}
}

func (p *pair) sides() [2]*npy.Array { return [2]*npy.Array{p.x, p.y} }

// check reads both matrices once: every value must be finite. It returns the largest magnitude of either, the smaller and the
// larger of the two.
func (p *pair) check(ctx context.Context, workers int, read func(bytes int)) (smallest, largest float64, err error) {
	smallest = math.Inf(1)
	var errs [2]error
	for k, a := range p.sides() {
		if k == 1 && a.Name() == p.x.Name() {
			break // it was read
		}
		var most float64
		most, errs[k] = a.Check(ctx, workers, read)
		smallest, largest = min(smallest, most), max(largest, most)
	}
	return smallest, largest, errors.Join(errs[:]...)
}

// stream reads both matrices from the first row to the last, in blocks: [rows, units], by rows.
func (p *pair) stream(ctx context.Context, read func(rows int), visit func(from int, block [2]metrics.Matrix) error) error {
	var buffers [2]metrics.Matrix
	for k, a := range p.sides() {
		buffers[k] = newRows(a, min(metrics.BlockRows, a.Rows))
	}
	for from := 0; from < p.x.Rows; from += metrics.BlockRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(metrics.BlockRows, p.x.Rows-from)
		var block [2]metrics.Matrix
		for k, a := range p.sides() {
			block[k] = rowsFrom(buffers[k], 0, n)
			if err := readRows(a, block[k], from); err != nil {
				return err
			}
		}
		if err := visit(from, block); err != nil {
			return err
		}
		read(n)
	}
	return nil
}

// matrices returns all rows of both sides; order is as in whole.
func (p *pair) matrices(order []int) ([]metrics.Matrix, error) {
	x, errX := whole(p.x, order)
	y, errY := whole(p.y, order)
	return []metrics.Matrix{x, y}, errors.Join(errX, errY)
}

// named gives an error about a layer the name of its file.
func (p *pair) named(err error) error {
	var large *metrics.RangeError
	var bad *metrics.NonFiniteError
	switch sides := p.sides(); {
	case errors.As(err, &large):
		return fmt.Errorf("%s: a value of magnitude %.3g is beyond the limit of %.3g for sums of products; scale the matrix", sides[large.Layer].Name(), large.Value, large.Limit)
	case errors.As(err, &bad):
		return fmt.Errorf("%s: a value became %v while the file was in use", sides[bad.Layer].Name(), bad.Value)
	}
	return err
}

// newRows returns a matrix for n rows of a, in double precision if a is.
func newRows(a *npy.Array, n int) metrics.Matrix {
	m := metrics.Matrix{Rows: n, Cols: a.Cols, Stride: a.Cols}
	if a.Size == 8 {
		m.Data64 = make([]float64, n*a.Cols)
	} else {
		m.Data = make([]float32, n*a.Cols)
	}
	return m
}

func readRows(a *npy.Array, to metrics.Matrix, from int) error {
	if to.Data64 != nil {
		return npy.Read(a, to.Data64, from, to.Rows)
	}
	return npy.Read(a, to.Data, from, to.Rows)
}

// rowsFrom returns rows [from, to) of m, sharing memory.
func rowsFrom(m metrics.Matrix, from, to int) metrics.Matrix {
	first, end := from*m.Stride, to*m.Stride
	if m.ColMajor {
		first, end = from, (m.Cols-1)*m.Stride+to
	}
	m.Rows = to - from
	if m.Data64 != nil {
		m.Data64 = m.Data64[first:end]
	} else {
		m.Data = m.Data[first:end]
	}
	return m
}

// whole returns all rows: the file itself where its elements can be used in place, else a copy in memory. order, if not
// nil, is the order of the rows in the copy.
func whole(a *npy.Array, order []int) (metrics.Matrix, error) {
	m := metrics.Matrix{Rows: a.Rows, Cols: a.Cols, Stride: a.Cols, Data: npy.View[float32](a), Data64: npy.View[float64](a)}
	if a.Fortran {
		m.ColMajor, m.Stride = true, a.Rows
	}
	if order == nil && (m.Data != nil || m.Data64 != nil) {
		return m, nil
	}
	if order == nil {
		m = newRows(a, a.Rows)
		return m, readRows(a, m, 0)
	}
	m = newRows(a, len(order))
	for k, row := range order {
		if err := readRows(a, rowsFrom(m, k, k+1), row); err != nil {
			return m, err
		}
	}
	return m, nil
}
