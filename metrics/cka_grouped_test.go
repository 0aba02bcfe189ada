package metrics

import (
	"context"
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
	cells, left, err := CKAGrouped(context.Background(), whole, each(groups), [][2]int{{0, 1}, {1, 0}, {0, 0}})
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
	near("all groups", cells[0].Value.Value, want(-1))
	near("the other way round", cells[1].Value.Value, cells[0].Value.Value)
	near("a layer with itself", cells[2].Value.Value, 1)
	for without := range groups {
		near("without a group", left.Left[without][0], want(without))
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
	cells, left, err := CKAGrouped(context.Background(), whole, each(groups), [][2]int{{0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	want, err := CKA(whole, 0, 1, "debiased")
	if err != nil || math.Abs(cells[0].Value.Value-want.Value) > 1e-12 {
		t.Errorf("%v, debiased %v, %v", cells[0], want.Value, err)
	}
	if err := groups[7].complement(whole); err != nil {
		t.Fatal(err)
	}
	want, err = CKA(groups[7], 0, 1, "debiased")
	if err != nil || math.Abs(left.Left[7][0]-want.Value) > 1e-12 {
		t.Errorf("without a row %v, debiased %v, %v", left.Left[7][0], want.Value, err)
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
			cells, _, err := CKAGrouped(context.Background(), whole, each(groups), [][2]int{{0, 1}})
			if err != nil || cells[0].Err != nil {
				t.Fatal(err, cells)
			}
			v, err := CKA(whole, 0, 1, "debiased")
			if err != nil {
				t.Fatal(err)
			}
			grouped += cells[0].Value.Value / sets
			squares += cells[0].Value.Value * cells[0].Value.Value / sets
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
		values, left, err := ComputeGroups(context.Background(), metric, whole, sizes, group, [][2]int{{0, 1}})
		if err != nil || values[0].Err != nil || values[0].Value.Value < .3 || (left != nil) != at {
			t.Errorf("%s: %v, %v, %v", metric, values, left, err)
		}
	}
	if _, _, err := ComputeGroups(context.Background(), "cca", whole, sizes, group, nil); err == nil {
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
		effects, err := GroupEffects(context.Background(), whole, sizes, group, pairs)
		if err != nil {
			t.Fatal(err)
		}
		cells, _, err := ComputeGroups(context.Background(), "cka", whole, sizes, group, pairs)
		if err != nil {
			t.Fatal(err)
		}
		for k, e := range effects {
			if math.Abs(e.Grouped-cells[k].Value.Value) > 1e-12 || math.Abs(e.Shares[0]-share) > .06 || math.Abs(e.Shares[1]-share) > .06 {
				t.Errorf("share %v: %+v, cka grouped %v", share, e, cells[k].Value.Value)
			}
		}
	}
}

// TestCKAGroupedRefuses: too few groups, and layers without a unit that varies.
func TestCKAGroupedRefuses(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 5))
	whole, groups := drawGrouped(r, []int{5, 5, 5}, 3, 0, true).moments(t, Options{})
	cells, _, err := CKAGrouped(context.Background(), whole, each(groups), [][2]int{{0, 1}})
	if err != nil || cells[0].Err == nil || cells[0].Err.Error() != "cka grouped is undefined: it needs at least 4 groups with rows and there are 3" {
		t.Errorf("%v, %v", cells[0].Err, err)
	}
	whole, groups = drawGrouped(r, []int{5, 5, 5, 5}, 3, 0, true).moments(t, Options{})
	cells, left, err := CKAGrouped(context.Background(), whole, each(groups), [][2]int{{0, 1}})
	if err != nil || cells[0].Err != nil || !math.IsNaN(left.Left[0][0]) {
		t.Errorf("of 4 groups: %v, %v, without one %v", cells[0], err, left.Left[0][0])
	}
}
