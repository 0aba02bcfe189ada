package metrics

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// grouped are rows in groups: x and y, and the group of each row.
type grouped struct {
	x, y [][]float64
	of   []int
}

// drawGrouped draws rows whose groups share a part of their variance. Where they are related, y is x in part.
func drawGrouped(r *rand.Rand, sizes []int, d int, share float64, related bool) grouped {
	var g grouped
	normal := func() []float64 {
		v := make([]float64, d)
		for k := range v {
			v[k] = r.NormFloat64()
		}
		return v
	}
	for group, n := range sizes {
		ax, ay := normal(), normal()
		for range n {
			x, y := normal(), normal()
			for k := range x {
				x[k] = math.Sqrt(share)*ax[k] + math.Sqrt(1-share)*x[k] + 3
				y[k] = math.Sqrt(share)*ay[k] + math.Sqrt(1-share)*y[k]
				if related {
					y[k] += x[k]
				}
			}
			g.x, g.y, g.of = append(g.x, x), append(g.y, y), append(g.of, group)
		}
	}
	return g
}

// moments are those of all rows, and of each group.
func (g grouped) moments(t *testing.T, o Options) (*Moments, []*Moments) {
	t.Helper()
	o.Float64 = true
	whole, err := NewMoments(PureGo(), []int{len(g.x[0]), len(g.y[0])}, o)
	if err != nil {
		t.Fatal(err)
	}
	var groups []*Moments
	for from := 0; from < len(g.of); {
		to := from
		x, y := Matrix{Cols: len(g.x[0])}, Matrix{Cols: len(g.y[0])}
		for ; to < len(g.of) && g.of[to] == g.of[from]; to++ {
			x.Data64, y.Data64 = append(x.Data64, g.x[to]...), append(y.Data64, g.y[to]...)
		}
		x.Rows, y.Rows = to-from, to-from
		m := whole.Empty()
		if err := m.Add(context.Background(), []Matrix{x, y}); err != nil {
			t.Fatal(err)
		}
		groups = append(groups, m)
		from = to
	}
	for _, m := range groups {
		if err := whole.Merge(m); err != nil {
			t.Fatal(err)
		}
	}
	return whole, groups
}

// hsicByTuples is the definition: the sum over all tuples of rows of different groups, counted from a point.
func hsicByTuples(x, y [][]float64, of []int, without int, aboutX, aboutY []float64) float64 {
	kernel := func(rows [][]float64, about []float64) [][]float64 {
		k := make([][]float64, len(rows))
		for a := range rows {
			k[a] = make([]float64, len(rows))
			for b := range rows {
				k[a][b] = dot(difference(rows[a], about), difference(rows[b], about))
			}
		}
		return k
	}
	k, l := kernel(x, aboutX), kernel(y, aboutY)
	var a, b, d, n2, n3, n4 float64
	for p := range of {
		for q := range of {
			if of[p] == of[q] || of[p] == without || of[q] == without {
				continue
			}
			a, n2 = a+k[p][q]*l[p][q], n2+1
			for r := range of {
				if of[r] == of[p] || of[r] == of[q] || of[r] == without {
					continue
				}
				b, n3 = b+k[p][q]*l[p][r], n3+1
				for s := range of {
					if of[s] != of[p] && of[s] != of[q] && of[s] != of[r] && of[s] != without {
						d, n4 = d+k[p][q]*l[r][s], n4+1
					}
				}
			}
		}
	}
	return a/n2 - 2*b/n3 + d/n4
}

// TestCKAGroupedIsItsDefinition: the sums over moments are the sums over tuples of rows, of all groups and without each.
func TestCKAGroupedIsItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 2))
	g := drawGrouped(r, []int{2, 5, 1, 4, 3, 2}, 3, .4, true)
	whole, groups := g.moments(t, Options{})
	out, err := CKAGrouped(context.Background(), whole, each(groups), [][2]int{{0, 1}, {1, 0}, {0, 0}})
	if err != nil {
		t.Fatal(err)
	}
	about := [2][]float64{whole.Mean(0), whole.Mean(1)}
	want := func(without int) float64 {
		xy := hsicByTuples(g.x, g.y, g.of, without, about[0], about[1])
		return xy / math.Sqrt(hsicByTuples(g.x, g.x, g.of, without, about[0], about[0])*hsicByTuples(g.y, g.y, g.of, without, about[1], about[1]))
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %.12f, want %.12f", what, got, want)
		}
	}
	near("all groups", out.Cells[0].Value.Value, want(-1))
	near("the other way round", out.Cells[1].Value.Value, out.Cells[0].Value.Value)
	near("a layer with itself", out.Cells[2].Value.Value, 1)
	for without := range groups {
		near("without a group", out.Left.Left[without][0], want(without))
	}
}

