package metrics

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// chunkRows bounds the rows of one product: long enough for products to run at
// full speed, short enough for float32 sums (and for the buffers).
const chunkRows = 2048

// ErrInterrupted is what moments give after an Add that was cancelled between
// two chunks: half of a block is in them.
var ErrInterrupted = errors.New("the moments are incomplete: adding to them was interrupted")

// Add adds one block of rows: one matrix a layer, all with the same number of
// rows, row r of each belonging to the same frame, segment or attention cell.
// Layers that no pair needs may be the zero Matrix.
//
// The block is centred on a mean of its own rows, multiplied in float32 (float64
// with that option) in chunks of 2048 rows, and the products are added in
// float64, moved to the common centre, in the order of the chunks. So the state
// depends, in its last digits, on how the rows were cut into blocks, and not at
// all on the number of workers. Blocks of about 2048 rows are fastest.
//
// A NaN or an infinity is a NonFiniteError, a value that is too large for its
// products a RangeError; nothing of the block has been added then.
func (m *Moments) Add(ctx context.Context, rows []Matrix) error {
	if m.broken != nil {
		return m.broken
	}
	rows, n, err := m.checkRows(rows)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if n == 0 {
		return nil
	}
	m.cache.clear()
	work := m.pool.get()
	defer m.pool.put(work)
	m.centreBlock(work, rows, 0)
	limit := m.chunkLimit()
	for from := 0; from < n; from += limit {
		err := ctx.Err()
		if err == nil {
			chunk := make([]Matrix, len(rows))
			for i := range rows {
				if m.panelOf[i] >= 0 {
					chunk[i] = rows[i].rows(from, min(from+limit, n))
				}
			}
			err = m.addRows(ctx, work, from == 0, chunk)
		}
		if err != nil {
			m.broken = ErrInterrupted
			return err
		}
	}
	return nil
}

// addRows adds one chunk of rows, the first one of a block or not.
func (m *Moments) addRows(ctx context.Context, work *buffers, first bool, rows []Matrix) error {
	if m.float64 {
		n := centreChunk(m, &work.f64, work.centre, first, rows, 0)
		multiply(m, &work.f64, n, m.tiles, m.backend.Gemm64, m.backend.Syrk64)
		m.n += n
		return nil
	}
	n := centreChunk(m, &work.f32, work.centre, first, rows, 0)
	if m.elsewhere == nil {
		multiply(m, &work.f32, n, m.tiles, m.backend.Gemm32, m.backend.Syrk32)
	} else if err := multiplyElsewhere(ctx, m, &work.f32, n); err != nil {
		return err
	}
	m.n += n
	return nil
}

// checkRows checks shapes and values, and returns the matrices with their
// strides filled in and the number of rows.
func (m *Moments) checkRows(rows []Matrix) ([]Matrix, int, error) {
	if len(rows) != len(m.dims) {
		return nil, 0, fmt.Errorf("%d matrices for %d layers", len(rows), len(m.dims))
	}
	shaped := make([]Matrix, len(rows))
	n := -1
	for i, x := range rows {
		if m.panelOf[i] < 0 {
			continue
		}
		x, err := x.shaped()
		if err != nil {
			return nil, 0, fmt.Errorf("layer %d: %w", i, err)
		}
		if x.Cols != m.dims[i] {
			return nil, 0, fmt.Errorf("layer %d: %d units where %d are expected", i, x.Cols, m.dims[i])
		}
		if n >= 0 && x.Rows != n {
			return nil, 0, fmt.Errorf("layer %d: %d rows where the layers before have %d", i, x.Rows, n)
		}
		n, shaped[i] = x.Rows, x
	}
	errs := make([]error, len(rows))
	parallel.Run(m.workers, len(rows), func(_, i int) {
		if m.panelOf[i] >= 0 {
			errs[i] = shaped[i].checkRange(i, m.largestExponent())
		}
	})
	for _, err := range errs {
		if err != nil {
			return nil, 0, err
		}
	}
	return shaped, max(n, 0), nil
}

// largestExponent is that of the largest magnitude, 2^exponent, whose sums of
// products (of squared norms, fourth powers) stay finite.
func (m *Moments) largestExponent() int {
	switch {
	case m.float64 && m.norms:
		return 230 // 1e69
	case m.float64:
		return 460 // 1e138
	case m.norms:
		return 20 // 1e6: fourth powers, of the sums of thousands of units
	default:
		return 50 // 1e15
	}
}

// buffers are the memory that an Add works in.
type buffers struct {
	centre []float64 // of the block, of each column
	f32    chunkBuffers[float32]
	f64    chunkBuffers[float64]
}

// chunkBuffers hold the centred rows of one chunk, panel by panel, and each
// worker's product.
type chunkBuffers[T linalg.Float] struct {
	panels  []centredPanel[T]
	norms   [][]float64 // of each layer: |x - c|² of each row
	product [][]T
	blocks  [][]float64 // that came from Products
	// Of each column: the block's centre less the common one, and the chunk's sum
	// about the block's.
	delta, sum []float64
}

// centredPanel is [rows, width], or [width, rows] if byUnit.
type centredPanel[T linalg.Float] struct {
	linalg.Dense[T]
	byUnit bool
}

