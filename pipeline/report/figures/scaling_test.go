package figures

import (
	"math"
	"testing"
)

// TestClassicalScaling: points of a plane come back with their distances, and
// all of the spread is shown.
func TestClassicalScaling(t *testing.T) {
	px, py := []float64{0, 3, 1, -2, 5}, []float64{0, 1, 4, 2, -1}
	n := len(px)
	distance := make([]float64, n*n)
	for i := range n {
		for j := range n {
			distance[i*n+j] = math.Hypot(px[i]-px[j], py[i]-py[j])
		}
	}
	x, y, shown := classicalScaling(distance, n)
	for i := range n {
		for j := range n {
			if d := math.Hypot(x[i]-x[j], y[i]-y[j]); math.Abs(d-distance[i*n+j]) > 1e-9 {
				t.Errorf("%d and %d stand %v apart, expected %v", i, j, d, distance[i*n+j])
			}
		}
	}
	if math.Abs(shown-1) > 1e-9 {
		t.Errorf("the plane shows %v of the spread", shown)
	}
	// What is not known, or nothing at all, puts nobody at infinity.
	for i := range distance {
		if i/n != i%n {
			distance[i] = math.NaN()
		}
	}
	x, y, shown = classicalScaling(distance, n)
	for i := range n {
		if math.IsNaN(x[i]) || math.IsNaN(y[i]) || math.IsNaN(shown) {
			t.Fatalf("point %d at %v, %v", i, x[i], y[i])
		}
	}
	if x, y, _ := classicalScaling([]float64{0}, 1); x[0] != 0 || y[0] != 0 {
		t.Errorf("a single point at %v, %v", x, y)
	}
}

func TestSymmetricEigen(t *testing.T) {
	a := []float64{2, 1, 0, 1, 2, 0, 0, 0, 5}
	values, vectors := symmetricEigen(a, 3)
	for k, want := range []float64{5, 3, 1} {
		if math.Abs(values[k]-want) > 1e-12 {
			t.Errorf("eigenvalue %d is %v, expected %v", k, values[k], want)
		}
	}
	if v := vectors[1]; math.Abs(math.Abs(v[0])-math.Sqrt(0.5)) > 1e-9 || math.Abs(v[0]-v[1]) > 1e-9 {
		t.Errorf("the eigenvector of 3 is %v", v)
	}
}
