package metrics

import (
	"math"

	"speechsim/metrics/internal/linalg"
)

// NeuronLayer says how well all units of layer j together predict each unit of
// layer i, linearly (Wu et al. 2020, "linreg"; El Kheir et al. 2024, eq. 3):
//
//	r:  mean over k of R_k,  R_k² = (C_xy C_yy⁻¹ C_yx)_kk / C_xx,kk
//
// with R_k the multiple correlation of unit x_k on y, in sample. Where the
// units of y depend on each other linearly, C_yy⁻¹ is the pseudo-inverse.
// Directed: x is predicted from y. Match gives R_k of each unit.
//
// In sample R grows with the number of predictors: for independent data it is
// about sqrt(dy/n), .392 at d = 768 and n = 5000. The variant heldout_r2, which
// has no such bias, needs groups to hold out: NeuronLayerHeldOut.
func NeuronLayer(m *Moments, i, j int, variant string) (Value, error) {
	variant, err := variantOf("neuron_layer", variant)
	if err != nil {
		return Value{}, err
	}
	if variant != "r" {
		return Value{}, undefined("neuron_layer", variant, "it needs the moments of groups to hold out")
	}
	if err := m.check("neuron_layer", variant, i, j, 2); err != nil {
		return Value{}, err
	}
	y, err := m.spectrumOf(j, true)
	if err != nil {
		return Value{}, err
	}
	s, err := m.liveScatter(i, j)
	if err != nil {
		return Value{}, err
	}
	v := newValue(m, i, j)
	if v.N < 5*(v.DX+v.DY) {
		v.warn("%d rows are few for %d predictors: R of unrelated layers would be about %.2f", v.N, v.DY, math.Sqrt(min(1, float64(v.DY)/float64(v.N-1))))
	}
	if y.cut > 0 {
		v.warn("y has rank %d with %d units", len(y.values), len(y.units))
	}
	k := len(y.values)
	explained := linalg.New[float64](s.Rows, k)
	m.backend.Gemm64(false, true, s, y.whitening(k), explained)
	total := m.scatters(i)
	for r, u := range m.live(i) {
		multiple := math.Sqrt(min(1, sumSquares(explained.Row(r))/total[u]))
		v.Match = append(v.Match, Match{X: u, Y: -1, Value: multiple})
		v.Value += multiple / float64(s.Rows)
	}
	return v, nil
}
