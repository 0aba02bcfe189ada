package metrics

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"speechsim/metrics/internal/linalg"
)

// TestSecondOrder: where layers share nothing, the variance of CKA grouped is the one that is estimated, and the jackknife sees about twice as much;
// the interval made of it covers 0 about as often as it says.
func TestSecondOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 1))
	sets := simulations(300, 100)
	sizes := make([]int, 20)
	for k := range sizes {
		sizes[k] = 4 + k%7
	}
	var squares, second, jackknife float64
	covered := 0
	for range sets {
		whole, groups := drawGrouped(r, sizes, 8, .3, false).moments(t, Options{})
		out, err := CKAGrouped(context.Background(), whole, each(groups), [][2]int{{0, 1}})
		if err != nil {
			t.Fatal(err)
		}
		i, ok := out.Left.Interval(0)
		if !ok {
			t.Fatal("no interval")
		}
		squares += i.Value * i.Value / float64(sets)
		second += out.Left.Spreads[0].Second / float64(sets)
		jackknife += i.SE * i.SE / float64(sets)
		if i.Lo <= 0 && 0 <= i.Hi {
			covered++
		}
	}
	t.Logf("variance %.2e, estimated %.2e, by the jackknife %.2e, covered %d of %d", squares, second, jackknife, covered, sets)
	slack := 2 * math.Sqrt(100/float64(sets))
	if ratio := second / squares; ratio < 1-.2*slack || ratio > 1+.4*slack {
		t.Errorf("the variance is estimated as %.2f of what it is", ratio)
	}
	if ratio := jackknife / squares; ratio < 1.5 {
		t.Errorf("the jackknife sees %.2f of the variance; this test can't tell them apart", ratio)
	}
	if share := float64(covered) / float64(sets); math.Abs(share-.955) > .04*slack {
		t.Errorf("the interval covers 0 in %.1f %% of sets", 100*share)
	}
}

// TestSecondOrderOfSketches: of layers whose cross-products are kept as sketches, the estimate is that of the cross-products themselves.
func TestSecondOrderOfSketches(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 2))
	const groups, units = 30, 60
	sizes := make([]int, groups)
	var exact, sketched [][]pairTerm
	exact, sketched = make([][]pairTerm, 2), make([][]pairTerm, 2)
	of := make([]pairTerm, 6)
	for k := range of {
		of[k] = pairTerm{weight: []float64{1, -.2, -.3}[k%3], exact: k < 3}
	}
	for g := range groups {
		sizes[g] = 1
		cross := make([]linalg.Dense[float64], 3)
		for m := range cross { // of few dimensions, as cross-products are, and with a part in common
			cross[m] = linalg.New[float64](units, units)
			for k := range 6 {
				u := r.NormFloat64() / float64(k+1)
				for a := range units {
					for b := range units {
						cross[m].Row(a)[b] += u * math.Sin(float64(1+a*(k+1)+m)) * math.Cos(float64(b*(k+2)))
					}
				}
			}
			of[m].sketches = append(of[m].sketches, cross[m].Data)
			of[3+m].sketches = append(of[3+m].sketches, sketchOf(cross[m]))
		}
	}
	exact[0], exact[1], sketched[0], sketched[1] = of[:1], of[:3], of[3:4], of[3:]
	for k := range exact {
		want, got := secondOrder(PureGo(), sizes, exact[k]), secondOrder(PureGo(), sizes, sketched[k])
		if math.Abs(got/want-1) > .15 {
			t.Errorf("%d terms: %.4g, of sketches %.4g", len(exact[k]), want, got)
		}
	}
}

// TestSpreadOfEqualLayers: what does not vary has an interval of no width, however much each of its terms does.
func TestSpreadOfEqualLayers(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 3))
	g := drawGrouped(r, []int{9, 8, 7, 6, 9, 12}, 5, .3, true)
	for k := range g.y { // y is 3 x
		for u := range g.y[k] {
			g.y[k][u] = 3 * g.x[k][u]
		}
	}
	whole, groups := g.moments(t, Options{Float64: true})
	out, err := CKAGrouped(context.Background(), whole, each(groups), [][2]int{{0, 1}, {0, 0}})
	if err != nil {
		t.Fatal(err)
	}
	for k := range out.Cells {
		if i, ok := out.Left.Interval(k); !ok || math.Abs(i.Lo-1) > 1e-6 || math.Abs(i.Hi-1) > 1e-6 {
			t.Errorf("cell %d: %+v", k, i)
		}
	}
}

// TestAround: an interval holds its centre, is that of the second order alone about 0, and leans upwards.
func TestAround(t *testing.T) {
	for _, tt := range []struct {
		name                       string
		spread                     Spread
		centre, variance, from, to float64
	}{
		{"about 0", Spread{Second: .01, Biased: 1e9}, 0, .02, -.2, .2},
		{"all of first order", Spread{Biased: .4}, .4, .01, .2438447, .6561553},
		{"too far below 0", Spread{Second: .0001, Biased: .1}, -.9, .01, -1.1, -.7},
		{"below what it allows", Spread{Second: .0004, Biased: .1}, -.03, .001, -.03, .0382843},
	} {
		if lo, hi := tt.spread.around(tt.centre, tt.variance, 2); math.Abs(lo-tt.from) > 1e-6 || math.Abs(hi-tt.to) > 1e-6 {
			t.Errorf("%s: [%.7f, %.7f], want [%.7f, %.7f]", tt.name, lo, hi, tt.from, tt.to)
		}
	}
}

// TestGroupsMemory: what is counted is what is kept, of layers whose products are sketched and of others.
func TestGroupsMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 4))
	for _, units := range []int{5, 40} {
		whole, groups := drawGrouped(r, []int{9, 8, 7, 6, 9, 12}, units, .3, true).moments(t, Options{})
		pairs := [][2]int{{0, 1}, {1, 0}}
		g := newGroupedCKA(whole, pairs)
		if err := g.read(context.Background(), each(groups)); err != nil {
			t.Fatal(err)
		}
		kept := int64(0)
		for _, b := range g.blocks {
			for _, s := range b.sketch {
				kept += 8 * int64(len(s))
			}
		}
		if want := GroupsMemory(whole.dims, pairs, len(groups)); kept != want {
			t.Errorf("%d units: %d bytes are kept, and %d counted", units, kept, want)
		}
	}
}
