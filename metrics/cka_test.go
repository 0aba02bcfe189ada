package metrics

import (
	"math"
	"testing"
)

// songHSIC is the estimator as Song et al. 2012 write it, on Gram matrices.
func songHSIC(x, y Matrix) float64 {
	n := x.Rows
	gram := func(x Matrix) [][]float64 {
		k := make([][]float64, n)
		for s := range n {
			k[s] = make([]float64, n)
			for t := range n {
				for u := range x.Cols {
					if s != t {
						k[s][t] += at(x, s, u) * at(x, t, u)
					}
				}
			}
		}
		return k
	}
	k, l := gram(x), gram(y)
	var trace, sumK, sumL, both float64
	for s := range n {
		for t := range n {
			trace += k[s][t] * l[t][s]
			sumK += k[s][t]
			sumL += l[s][t]
			for w := range n {
				both += k[s][w] * l[w][t]
			}
		}
	}
	f := float64(n)
	return (trace + sumK*sumL/((f-1)*(f-2)) - 2*both/(f-2)) / (f * (f - 3))
}

func TestDebiasedCKAIsSong(t *testing.T) {
	r := random(20)
	layers := layersOf(r, 25, 4, 6)
	x, y := layers[0], layers[1]
	want := songHSIC(x, y) / math.Sqrt(songHSIC(x, x)*songHSIC(y, y))
	m := momentsOf(t, PureGo(), Options{SquaredNorms: true, Float64: true}, x, y)
	near(t, "debiased", value(t, m, "cka", "debiased", 0, 1).Value, want, 1e-11)
	near(t, "symmetric", value(t, m, "cka", "debiased", 1, 0).Value, want, 1e-11)
}
