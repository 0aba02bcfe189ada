package metrics

import (
	"math"
	"slices"

	"speechsim/metrics/internal/linalg"

	"gonum.org/v1/gonum/mat"
)

// The variance of a statistic of groups of rows has a part of first order, that of a sum over groups, and one of second order, that of a sum over
// pairs of groups (Hoeffding 1948). The jackknife sees the first as it is and the second about twice (Efron and Stein 1981). Of CKA grouped the
// first grows with what layers share, and is 0 where they share nothing: an interval by the jackknife alone is then up to 1.4 times too
// wide, and one about a small value, whose upper end has more variance than its lower, too narrow above. So both parts are estimated apart, and
// the interval holds the truths under whose own variance the value is likely, as Wilson's (1927) of a proportion does.

// Spread is what an interval knows of the variance of a statistic whose truth is not negative, beside the jackknife's.
type Spread struct {
	Second float64 `json:"second"` // variance of second order
	Biased float64 `json:"biased"` // the statistic with the pairs of rows within groups, which is never negative
}

// around is the interval of the truths θ with (centre - θ)² <= t² (Second + b θ). The slope b is the jackknife's variance by the statistic: by the
// biased one at most, as the part of it that is of first order, and by half of that at least, since a small value says little of it. (Both bounds were
// found by simulation: docs/calibration.md.)
func (s Spread) around(centre, variance, t float64) (lo, hi float64) {
	second := min(s.Second, variance)
	slope := 0.0
	if s.Biased > 0 {
		slope = variance / min(max(centre, s.Biased/2), s.Biased)
	}
	shift := t * t * slope / 2
	square := second + slope*centre + t*t*slope*slope/4
	if square < 0 { // no truth goes with a value so far below 0
		square, shift = variance, 0
	}
	half := t * math.Sqrt(square)
	return min(centre, centre+shift-half), max(centre, centre+shift+half)
}

// sketchSize is the number of values by which the cross-products of a group are known when those of the others are read: more groups and layers
// than memory holds. Products of sketches are those of what was sketched, with an error whose variance is known.
const sketchSize = 1024

// sketchOf is the cross-products themselves where they are few, else a count sketch of them (Charikar, Chen and Farach-Colton 2002): each
// number is added to one of sketchSize under a sign, both by a hash of its place.
func sketchOf(c linalg.Dense[float64]) []float64 {
	if len(c.Data) <= sketchSize {
		return slices.Clone(c.Data)
	}
	out := make([]float64, sketchSize)
	for from := 0; from < len(c.Data); from += 4 {
		hash := scatter(uint64(from)) // 16 bits for each of four: ten of the place, one of the sign
		for _, v := range c.Data[from:min(from+4, len(c.Data))] {
			out[hash%sketchSize] += math.Float64frombits(math.Float64bits(v) ^ hash>>10<<63)
			hash >>= 16
		}
	}
	return out
}

// GroupsMemory is the number of bytes that CKAGrouped keeps of groups of layers with dims units, for the cells (i, j) of pairs, beside moments.
func GroupsMemory(dims []int, pairs [][2]int, groups int) int64 {
	bytes, seen := int64(0), map[[2]int]bool{}
	for _, p := range pairs {
		for _, b := range [][2]int{{min(p[0], p[1]), max(p[0], p[1])}, {p[0], p[0]}, {p[1], p[1]}} {
			if !seen[b] {
				seen[b] = true
				bytes += 8 * int64(groups) * min(sketchSize, int64(dims[b[0]])*int64(dims[b[1]]))
			}
		}
	}
	return bytes
}

