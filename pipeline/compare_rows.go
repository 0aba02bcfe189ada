package pipeline

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"unsafe"

	"speechsim/metrics"
	"speechsim/pipeline/internal/npy"
)

// matrixRows is how many rows of the files are read at once: what the products of moments like best.
const matrixRows = 2048

// stream reads both matrices from the first row to the last, in blocks: [rows, units], by rows.
func (c *matrixComparison) stream(ctx context.Context, stage string, visit func(from int, block [2]metrics.Matrix) error) error {
	c.Progress.Stage(stage, float64(c.x.Rows), "rows")
	var buffers [2]metrics.Matrix
	for k, a := range c.sides() {
		buffers[k] = newRows(a, min(matrixRows, a.Rows))
	}
	for from := 0; from < c.x.Rows; from += matrixRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(matrixRows, c.x.Rows-from)
		var block [2]metrics.Matrix
		for k, a := range c.sides() {
			block[k] = rowsFrom(buffers[k], 0, n)
			if err := readRows(a, block[k], from); err != nil {
				return err
			}
		}
		if err := visit(from, block); err != nil {
			return err
		}
		c.Progress.Add(float64(n))
	}
	return nil
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
	m = newRows(a, a.Rows)
	if order == nil {
		return m, readRows(a, m, 0)
	}
	for k, row := range order {
		if err := readRows(a, rowsFrom(m, k, k+1), row); err != nil {
			return m, err
		}
	}
	return m, nil
}

// An interval is made of at most mostBundles groups, and more are joined: of fewer where their moments would need more
// than intervalBytes of memory, but not of fewer than leastBundles.
const (
	mostBundles   = 50
	leastBundles  = 10
	intervalBytes = 4 << 30
)

// bundles are the moments of bundles of rows, and rows on their way into them.
type bundles struct {
	moments []*metrics.Moments
	waiting [][2]metrics.Matrix // of each bundle: fewer rows than go into a product at once
	room    int                 // rows that may wait in each bundle
	of      []int               // of each group: its bundle
}

// newBundles makes moments for the variants. sizes are the rows of each group; nil means that rows have no groups.
func newBundles(b metrics.Backend, dims []int, o metrics.Options, sizes []int) (*bundles, error) {
	m, err := metrics.NewMoments(b, dims, o)
	if err != nil {
		return nil, err
	}
	out := &bundles{moments: []*metrics.Moments{m}, of: []int{0}, room: matrixRows}
	if sizes != nil {
		memory, err := metrics.MemoryOf(dims, o)
		if err != nil {
			return nil, err
		}
		most := int(min(mostBundles, max(leastBundles, intervalBytes/memory.State)))
		out.of = metrics.Bundle(sizes, most)
		for len(out.moments) < min(most, len(sizes)) {
			out.moments = append(out.moments, m.Empty())
		}
	}
	out.waiting = make([][2]metrics.Matrix, len(out.moments))
	// Where many groups take turns, each waits for its own rows. 256 rows are enough for fast products.
	const memory = 256 << 20
	units := 0
	for _, d := range dims {
		units += d
	}
	out.room = max(256, min(matrixRows, memory/(8*units*len(out.moments))))
	return out, nil
}

// add takes one block of rows; group is the group of each, or nil.
func (b *bundles) add(ctx context.Context, block [2]metrics.Matrix, group []int) error {
	for from, to := 0, 0; from < block[0].Rows; from = to {
		bundle := 0
		if group == nil {
			to = block[0].Rows
		} else {
			bundle = b.of[group[from]]
			for to = from + 1; to < len(group) && b.of[group[to]] == bundle; to++ {
			}
		}
		if err := b.take(ctx, bundle, [2]metrics.Matrix{rowsFrom(block[0], from, to), rowsFrom(block[1], from, to)}); err != nil {
			return err
		}
	}
	return nil
}

