package metrics

import (
	"fmt"
	"math"
)

// CKA is the linear centred kernel alignment of layers i and j (Kornblith et
// al. 2019): with X and Y the centred rows,
//
//	biased:    |XᵀY|² / (|XᵀX| |YᵀY|)                    (Frobenius norms)
//	debiased:  HSIC(X, Y) / sqrt(HSIC(X, X) HSIC(Y, Y))  (Song et al. 2012, eq. 5)
//
// where, because the rows of the centred Gram matrices XXᵀ and YYᵀ sum to
// zero, Song's estimator of HSIC is a function of moments: with x_t = |X_t|²
// the squared norm of row t, and y_t alike, up to a factor 1/(n(n-3)),
//
//	HSIC(X, Y) = |XᵀY|² - Σ x_t y_t + (Σ x_t)(Σ y_t)/((n-1)(n-2)) - 2 Σ x_t y_t/(n-2).
//
// The biased value is what most papers print. It is far above zero for
// independent data unless n is much larger than the dimensions: about
// d/(n + d). The debiased value is 0 on average then, and may be negative.
//
// Both are symmetric, and do not change when a layer is rotated, shifted or
// scaled. Debiased needs moments with SquaredNorms and at least 4 rows. Sketched is
// debiased CKA, approximately, from moments of rows that [Projections] have projected.
func CKA(m *Moments, i, j int, variant string) (Value, error) {
	variant, err := variantOf("cka", variant)
	if err != nil {
		return Value{}, err
	}
	rows := 2
	if variant != "biased" {
		rows = 4
		if !m.norms {
			return Value{}, undefined("cka", variant, "the moments were made without SquaredNorms")
		}
	}
	if err := m.check("cka", variant, i, j, rows); err != nil {
		return Value{}, err
	}
	if variant == "sketched" {
		return ckaSketched(m, i, j)
	}
	v := newValue(m, i, j)
	xy, err := m.hsic(variant, i, j)
	if err != nil {
		return Value{}, err
	}
	self := [2]hsic{}
	for k, layer := range []int{i, j} {
		if self[k], err = m.selfHSIC(variant, layer, [2]string{"x", "y"}[k]); err != nil {
			return Value{}, err
		}
	}
	if i == j {
		v.Value = 1
		return v, nil
	}
	if v.Value, err = m.ratio(variant, xy, self[0], self[1]); err != nil {
		return Value{}, err
	}
	if variant == "biased" {
		v.Value = min(v.Value, 1) // by Cauchy and Schwarz; beyond is rounding
		if m.n < 5*(v.DX+v.DY) {
			v.warn("%d rows are few for %d and %d units: biased CKA is well above 0 for unrelated layers", m.n, v.DX, v.DY)
		}
	}
	return v, nil
}

// ratio is CKA, unless rounding may have moved it.
func (m *Moments) ratio(variant string, xy, x, y hsic) (float64, error) {
	value, lost := xy.ratio(x, y, m.rounding())
	if lost > mostLost {
		return 0, m.cancelled(variant, lost)
	}
	return value, nil
}

// mostLost is by how much rounding may move a value of CKA.
const mostLost = 5e-4

// ratio is CKA, and by how much rounding of terms may have moved it.
func (xy hsic) ratio(x, y hsic, rounding float64) (value, lost float64) {
	norm := math.Sqrt(x.left) * math.Sqrt(y.left)
	value = xy.left / math.Sqrt(x.left) / math.Sqrt(y.left)
	return value, rounding * (xy.terms/norm + math.Abs(value)/2*(x.terms/x.left+y.terms/y.left))
}

// unsure says whether rounding is so large a part of an estimate that it can be no denominator.
func (h hsic) unsure(rounding float64) bool {
	const sure = 100 // times its rounding
	return math.Abs(h.left) < sure*rounding*h.terms
}

// hsicBiased returns |XᵀY|², without a copy of XᵀY.
func (m *Moments) hsicBiased(i, j int) (float64, error) {
	if i > j {
		i, j = j, i
	}
	if m.broken != nil {
		return 0, m.broken
	}
	raw, _, err := m.stored(i, j)
	if err != nil {
		return 0, err
	}
	x, mean := m.layerSum(i), m.layerSum(j)
	for k := range mean {
		mean[k] /= float64(max(m.n, 1))
	}
	total, row := 0.0, make([]float64, raw.Cols)
	for r := range raw.Rows {
		first := 0
		if i == j { // the upper triangle, without the diagonal
			first = r + 1
		}
		row := row[first:]
		for k, p := range raw.Row(r)[first:] {
			row[k] = p - x[r]*mean[first+k]
		}
		total += sumSquares(row)
	}
	if i == j {
		total = 2*total + sumSquares(m.scatters(i))
	}
	return total, nil
}

// hsic is an estimate of HSIC, and the magnitude of the terms that it is left of. Where a few rows are thousands of times as large as
// the others, the terms are those rows' and what is left is the others'.
type hsic struct{ left, terms float64 }

