package linalg_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"

	"speechsim/metrics/internal/linalg"
)

type dense32 = linalg.Dense[float32]
type dense64 = linalg.Dense[float64]

// places are where the tests look for OpenBLAS.
func places() []string {
	return []string{os.Getenv("SPEECHSIM_OPENBLAS"), "../../../lib", "libopenblas.so.0"}
}

// eachBackend runs the same checks on every implementation.
func eachBackend(t *testing.T, check func(t *testing.T, b linalg.Backend)) {
	t.Run("gonum", func(t *testing.T) { check(t, linalg.PureGo()) })
	t.Run("openblas", func(t *testing.T) {
		b, err := linalg.OpenBLAS(places())
		if err != nil {
			t.Skip(err)
		}
		check(t, b)
	})
}

// padded returns a random matrix whose rows have a few NaN between them: an
// operation that reads or writes outside its matrix shows.
func padded[T linalg.Float](r *rand.Rand, rows, cols int) linalg.Dense[T] {
	d := linalg.Dense[T]{Rows: rows, Cols: cols, Stride: cols + 3, Data: make([]T, rows*(cols+3))}
	for i := range d.Data {
		d.Data[i] = T(math.NaN())
	}
	for i := range rows {
		for j := range d.Row(i) {
			d.Row(i)[j] = T(r.NormFloat64())
		}
	}
	return d
}

// at returns op(A)[i, j].
func at[T linalg.Float](d linalg.Dense[T], trans bool, i, j int) float64 {
	if trans {
		i, j = j, i
	}
	return float64(d.At(i, j))
}

// product returns op(A) op(B) by the definition.
func product[T linalg.Float](ta, tb bool, a, b linalg.Dense[T], m, n, k int) dense64 {
	c := linalg.New[float64](m, n)
	for i := range m {
		for j := range n {
			for l := range k {
				c.Data[i*n+j] += at(a, ta, i, l) * at(b, tb, l, j)
			}
		}
	}
	return c
}

// distance is the largest difference of two matrices, in the upper triangle only if asked.
func distance[T linalg.Float](a linalg.Dense[T], b dense64, upper bool) float64 {
	d := 0.0
	for i := range a.Rows {
		for j := range a.Cols {
			if upper && j < i {
				continue
			}
			if e := math.Abs(float64(a.At(i, j)) - b.At(i, j)); !(e <= d) {
				d = e
			}
		}
	}
	return d
}

var sizes = [][3]int{{0, 3, 2}, {3, 0, 2}, {2, 3, 0}, {1, 1, 1}, {3, 2, 5}, {17, 9, 33}, {64, 65, 66}, {66, 70, 129}}

func testGemm[T linalg.Float](t *testing.T, tolerance float64, gemm func(ta, tb bool, a, b, c linalg.Dense[T])) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range sizes {
		m, n, k := s[0], s[1], s[2]
		for _, ta := range []bool{false, true} {
			for _, tb := range []bool{false, true} {
				a, b, c := padded[T](r, m, k), padded[T](r, k, n), padded[T](r, m, n)
				if ta {
					a = padded[T](r, k, m)
				}
				if tb {
					b = padded[T](r, n, k)
				}
				gemm(ta, tb, a, b, c)
				if d := distance(c, product(ta, tb, a, b, m, n, k), false); !(d <= tolerance*float64(k+1)) {
					t.Errorf("m %d n %d k %d transA %v transB %v: off by %g", m, n, k, ta, tb, d)
				}
			}
		}
	}
}

func TestGemm(t *testing.T) {
	eachBackend(t, func(t *testing.T, b linalg.Backend) {
		testGemm[float32](t, 1e-6, b.Gemm32)
		testGemm[float64](t, 1e-14, b.Gemm64)
	})
}

