package linalg

import (
	"errors"
	"fmt"
	"math"
)

// Float is the element type of a matrix.
type Float interface{ float32 | float64 }

// Dense is a row-major matrix: element (i, j) is Data[i*Stride+j].
type Dense[T Float] struct {
	Rows, Cols, Stride int
	Data               []T
}

// New returns a matrix of zeros, [rows, cols].
func New[T Float](rows, cols int) Dense[T] {
	return Dense[T]{Rows: rows, Cols: cols, Stride: cols, Data: make([]T, rows*cols)}
}

// Row returns row i, sharing memory.
func (d Dense[T]) Row(i int) []T { return d.Data[i*d.Stride : i*d.Stride+d.Cols] }

// At returns element (i, j).
func (d Dense[T]) At(i, j int) T { return d.Data[i*d.Stride+j] }

// Slice returns the tile of rows [r0, r1) and columns [c0, c1), sharing memory.
func (d Dense[T]) Slice(r0, r1, c0, c1 int) Dense[T] {
	t := Dense[T]{Rows: r1 - r0, Cols: c1 - c0, Stride: d.Stride}
	if t.Rows > 0 && t.Cols > 0 {
		t.Data = d.Data[r0*d.Stride+c0 : (r1-1)*d.Stride+c1]
	}
	return t
}

// Clone returns a copy without padding between its rows.
func (d Dense[T]) Clone() Dense[T] {
	c := New[T](d.Rows, d.Cols)
	for i := range d.Rows {
		copy(c.Row(i), d.Row(i))
	}
	return c
}

// Normalise scales a row to unit length and reports whether it has one.
func Normalise[T Float](row []T) bool {
	sum := 0.0
	for _, v := range row {
		sum += float64(v) * float64(v)
	}
	if sum == 0 {
		return false
	}
	f := 1 / math.Sqrt(sum)
	for k, v := range row {
		row[k] = T(float64(v) * f)
	}
	return true
}

// valid panics unless the matrix holds what its shape says.
func (d Dense[T]) valid(name string) {
	if d.Rows < 0 || d.Cols < 0 || d.Stride < d.Cols {
		panic(fmt.Sprintf("linalg: %s: bad shape [%d, %d], stride %d", name, d.Rows, d.Cols, d.Stride))
	}
	if d.Rows > 0 && d.Cols > 0 && len(d.Data) < (d.Rows-1)*d.Stride+d.Cols {
		panic(fmt.Sprintf("linalg: %s: %d elements are too few for [%d, %d], stride %d",
			name, len(d.Data), d.Rows, d.Cols, d.Stride))
	}
}

// Backend is an implementation of the operations. Its methods may be called
// from many goroutines at once.
type Backend interface {
	// Name is "openblas" or "gonum".
	Name() string
	// Version is the library's version and the kernel it chose for this processor.
	Version() string
	// Path is where the library was found; empty for code that is part of the program.
	Path() string

	// Gemm32 and Gemm64 set C = op(A) op(B), where op transposes if asked to.
	Gemm32(transA, transB bool, a, b, c Dense[float32])
	Gemm64(transA, transB bool, a, b, c Dense[float64])

	// Syrk32 and Syrk64 set the upper triangle of C = A Aᵀ, or of AᵀA if trans.
	// The strict lower triangle is left as it was.
	Syrk32(trans bool, a, c Dense[float32])
	Syrk64(trans bool, a, c Dense[float64])

	// SymEigen replaces the symmetric matrix A, of which it reads the upper
	// triangle, by its orthonormal eigenvectors: row i belongs to values[i].
	// The values ascend.
	SymEigen(a Dense[float64]) (values []float64, err error)

	// SVD returns the thin decomposition A = U diag(s) Vᵀ: for A [m, n] and
	// k = min(m, n), U is [m, k], s descends, Vᵀ is [k, n]. A is left as it was.
	SVD(a Dense[float64]) (u Dense[float64], s []float64, vt Dense[float64], err error)

	// SingularValues returns the singular values of A alone, descending. A is
	// left as it was.
	SingularValues(a Dense[float64]) ([]float64, error)
}

// ErrNotConverged is returned when an iteration for eigenvalues or singular
// values gives up, which finite and sensibly scaled matrices do not make it do.
var ErrNotConverged = errors.New("linalg: the decomposition did not converge")

// checkGemm panics unless C = op(A) op(B) has matching shapes, and returns m, n, k.
func checkGemm[T Float](transA, transB bool, a, b, c Dense[T]) (m, n, k int) {
	a.valid("A")
	b.valid("B")
	c.valid("C")
	m, k = a.Rows, a.Cols
	if transA {
		m, k = k, m
	}
	kb, n := b.Rows, b.Cols
	if transB {
		kb, n = n, kb
	}
	if k != kb || c.Rows != m || c.Cols != n {
		panic(fmt.Sprintf("linalg: product of [%d, %d] and [%d, %d] into [%d, %d]", m, k, kb, n, c.Rows, c.Cols))
	}
	return m, n, k
}

// checkSyrk panics unless C = A Aᵀ (or AᵀA) has matching shapes, and returns n, k.
func checkSyrk[T Float](trans bool, a, c Dense[T]) (n, k int) {
	a.valid("A")
	c.valid("C")
	n, k = a.Rows, a.Cols
	if trans {
		n, k = k, n
	}
	if c.Rows != n || c.Cols != n {
		panic(fmt.Sprintf("linalg: symmetric product of size %d into [%d, %d]", n, c.Rows, c.Cols))
	}
	return n, k
}

// checkSquare panics unless A is square, and returns its size.
func checkSquare(a Dense[float64]) int {
	a.valid("A")
	if a.Rows != a.Cols {
		panic(fmt.Sprintf("linalg: [%d, %d] is not square", a.Rows, a.Cols))
	}
	return a.Rows
}

// zero clears C; what a product over no terms gives.
func zero[T Float](c Dense[T]) {
	for i := range c.Rows {
		clear(c.Row(i))
	}
}