// prepare sizes the buffers for one chunk, keeping memory that is large enough.
func (b *chunkBuffers[T]) prepare(m *Moments, rows []Matrix, n int) {
	b.panels = resize(b.panels, len(m.panels))
	for k, p := range m.panels {
		panel := &b.panels[k]
		panel.byUnit = !p.norms && m.elsewhere == nil
		for i := p.first; i < p.last && !p.norms; i++ {
			panel.byUnit = panel.byUnit && rows[i].ColMajor
		}
		panel.Rows, panel.Cols = n, p.width()
		if panel.byUnit {
			panel.Rows, panel.Cols = panel.Cols, panel.Rows
		}
		panel.Stride = panel.Cols
		if m.elsewhere == nil {
			panel.Stride = lineStride(panel.Cols, int(unsafe.Sizeof(T(0))))
			panel.Data = resize(panel.Data, panel.Rows*panel.Stride)
			continue
		}
		panel.Data = resize(panel.Data, m.padded(n)*p.width())
		clear(panel.Data[n*p.width():])
	}
	if m.norms {
		b.norms = resize(b.norms, len(m.dims))
		for i := range b.norms {
			b.norms[i] = resize(b.norms[i], n)
		}
	}
	b.delta, b.sum = resize(b.delta, len(m.sum)), resize(b.sum, len(m.sum))
	b.product = resize(b.product, max(parallel.Workers(m.workers), len(b.product)))
	largest := 0
	for _, t := range m.tiles {
		largest = max(largest, (t.r1-t.r0)*(t.c1-t.c0))
	}
	for w := range parallel.Workers(m.workers) {
		if m.elsewhere == nil {
			b.product[w] = resize(b.product[w], largest)
		}
	}
}

// lineStride is the stride of rows of so many elements such that they do not all begin in the same few sets of the processor's cache: an
// odd number of lines of 64 bytes where it would be an even one. Products of 768 columns are 2 to 3 % faster for it.
func lineStride(cols, element int) int {
	const line = 64
	if cols*element%(2*line) == 0 {
		return cols + line/element
	}
	return cols
}

// resize returns s with length n, and new memory only where it must.
func resize[E any](s []E, n int) []E {
	if cap(s) < n {
		grown := make([]E, n)
		copy(grown, s)
		return grown
	}
	return s[:n]
}

// centreChunk writes one chunk of rows to the panels, less the block's centre, and
// adds to the sums of the columns. Those of the first kept layers are there. It returns the number of rows.
func centreChunk[T linalg.Float](m *Moments, b *chunkBuffers[T], centre []float64, first bool, rows []Matrix, kept int) (n int) {
	for i := range rows {
		n = max(n, rows[i].Rows)
	}
	if kept == 0 {
		b.prepare(m, rows, n)
	}
	parallel.Run(m.workers, len(rows)-kept, func(_, i int) {
		if i += kept; m.panelOf[i] >= 0 {
			if m.norms {
				clear(b.norms[i])
			}
			centreInto(m, b, centre, i, rows[i])
		}
	})
	if m.norms {
		if first {
			m.centreNorms(centre, b.norms)
		}
		addNorms(m, b, centre, n)
	}
	return n
}

// multiply adds the products of the chunk of n rows in the panels to some tiles.
func multiply[T linalg.Float](m *Moments, b *chunkBuffers[T], n int, tiles []tile, gemm func(ta, tb bool, x, y, c linalg.Dense[T]), syrk func(trans bool, x, c linalg.Dense[T])) {
	parallel.Run(m.workers, len(tiles), func(worker, k int) {
		t := tiles[k]
		shape := m.blocks[t.block]
		c := linalg.Dense[T]{Rows: t.r1 - t.r0, Cols: t.c1 - t.c0, Stride: t.c1 - t.c0}
		c.Data = b.product[worker][:c.Rows*c.Cols]
		x, xByUnit := b.panels[shape.p].columns(t.r0, t.r1)
		if t.symmetric {
			syrk(!xByUnit, x, c)
		} else {
			y, yByUnit := b.panels[shape.q].columns(t.c0, t.c1)
			gemm(!xByUnit, yByUnit, x, y, c)
		}
		accumulate(m, b, t, c, n)
	})
}

// columns returns units [from, to) of the panel.
func (p *centredPanel[T]) columns(from, to int) (linalg.Dense[T], bool) {
	if p.byUnit {
		return p.Slice(from, to, 0, p.Cols), true
	}
	return p.Slice(0, p.Rows, from, to), false
}

// accumulate adds a tile's product, moved to the common centre: with z about the
// block's centre and z' = z + δ about the common one,
//
//	Σ z'_u z'_v = Σ z_u z_v + δ_u Σ z_v + (Σ z_u + n δ_u) δ_v.
func accumulate[T, P linalg.Float](m *Moments, b *chunkBuffers[T], t tile, product linalg.Dense[P], n int) {
	shape := m.blocks[t.block]
	sum := m.block(t.block).Slice(t.r0, t.r1, t.c0, t.c1)
	u, v := m.panels[shape.p].from+t.r0, m.panels[shape.q].from+t.c0
	moved := func(from, n int) linalg.Moved { return linalg.Moved{Delta: b.delta[from:][:n], Sum: b.sum[from:][:n]} }
	linalg.AddMoved(sum, product, t.symmetric, n, moved(u, product.Rows), moved(v, product.Cols))
}

// addNorms centres the rows' squared norms into the last panel.
func addNorms[T linalg.Float](m *Moments, b *chunkBuffers[T], centre []float64, n int) {
	panel := b.panels[len(b.panels)-1]
	for i := range m.dims {
		if m.panelOf[i] < 0 {
			continue
		}
		column := m.units + i
		sum, square := 0.0, 0.0
		for r, v := range b.norms[i] {
			z := T(v - centre[column])
			panel.Data[r*panel.Stride+i] = z
			sum += float64(z)
			square += float64(z) * float64(z)
		}
		b.addColumn(m, column, centre[column], sum, square, n)
	}
}
