package figures

import (
	"cmp"
	"math"
	"slices"
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
	b := make([]float64, n*n)
	for k, d := range distance {
		if math.IsNaN(d) {
			d = known.Value
		}
		if k/n != k%n {
			b[k] = -d * d / 2
		}
	}
	doublyCentre(b, n)
	values, vectors := symmetricEigen(b, n)
	total := 0.0
	for _, v := range values {
		total += max(v, 0)
	}
	axis := func(k int) []float64 {
		list := make([]float64, n)
		if k >= n || values[k] <= 0 || total == 0 {
			return list
		}
		shown += values[k] / total
		sign := 1.0 // an eigenvector's sign is free: its largest entry is made positive
		largest := slices.MaxFunc(vectors[k], func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) })
		if largest < 0 {
			sign = -1
		}
		for i, v := range vectors[k] {
			list[i] = sign * v * math.Sqrt(values[k])
		}
		return list
	}
	x, y = axis(0), axis(1)
	return x, y, shown
}

// stress is Kruskal's stress-1 of a map in the plane (Kruskal 1964): the root of the squares of what its distances are off, over those of the
// distances themselves. distance is as in [classicalScaling]; pairs that are not known are left out.
func stress(distance, x, y []float64) float64 {
	n := len(x)
	off, all := 0.0, 0.0
	for i := range n {
		for j := range i {
			if d := distance[i*n+j]; !math.IsNaN(d) {
				in := math.Hypot(x[i]-x[j], y[i]-y[j])
				off += (in - d) * (in - d)
				all += in * in
			}
		}
	}
	if all == 0 {
		return 0
	}
	return math.Sqrt(off / all)
}

// doublyCentre subtracts the means of rows and columns.
func doublyCentre(b []float64, n int) {
	rows := make([]float64, n)
	all := 0.0
	for k, v := range b {
		rows[k/n] += v / float64(n)
		all += v / float64(n*n)
	}
	for k := range b {
		b[k] += all - rows[k/n] - rows[k%n]
	}
}

// symmetricEigen returns eigenvalues, the largest first, and their vectors, by
// cyclic Jacobi rotations. a is overwritten.
func symmetricEigen(a []float64, n int) (values []float64, vectors [][]float64) {
	v := make([]float64, n*n)
	for i := range n {
		v[i*n+i] = 1
	}
	for range 50 {
		off, diagonal := 0.0, 0.0
		for k, e := range a {
			if k/n == k%n {
				diagonal += e * e
			} else {
				off += e * e
			}
		}
		if off <= 1e-24*diagonal || off == 0 {
			break
		}
		for p := range n {
			for q := p + 1; q < n; q++ {
				rotate(a, v, n, p, q)
			}
		}
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(a[j*n+j], a[i*n+i]) })
	for _, k := range order {
		values = append(values, a[k*n+k])
		column := make([]float64, n)
		for i := range column {
			column[i] = v[i*n+k]
		}
		vectors = append(vectors, column)
	}
	return values, vectors
}

// rotate makes a[p,q] zero.
func rotate(a, v []float64, n, p, q int) {
	if a[p*n+q] == 0 {
		return
	}
	theta := (a[q*n+q] - a[p*n+p]) / (2 * a[p*n+q])
	t := 1 / (math.Abs(theta) + math.Sqrt(theta*theta+1))
	if theta < 0 {
		t = -t
	}
	c := 1 / math.Sqrt(t*t+1)
	s := t * c
	for k := range n {
		x, y := a[k*n+p], a[k*n+q]
		a[k*n+p], a[k*n+q] = c*x-s*y, s*x+c*y
	}
	for k := range n {
		x, y := a[p*n+k], a[q*n+k]
		a[p*n+k], a[q*n+k] = c*x-s*y, s*x+c*y
		x, y = v[k*n+p], v[k*n+q]
		v[k*n+p], v[k*n+q] = c*x-s*y, s*x+c*y
	}
}
