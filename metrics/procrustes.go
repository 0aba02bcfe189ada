package metrics

import "math"

// Procrustes is the orthogonal Procrustes score of layers i and j, both centred
// and scaled to unit Frobenius norm: the inner product that the best rotation
// (or projection, if the dimensions differ) reaches,
//
//	score = |XᵀY|_* / (|X|_F |Y|_F)       (nuclear norm above)
//
// It is 1 for layers that are rotations of each other; the Procrustes distance
// of Ding et al. 2021 is 2 - 2 score. Symmetric; unchanged by rotations, shifts
// and a common scale of either side. Like CKA it follows the strongest
// directions, and it is well above 0 for unrelated layers in small samples.
func Procrustes(m *Moments, i, j int, variant string) (Value, error) {
	variant, err := variantOf("procrustes", variant)
	if err != nil {
		return Value{}, err
	}
	if err := m.check("procrustes", variant, i, j, 2); err != nil {
		return Value{}, err
	}
	s, err := m.scatter(i, j)
	if err != nil {
		return Value{}, err
	}
	values, err := m.backend.SingularValues(s)
	if err != nil {
		return Value{}, err
	}
	v := newValue(m, i, j)
	v.warnOfSize()
	nuclear, x, y := 0.0, 0.0, 0.0
	for _, s := range values {
		nuclear += s
	}
	for _, s := range m.scatters(i) {
		x += s
	}
	for _, s := range m.scatters(j) {
		y += s
	}
	v.Value = min(1, nuclear/math.Sqrt(x)/math.Sqrt(y))
	return v, nil
}