// scatter is SplitMix64 (Steele, Lea and Flood 2014), a hash of whole numbers.
func scatter(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// pairTerm is a part of a statistic: weight · Σ <C_g, C_h> over groups g ≠ h, whose sketches are known. exact says that they are no sketches.
type pairTerm struct {
	weight   float64
	sketches [][]float64 // of each group
	exact    bool
}

// secondOrder estimates the variance of second order of a sum of terms: 4 Σ e² over pairs of groups, where e is what is left of a pair's terms when the
// part of each of the two groups is taken away. It is
//
//	Σ e² / (1 - h)²    with the leverage h of the pair in that fit (HC3; MacKinnon and White 1985),
//	    less the variance that sketches add,
//	    times (G / (G-1))², since groups are counted from the mean that they share.
func secondOrder(backend linalg.Backend, sizes []int, terms []pairTerm) float64 {
	products := pairProducts(backend, terms)
	groups := len(sizes)
	var values, noise []float64 // of pairs g > h
	for g := range groups {
		for h := range g {
			v, e := products.of(g, h)
			values, noise = append(values, v), append(noise, e)
		}
	}
	// The fit is by weighted least squares: v_gh = n_g n_h (a_g + a_h), with variances n_g n_h.
	normal, right := mat.NewSymDense(groups, nil), mat.NewVecDense(groups, nil)
	weight := func(g, h int) float64 { return float64(sizes[g]) * float64(sizes[h]) }
	k := 0
	for g := range groups {
		for h := range g {
			w := weight(g, h)
			normal.SetSym(g, g, normal.At(g, g)+w)
			normal.SetSym(h, h, normal.At(h, h)+w)
			normal.SetSym(g, h, w)
			right.SetVec(g, right.AtVec(g)+values[k])
			right.SetVec(h, right.AtVec(h)+values[k])
			k++
		}
	}
	var factor mat.Cholesky
	var parts mat.VecDense
	var inverse mat.SymDense
	if !factor.Factorize(normal) || factor.SolveVecTo(&parts, right) != nil || factor.InverseTo(&inverse) != nil {
		return math.Inf(1) // the jackknife's is taken
	}
	sum := 0.0
	k = 0
	for g := range groups {
		for h := range g {
			w := weight(g, h)
			left := 1 - w*(inverse.At(g, g)+inverse.At(h, h)+2*inverse.At(g, h))
			e := (values[k] - w*(parts.AtVec(g)+parts.AtVec(h))) / max(left, .05)
			sum += e*e - noise[k]
			k++
		}
	}
	centring := float64(groups) / float64(groups-1)
	return max(0, 4*sum*centring*centring)
}

// termProducts are the products of all groups' terms, those of sketches among each other too.
type termProducts struct {
	signs  []float64
	exact  []bool
	groups int
	grams  [][]linalg.Dense[float64] // [term][term][group, group], nil but for the same term where one is exact
}

func pairProducts(backend linalg.Backend, terms []pairTerm) *termProducts {
	p := &termProducts{groups: len(terms[0].sketches), grams: make([][]linalg.Dense[float64], len(terms))}
	scaled := make([]linalg.Dense[float64], len(terms))
	for k, t := range terms { // the roots of weights on both sides keep squares of products within range
		d := linalg.New[float64](p.groups, len(t.sketches[0]))
		root := math.Sqrt(math.Abs(t.weight))
		for g, sketch := range t.sketches {
			for at, v := range sketch {
				d.Row(g)[at] = root * v
			}
		}
		scaled[k] = d
		p.signs, p.exact = append(p.signs, math.Copysign(1, t.weight)), append(p.exact, t.exact)
	}
	for m, a := range scaled {
		p.grams[m] = make([]linalg.Dense[float64], len(terms))
		for n, b := range scaled[:m+1] {
			if m == n || !p.exact[m] && !p.exact[n] {
				p.grams[m][n] = linalg.New[float64](p.groups, p.groups)
				backend.Gemm64(false, true, a, b, p.grams[m][n])
			}
		}
	}
	return p
}

// product is that of group g in term m and group h in term n.
func (p *termProducts) product(m, g, n, h int) float64 {
	if m < n {
		m, g, n, h = n, h, m, g
	}
	return p.grams[m][n].At(g, h)
}

// of is the sum of the terms of groups g and h, and the variance that sketches add to it. (That of the product of the count sketches of u and v, and its
// covariance with that of the same sketches of x and y, is (<u, x><v, y> + <u, y><v, x>) / size, less the products of equal places, which are few.)
func (p *termProducts) of(g, h int) (value, noise float64) {
	for m, sign := range p.signs {
		value += sign * p.product(m, g, m, h)
		for n, other := range p.signs {
			if !p.exact[m] && !p.exact[n] {
				noise += sign * other / sketchSize * (p.product(m, g, n, g)*p.product(m, h, n, h) + p.product(m, g, n, h)*p.product(m, h, n, g))
			}
		}
	}
	return value, noise
}
