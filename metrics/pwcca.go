package metrics

import "speechsim/metrics/internal/linalg"

// PWCCA is projection-weighted CCA (Morcos et al. 2018): the canonical
// correlations ρ_k of layers i and j, averaged with weights that say how much of
// layer i's activity lies along each canonical direction. With h_k the k-th
// canonical variate of x (a column over rows, of unit length) and x_u its units,
//
//	value = Σ α_k ρ_k / Σ α_k,   α_k = Σ_u |h_k · x_u|.
//
// The name hides several numbers; each variant here is one convention:
//
//	textbook:     all components of non-zero variance, x centred: the paper's
//	              equation. Unchanged by a shift or a common scale.
//	elkheir2024:  the components that svcca elkheir2024 keeps, weights from the
//	              raw activations of x (Wu et al. 2020)
//	pasad2021:    weights from a QR basis of the variates with the units' means
//	              added, against the first min(dx, dy) units, uncentred; the side
//	              with fewer units, y on a tie. For replication only: it depends
//	              on the order, the offset and the scale of units, and on signs
//	              that a singular value decomposition leaves open
//
// Directed: the weights are those of x. google/svcca's PWCCA leaves the
// whitening out of its directions; it is not offered.
func PWCCA(m *Moments, i, j int, variant string) (Value, error) {
	variant, err := variantOf("pwcca", variant)
	if err != nil {
		return Value{}, err
	}
	keep := everything
	switch variant {
	case "elkheir2024":
		keep = below99
	case "pasad2021":
		return pwccaPasad(m, i, j)
	}
	c, err := canonical(m, i, j, "pwcca", variant, keep, true)
	if err != nil {
		return Value{}, err
	}
	// h_k · x_u for all k and u is Uᵀ times the loadings of the components.
	alpha := linalg.New[float64](c.u.Cols, len(c.x.units))
	m.backend.Gemm64(true, false, c.u, c.x.loadings(c.kx), alpha)
	c.Value.Value = weighted(c.correlations, absoluteSums(alpha))
	if n := perfect(c.correlations); n > 0 && n < len(c.correlations) && m.n <= c.DX+c.DY {
		c.warn("%d correlations are 1 because there are fewer rows than units, and their directions are arbitrary: so are the weights", n)
	}
	return c.Value, nil
}

// perfect counts the correlations that are 1.
func perfect(correlations []float64) int {
	n := 0
	for _, r := range correlations {
		if r > 1-1e-9 {
			n++
		}
	}
	return n
}
