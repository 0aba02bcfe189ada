package metrics

import (
	"math"

	"speechsim/metrics/internal/linalg"
)

// ckaSketched estimates debiased CKA of two layers from moments of their projected
// rows (see [Projections]): those of layers of 192 units, of which the last 64 are
// random directions.
//
//	HSIC(X, Y)  is that of the projected rows, and right on average over draws of R, since the random directions of two
//	            layers are independent and HSIC is linear in each of its Gram matrices;
//	HSIC(X, X)  has the terms of a random direction with itself left out, and the others scaled up for that.
//
// Their ratio is biased by the square of its relative error, some 1e-6. The value
// comes with its standard error over draws of the directions: a jackknife that
// leaves out the random directions of x one at a time, and those of y.
func ckaSketched(m *Moments, i, j int) (Value, error) {
	const variant = "sketched"
	v := Value{N: m.n, DX: m.dims[i], DY: m.dims[j], Approximation: new(float64)}
	x, err := m.sketchedSelf(i, "x")
	if err != nil {
		return v, err
	}
	y, err := m.sketchedSelf(j, "y")
	if err != nil {
		return v, err
	}
	if i == j {
		v.Value = 1
		return v, nil
	}
	s, err := m.scatter(i, j)
	if err != nil {
		return v, err
	}
	xy, err := m.song(i, j, sumSquares(s.Data), 0)
	if err != nil {
		return v, err
	}
	if v.Value, err = m.ratio(variant, xy, x.hsic, y.hsic); err != nil {
		return v, err
	}
	variance := 0.0
	for side, self := range [][2]sketchedHSIC{{x, y}, {y, x}} {
		columns := s
		if side == 0 {
			columns = transposed(s)
		}
		variance += restVariance(xy.left, columns, self[0].without, self[1].left)
	}
	*v.Approximation = math.Sqrt(variance)
	return v, nil
}

// sketchedHSIC is HSIC of a projected layer with itself, and what it is without each random direction.
type sketchedHSIC struct {
	hsic
	without []float64
}

// restOf is how many units of a layer of projected rows are random directions.
func restOf(units int) int {
	if units == projectedUnits {
		return restUnits
	}
	return 0
}

// sketchedSelf estimates HSIC of a layer with itself, a denominator.
func (m *Moments) sketchedSelf(i int, name string) (sketchedHSIC, error) {
	const variant = "sketched"
	h, err := cached(m, "hsic "+variant, i, func() (sketchedHSIC, error) { return newSketchedSelf(m, i) })
	if err != nil {
		return h, err
	}
	for _, without := range h.without {
		if h.left > 0 && without <= 0 {
			return h, undefined("cka", variant, "the sketched HSIC of %s with itself is not positive without one of its %d random directions: the layer has too little along its first components", name, restUnits)
		}
	}
	return h, m.judge(variant, h.hsic, name)
}

func newSketchedSelf(m *Moments, i int) (h sketchedHSIC, err error) {
	s, err := m.scatter(i, i)
	if err != nil {
		return h, err
	}
	count := float64(restOf(s.Rows))
	first := s.Rows - restOf(s.Rows)
	principal, crossed, among := 0.0, make([]float64, s.Rows-first), make([]float64, s.Rows-first) // sums of squares: of principal units, and of each random one
	total, rest := 0.0, 0.0                                                                        // variances
	for r := range s.Rows {
		total += s.At(r, r)
		if r < first {
			principal += sumSquares(s.Row(r)[:first])
			continue
		}
		rest += s.At(r, r)
		crossed[r-first] = sumSquares(s.Row(r)[:first])
		among[r-first] = sumSquares(s.Row(r)[first:]) - s.At(r, r)*s.At(r, r)
	}
	frobenius := principal
	share := 0.0 // of the squared norms' own products, by which those of random directions are too large
	if count > 0 {
		frobenius += 2*sum(crossed) + count/(count-1)*sum(among)
		share = 2 / (count + 2) * rest / total * rest / total // as if the rest had the same share in all rows
	}
	if h.hsic, err = m.song(i, i, frobenius, share); err != nil {
		return h, err
	}
	for c := range crossed {
		without := principal + 2*count/(count-1)*(sum(crossed)-crossed[c]) + count*count/((count-1)*(count-2))*(sum(among)-2*among[c])
		h.without = append(h.without, h.left-frobenius+without)
	}
	return h, nil
}

// restVariance is the jackknife's variance of CKA over the random directions of one layer: xy is HSIC, the columns of products are the units of
// this layer, and without and other the denominators.
func restVariance(xy float64, products linalg.Dense[float64], without []float64, other float64) float64 {
	count := float64(len(without))
	if count == 0 {
		return 0
	}
	squares := make([]float64, len(without))
	for r := range products.Rows {
		for c, v := range products.Row(r)[products.Cols-len(without):] {
			squares[c] += v * v
		}
	}
	all := sum(squares)
	left, mean := make([]float64, len(without)), 0.0
	for c, own := range without {
		scaled := count / (count - 1) * (all - squares[c])
		left[c] = (xy - all + scaled) / math.Sqrt(own) / math.Sqrt(other)
		mean += left[c] / count
	}
	variance := 0.0
	for _, v := range left {
		variance += (count - 1) / count * (v - mean) * (v - mean)
	}
	return variance
}