// rounding is the largest relative error of a term of HSIC that was seen in blocks of some thousand rows; that of ordinary data is a
// tenth of it.
func (m *Moments) rounding() float64 {
	return roundingOf(m.float64)
}

func roundingOf(float64 bool) float64 {
	if float64 {
		return 6e-15
	}
	return 3e-6
}

// cancelled is the error of a value that may be off by so much.
func (m *Moments) cancelled(variant string, lost float64) error {
	if m.float64 {
		return undefined("cka", variant, "a few rows are so much larger than the others that even products in double precision may be off by %.1g", lost)
	}
	return imprecise("cka", variant, "a few rows are so much larger than the others that products in single precision may be off by %.1g; use float64 products", lost)
}

// selfHSIC estimates HSIC of a layer with itself, which is a denominator: it must be positive, and more than rounding.
func (m *Moments) selfHSIC(variant string, layer int, name string) (hsic, error) {
	h, err := cached(m, "hsic "+variant, layer, func() (hsic, error) { return m.hsic(variant, layer, layer) })
	if err != nil {
		return hsic{}, err
	}
	return h, m.judge(variant, h, name)
}

// judge refuses an estimate of HSIC of a layer with itself that is no more than rounding, or not positive.
func (m *Moments) judge(variant string, h hsic, name string) error {
	if h.unsure(m.rounding()) {
		return m.cancelled(variant, min(1, m.rounding()*h.terms/math.Abs(h.left)))
	}
	if h.left <= 0 {
		few := fmt.Sprintf("%d rows are too few", m.n)
		if variant == "grouped" {
			few = "there are too few groups, or a few have nearly all rows"
		}
		return undefined("cka", variant, "the %s HSIC of %s with itself is %.3g, not positive: %s", variant, name, h.left, few)
	}
	return nil
}

// hsic estimates HSIC of two layers: |XᵀY|², or Song's estimator without its factor
// 1/(n(n-3)).
func (m *Moments) hsic(variant string, i, j int) (hsic, error) {
	frobenius, err := m.hsicBiased(i, j)
	if err != nil || variant == "biased" {
		return hsic{left: frobenius}, err
	}
	return m.song(i, j, frobenius, 0)
}

// song is Song's estimator from |XᵀY|². less is the share of the products of squared norms that is too much.
func (m *Moments) song(i, j int, frobenius, less float64) (hsic, error) {
	x, y, xy, err := m.rowNorms(i, j)
	if err != nil {
		return hsic{}, err
	}
	n := float64(m.n)
	xy *= 1 - less
	if tiny := 1e-17 * n; !m.float64 && min(x, y) < tiny {
		return hsic{}, imprecise("cka", "debiased", "the rows' squared norms are about %.2g, too small for float32 products; scale the layer or use float64 products",
			min(x, y)/n)
	}
	return hsic{frobenius - xy + x*y/((n-1)*(n-2)) - 2*xy/(n-2), frobenius + xy}, nil
}

// rowNorms returns Σ x_t, Σ y_t and Σ x_t y_t for the squared norms about the
// mean: those about the provisional centre, moved by δ = -Σz/n as in Merge.
func (m *Moments) rowNorms(i, j int) (x, y, xy float64, err error) {
	s, err := cached(m, "mean shift", -1, func() (*shift, error) {
		s := newShift(m.atMean(), m)
		s.addSways()
		return s, nil
	})
	if err != nil {
		return 0, 0, 0, err
	}
	return s.sum[m.units+i], s.sum[m.units+j], s.normProduct(i, j), nil
}

// atMean returns moments without blocks whose provisional centre is the mean,
// and 0 for the squared norms.
func (m *Moments) atMean() *Moments {
	about := &Moments{layout: m.layout, workers: m.workers, centre: make([]float64, len(m.centre)), sum: make([]float64, len(m.sum))}
	for c := range m.units {
		about.centre[c] = m.centre[c] + m.sum[c]/float64(m.n)
	}
	return about
}

// sumSquares adds in four strands, so that one addition need not wait for the
// one before.
func sumSquares(x []float64) float64 {
	var s0, s1, s2, s3 float64
	for ; len(x) >= 4; x = x[4:] {
		s0 += x[0] * x[0]
		s1 += x[1] * x[1]
		s2 += x[2] * x[2]
		s3 += x[3] * x[3]
	}
	for _, v := range x {
		s0 += v * v
	}
	return s0 + s1 + s2 + s3
}

// dot adds in four strands, likewise.
func dot(x, y []float64) float64 {
	var s0, s1, s2, s3 float64
	y = y[:len(x)]
	for ; len(x) >= 4; x, y = x[4:], y[4:] {
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
	}
	for k, v := range x {
		s0 += v * y[k]
	}
	return s0 + s1 + s2 + s3
}