// TestCKAGroupedOfSingleRows: where each row is a group, it is the debiased estimate.
func TestCKAGroupedOfSingleRows(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 3))
	sizes := make([]int, 40)
	for k := range sizes {
		sizes[k] = 1
	}
	whole, groups := drawGrouped(r, sizes, 5, 0, true).moments(t, Options{SquaredNorms: true})
	out, err := CKAGrouped(context.Background(), whole, each(groups), [][2]int{{0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	want, err := CKA(whole, 0, 1, "debiased")
	if err != nil || math.Abs(out.Cells[0].Value.Value-want.Value) > 1e-12 {
		t.Errorf("%v, debiased %v, %v", out.Cells[0], want.Value, err)
	}
	if err := groups[7].complement(whole); err != nil {
		t.Fatal(err)
	}
	want, err = CKA(groups[7], 0, 1, "debiased")
	if err != nil || math.Abs(out.Left.Left[7][0]-want.Value) > 1e-12 {
		t.Errorf("without a row %v, debiased %v, %v", out.Left.Left[7][0], want.Value, err)
	}
}

// TestCKAGroupedIsUnbiased: rows of a group share half of their variance. The debiased estimate is pushed up by it.
func TestCKAGroupedIsUnbiased(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 4))
	const sets, share = 200, .5
	sizes := []int{4, 10, 16, 22, 28, 6, 12, 18, 24, 30}
	for _, related := range []bool{false, true} {
		truth := 0.
		if related {
			truth = 1 / math.Sqrt(4) // |I|²/sqrt(|I|² |2I|²)
		}
		var grouped, debiased, squares float64
		for range sets {
			whole, groups := drawGrouped(r, sizes, 6, share, related).moments(t, Options{SquaredNorms: true})
			out, err := CKAGrouped(context.Background(), whole, each(groups), [][2]int{{0, 1}})
			if err != nil || out.Cells[0].Err != nil {
				t.Fatal(err, out)
			}
			v, err := CKA(whole, 0, 1, "debiased")
			if err != nil {
				t.Fatal(err)
			}
			grouped += out.Cells[0].Value.Value / sets
			squares += out.Cells[0].Value.Value * out.Cells[0].Value.Value / sets
			debiased += v.Value / sets
		}
		sd := math.Sqrt((squares - grouped*grouped) / sets)
		if math.Abs(grouped-truth) > 4*sd+.01 {
			t.Errorf("related %v: mean %.3f ± %.3f, truth %.3f", related, grouped, sd, truth)
		}
		if debiased < truth+.03 {
			t.Errorf("related %v: the debiased estimate is %.3f on average, truth %.3f; this test can't tell them apart", related, debiased, truth)
		}
		t.Logf("related %v: truth %.3f, grouped %.3f ± %.3f, debiased %.3f", related, truth, grouped, sd, debiased)
	}
}

// TestComputeGroups finds the metrics of groups by their names.
func TestComputeGroups(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 6))
	whole, groups := drawGrouped(r, []int{9, 8, 7, 6, 9}, 3, 0, true).moments(t, Options{})
	var sizes []int
	for _, m := range groups {
		sizes = append(sizes, m.N())
	}
	group := func(g int) (*Moments, error) { return groups[g], nil }
	for metric, at := range map[string]bool{"cka": true, "neuron_layer": false} {
		out, err := ComputeGroups(context.Background(), metric, whole, sizes, group, [][2]int{{0, 1}})
		if err != nil || out.Cells[0].Err != nil || out.Cells[0].Value.Value < .3 || (out.Left != nil) != at {
			t.Errorf("%s: %v, %v, %v", metric, out.Cells, out.Left, err)
		}
	}
	if _, err := ComputeGroups(context.Background(), "cca", whole, sizes, group, nil); err == nil {
		t.Error("cca of groups")
	}
}

// TestGroupEffects: the share of variance between groups is found, and the value is that of CKAGrouped.
func TestGroupEffects(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 7))
	sizes := make([]int, 60)
	for k := range sizes {
		sizes[k] = 4 + k%17
	}
	for _, share := range []float64{0, .3, .7} {
		whole, groups := drawGrouped(r, sizes, 12, share, false).moments(t, Options{})
		group := func(g int) (*Moments, error) { return groups[g], nil }
		pairs := [][2]int{{0, 1}, {1, 0}}
		out, err := ComputeGroups(context.Background(), "cka", whole, sizes, group, pairs)
		if err != nil {
			t.Fatal(err)
		}
		for k, e := range out.Effects {
			if math.Abs(e.Grouped-out.Cells[k].Value.Value) > 1e-12 || math.Abs(e.Shares[0]-share) > .06 || math.Abs(e.Shares[1]-share) > .06 {
				t.Errorf("share %v: %+v, cka grouped %v", share, e, out.Cells[k].Value.Value)
			}
		}
	}
}

// TestCKAGroupedRefuses: too few groups, and layers without a unit that varies.
func TestCKAGroupedRefuses(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 5))
	whole, groups := drawGrouped(r, []int{5, 5, 5}, 3, 0, true).moments(t, Options{})
	out, err := CKAGrouped(context.Background(), whole, each(groups), [][2]int{{0, 1}})
	if err != nil || out.Cells[0].Err == nil || out.Cells[0].Err.Error() != "cka grouped is undefined: it needs at least 4 groups with rows and there are 3" {
		t.Errorf("%v, %v", out.Cells[0].Err, err)
	}
	whole, groups = drawGrouped(r, []int{5, 5, 5, 5}, 3, 0, true).moments(t, Options{})
	out, err = CKAGrouped(context.Background(), whole, each(groups), [][2]int{{0, 1}})
	if err != nil || out.Cells[0].Err != nil || !math.IsNaN(out.Left.Left[0][0]) {
		t.Errorf("of 4 groups: %v, %v, without one %v", out.Cells[0], err, out.Left.Left[0][0])
	}
}

