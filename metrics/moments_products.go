package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// Products multiplies the centred rows of moments somewhere else than on this
// processor, such as on a GPU; see [Options].
type Products interface {
	// Rows is how many rows an Add should bring for the way there and back to be
	// worth it. More are cut, fewer are slow.
	Rows() int
	// Multiply sets out[k], [widths[i], widths[j]], to the sum of products x_i' x_j
	// of panels i and j of blocks[k]. panels[i] is [chunks, rows, widths[i]], or
	// longer: products are made over the rows of a chunk in single precision and
	// added over the chunks in double.
	Multiply(ctx context.Context, chunks, rows int, widths []int, panels [][]float32, blocks [][2]int, out [][]float64) error
}

var errProductsDouble = errors.New("products that are made elsewhere are in single precision: unset Float64 or Products")

// chunkLimit is how many rows are multiplied at once.
func (m *Moments) chunkLimit() int {
	if m.elsewhere != nil {
		return max(m.elsewhere.Rows(), 1)
	}
	return chunkRows
}

// padded is the number of rows of a panel of n rows: with Products, whole chunks.
func (m *Moments) padded(n int) int {
	if m.elsewhere == nil {
		return n
	}
	rows := min(n, chunkRows)
	return (n + rows - 1) / rows * rows
}

// multiplyElsewhere adds the products of the chunk in b's panels.
func multiplyElsewhere(ctx context.Context, m *Moments, b *chunkBuffers[float32], n int) error {
	widths, panels := make([]int, len(m.panels)), make([][]float32, len(m.panels))
	for k, p := range m.panels {
		widths[k], panels[k] = p.width(), b.panels[k].Data
	}
	blocks := make([][2]int, len(m.blocks))
	b.blocks = resize(b.blocks, len(m.blocks))
	for k, shape := range m.blocks {
		blocks[k] = [2]int{shape.p, shape.q}
		b.blocks[k] = resize(b.blocks[k], m.size(k))
	}
	rows := min(n, chunkRows)
	if err := m.elsewhere.Multiply(ctx, m.padded(n)/rows, rows, widths, panels, blocks, b.blocks); err != nil {
		return err
	}
	parallel.Run(m.workers, len(m.tiles), func(_, k int) {
		t := m.tiles[k]
		whole := m.block(t.block)
		product := linalg.Dense[float64]{Rows: whole.Rows, Cols: whole.Cols, Stride: whole.Stride, Data: b.blocks[t.block]}
		accumulate(m, b, t, product.Slice(t.r0, t.r1, t.c0, t.c1), n)
	})
	return nil
}

// Deviation is how far products are from sums in double precision, on made-up
// rows: the error's share of a block's Frobenius norm. In single precision it is
// some 1e-7.
func Deviation(ctx context.Context, p Products) (float64, error) {
	const rows, width = 2*chunkRows + 1, 96
	r := rand.New(rand.NewPCG(7, 7))
	o := Options{Products: p}
	m, err := NewMoments(PureGo(), []int{width, width}, o)
	if err != nil {
		return 0, err
	}
	exact, err := NewMoments(PureGo(), []int{width, width}, Options{Float64: true})
	if err != nil {
		return 0, err
	}
	block := make([]Matrix, 2)
	for i := range block {
		block[i] = Matrix{Rows: rows, Cols: width, Data: make([]float32, rows*width)}
		for k := range block[i].Data {
			block[i].Data[k] = float32(r.NormFloat64())
		}
	}
	if err := errors.Join(m.Add(ctx, block), exact.Add(ctx, block)); err != nil {
		return 0, err
	}
	got, err := m.scatter(0, 1)
	if err != nil {
		return 0, err
	}
	want, err := exact.scatter(0, 1)
	if err != nil {
		return 0, err
	}
	var off, norm float64
	for k, v := range want.Data {
		off += (got.Data[k] - v) * (got.Data[k] - v)
		norm += v * v
	}
	if math.IsNaN(off) {
		return 0, fmt.Errorf("products gave numbers that are not finite")
	}
	return math.Sqrt(off / norm), nil
}
