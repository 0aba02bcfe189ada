package linalg

import (
	"runtime/debug"

	"gonum.org/v1/gonum/blas"
	blasgonum "gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/lapack"
	lapackgonum "gonum.org/v1/gonum/lapack/gonum"
)

// PureGo returns the implementation by gonum: always there, and several times
// slower than OpenBLAS.
func PureGo() Backend { return pureGo{} }

type pureGo struct{}

var (
	goBLAS   blasgonum.Implementation
	goLAPACK lapackgonum.Implementation
)

func (pureGo) Name() string { return "gonum" }
func (pureGo) Path() string { return "" }

// Version is gonum's version as the program was built with it.
func (pureGo) Version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "gonum.org/v1/gonum" {
				return m.Version
			}
		}
	}
	return "unknown"
}

func transpose(t bool) blas.Transpose {
	if t {
		return blas.Trans
	}
	return blas.NoTrans
}

func (pureGo) Gemm32(transA, transB bool, a, b, c Dense[float32]) {
	m, n, k := checkGemm(transA, transB, a, b, c)
	if m == 0 || n == 0 || k == 0 {
		zero(c)
		return
	}
	goBLAS.Sgemm(transpose(transA), transpose(transB), m, n, k, 1, a.Data, a.Stride, b.Data, b.Stride, 0, c.Data, c.Stride)
}

func (pureGo) Gemm64(transA, transB bool, a, b, c Dense[float64]) {
	m, n, k := checkGemm(transA, transB, a, b, c)
	if m == 0 || n == 0 || k == 0 {
		zero(c)
		return
	}
	goBLAS.Dgemm(transpose(transA), transpose(transB), m, n, k, 1, a.Data, a.Stride, b.Data, b.Stride, 0, c.Data, c.Stride)
}

// syrk by gonum is not blocked: a product of strips through gemm is several
// times faster, though it computes a little below the diagonal, which is why
// the diagonal squares go through a buffer.
const syrkStrip = 64

func (p pureGo) Syrk32(trans bool, a, c Dense[float32]) {
	n, _ := checkSyrk(trans, a, c)
	syrkByStrips(n, trans, a, c, p.Gemm32)
}

func (p pureGo) Syrk64(trans bool, a, c Dense[float64]) {
	n, _ := checkSyrk(trans, a, c)
	syrkByStrips(n, trans, a, c, p.Gemm64)
}

func syrkByStrips[T Float](n int, trans bool, a, c Dense[T], gemm func(ta, tb bool, a, b, c Dense[T])) {
	part := func(i0, i1 int) Dense[T] {
		if trans {
			return a.Slice(0, a.Rows, i0, i1)
		}
		return a.Slice(i0, i1, 0, a.Cols)
	}
	for i0 := 0; i0 < n; i0 += syrkStrip {
		i1 := min(i0+syrkStrip, n)
		square := New[T](i1-i0, i1-i0)
		gemm(trans, !trans, part(i0, i1), part(i0, i1), square)
		for i := range square.Rows {
			copy(c.Row(i0 + i)[i0+i:i1], square.Row(i)[i:])
		}
		if i1 < n {
			gemm(trans, !trans, part(i0, i1), part(i1, n), c.Slice(i0, i1, i1, n))
		}
	}
}

func (pureGo) SymEigen(a Dense[float64]) ([]float64, error) {
	n := checkSquare(a)
	values := make([]float64, n)
	if n == 0 {
		return values, nil
	}
	query := make([]float64, 1)
	goLAPACK.Dsyev(lapack.EVCompute, blas.Upper, n, a.Data, a.Stride, values, query, -1)
	work := make([]float64, int(query[0]))
	if !goLAPACK.Dsyev(lapack.EVCompute, blas.Upper, n, a.Data, a.Stride, values, work, len(work)) {
		return nil, ErrNotConverged
	}
	// The eigenvectors come as columns.
	for i := range n {
		for j := range i {
			p, q := i*a.Stride+j, j*a.Stride+i
			a.Data[p], a.Data[q] = a.Data[q], a.Data[p]
		}
	}
	return values, nil
}

func (pureGo) SVD(a Dense[float64]) (u Dense[float64], s []float64, vt Dense[float64], err error) {
	a.valid("A")
	m, n := a.Rows, a.Cols
	k := min(m, n)
	u, s, vt = New[float64](m, k), make([]float64, k), New[float64](k, n)
	if k == 0 {
		return u, s, vt, nil
	}
	if err := gesvd(lapack.SVDStore, a.Clone(), u, s, vt); err != nil {
		return u, nil, vt, err
	}
	return u, s, vt, nil
}

func (pureGo) SingularValues(a Dense[float64]) ([]float64, error) {
	a.valid("A")
	s := make([]float64, min(a.Rows, a.Cols))
	if len(s) == 0 {
		return s, nil
	}
	none := Dense[float64]{Stride: 1, Data: []float64{0}}
	if err := gesvd(lapack.SVDNone, a.Clone(), none, s, none); err != nil {
		return nil, err
	}
	return s, nil
}

// gesvd decomposes a, which it overwrites.
func gesvd(job lapack.SVDJob, a, u Dense[float64], s []float64, vt Dense[float64]) error {
	query := make([]float64, 1)
	goLAPACK.Dgesvd(job, job, a.Rows, a.Cols, a.Data, a.Stride, s, u.Data, u.Stride, vt.Data, vt.Stride, query, -1)
	work := make([]float64, int(query[0]))
	if !goLAPACK.Dgesvd(job, job, a.Rows, a.Cols, a.Data, a.Stride, s, u.Data, u.Stride, vt.Data, vt.Stride, work, len(work)) {
		return ErrNotConverged
	}
	return nil
}
