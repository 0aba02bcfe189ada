package metrics

import (
	"math"

	"speechsim/metrics/internal/linalg"
)

// pwccaPasad is PWCCA with the weights of the layerwise-analysis code of Pasad
// et al. 2021 (its training value: in sample, with no ridge). For one side, with
// μ its units' means, σ² the largest of their variances, and C the whitening
// coefficients of the canonical variates by the symmetric root,
//
//	d_k = σ (x - μ) c_k + μ_k 1,   P = the QR basis of d,   α_k = Σ_u |P_k · x_u|
//
// over as many units u, the first ones, as there are variates. Adding the mean
// of neuron k to variate k makes the weights depend on the sign of each variate,
// which is arbitrary. We hand LAPACK the same matrix as that code does, which
// gives the same signs with OpenBLAS as with numpy; other libraries, and the
// same two layers in the other order, may give others. On our small golden
// example the signs alone move the value between .707 and .828.
func pwccaPasad(m *Moments, i, j int) (Value, error) {
	unscaled := selection{false, everything.count}
	c, err := analyse(m, i, j, "pwcca", "pasad2021", unscaled)
	if err != nil {
		return Value{}, err
	}
	white, err := whitenedCross(m, i, j, c)
	if err != nil {
		return Value{}, err
	}
	half := linalg.New[float64](c.DX, c.ky)
	m.backend.Gemm64(true, false, c.x.vectors, white, half)
	cross := linalg.New[float64](c.DX, c.DY)
	m.backend.Gemm64(false, false, half, c.y.vectors, cross)
	// A backend hands LAPACK the transpose of a row-major matrix.
	v, correlations, ut, err := m.backend.SVD(transposed(cross))
	if err != nil {
		return Value{}, err
	}
	for k, r := range correlations {
		correlations[k] = min(r, 1)
	}
	value := c.Value
	if c.DX < c.DY {
		value.Value, err = pasadSide(m, i, c.x, transposed(ut), correlations)
	} else {
		value.Value, err = pasadSide(m, j, c.y, v, correlations)
	}
	value.warn("pwcca pasad2021 depends on the signs of the singular vectors, which are arbitrary")
	return value, err
}

// pasadSide weights the correlations by one side, whose directions, in units
// whitened by the symmetric root, are the columns of u.
func pasadSide(m *Moments, layer int, s *spectrum, u linalg.Dense[float64], correlations []float64) (float64, error) {
	k, n := u.Cols, float64(m.n)
	means := m.Mean(layer)
	largest := 0.0
	for _, v := range m.Variance(layer) {
		largest = max(largest, v*n/(n-1))
	}
	// d_a · d_b = σ² (n-1) [a = b] + n μ_a μ_b
	gram := linalg.New[float64](k, k)
	for a := range k {
		for b := range k {
			gram.Data[a*k+b] = n * means[s.units[a]] * means[s.units[b]]
		}
		gram.Data[a*k+a] += (n - 1) * largest
	}
	// d_a · x_v = σ sqrt(n-1) (Uᵀ S^1/2)_av + n μ_a μ_v, and S^1/2 = V L^1/2 Vᵀ.
	root := linalg.New[float64](len(s.units), len(s.units))
	m.backend.Gemm64(true, false, s.vectors, s.loadings(len(s.values)), root)
	projections := linalg.New[float64](k, len(s.units))
	m.backend.Gemm64(true, false, u, root, projections)
	first := linalg.New[float64](k, k)
	for a := range k {
		for v := range k {
			first.Data[a*k+v] = math.Sqrt((n-1)*largest)*projections.At(a, v) + n*means[s.units[a]]*means[s.units[v]]
		}
	}
	// P = D R⁻¹ with RᵀR the Cholesky factors of the Gram matrix, so Pᵀ X = R⁻ᵀ Dᵀ X.
	if !solveTransposedCholesky(gram, first) {
		return 0, undefined("pwcca", "pasad2021", "the shifted directions depend on each other linearly")
	}
	return weighted(correlations, absoluteSums(first)), nil
}

// solveTransposedCholesky sets b to R⁻ᵀ b where RᵀR = a, which it overwrites. It
// reports whether a is positive definite.
func solveTransposedCholesky(a, b linalg.Dense[float64]) bool {
	for r := range a.Rows {
		pivot := a.At(r, r)
		if !(pivot > 0) {
			return false
		}
		root := math.Sqrt(pivot)
		row, right := a.Row(r), b.Row(r)
		for c := r; c < len(row); c++ {
			row[c] /= root
		}
		for c := range right {
			right[c] /= root
		}
		for below := r + 1; below < a.Rows; below++ {
			f := row[below]
			for c := below; c < len(row); c++ {
				a.Row(below)[c] -= f * row[c]
			}
			for c, v := range right {
				b.Row(below)[c] -= f * v
			}
		}
	}
	return true
}