// TestCKAGroupedLeftOut: where the estimate of a layer with itself is not positive without a group, or is what rounding left of one huge row, there is
// no value without it, and so no interval.
func TestCKAGroupedLeftOut(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 8))
	seen := 0
	for range 500 { // two groups have nearly all rows, so that without one of them estimates are often negative
		whole, groups := drawGrouped(r, []int{60, 20, 1, 1, 1, 1}, 3, .9, false).moments(t, Options{})
		out, err := CKAGrouped(context.Background(), whole, each(groups), [][2]int{{0, 1}, {0, 0}, {1, 1}})
		if err != nil {
			t.Fatal(err)
		}
		if out.Cells[0].Err != nil {
			continue
		}
		g := newGroupedCKA(whole, [][2]int{{0, 1}})
		if err := g.read(context.Background(), each(groups)); err != nil {
			t.Fatal(err)
		}
		x, y := g.estimate(g.blocks[g.at[[2]int{0, 0}]]), g.estimate(g.blocks[g.at[[2]int{1, 1}]])
		for k := range groups {
			if x.left[k].left <= 0 || y.left[k].left <= 0 {
				seen++
				if _, ok := out.Left.Interval(0); ok || !math.IsNaN(out.Left.Left[k][0]) {
					t.Fatalf("without group %d the estimates are %v and %v, and the value is %v", k, x.left[k].left, y.left[k].left, out.Left.Left[k][0])
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no estimate was negative")
	}

	g := drawGrouped(r, []int{20, 20, 20, 20, 20, 20}, 5, .2, true)
	for k := range g.x[7] { // one row of the first group
		g.x[7][k], g.y[7][k] = 1e9*g.x[7][k], 1e9*g.y[7][k]
	}
	whole, groups := g.moments(t, Options{})
	out, err := CKAGrouped(context.Background(), whole, each(groups), [][2]int{{0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := out.Left.Interval(0); ok || !math.IsNaN(out.Left.Left[0][0]) {
		t.Errorf("without the group of the huge row: %v", out.Left.Left[0][0])
	}
}

// TestNullGrouped: a draw is grouped CKA of the rows as that draw pairs them, for groups with more and with fewer rows than the sketch has directions.
func TestNullGrouped(t *testing.T) {
	ctx := context.Background()
	for name, sizes := range map[string][]int{"few rows": {4, 4, 4, 6, 4, 3, 7, 7, 8, 9, 7, 7}, "many rows": {30, 31, 32, 33, 34, 35, 12}} {
		r := rand.New(rand.NewPCG(14, 9))
		all := drawGrouped(r, sizes, 5, .4, true)
		shuffle, kept, err := PermuteGroups(sizes, 3)
		if err != nil {
			t.Fatal(err)
		}
		g := grouped{}
		for _, row := range kept {
			g.x, g.y, g.of = append(g.x, all.x[row]), append(g.y, all.y[row]), append(g.of, all.of[row])
		}
		matrices := []Matrix{fromRows(g.x), fromRows(g.y)}
		pairs := [][2]int{{0, 1}, {1, 0}}
		whole, groups := g.moments(t, Options{})
		observed, err := CKAGrouped(ctx, whole, each(groups), pairs)
		if err != nil {
			t.Fatal(err)
		}
		own := momentsOf(t, PureGo(), Options{}, matrices...)
		sketch, err := NewPrincipalSketch(own, nil, SketchWidth/2, 1, 1)
		if err == nil {
			err = sketch.Add(ctx, matrices)
		}
		if err != nil {
			t.Fatal(err)
		}
		const draws = 5
		null, err := NullGrouped(ctx, sketch, observed.Scales, pairs, shuffle, draws)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name+": observed", null.Observed[0], observed.Cells[0].Value.Value, 1e-5)
		for k := range draws {
			pairing := shuffle.Draw(k)
			moved := grouped{x: g.x, of: g.of}
			for _, row := range pairing {
				moved.y = append(moved.y, g.y[row])
			}
			whole, groups := moved.moments(t, Options{})
			want, err := CKAGrouped(ctx, whole, each(groups), pairs[:1])
			if err != nil {
				t.Fatal(err)
			}
			near(t, fmt.Sprintf("%s: draw %d", name, k), null.Draws[k][0], want.Cells[0].Value.Value, 1e-5)
		}
	}
	words, err := PermuteTypes([]int{0, 1, 2, 3, 4}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NullGrouped(ctx, &Sketch{n: 5}, nil, nil, words, 1); err == nil {
		t.Error("grouped CKA permutes word types")
	}
}
