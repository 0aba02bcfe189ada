package figures

import (
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/mds"
)

// classicalScaling places n things in the plane so that their distances come
// close to the given ones (Torgerson 1952): the two leading eigenvectors of the
// doubly centred -d²/2, each times the root of its eigenvalue. distance holds
// n x n values; NaN stands for one that is not known and counts as the mean of
// the others. shown is the share of the positive eigenvalues that the two have.
func classicalScaling(distance []float64, n int) (x, y []float64, shown float64) {
	var known Mean
	for _, d := range distance {
		if !math.IsNaN(d) {
			known.Add(d)
		}
	}
	square := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i {
			d := distance[i*n+j]
			if math.IsNaN(d) {
				d = known.Value
			}
			square.SetSym(i, j, d)
		}
	}
	var places mat.Dense
	values := make([]float64, n)
	k, _ := mds.TorgersonScaling(&places, values, square)
	total := 0.0
	for _, v := range values {
		total += max(v, 0)
	}
	axis := func(a int) []float64 {
		list := make([]float64, n)
		if a >= k || values[a] <= 0 || total == 0 {
			return list
		}
		shown += values[a] / total
		mat.Col(list, a, &places)
		// An eigenvector's sign is free: the first of its largest entries is made positive. Entries of a figure that is its
		// own mirror image are the same but for rounding.
		largest := 0.0
		for _, v := range list {
			if math.Abs(v) > math.Abs(largest)*(1+1e-9) {
				largest = v
			}
		}
		if largest < 0 {
			for i := range list {
				list[i] = -list[i]
			}
		}
		return list
	}
	x, y = axis(0), axis(1)
	return x, y, shown
}