// take adds rows to a bundle: at once if there are many and none wait, else by way of those that wait.
func (b *bundles) take(ctx context.Context, bundle int, rows [2]metrics.Matrix) error {
	w := &b.waiting[bundle]
	for rows[0].Rows > 0 {
		if w[0].Rows == 0 && rows[0].Rows >= b.room {
			return b.moments[bundle].Add(ctx, rows[:])
		}
		n := min(b.room-w[0].Rows, rows[0].Rows)
		for k := range rows {
			head := rowsFrom(rows[k], 0, n)
			w[k].Data, w[k].Data64 = append(w[k].Data, head.Data...), append(w[k].Data64, head.Data64...)
			w[k].Rows, w[k].Cols, w[k].Stride = w[k].Rows+n, head.Cols, head.Cols
			rows[k] = rowsFrom(rows[k], n, rows[k].Rows)
		}
		if w[0].Rows == b.room {
			if err := b.flush(ctx, bundle); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bundles) flush(ctx context.Context, bundle int) error {
	w := &b.waiting[bundle]
	if w[0].Rows == 0 {
		return nil
	}
	err := b.moments[bundle].Add(ctx, w[:])
	for k := range w {
		w[k].Rows, w[k].Data, w[k].Data64 = 0, w[k].Data[:0], w[k].Data64[:0]
	}
	return err
}

// total adds what waits, and returns the moments of all rows.
func (b *bundles) total(ctx context.Context) (*metrics.Moments, error) {
	for k := range b.moments {
		if err := b.flush(ctx, k); err != nil {
			return nil, err
		}
	}
	b.waiting = nil
	if len(b.moments) == 1 {
		return b.moments[0], nil
	}
	sum := b.moments[0].Clone()
	for _, m := range b.moments[1:] {
		if err := sum.Merge(m); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// typeRows are one mean row a word type, of both sides.
type typeRows struct {
	means [2]metrics.Matrix
	// static says that all rows of a type are the same: word vectors.
	static [2]bool
}

// readTypes takes the mean row of each word type.
func (c *matrixComparison) readTypes(ctx context.Context) (*typeRows, error) {
	t := &typeRows{static: [2]bool{true, true}}
	seed := maphash.MakeSeed()
	var first [2][]uint64 // a hash of the first row of each type; 0 before it came
	for k, a := range c.sides() {
		n := len(c.labels.names)
		t.means[k] = metrics.Matrix{Rows: n, Cols: a.Cols, Stride: a.Cols, Data64: make([]float64, n*a.Cols)}
		first[k] = make([]uint64, n)
	}
	err := c.stream(ctx, "means of word types", func(from int, block [2]metrics.Matrix) error {
		for k, b := range block {
			for r := range b.Rows {
				label := c.labels.of[from+r]
				row := rowsFrom(b, r, r+1)
				addRow(t.means[k].Data64[label*b.Cols:], row, 1/float64(c.labels.sizes[label]))
				if !t.static[k] {
					continue
				}
				switch hash := hashRow(seed, row); first[k][label] {
				case 0:
					first[k][label] = hash
				case hash:
				default:
					t.static[k] = false
				}
			}
		}
		return nil
	})
	return t, err
}

func addRow(to []float64, row metrics.Matrix, weight float64) {
	for u, v := range row.Data {
		to[u] += weight * float64(v)
	}
	for u, v := range row.Data64 {
		to[u] += weight * v
	}
}

// hashRow returns a hash of the row's bits, never 0.
func hashRow(seed maphash.Seed, row metrics.Matrix) uint64 {
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(row.Data))), 4*len(row.Data))
	if row.Data64 != nil {
		bytes = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(row.Data64))), 8*len(row.Data64))
	}
	return max(1, maphash.Bytes(seed, bytes))
}

// named gives an error about a layer the name of its file.
func (c *matrixComparison) named(err error) error {
	var large *metrics.RangeError
	var bad *metrics.NonFiniteError
	switch sides := c.sides(); {
	case errors.As(err, &large):
		return fmt.Errorf("%s: a value of magnitude %.3g is beyond the limit of %.3g for sums of products; scale the matrix", sides[large.Layer].Name(), large.Value, large.Limit)
	case errors.As(err, &bad):
		return fmt.Errorf("%s: a value became %v while the file was in use", sides[bad.Layer].Name(), bad.Value)
	}
	return err
}