func testSyrk[T linalg.Float](t *testing.T, tolerance float64, syrk func(trans bool, a, c linalg.Dense[T])) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, s := range sizes {
		n, k := s[1], s[2]
		for _, trans := range []bool{false, true} {
			a, c := padded[T](r, n, k), padded[T](r, n, n)
			if trans {
				a = padded[T](r, k, n)
			}
			before := c.Clone()
			syrk(trans, a, c)
			if d := distance(c, product(trans, !trans, a, a, n, n, k), true); !(d <= tolerance*float64(k+1)) {
				t.Errorf("n %d k %d trans %v: off by %g", n, k, trans, d)
			}
			for i := range n {
				if !slices.Equal(before.Row(i)[:i], c.Row(i)[:i]) {
					t.Fatalf("n %d k %d trans %v: the lower triangle was written to", n, k, trans)
				}
			}
		}
	}
}

func TestSyrk(t *testing.T) {
	eachBackend(t, func(t *testing.T, b linalg.Backend) {
		testSyrk[float32](t, 1e-6, b.Syrk32)
		testSyrk[float64](t, 1e-14, b.Syrk64)
	})
}

// kinds are matrices that decompositions find easy, hard or degenerate.
var kinds = map[string]func(r *rand.Rand, i, j, m, n int) float64{
	"random":         func(r *rand.Rand, i, j, m, n int) float64 { return r.NormFloat64() },
	"zero":           func(r *rand.Rand, i, j, m, n int) float64 { return 0 },
	"identity":       func(r *rand.Rand, i, j, m, n int) float64 { return map[bool]float64{true: 1}[i == j] },
	"rank one":       func(r *rand.Rand, i, j, m, n int) float64 { return float64(i+1) * float64(j+2) / float64(m*n) },
	"graded":         func(r *rand.Rand, i, j, m, n int) float64 { return r.NormFloat64() * math.Pow(10, -float64(i+j)/5) },
	"large":          func(r *rand.Rand, i, j, m, n int) float64 { return 1e100 * r.NormFloat64() },
	"constant block": func(r *rand.Rand, i, j, m, n int) float64 { return float64((2*i/m+2*j/n)%2) + 1 },
}

// orthonormal reports how far the rows (or columns) of d are from being so.
func orthonormal(d dense64, columns bool) float64 {
	n, k := d.Rows, d.Cols
	if columns {
		n, k = k, n
	}
	p := product(columns, !columns, d, d, n, n, k)
	worst := 0.0
	for i := range n {
		for j := range n {
			want := 0.0
			if i == j {
				want = 1
			}
			worst = max(worst, math.Abs(p.At(i, j)-want))
		}
	}
	return worst
}

// norm is the largest magnitude.
func norm(d dense64) float64 {
	m := 0.0
	for _, v := range d.Clone().Data {
		m = max(m, math.Abs(v))
	}
	return m
}

func TestSymEigen(t *testing.T) {
	eachBackend(t, func(t *testing.T, b linalg.Backend) {
		r := rand.New(rand.NewPCG(5, 6))
		for kind, f := range kinds {
			for _, n := range []int{0, 1, 2, 5, 32, 75} {
				a := padded[float64](r, n, n)
				full := linalg.New[float64](n, n)
				for i := range n {
					for j := i; j < n; j++ {
						v := f(r, i, j, n, n)
						a.Row(i)[j], full.Row(i)[j], full.Row(j)[i] = v, v, v
					}
				}
				values, err := b.SymEigen(a)
				if err != nil {
					t.Fatalf("%s %d: %v", kind, n, err)
				}
				if !slices.IsSorted(values) {
					t.Errorf("%s %d: values don't ascend", kind, n)
				}
				v := a.Clone()
				if d := orthonormal(v, false); !(d < 1e-13*float64(n+1)) {
					t.Errorf("%s %d: eigenvectors off orthonormal by %g", kind, n, d)
				}
				av := product(false, true, full, v, n, n, n) // columns A v_i
				allowed := 1e-13 * float64(n) * (norm(full) + 1e-300)
				for i := range n {
					for j := range n {
						if e := math.Abs(av.At(j, i) - values[i]*v.At(i, j)); !(e <= allowed) {
							t.Fatalf("%s %d: A v != lambda v by %g", kind, n, e)
						}
					}
				}
			}
		}
	})
}

