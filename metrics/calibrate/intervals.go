package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"speechsim/metrics"
)

// estimators are the variants of CKA whose bias and intervals are simulated.
var estimators = []string{"debiased", "grouped"}

// intervalDesigns are those of the intervals: any number of groups, any share of variance between them.
func intervalDesigns(shared float64) (out []design) {
	for _, groups := range []int{6, 10, 20, 40, 100} {
		for _, name := range sizeNames {
			for _, icc := range []float64{0, .1, .3, .5, .7} {
				if name != "2 to 19" && icc != .3 {
					continue
				}
				out = append(out, design{name: fmt.Sprintf("%d groups, %s", groups, name), sizes: sizesOf(groups)[name], icc: icc, units: 20, shared: shared})
			}
		}
	}
	for _, icc := range []float64{.1, .5} {
		out = append(out,
			design{name: "40 groups, 40 to 60", sizes: between(40, 40, 60), icc: icc, units: 20, shared: shared},
			design{name: "20 groups, 9 to 11", sizes: between(20, 9, 11), icc: icc, units: 100, shared: shared},
			design{name: "10 groups, 5 to 9 (fewer rows than units)", sizes: between(10, 5, 9), icc: icc, units: 100, shared: shared})
	}
	return append(out, design{name: "40 groups, equal, 300", sizes: equal(40, 300), icc: .1, units: 20, shared: shared})
}

// intervals prints the table of bias and coverage.
func intervals(sets int, seed uint64, only string) error {
	fmt.Printf("## Intervals\n\n%d sets a design; seed %d. The bias is that of the value, and of what its jackknife's interval is about; ± is the standard deviation over sets. Covered: share of sets\n", sets, seed)
	fmt.Printf("whose 95 %% interval holds the truth, with its binomial standard error; in brackets the median half-width. The interval of `grouped` is that which the program gives beside `debiased` too: where fewer than .92 or more than .98 of its\n")
	fmt.Printf("intervals hold the truth, %d sets were drawn.\n\n", 5*sets)
	fmt.Printf("| groups | intra-class correlation | units | truth |")
	for _, e := range estimators {
		fmt.Printf(" %s: bias | of its jackknife | covered |", e)
	}
	fmt.Printf("\n|%s\n", strings.Repeat(" --- |", 4+3*len(estimators)))
	for _, shared := range []float64{0, .2, .6} {
		for k, d := range intervalDesigns(shared) {
			if !strings.Contains(d.name, only) {
				continue
			}
			row, err := d.cover(sets, seed+uint64(k)<<20)
			if err != nil {
				return fmt.Errorf("%s: %w", d.name, err)
			}
			fmt.Printf("| %s | %g | %d | %.2g | %s |\n", d.name, d.icc, d.units, d.truth(), row)
		}
	}
	fmt.Println()
	return nil
}

// cover counts how often the intervals of a design hold the truth.
func (d design) cover(sets int, seed uint64) (string, error) {
	values, centres, halves := make([][]float64, len(estimators)), make([][]float64, len(estimators)), make([][]float64, len(estimators))
	covered := make([]int, len(estimators))
	truth := d.truth()
	one := func(k uint64) ([]metrics.Interval, error) { return d.estimate(seed + k) }
	count := func(found []metrics.Interval) {
		for e, i := range found {
			if math.IsNaN(i.SE) {
				continue
			}
			values[e], centres[e], halves[e] = append(values[e], i.Value-truth), append(centres[e], i.Centre-truth), append(halves[e], (i.Hi-i.Lo)/2)
			if i.Lo <= truth && truth <= i.Hi {
				covered[e]++
			}
		}
	}
	err := overSets(0, sets, one, count)
	given := len(estimators) - 1 // the interval that the program gives
	if share := float64(covered[given]) / float64(len(values[given])); err == nil && (share < .92 || share > .98) {
		err = overSets(sets, 5*sets, one, count)
	}
	var cells []string
	for e := range estimators {
		bias, sd := spread(values[e])
		about, _ := spread(centres[e])
		cells = append(cells, fmt.Sprintf("%+.3f ± %.3f", bias, sd), fmt.Sprintf("%+.3f", about), fmt.Sprintf("%s (%.3f)", share(covered[e], len(values[e])), median(halves[e])))
	}
	return strings.Join(cells, " | "), err
}

// estimate gives the intervals of one set.
func (d design) estimate(seed uint64) ([]metrics.Interval, error) {
	s := d.draw(rand.New(rand.NewPCG(seed, 7)))
	o := metrics.Options{SquaredNorms: true, Float64: true, Workers: 1, Pairs: [][2]int{{0, 1}}}
	whole, err := metrics.NewMoments(metrics.PureGo(), []int{d.units, d.units}, o)
	if err != nil {
		return nil, err
	}
	var groups []*metrics.Moments
	from := 0
	for _, size := range s.sizes {
		g := whole.Empty()
		if err := g.Add(ctx, []metrics.Matrix{rowsOf(s.x, from, from+size), rowsOf(s.y, from, from+size)}); err != nil {
			return nil, err
		}
		if err := whole.Merge(g); err != nil {
			return nil, err
		}
		groups = append(groups, g)
		from += size
	}
	each := func(yield func(*metrics.Moments, error) bool) {
		for _, g := range groups {
			if !yield(g, nil) {
				return
			}
		}
	}
	grouped, err := metrics.CKAGrouped(ctx, whole, each, o.Pairs)
	if err != nil {
		return nil, err
	}
	debiased, err := metrics.Jackknife(ctx, whole, each, metrics.Statistics(ctx, []metrics.Cell{{Metric: "cka", Variant: "debiased", X: 0, Y: 1}}))
	if err != nil {
		return nil, err
	}
	var out []metrics.Interval
	for _, r := range []*metrics.Replicates{debiased, grouped.Left} {
		i, ok := r.Interval(0)
		if !ok {
			i.SE = math.NaN()
		}
		out = append(out, i)
	}
	return out, nil
}

// spread is the mean and the standard deviation.
func spread(v []float64) (mean, sd float64) {
	squares := 0.0
	for _, x := range v {
		mean += x / float64(len(v))
		squares += x * x / float64(len(v))
	}
	return mean, math.Sqrt(max(0, squares-mean*mean))
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
