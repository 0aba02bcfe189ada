package metrics

import (
	"math"

	"speechsim/metrics/internal/linalg"
)

// CCA is canonical correlation analysis of layers i and j (Hotelling 1936): the
// correlations ρ_1 >= ρ_2 ... of the directions that correlate most, exact, by
// whitening both sides and a singular value decomposition.
//
//	mean:          mean of ρ_k
//	mean_squared:  mean of ρ_k²
//
// over the min(rank x, rank y) canonical correlations. Symmetric; unchanged by
// any invertible linear map of either side. scikit-learn's CCA with all
// components gives the same mean by an iteration a hundred times slower.
//
// The value needs many rows: for independent Gaussian layers of 768 and 300
// units the mean is .485 at n = 3 000 and .121 at n = 46 906, and where
// n - 1 < dx + dy some ρ are 1 whatever the data. Below n = 5 (dx + dy) a
// warning says so.
func CCA(m *Moments, i, j int, variant string) (Value, error) {
	variant, err := variantOf("cca", variant)
	if err != nil {
		return Value{}, err
	}
	c, err := canonical(m, i, j, "cca", variant, everything, false)
	if err != nil {
		return Value{}, err
	}
	sum := 0.0
	for _, r := range c.correlations {
		if variant == "mean_squared" {
			r *= r
		}
		sum += r
	}
	c.Value.Value = sum / float64(len(c.correlations))
	return c.Value, nil
}

// SVCCA is CCA on the principal components that hold 99 % of each layer's
// variance (Raghu et al. 2017): the mean of the canonical correlations.
//
//	textbook:     components of the centred units, the fewest whose variance
//	              reaches 99 %
//	elkheir2024:  components of the units scaled to unit variance, those whose
//	              cumulated variance stays below 99 %: the one that crosses is
//	              dropped (the contextual-correlation code of Wu et al. 2020)
//
// Symmetric. Not a function of the subspaces alone: it changes with the scale
// of single units (textbook) and with any map that is not a rotation.
func SVCCA(m *Moments, i, j int, variant string) (Value, error) {
	variant, err := variantOf("svcca", variant)
	if err != nil {
		return Value{}, err
	}
	keep := reaching99
	if variant == "elkheir2024" {
		keep = below99
	}
	c, err := canonical(m, i, j, "svcca", variant, keep, false)
	if err != nil {
		return Value{}, err
	}
	c.Value.Value = average(c.correlations)
	return c.Value, nil
}

// selection says which components of a layer take part.
type selection struct {
	scaled bool
	count  func(s *spectrum) int
}

var (
	everything = selection{true, func(s *spectrum) int { return len(s.values) }}
	reaching99 = selection{false, func(s *spectrum) int { return s.first(.99, false) }}
	below99    = selection{true, func(s *spectrum) int { return s.first(.99, true) }}
)

// canonicalResult is the analysis of one pair: Value holds all but the number.
type canonicalResult struct {
	Value
	correlations []float64
	x, y         *spectrum
	kx, ky       int
	// directions, if asked for: column k of U, [kx, min(kx, ky)], is the k-th
	// one of x in its whitened components; row k of Vᵀ that of y.
	u, vt linalg.Dense[float64]
}

// canonical correlates the selected components of two layers.
func canonical(m *Moments, i, j int, metric, variant string, keep selection, directions bool) (canonicalResult, error) {
	c, err := analyse(m, i, j, metric, variant, keep)
	if err != nil {
		return c, err
	}
	cross, err := whitenedCross(m, i, j, c)
	if err != nil {
		return c, err
	}
	if directions {
		c.u, c.correlations, c.vt, err = m.backend.SVD(cross)
	} else {
		c.correlations, err = m.backend.SingularValues(cross)
	}
	for k, r := range c.correlations {
		c.correlations[k] = min(r, 1) // beyond is rounding
	}
	return c, err
}

// analyse prepares the components of two layers, and the warnings.
func analyse(m *Moments, i, j int, metric, variant string, keep selection) (c canonicalResult, err error) {
	if err := m.check(metric, variant, i, j, 2); err != nil {
		return c, err
	}
	if c.x, err = m.spectrumOf(i, keep.scaled); err != nil {
		return c, err
	}
	if c.y, err = m.spectrumOf(j, keep.scaled); err != nil {
		return c, err
	}
	c.kx, c.ky = keep.count(c.x), keep.count(c.y)
	if min(c.kx, c.ky) == 0 {
		return c, undefined(metric, variant, "one component holds 99 %% of a layer's variance, so the rule keeps none")
	}
	c.Value = newValue(m, i, j)
	c.warnOfSize()
	c.warnOfRank(m)
	return c, nil
}

// whitenedCross returns W_x S_xy W_yᵀ, whose singular values are the correlations.
func whitenedCross(m *Moments, i, j int, c canonicalResult) (linalg.Dense[float64], error) {
	s, err := m.liveScatter(i, j)
	if err != nil {
		return s, err
	}
	half := linalg.New[float64](c.kx, s.Cols)
	m.backend.Gemm64(false, false, c.x.whitening(c.kx), s, half)
	cross := linalg.New[float64](c.kx, c.ky)
	m.backend.Gemm64(false, true, half, c.y.whitening(c.ky), cross)
	return cross, nil
}

// warnOfSize warns of a sample that is small for its dimensions.
func (v *Value) warnOfSize() {
	if v.N < 5*(v.DX+v.DY) {
		v.warn("%d rows are few for %d and %d units (fewer than 5 (dx + dy)): unrelated layers would score well above 0", v.N, v.DX, v.DY)
	}
}

// warnOfRank warns, where all components take part, of layers whose units depend
// on each other linearly and of components that float32 products barely resolve.
func (c *canonicalResult) warnOfRank(m *Moments) {
	for k, s := range []*spectrum{c.x, c.y} {
		name, used := [2]string{"x", "y"}[k], [2]int{c.kx, c.ky}[k]
		if used < len(s.values) {
			continue
		}
		if s.cut > 0 {
			c.warn("%s has rank %d with %d units", name, len(s.values), len(s.units))
		}
		if !m.float64 && s.weakest < 100*rounding32 {
			c.warn("the weakest component of %s is %.1g of the mean one, where float32 products err by about %.0e: float64 products are safer", name, s.weakest, rounding32/10)
		}
	}
}

func average(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// weighted is the mean of x under weights.
func weighted(x, weights []float64) float64 {
	sum, total := 0.0, 0.0
	for k, w := range weights {
		sum += w * x[k]
		total += w
	}
	return sum / total
}

// absoluteSums returns Σ |row| of each row.
func absoluteSums(d linalg.Dense[float64]) []float64 {
	sums := make([]float64, d.Rows)
	for r := range sums {
		for _, v := range d.Row(r) {
			sums[r] += math.Abs(v)
		}
	}
	return sums
}