func TestSVD(t *testing.T) {
	eachBackend(t, func(t *testing.T, b linalg.Backend) {
		r := rand.New(rand.NewPCG(7, 8))
		for kind, f := range kinds {
			for _, s := range [][2]int{{0, 4}, {4, 0}, {1, 1}, {1, 7}, {7, 1}, {20, 20}, {33, 12}, {12, 33}, {70, 40}} {
				m, n := s[0], s[1]
				name := fmt.Sprintf("%s %dx%d", kind, m, n)
				a := padded[float64](r, m, n)
				for i := range m {
					for j := range n {
						a.Row(i)[j] = f(r, i, j, m, n)
					}
				}
				before := a.Clone()
				u, values, vt, err := b.SVD(a)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				k := min(m, n)
				if len(values) != k || u.Rows != m || u.Cols != k || vt.Rows != k || vt.Cols != n {
					t.Fatalf("%s: wrong shapes", name)
				}
				if distance(a, before, false) != 0 {
					t.Errorf("%s: the operand was written to", name)
				}
				for i := range values {
					if values[i] < 0 || i > 0 && values[i] > values[i-1] {
						t.Errorf("%s: singular values don't descend to zero: %v", name, values)
					}
				}
				if d := max(orthonormal(u, true), orthonormal(vt, false)); !(d < 1e-12) {
					t.Errorf("%s: singular vectors off orthonormal by %g", name, d)
				}
				us := u.Clone()
				for i := range m {
					for j := range k {
						us.Row(i)[j] *= values[j]
					}
				}
				allowed := 1e-12 * (norm(before) + 1e-300)
				if d := distance(product(false, false, us, vt, m, n, k), before, false); !(d <= allowed) {
					t.Errorf("%s: U S V' != A by %g", name, d)
				}
				alone, err := b.SingularValues(a)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for i := range alone {
					if !(math.Abs(alone[i]-values[i]) <= allowed) {
						t.Errorf("%s: values alone differ: %g, %g", name, alone[i], values[i])
					}
				}
			}
		}
	})
}

// TestSameBits calls from many goroutines at once: each must get the bits that
// one call alone gets.
func TestSameBits(t *testing.T) {
	eachBackend(t, func(t *testing.T, b linalg.Backend) {
		r := rand.New(rand.NewPCG(9, 10))
		a, x := padded[float32](r, 200, 90), padded[float32](r, 200, 110)
		sym := padded[float64](r, 40, 40)
		alone := linalg.New[float32](90, 110)
		b.Gemm32(true, false, a, x, alone)
		vectors := sym.Clone()
		values, err := b.SymEigen(vectors)
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for range 4 * runtime.GOMAXPROCS(0) {
			group.Go(func() {
				c := linalg.New[float32](90, 110)
				b.Gemm32(true, false, a, x, c)
				v := sym.Clone()
				w, err := b.SymEigen(v)
				if err != nil || !slices.Equal(c.Data, alone.Data) || !slices.Equal(v.Data, vectors.Data) || !slices.Equal(w, values) {
					t.Error("other bits, or an error:", err)
				}
			})
		}
		group.Wait()
	})
}

func TestWrongShapesPanic(t *testing.T) {
	eachBackend(t, func(t *testing.T, b linalg.Backend) {
		for name, call := range map[string]func(){
			"inner": func() {
				b.Gemm64(false, false, linalg.New[float64](2, 3), linalg.New[float64](2, 3), linalg.New[float64](2, 3))
			},
			"outer": func() {
				b.Gemm32(false, false, linalg.New[float32](2, 3), linalg.New[float32](3, 2), linalg.New[float32](2, 3))
			},
			"short": func() { b.Syrk64(false, dense64{Rows: 2, Cols: 2, Stride: 2}, linalg.New[float64](2, 2)) },
			"stride": func() {
				b.Syrk32(false, dense32{Rows: 2, Cols: 2, Stride: 1, Data: make([]float32, 9)}, linalg.New[float32](2, 2))
			},
			"square": func() { b.SymEigen(linalg.New[float64](2, 3)) },
		} {
			t.Run(name, func(t *testing.T) {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				call()
			})
		}
	})
}
