package metrics

import (
	"math"
	"math/rand/v2"
	"slices"

	"speechsim/metrics/internal/linalg"
)

// spectrum is the principal component analysis of one layer, of its units as
// they are or each scaled to unit variance. With S the scatter matrix of the
// live units and D = diag(scale), D⁻¹ S D⁻¹ = V diag(values) Vᵀ.
type spectrum struct {
	units   []int     // the live units
	scale   []float64 // of each: 1, or the root of its sum of squares
	values  []float64 // eigenvalues, descending; the rounding among them cut off
	vectors linalg.Dense[float64]
	cut     int // how many were cut off
	// weakest is the smallest value that was kept, over the mean of all.
	weakest float64
}

// Eigenvalues below these shares of their mean are rounding. float32 products
// err by about 1e-7 in each correlation, which some thousand units turn into
// 1e-5 in an eigenvalue.
const (
	rounding32 = 1e-5
	rounding64 = 1e-11
)

// spectrumOf returns the spectrum of layer i, factored once.
func (m *Moments) spectrumOf(i int, scaled bool) (*spectrum, error) {
	kind := "spectrum"
	if scaled {
		kind = "scaled spectrum"
	}
	return cached(m, kind, i, func() (*spectrum, error) { return newSpectrum(m, i, scaled) })
}

func newSpectrum(m *Moments, i int, scaled bool) (*spectrum, error) {
	full, err := m.scatter(i, i)
	if err != nil {
		return nil, err
	}
	s := &spectrum{units: m.live(i)}
	s.scale = make([]float64, len(s.units))
	for k, u := range s.units {
		s.scale[k] = 1
		if scaled {
			s.scale[k] = math.Sqrt(full.At(u, u))
		}
	}
	a := linalg.New[float64](len(s.units), len(s.units))
	for k, u := range s.units {
		for l, v := range s.units {
			a.Data[k*a.Stride+l] = full.At(u, v) / s.scale[k] / s.scale[l]
		}
		if scaled {
			a.Data[k*a.Stride+k] = 1
		}
	}
	values, err := m.backend.SymEigen(a)
	if err != nil {
		return nil, err
	}
	mean := 0.0
	for _, v := range values {
		mean += v / float64(len(values))
	}
	least := mean * rounding64
	if !m.float64 {
		least = mean * rounding32
	}
	for s.cut < len(values) && values[s.cut] <= least {
		s.cut++
	}
	// They ascend; n rows have at most n-1 components about their mean.
	s.cut = max(s.cut, len(values)-(m.n-1))
	s.values = values[s.cut:]
	slices.Reverse(s.values)
	s.vectors = linalg.New[float64](len(s.values), a.Cols)
	for k := range s.values {
		copy(s.vectors.Row(k), a.Row(a.Rows-1-k))
	}
	s.weakest = s.values[len(s.values)-1] / mean
	return s, nil
}

// wideLayer is how many units a layer has at most whose first components are taken from all of them. To factor the 4 000 word types of a corpus takes
// a quarter of a minute, to find 32 components a second.
const wideLayer = 1536

// leading returns the first k components of layer i, nearly: orthonormal rows, by subspace iteration (Halko, Martinsson and Tropp 2011) with a
// few rows more, from directions that are the same whenever it is asked.
func (m *Moments) leading(i, k int) (linalg.Dense[float64], error) {
	const more, steps = 16, 4
	scatter, err := m.scatter(i, i)
	if err != nil {
		return scatter, err
	}
	d := scatter.Cols
	rows := linalg.New[float64](min(k+more, d), d)
	r := rand.New(rand.NewPCG(uint64(d), uint64(k)))
	for c := range rows.Data {
		rows.Data[c] = r.NormFloat64()
	}
	image := linalg.New[float64](rows.Rows, d)
	for range steps {
		m.backend.Gemm64(false, false, rows, scatter, image)
		if _, _, rows, err = m.backend.SVD(image); err != nil {
			return rows, err
		}
	}
	m.backend.Gemm64(false, false, rows, scatter, image)
	small := linalg.New[float64](rows.Rows, rows.Rows)
	m.backend.Gemm64(false, true, image, rows, small)
	if _, err := m.backend.SymEigen(small); err != nil {
		return small, err
	}
	slices.Reverse(small.Data) // rows from the largest value down; that each is reversed too is turned back
	for c := range small.Rows {
		slices.Reverse(small.Row(c))
	}
	first := linalg.New[float64](min(k, small.Rows), d)
	m.backend.Gemm64(false, false, small.Slice(0, first.Rows, 0, small.Cols), rows, first)
	return first, nil
}

// first returns the number of leading components that hold a share of the
// variance: the fewest that reach it, or, if strict, those before it is reached.
func (s *spectrum) first(share float64, strict bool) int {
	total := 0.0
	for _, v := range s.values {
		total += v
	}
	sum, k := 0.0, 0
	for k < len(s.values) {
		sum += s.values[k]
		if strict && sum >= share*total {
			break
		}
		k++
		if !strict && sum >= share*total {
			break
		}
	}
	return k
}

// whitening returns W, [k, live units], such that the k components W x have
// unit sums of squares and no correlation: W = L^-1/2 Vᵀ D⁻¹.
func (s *spectrum) whitening(k int) linalg.Dense[float64] {
	w := s.vectors.Slice(0, k, 0, s.vectors.Cols).Clone()
	for r := range k {
		row, f := w.Row(r), 1/math.Sqrt(s.values[r])
		for c := range row {
			row[c] *= f / s.scale[c]
		}
	}
	return w
}

// loadings returns the sums of products of the first k whitened components with
// the live units: W S = L^1/2 Vᵀ D.
func (s *spectrum) loadings(k int) linalg.Dense[float64] {
	w := s.vectors.Slice(0, k, 0, s.vectors.Cols).Clone()
	for r := range k {
		row, f := w.Row(r), math.Sqrt(s.values[r])
		for c := range row {
			row[c] *= f * s.scale[c]
		}
	}
	return w
}

// liveScatter returns the scatter of layers i and j without their dead units.
func (m *Moments) liveScatter(i, j int) (linalg.Dense[float64], error) {
	full, err := m.scatter(i, j)
	if err != nil {
		return full, err
	}
	x, y := m.live(i), m.live(j)
	if len(x) == full.Rows && len(y) == full.Cols {
		return full, nil
	}
	out := linalg.New[float64](len(x), len(y))
	for r, u := range x {
		for c, v := range y {
			out.Row(r)[c] = full.At(u, v)
		}
	}
	return out, nil
}
