package linalg_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"speechsim/metrics/internal/linalg"
)

// sparse is a matrix of random numbers whose stride is wider than its rows; what lies between them is 77.
func sparse[T linalg.Float](r *rand.Rand, rows, cols int) linalg.Dense[T] {
	d := linalg.New[T](rows, cols+3)
	for k := range d.Data {
		d.Data[k] = 77
	}
	d = d.Slice(0, rows, 0, cols)
	for i := range rows {
		for k := range d.Row(i) {
			d.Row(i)[k] = T(100 + r.NormFloat64())
		}
	}
	return d
}

func copied[T linalg.Float](d linalg.Dense[T]) linalg.Dense[T] {
	d.Data = slices.Clone(d.Data)
	return d
}

func gaussians(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for k := range x {
		x[k] = r.NormFloat64()
	}
	return x
}

// exactly says whether the numbers are the same to the last bit, or nearly so on processors that round a product and a sum once.
func exactly[T linalg.Float](a, b []T) bool {
	return slices.EqualFunc(a, b, func(a, b T) bool {
		return a == b || runtime.GOARCH != "amd64" && math.Abs(float64(a-b)) < 1e-12*math.Abs(float64(b))
	})
}

func TestCentreRows(t *testing.T) {
	t.Run("float32", centresRows[float32, float32])
	t.Run("float64 of float32", centresRows[float64, float32])
	t.Run("float64", centresRows[float64, float64])
}

// centresRows holds CentreRows to its definition, one number after the other.
func centresRows[T, S linalg.Float](t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	for cols := 1; cols < 14; cols++ {
		for _, rows := range []int{0, 1, 3} {
			x, z := sparse[S](r, rows, cols), sparse[T](r, rows, cols)
			centre, from := make([]float64, cols), gaussians(r, cols)
			for u := range centre {
				centre[u] = float64(float32(100 + r.NormFloat64()))
			}
			sum, square, distances := gaussians(r, cols), gaussians(r, cols), gaussians(r, rows)
			wantZ, wantSum, wantSquare, wantDistances := copied(z), slices.Clone(sum), slices.Clone(square), make([]float64, rows)
			for i := range rows {
				var strands [4]float64
				for u, v := range x.Row(i) {
					d := T(float64(v) - centre[u])
					wantZ.Row(i)[u] = d
					wantSum[u] += float64(d)
					wantSquare[u] += float64(d) * float64(d)
					away, strand := float64(v)-from[u], u%4
					if u >= cols/4*4 {
						strand = 0
					}
					strands[strand] += away * away
				}
				wantDistances[i] = strands[0] + strands[1] + strands[2] + strands[3]
			}
			without := copied(z)
			linalg.CentreRows(without, x, centre, slices.Clone(sum), slices.Clone(square), nil, nil)
			linalg.CentreRows(z, x, centre, sum, square, from, distances)
			if !exactly(z.Data, wantZ.Data) || !exactly(without.Data, wantZ.Data) || !exactly(sum, wantSum) || !exactly(square, wantSquare) || !exactly(distances, wantDistances) {
				t.Errorf("[%d, %d]: %v, sums %v, %v, distances %v, want %v, %v, %v, %v", rows, cols, z.Data, sum, square, distances, wantZ.Data, wantSum, wantSquare, wantDistances)
			}
		}
	}
}

func TestAddMoved(t *testing.T) {
	t.Run("float32", addsMoved[float32])
	t.Run("float64", addsMoved[float64])
}

func addsMoved[P linalg.Float](t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	for cols := 1; cols < 14; cols++ {
		for _, rows := range []int{0, 1, 3, cols} {
			product, sum := sparse[P](r, rows, cols), sparse[float64](r, rows, cols)
			u, v := linalg.Moved{Delta: gaussians(r, rows), Sum: gaussians(r, rows)}, linalg.Moved{Delta: gaussians(r, cols), Sum: gaussians(r, cols)}
			for _, upper := range []bool{false, rows == cols} {
				got, want := copied(sum), copied(sum)
				for i := range rows {
					for k := range cols {
						if k >= i || !upper {
							want.Row(i)[k] += float64(product.At(i, k)) + u.Delta[i]*v.Sum[k] + (u.Sum[i]+2048*u.Delta[i])*v.Delta[k]
						}
					}
				}
				linalg.AddMoved(got, product, upper, 2048, u, v)
				if !exactly(got.Data, want.Data) {
					t.Errorf("[%d, %d], upper %v: %v, want %v", rows, cols, upper, got.Data, want.Data)
				}
			}
		}
	}
}
