package metrics

import "math"

// NeuronNeuron is the mean, over the units of layer i, of the correlation with
// the unit of layer j that is most like it (Wu et al. 2020, "maxcorr"; El Kheir
// et al. 2024, eq. 1):
//
//	absolute:  mean over k of max over l of |r(x_k, y_l)|
//	signed:    mean over k of max over l of  r(x_k, y_l)
//
// with r Pearson's correlation. El Kheir's paper writes the maximum of r
// without a magnitude; its code, and so its figures, take the magnitude.
//
// It is directed: units of x looked for in y. Match names the unit found for
// each unit of x, the first one among equals, with the sign of r. Constant
// units are left out on both sides (in the papers' code one makes every value
// NaN). The chance level of a maximum over hundreds of candidates is above 0: at d = 768
// and n = 5000 it is .05 for independent data.
func NeuronNeuron(m *Moments, i, j int, variant string) (Value, error) {
	variant, err := variantOf("neuron_neuron", variant)
	if err != nil {
		return Value{}, err
	}
	return bestMatches(m, i, j, "neuron_neuron", variant, variant == "absolute")
}

// bestMatches is the mean over x's units of the largest correlation (or
// magnitude of it) with a unit of y.
func bestMatches(m *Moments, i, j int, metric, variant string, magnitude bool) (Value, error) {
	if err := m.check(metric, variant, i, j, 2); err != nil {
		return Value{}, err
	}
	c, err := m.scatter(i, j)
	if err != nil {
		return Value{}, err
	}
	v := newValue(m, i, j)
	sx, sy := m.scatters(i), m.scatters(j)
	scale := make([]float64, len(sy)) // 1/sqrt(s), 0 for a dead unit
	for l, s := range sy {
		if s > 0 {
			scale[l] = 1 / math.Sqrt(s)
		}
	}
	sum := 0.0
	for k, s := range sx {
		if s == 0 {
			continue
		}
		best, most := -1, math.Inf(-1)
		for l, p := range c.Row(k) {
			r := p * scale[l]
			if magnitude {
				r = math.Abs(r)
			}
			if r > most && scale[l] > 0 {
				best, most = l, r
			}
		}
		r := c.At(k, best) * scale[best] / math.Sqrt(s)
		r = max(-1, min(1, r)) // beyond is rounding
		v.Match = append(v.Match, Match{X: k, Y: best, Value: r})
		if magnitude {
			r = math.Abs(r)
		}
		sum += r
	}
	v.Value = sum / float64(v.DX)
	return v, nil
}
