package metrics

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// permuteRows is what this package does not offer: single rows exchanged.
func permuteRows(n int, seed uint64) *Shuffle {
	return &Shuffle{rows: n, seed: seed, draw: func(order func(n int) []int, pairing []int) { copy(pairing, order(n)) }}
}

func sizes(groups, each int) []int { return slices.Repeat([]int{each}, groups) }

func TestShuffles(t *testing.T) {
	groups, _, err := PermuteGroups(sizes(6, 4), 1)
	if err != nil {
		t.Fatal(err)
	}
	for k := range 50 {
		p := groups.Draw(k)
		for r, v := range p {
			if v%4 != r%4 || v/4 != p[r/4*4]/4 {
				t.Fatal("a group was torn:", p)
			}
		}
		if slices.Sort(p); !slices.Equal(p, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}) {
			t.Fatal("not a permutation:", p)
		}
	}
	if !slices.Equal(groups.Draw(3), groups.Draw(3)) || slices.Equal(groups.Draw(3), groups.Draw(4)) {
		t.Error("a draw must be the same each time, and unlike the next")
	}
	types := []int{0, 1, 2, 0, 3, 4, 4, 1}
	words, err := PermuteTypes(types, 1)
	if err != nil {
		t.Fatal(err)
	}
	for k := range 20 {
		p := words.Draw(k)
		if p[0] != p[3] || p[1] != p[7] || p[5] != p[6] {
			t.Fatal("rows of one type part:", p)
		}
	}
	for name, err := range map[string]error{
		"few":       third(PermuteGroups(sizes(4, 3), 1)),
		"empty":     third(PermuteGroups([]int{3, 3, 0, 3, 3, 3}, 1)),
		"gap":       second(PermuteTypes([]int{0, 2, 3, 4, 5}, 1)),
		"negative":  second(PermuteTypes([]int{0, -2}, 1)),
		"few types": second(PermuteTypes([]int{0, 1}, 1)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func second[A any](_ A, err error) error { return err }

func third[A, B any](_ A, _ B, err error) error { return err }

// TestPermuteUnequalGroups: groups are exchanged with those of like size, row by row, of the rows that are kept; and as many
// rows are kept as any bins of at least 5 groups keep.
func TestPermuteUnequalGroups(t *testing.T) {
	for seed := range uint64(200) {
		r := random(seed)
		groups := make([]int, 5+r.IntN(8))
		for g := range groups {
			groups[g] = 1 + r.IntN(12)
		}
		s, rows, err := PermuteGroups(groups, seed)
		if err != nil || len(rows) != s.Rows() {
			t.Fatal(groups, err)
		}
		if want := mostKept(slices.Sorted(slices.Values(groups))); len(rows) != want {
			t.Fatalf("%v: %d rows are kept, and %d could be", groups, len(rows), want)
		}
		var of, position []int // of each row: its group, and the place in it
		for g, n := range groups {
			for i := range n {
				of, position = append(of, g), append(position, i)
			}
		}
		p := s.Draw(1)
		for k, v := range p {
			a, b := rows[k], rows[v]
			if position[a] != position[b] || k > 0 && of[rows[k-1]] == of[a] && of[rows[p[k-1]]] != of[b] {
				t.Fatalf("%v: a group was torn: %v of %v", groups, p, rows)
			}
		}
		if slices.Sort(p); p[0] != 0 || !slices.Equal(p, slices.Compact(slices.Clone(p))) || p[len(p)-1] != len(p)-1 {
			t.Fatalf("%v: not a permutation: %v", groups, p)
		}
	}
}

// mostKept tries all bins of groups, from the smallest to the largest.
func mostKept(sizes []int) int {
	most := 0
	for from := 0; from+5 <= len(sizes); from++ { // those before are left out, or the first bin begins here
		for to := from + 5; to <= len(sizes); to++ {
			if rest := len(sizes) - to; rest == 0 || rest >= 5 {
				kept := (to - from) * sizes[from]
				if rest > 0 {
					kept += mostKept(sizes[to:])
				}
				most = max(most, kept)
			}
		}
	}
	return most
}

func TestNullSummary(t *testing.T) {
	n := &Null{Observed: []float64{.9, .15, math.NaN()}}
	for k := range 19 {
		n.Draws = append(n.Draws, []float64{float64(k) / 100, .1, 0})
	}
	s, err := n.Summary(0, .9)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "p", s.P, 1./20, 1e-15)
	near(t, "family", s.FamilyP, 1./20, 1e-15)
	near(t, "mean", s.Mean, .09, 1e-15)
	near(t, "95th percentile", s.Q95, .18, 1e-15)
	near(t, "calibrated", s.Calibrated, (.9-.18)/(1-.18), 1e-15) // the 19th of 20
	s, _ = n.Summary(1, .15)
	near(t, "p", s.P, 1./20, 1e-15)
	near(t, "family", s.FamilyP, 1./20, 1e-15) // .18 of the first statistic is larger, and in its own units nothing
	if _, err := n.Summary(2, 0); err == nil {
		t.Error("an undefined statistic has a null")
	}
	saturated := &Null{Observed: []float64{1 - 3e-9, .5}}
	for k := range 19 {
		saturated.Draws = append(saturated.Draws, []float64{1 - float64(k)*1e-9, .5 + float64(k)*1e-5})
	}
	if _, err := saturated.Summary(0, 1); err == nil || !strings.Contains(err.Error(), "gives 1, as CCA") {
		t.Errorf("what differs by rounding alone has a null: %v", err)
	}
	if _, err := saturated.Summary(1, .5); err != nil {
		t.Error(err)
	}
}

// TestNullErrorRate: unrelated layers with speaker effects. Permuting speakers
// errs as often as it says; permuting rows nearly always.
func TestNullErrorRate(t *testing.T) {
	if testing.Short() {
		t.Skip("a few seconds")
	}
	const groups, each, draws = 20, 8, 19
	unequal := []int{1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8, 8, 9, 10, 11, 12, 13, 14, 15} // 8 rows on average
	sets := simulations(200, 40)
	ctx := context.Background()
	o := Options{SquaredNorms: true, Workers: 1}
	var speakers, rows, mixed int
	for s := range sets {
		x, y := effects(random(uint64(2000+s)), groups, 15, 8, 8, 0)
		if p := errorOf(t, x, y, unequal, uint64(s), draws); p <= .05 {
			mixed++
		}
		x, y = effects(random(uint64(2000+s)), groups, each, 8, 8, 0)
		cells := []Cell{{"cka", "debiased", 0, 1}}
		bySpeaker, _, err := PermuteGroups(sizes(groups, each), uint64(s))
		if err != nil {
			t.Fatal(err)
		}
		for shuffle, count := range map[*Shuffle]*int{bySpeaker: &speakers, permuteRows(groups*each, uint64(s)): &rows} {
			if shuffle != bySpeaker && s >= 20 {
				continue
			}
			null, err := NullOf(ctx, PureGo(), []Matrix{x}, []Matrix{y}, o, shuffle, draws, cells, nil)
			if err != nil {
				t.Fatal(err)
			}
			if sum, err := null.Summary(0, null.Observed[0]); err == nil && sum.P <= .05 {
				*count++
			}
		}
	}
	if share := float64(speakers) / float64(sets); math.Abs(share-.05) > 3*math.Sqrt(.05*.95/float64(sets)) {
		t.Errorf("permuting speakers errs in %.1f %%, and should in 5", 100*share)
	}
	if share := float64(mixed) / float64(sets); math.Abs(share-.05) > 3*math.Sqrt(.05*.95/float64(sets)) {
		t.Errorf("permuting speakers with 1 to 15 rows errs in %.1f %%, and should in 5", 100*share)
	}
	if share := float64(rows) / 20; share < .9 {
		t.Errorf("permuting rows errs in %.1f %%, and is known to in nearly all", 100*share)
	}
}

// errorOf is p of debiased CKA for x and y of 15 rows a group, of which the groups keep so many.
func errorOf(t *testing.T, x, y Matrix, sizes []int, seed uint64, draws int) float64 {
	t.Helper()
	shuffle, rows, err := PermuteGroups(sizes, seed)
	if err != nil {
		t.Fatal(err)
	}
	var places []int
	for g, n := range sizes {
		for i := range n {
			places = append(places, 15*g+i)
		}
	}
	for k, r := range rows {
		rows[k] = places[r]
	}
	var a, b gathered
	null, err := NullOf(context.Background(), PureGo(), []Matrix{a.gather(x, rows)}, []Matrix{b.gather(y, rows)}, Options{SquaredNorms: true, Workers: 1}, shuffle, draws,
		[]Cell{{"cka", "debiased", 0, 1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sum, _ := null.Summary(0, null.Observed[0])
	return sum.P
}

// TestSketch: the estimates scatter about the exact values without bias.
func TestSketch(t *testing.T) {
	ctx := context.Background()
	layers := layersOf(random(70), 120, 20, 15, 25)
	pairs := [][2]int{{0, 1}, {0, 2}, {1, 2}}
	m := momentsOf(t, PureGo(), Options{SquaredNorms: true, Float64: true}, layers...)
	shuffle, _, err := PermuteGroups(sizes(12, 10), 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, variant := range []string{"biased", "debiased"} {
		exact, err := NullOf(ctx, PureGo(), layers[:1], layers[1:], Options{SquaredNorms: true}, shuffle, 2,
			[]Cell{{"cka", variant, 0, 1}, {"cka", variant, 0, 2}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		sketches := simulations(300, 60)
		means, squares := make([]float64, 4), make([]float64, 4)
		for s := range sketches {
			sketch, err := newSketch(PureGo(), []int{20, 15, 25}, nil, nil, 8, uint64(s), 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, cut := range [][2]int{{0, 50}, {50, 120}} {
				if err := sketch.Add(ctx, slice(layers, cut[0], cut[1])); err != nil {
					t.Fatal(err)
				}
			}
			null, err := NullCKA(ctx, m, sketch, variant, pairs, shuffle, 2)
			if err != nil {
				t.Fatal(err)
			}
			for c := range 2 {
				for k, v := range []float64{null.Observed[c], null.Draws[1][c]} {
					means[2*c+k] += v / float64(sketches)
					squares[2*c+k] += v * v / float64(sketches)
				}
			}
		}
		for c := range 2 {
			for k, want := range []float64{exact.Observed[c], exact.Draws[1][c]} {
				mean := means[2*c+k]
				se := math.Sqrt((squares[2*c+k] - mean*mean) / float64(sketches))
				if z := (mean - want) / se; !(math.Abs(z) < 4) {
					t.Errorf("%s: the mean of %d sketches is %.4f and the exact value %.4f: %.1f standard errors", variant, sketches, mean, want, z)
				}
			}
		}
	}
	types := make([]int, 120)
	for r := range types {
		types[r] = r % 9
	}
	words, err := PermuteTypes(types, 1)
	if err != nil {
		t.Fatal(err)
	}
	sketch, err := newSketch(PureGo(), []int{20, 15, 25}, nil, nil, 8, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := sketch.Add(ctx, layers); err != nil {
		t.Fatal(err)
	}
	if _, err := NullCKA(ctx, m, sketch, "biased", pairs, words, 2); err == nil {
		t.Error("the sketch takes a permutation that changes y")
	}
}

// TestPrincipalNull: draws from a principal sketch are those of the exact null, up to a small part of their spread, from
// moments of each layer with itself alone.
func TestPrincipalNull(t *testing.T) {
	ctx := context.Background()
	r := random(73)
	x, y := effects(r, 24, 20, 60, 50, .1)
	for k, m := range []Matrix{x, y} {
		for u := range m.Cols { // a falling spectrum
			for row := range m.Rows {
				m.Data64[row*m.Cols+u] *= math.Exp(-float64(u) / float64(8+k))
			}
		}
	}
	layers := []Matrix{x, y}
	shuffle, _, err := PermuteGroups(sizes(24, 20), 3)
	if err != nil {
		t.Fatal(err)
	}
	const draws = 39
	for _, variant := range []string{"biased", "debiased"} {
		exact, err := NullOf(ctx, PureGo(), layers[:1], layers[1:], Options{SquaredNorms: true}, shuffle, draws, []Cell{{"cka", variant, 0, 1}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := exact.Summary(0, exact.Observed[0])
		// Of 64 directions all components are exact; of 24 the first 12.
		for width, tolerance := range map[int]float64{64: 1e-5, 24: .2} {
			own := momentsOf(t, PureGo(), Options{SquaredNorms: true, Pairs: [][2]int{{0, 0}, {1, 1}}}, layers...)
			sketch, err := NewPrincipalSketch(own, nil, width, 1, 1)
			if err == nil {
				err = sketch.Add(ctx, layers)
			}
			if err != nil {
				t.Fatal(err)
			}
			null, err := NullCKA(ctx, own, sketch, variant, [][2]int{{0, 1}}, shuffle, draws)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := null.Summary(0, exact.Observed[0])
			spread := want.Q95 - want.Mean
			for k := range draws {
				near(t, "a draw", null.Draws[k][0], exact.Draws[k][0], tolerance*spread)
			}
			near(t, "p", got.P, want.P, tolerance)
			near(t, "95th percentile", got.Q95, want.Q95, tolerance*spread)
		}
	}
}

// TestFamilySize: over a family of statistics whose nulls differ in scale by orders of magnitude, some cell is significant in 5 %
// of sets where none is related, and a related one is found whose scale is the smallest.
func TestFamilySize(t *testing.T) {
	const statistics, draws, sets = 8, 99, 2000
	r := random(31)
	scale := func(k int) float64 { return math.Pow(10, float64(-k)) }
	some, found := 0, 0
	for range sets {
		n := &Null{Observed: make([]float64, statistics)}
		for d := -1; d < draws; d++ {
			shared, values := r.NormFloat64(), make([]float64, statistics) // cells of one map depend on each other
			for k := range values {
				values[k] = scale(k) * (5 + shared + r.NormFloat64())
			}
			if d < 0 {
				n.Observed = values
			} else {
				n.Draws = append(n.Draws, values)
			}
		}
		significant := false
		for k := range statistics {
			s, _ := n.Summary(k, n.Observed[k])
			significant = significant || s.FamilyP <= .05
		}
		if significant {
			some++
		}
		related := &Null{Observed: slices.Clone(n.Observed), Draws: n.Draws}
		related.Observed[statistics-1] += 8 * scale(statistics-1)
		if s, _ := related.Summary(statistics-1, 0); s.FamilyP <= .05 {
			found++
		}
	}
	if share := float64(some) / sets; math.Abs(share-.05) > 3*math.Sqrt(.05*.95/sets) {
		t.Errorf("some cell of an unrelated family is significant in %.1f %% of sets, and should be in 5", 100*share)
	}
	if share := float64(found) / sets; share < .95 {
		t.Errorf("a related cell of a small scale is found in %.1f %% of sets", 100*share)
	}
}

// TestExhaust: where there are no more orders than draws, each but the true one is drawn once, and p is that of all orders.
func TestExhaust(t *testing.T) {
	for name, c := range map[string]struct {
		sizes  []int
		asked  int
		orders int // 0: draws are random
	}{
		"5 groups":             {sizes(5, 3), 119, 120},
		"more draws":           {sizes(5, 3), 9999, 120},
		"fewer draws":          {sizes(5, 3), 118, 0},
		"two bins":             {append(sizes(5, 2), sizes(5, 9)...), 14399, 14400},
		"two bins, too many":   {append(sizes(5, 2), sizes(5, 9)...), 14398, 0},
		"more than can be put": {sizes(300, 2), 100000, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, err := PermuteGroups(c.sizes, 3)
			if err != nil {
				t.Fatal(err)
			}
			all, draws := s.Exhaust(c.asked)
			if c.orders == 0 {
				if all != s || draws != c.asked {
					t.Errorf("%d draws of %d", draws, c.asked)
				}
				return
			}
			if draws != c.orders-1 || !strings.Contains(all.About, fmt.Sprintf("each of %d orders once", c.orders)) {
				t.Errorf("%d draws: %s", draws, all.About)
			}
			seen := map[string]bool{fmt.Sprint(identity(all.Rows())): true}
			for k := range draws {
				seen[fmt.Sprint(all.Draw(k))] = true
			}
			if len(seen) != c.orders {
				t.Errorf("%d orders are drawn of %d", len(seen), c.orders)
			}
			if again, n := all.Exhaust(draws); again != all || n != draws {
				t.Error("a shuffle of all orders is another when it is asked again")
			}
		})
	}
	x, y := effects(random(3), 5, 6, 4, 4, .9)
	s, _, err := PermuteGroups(sizes(5, 6), 3)
	if err != nil {
		t.Fatal(err)
	}
	null, err := NullOf(context.Background(), PureGo(), []Matrix{x}, []Matrix{y}, Options{SquaredNorms: true}, s, 199, []Cell{{"cka", "debiased", 0, 1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := null.Summary(0, null.Observed[0]); err != nil || len(null.Draws) != 119 || sum.P < 1./120 {
		t.Errorf("%d draws, %+v, %v", len(null.Draws), sum, err)
	}
}
