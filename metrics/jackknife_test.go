package metrics

import (
	"context"
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// effects returns rows of groups in which each group has an effect of its own
// on x and on y, shared by a share of the two: rows of one group are dependent.
func effects(r *rand.Rand, groups, each, dx, dy int, shared float64) (x, y Matrix) {
	x, y = gaussian(r, groups*each, dx), gaussian(r, groups*each, dy)
	for g := range groups {
		ex, ey := gaussian(r, 1, dx), gaussian(r, 1, dy)
		for t := g * each; t < (g+1)*each; t++ {
			for c := range dx {
				x.Data64[t*dx+c] += ex.Data64[c]
			}
			for c := range dy {
				y.Data64[t*dy+c] += (1-shared)*ey.Data64[c] + shared*x.Data64[t*dx+c%dx]
			}
		}
	}
	return x, y
}

// jackknife leaves out equal groups of rows.
func jackknife(t testing.TB, o Options, groups int, statistics func(*Moments) ([]float64, error), layers ...Matrix) (*Replicates, error) {
	t.Helper()
	parts := inGroups(t, o, groups, layers...)
	whole := parts[0].Clone()
	for _, g := range parts[1:] {
		if err := whole.Merge(g); err != nil {
			t.Fatal(err)
		}
	}
	return Jackknife(context.Background(), whole, each(parts), statistics)
}

// each yields the groups as a reader of files would.
func each(groups []*Moments) iter.Seq2[*Moments, error] {
	return func(yield func(*Moments, error) bool) {
		for _, g := range groups {
			if !yield(g, nil) {
				return
			}
		}
	}
}

// inGroups returns the moments of equal groups of rows.
func inGroups(t testing.TB, o Options, groups int, layers ...Matrix) []*Moments {
	t.Helper()
	proto := emptyFor(t, PureGo(), o, layers...)
	var out []*Moments
	size := layers[0].Rows / groups
	for g := range groups {
		m := proto.Empty()
		if err := m.Add(context.Background(), slice(layers, g*size, (g+1)*size)); err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

func TestJackknifeByDefinition(t *testing.T) {
	r := random(60)
	x, y := effects(r, 6, 20, 3, 4, .5)
	o := Options{SquaredNorms: true, Float64: true}
	cells := []Cell{{"cka", "debiased", 0, 1}, {"neuron_neuron", "", 0, 1}}
	ctx := context.Background()
	reps, err := jackknife(t, o, 6, Statistics(ctx, cells), x, y)
	if err != nil {
		t.Fatal(err)
	}
	for k, c := range cells {
		var left []float64
		for g := range 6 {
			rest := emptyFor(t, PureGo(), o, x, y)
			if err := errors.Join(rest.Add(ctx, slice([]Matrix{x, y}, 0, g*20)), rest.Add(ctx, slice([]Matrix{x, y}, g*20+20, 120))); err != nil {
				t.Fatal(err)
			}
			left = append(left, value(t, rest, c.Metric, c.Variant, c.X, c.Y).Value)
		}
		mean, variance := average(left), 0.0
		for _, v := range left {
			variance += (v - mean) * (v - mean) * 5 / 6
		}
		got, ok := reps.Interval(k)
		if !ok || got.Groups != 6 {
			t.Fatal(got)
		}
		near(t, "standard error", got.SE, math.Sqrt(variance), 1e-10)
		near(t, "centre", got.Centre, 6*got.Value-5*mean, 1e-10)
		near(t, "upper end", got.Hi, got.Centre+2.570581836*got.SE, 1e-8)
		near(t, "value", got.Value, value(t, momentsOf(t, PureGo(), o, x, y), c.Metric, c.Variant, 0, 1).Value, 1e-12)
	}
	same, ok := reps.Difference(0, 0)
	if !ok || same.Value != 0 || same.SE != 0 {
		t.Error(same)
	}
}

// TestJackknifeCovers simulates sets of dependent rows: the interval must hold
// the truth in 90 to 98 % of them.
func TestJackknifeCovers(t *testing.T) {
	if testing.Short() {
		t.Skip("a few seconds")
	}
	const groups, each = 40, 10
	sets := simulations(200, 40)
	o := Options{SquaredNorms: true, Float64: true, Workers: 1}
	ctx := context.Background()
	cells := []Cell{{"cka", "debiased", 0, 1}}
	var truth float64
	var covered int
	intervals := make([]Interval, sets)
	for s := range sets {
		x, y := effects(random(uint64(1000+s)), groups, each, 4, 4, .6)
		reps, err := jackknife(t, o, groups, Statistics(ctx, cells), x, y)
		if err != nil {
			t.Fatal(err)
		}
		intervals[s], _ = reps.Interval(0)
		truth += intervals[s].Value / float64(sets) // debiased, so its mean is the truth within .003
	}
	for _, i := range intervals {
		if i.Lo <= truth && truth <= i.Hi {
			covered++
		}
	}
	if share := float64(covered) / float64(sets); math.Abs(share-.94) > .04*math.Sqrt(200/float64(sets)) {
		t.Errorf("the interval covers the truth in %.1f %% of the sets", 100*share)
	}
}

func TestJackknifeUndefined(t *testing.T) {
	r := random(61)
	x, y := gaussian(r, 30, 2), gaussian(r, 30, 2)
	for k := range 20 * 2 { // constant but in the last group
		y.Data64[k] = 4
	}
	ctx := context.Background()
	reps, err := jackknife(t, Options{}, 3, Statistics(ctx, []Cell{{"cka", "biased", 0, 1}, {"cka", "biased", 0, 0}}), x, y)
	if err != nil {
		t.Fatal(err)
	}
	if i, ok := reps.Interval(0); ok {
		t.Error("a statistic that is undefined without a group has an interval:", i)
	}
	if _, ok := reps.Interval(1); !ok {
		t.Error("the other has none")
	}
	if _, err := jackknife(t, Options{}, 1, Statistics(ctx, nil), x, y); err == nil {
		t.Error("a jackknife of one group")
	}
	groups := inGroups(t, Options{}, 3, x, y)
	if _, err := Jackknife(ctx, momentsOf(t, PureGo(), Options{}, x, y), each(groups[:2]), Statistics(ctx, nil)); err == nil {
		t.Error("a jackknife of groups that are not all rows")
	}
}

func TestBundle(t *testing.T) {
	if got := Bundle([]int{5, 9, 4, 1}, 2); !slices.Equal(got, []int{1, 0, 1, 0}) {
		t.Error(got)
	}
	if got := Bundle([]int{3, 2, 1}, 50); !slices.Equal(got, []int{0, 1, 2}) {
		t.Error(got)
	}
}

// TestHeldOutByDefinition fits x = a + b·y on all folds but one and predicts that one.
func TestHeldOutByDefinition(t *testing.T) {
	r := random(62)
	x, y := effects(r, 5, 30, 2, 3, .7)
	got := heldOutOf(t, Options{Float64: true}, 5, x, y)
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	want := 0.0
	for u := range 2 {
		missed, total := 0.0, 0.0
		for g := range 5 {
			inside := func(t int) bool { return t >= g*30 && t < g*30+30 }
			// Gradient descent to the least squares solution, with intercept.
			var b [4]float64
			mean, n := 0.0, 0.0
			for t := range 150 {
				if !inside(t) {
					mean += at(x, t, u)
					n++
				}
			}
			mean /= n
			predict := func(t int) float64 { return b[3] + b[0]*at(y, t, 0) + b[1]*at(y, t, 1) + b[2]*at(y, t, 2) }
			for range 3000 {
				var step [4]float64
				for t := range 150 {
					if !inside(t) {
						e := at(x, t, u) - predict(t)
						for c := range 3 {
							step[c] += e * at(y, t, c)
						}
						step[3] += e
					}
				}
				for c := range step {
					b[c] += .1 * step[c] / n
				}
			}
			for t := range 150 {
				if inside(t) {
					missed += math.Pow(at(x, t, u)-predict(t), 2)
					total += math.Pow(at(x, t, u)-mean, 2)
				}
			}
		}
		want += (1 - missed/total) / 2
	}
	near(t, "heldout_r2", got.Value.Value, want, 1e-9)
	near(t, "the units' mean", (got.Match[0].Value+got.Match[1].Value)/2, want, 1e-9)
	if one := heldOutOf(t, Options{Float64: true}, 1, x, y); one.Err == nil {
		t.Error("held out of one group")
	}
	for _, common := range []float64{0, 1e2, 1e4} { // a layer predicts itself, and no better than that
		x := gaussian(r, 900, 12)
		for row := range 900 {
			shared := common * r.NormFloat64()
			for u := range 12 {
				x.Data64[row*12+u] += shared
			}
		}
		if v := heldOutOf(t, Options{}, 5, x, x); v.Err != nil || v.Value.Value > 1 || v.Value.Value < 1-1e-5 {
			t.Errorf("a layer with itself, %g in common: %v, %v", common, v.Value.Value, v.Err)
		}
	}
	if v := heldOutOf(t, Options{Float64: true}, 10, gaussian(r, 2000, 3), gaussian(r, 2000, 10)); v.Err != nil || math.Abs(v.Value.Value) > .02 {
		t.Errorf("unrelated layers: %g, %v", v.Value.Value, v.Err)
	}
}

// heldOutOf leaves out equal groups of rows of two layers.
func heldOutOf(t *testing.T, o Options, groups int, x, y Matrix) CellValue {
	t.Helper()
	parts := inGroups(t, o, groups, x, y)
	var sizes []int
	for _, g := range parts {
		sizes = append(sizes, g.N())
	}
	folds := Folds(sizes, func(g int) (*Moments, error) { return parts[g], nil })
	values, err := NeuronLayerHeldOut(context.Background(), momentsOf(t, PureGo(), o, x, y), folds, [][2]int{{0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	return values[0]
}

// TestIntervalOfUnequalGroups: intervals of the mean of rows cover the truth too where a few of many groups have most of the rows, and rows of
// a group share an effect.
func TestIntervalOfUnequalGroups(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 5))
	const sets, groups = 1000, 100
	covered := 0
	for range sets {
		sizes, means := make([]int, groups), make([]float64, groups)
		sum, n := 0.0, 0.0
		for g := range sizes {
			sizes[g] = min(160, int(8*math.Pow(1-r.Float64(), -1/1.3)))
			means[g] = r.NormFloat64() + r.NormFloat64()/math.Sqrt(float64(sizes[g]))
			sum, n = sum+float64(sizes[g])*means[g], n+float64(sizes[g])
		}
		rep := Replicates{Whole: []float64{sum / n}, Sizes: sizes}
		for g, size := range sizes {
			rep.Left = append(rep.Left, []float64{(sum - float64(size)*means[g]) / (n - float64(size))})
		}
		i, ok := rep.Interval(0)
		if !ok {
			t.Fatal("no interval")
		}
		if i.Lo <= 0 && 0 <= i.Hi {
			covered++
		}
	}
	if share := float64(covered) / sets; share < .925 || share > .975 {
		t.Errorf("intervals cover the truth in %.3f of sets", share)
	}
}

// TestBetween: of replicates with the same groups it is the difference of two statistics of one set, whatever they share; others
// are refused.
func TestBetween(t *testing.T) {
	both := &Replicates{Whole: []float64{.5, .3}, Sizes: []int{5, 7, 9}, Left: [][]float64{{.6, .41}, {.4, .2}, {.52, .31}}}
	one := func(k int, sizes ...int) *Replicates {
		r := &Replicates{Whole: both.Whole[k : k+1], Sizes: sizes}
		for _, left := range both.Left {
			r.Left = append(r.Left, left[k:k+1])
		}
		return r
	}
	want, _ := both.Difference(0, 1)
	got, ok := Between(one(0, 5, 7, 9), 0, one(1, 5, 7, 9), 0)
	if !ok || math.Abs(got.Lo-want.Lo) > 1e-12 || math.Abs(got.Hi-want.Hi) > 1e-12 || math.Abs(got.P()-want.P()) > 1e-12 {
		t.Errorf("got %+v, want %+v", got, want)
	}
	a, _ := one(0, 5, 7, 9).Interval(0)
	b, _ := one(1, 9, 7, 5).Interval(0)
	if got, ok = Between(one(0, 5, 7, 9), 0, one(1, 9, 7, 5), 0); !ok || math.Abs(got.Centre-(a.Centre-b.Centre)) > 1e-12 {
		t.Errorf("groups of other sizes: centre %v, want %v", got.Centre, a.Centre-b.Centre)
	}
	fewer := &Replicates{Whole: []float64{.3}, Sizes: []int{5, 7}, Left: [][]float64{{.4}, {.2}}}
	if _, ok := Between(both, 0, fewer, 0); ok {
		t.Error("replicates of other groups are compared")
	}
}
