// Command calibrate simulates what p-values and intervals promise, on designs like real corpora, and prints
// docs/calibration.md: the size of the permutation test at 5 %, its power, and the coverage of 95 % intervals.
//
//	go run ./metrics/calibrate
//
// A set is rows of two sides in groups (speakers). Each side is an effect of the group and one of the row, with a share of
// variance between groups (the intra-class correlation). Sides are unrelated, or share some of both effects.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"speechsim/metrics"
)

//go:embed head.md
var head string

// design is one way in which data come.
type design struct {
	name   string
	sizes  func(r *rand.Rand) []int // rows of each group
	icc    float64
	units  int
	shared float64 // share of variance that both sides have in common
	every  bool    // metrics that factorise matrices for each draw are tested too, on a quarter of the sets
}

func equal(groups, rows int) func(*rand.Rand) []int {
	return func(*rand.Rand) []int {
		out := make([]int, groups)
		for g := range out {
			out[g] = rows
		}
		return out
	}
}

func between(groups, least, most int) func(*rand.Rand) []int {
	return func(r *rand.Rand) []int {
		out := make([]int, groups)
		for g := range out {
			out[g] = least + r.IntN(most-least+1)
		}
		return out
	}
}

// heavy sizes have a Pareto tail: a few speakers have most rows.
func heavy(groups, least int) func(*rand.Rand) []int {
	return func(r *rand.Rand) []int {
		out := make([]int, groups)
		for g := range out {
			out[g] = min(20*least, int(float64(least)*math.Pow(1-r.Float64(), -1/1.3)))
		}
		return out
	}
}

// sizesOf are the kinds of group sizes for a number of groups, about 20 rows each.
func sizesOf(groups int) map[string]func(*rand.Rand) []int {
	return map[string]func(*rand.Rand) []int{
		"equal, 20": equal(groups, 20), "18 to 22": between(groups, 18, 22), "2 to 19": between(groups, 2, 19), "heavy tail from 8": heavy(groups, 8)}
}

var sizeNames = []string{"equal, 20", "18 to 22", "2 to 19", "heavy tail from 8"}

func designs(shared float64) []design {
	var out []design
	for _, groups := range []int{6, 10, 20, 40} {
		for _, name := range sizeNames {
			for _, icc := range []float64{0, .3, .7} {
				if icc != .3 && (name != "2 to 19" || groups == 6) {
					continue
				}
				out = append(out, design{fmt.Sprintf("%d groups, %s", groups, name), sizesOf(groups)[name], icc, 20, shared, name == "2 to 19"})
			}
		}
	}
	for _, icc := range []float64{.1, .5} {
		out = append(out,
			design{"40 groups, 40 to 60", between(40, 40, 60), icc, 20, shared, false},
			design{"20 groups, 9 to 11", between(20, 9, 11), icc, 100, shared, false},
			design{"10 groups, 5 to 9 (fewer rows than units)", between(10, 5, 9), icc, 100, shared, false})
	}
	return out
}

// set is the rows of both sides, group after group.
type set struct {
	sizes []int
	x, y  metrics.Matrix
}

func (d design) draw(r *rand.Rand) set {
	s := set{sizes: d.sizes(r)}
	n := 0
	for _, size := range s.sizes {
		n += size
	}
	s.x = metrics.Matrix{Rows: n, Cols: d.units, Data64: make([]float64, n*d.units)}
	s.y = metrics.Matrix{Rows: n, Cols: d.units, Data64: make([]float64, n*d.units)}
	between, within := math.Sqrt(d.icc), math.Sqrt(1-d.icc)
	common, own := math.Sqrt(d.shared), math.Sqrt(1-d.shared)
	row := 0
	effect := make([][3]float64, d.units)
	for _, size := range s.sizes {
		for u := range effect {
			effect[u] = [3]float64{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}
		}
		for range size {
			for u := range d.units {
				z := between*effect[u][0] + within*r.NormFloat64()
				scale := 1 / math.Sqrt(1+float64(u)) // variances fall as 1/rank, as those of layers do
				s.x.Data64[row*d.units+u] = scale * (common*z + own*(between*effect[u][1]+within*r.NormFloat64()))
				s.y.Data64[row*d.units+u] = scale * (common*z + own*(between*effect[u][2]+within*r.NormFloat64()))
			}
			row++
		}
	}
	return s
}

// truth is linear CKA in the population.
func (d design) truth() float64 { return d.shared * d.shared }

func main() {
	sets := flag.Int("sets", 200, "sets a design")
	draws := flag.Int("draws", 99, "draws of a null")
	seed := flag.Uint64("seed", 1, "seed of all random numbers")
	only := flag.String("only", "", "designs whose name contains this")
	flag.Parse()
	fmt.Print(head)
	for _, part := range []struct {
		title  string
		shared float64
		sets   int
	}{{"Size: sides that share nothing", 0, *sets}, {"Power: sides that share a fifth of their variance", .2, *sets / 4}} {
		fmt.Printf("## %s\n\n", part.title)
		fmt.Printf("%d sets a design, %d for the metrics from pwcca on where they are tested; %d draws; seed %d. Share of sets with p <= .05, with its binomial standard error.\n\n", part.sets, (part.sets+3)/4, *draws, *seed)
		fmt.Printf("| groups | intra-class correlation | units | %s | interval of debiased CKA covers |\n|%s\n",
			strings.Join(names(), " | "), strings.Repeat(" --- |", len(measures)+4))
		for k, d := range designs(part.shared) {
			if !strings.Contains(d.name, *only) {
				continue
			}
			row, err := d.measure(part.sets, *draws, *seed+uint64(k)<<20)
			if err != nil {
				fmt.Fprintln(os.Stderr, d.name, err)
				os.Exit(1)
			}
			fmt.Printf("| %s | %g | %d | %s |\n", d.name, d.icc, d.units, row)
		}
		fmt.Println()
	}
}

// measures are what is tested: functions of moments, and knn.
var measures = []metrics.Cell{
	{Metric: "cka", Variant: "debiased"}, {Metric: "cka", Variant: "biased"}, {Metric: "neuron_neuron", Variant: "absolute"}, {Metric: "knn", Variant: "mutual"},
	{Metric: "pwcca", Variant: "textbook"}, {Metric: "svcca", Variant: "textbook"}, {Metric: "cca", Variant: "mean"}, {Metric: "neuron_layer", Variant: "r"},
	{Metric: "procrustes", Variant: "score"},
}

// cheap are how many of them are computed on all sets; the others factorise matrices for each draw.
const cheap = 4

func names() (out []string) {
	for _, m := range measures {
		out = append(out, m.Metric+" "+m.Variant)
	}
	return out
}

// measure counts rejections and coverage over sets.
func (d design) measure(sets, draws int, seed uint64) (string, error) {
	rejected, tested := make([]int, len(measures)), make([]int, len(measures))
	covered, intervals := 0, 0
	var mu sync.Mutex
	var group sync.WaitGroup
	var failed error
	next := make(chan uint64)
	for range runtime.NumCPU() {
		group.Go(func() {
			for k := range next {
				out, err := d.one(seed+k, draws, d.every && k%4 == 0)
				mu.Lock()
				if err != nil {
					failed = err
				}
				for m, p := range out.p {
					if !math.IsNaN(p) {
						tested[m]++
						if p <= .05+1e-9 {
							rejected[m]++
						}
					}
				}
				if out.interval {
					intervals++
					if out.covers {
						covered++
					}
				}
				mu.Unlock()
			}
		})
	}
	for k := range sets {
		next <- uint64(k)
	}
	close(next)
	group.Wait()
	var cells []string
	for m := range measures {
		cells = append(cells, share(rejected[m], tested[m]))
	}
	return strings.Join(append(cells, share(covered, intervals)), " | "), failed
}

// share is a proportion with its binomial standard error.
func share(k, n int) string {
	if n == 0 {
		return "-"
	}
	p := float64(k) / float64(n)
	return fmt.Sprintf("%.3f ± %.3f", p, math.Sqrt(p*(1-p)/float64(n)))
}

type outcome struct {
	p                []float64 // of each measure, NaN where it has no value
	interval, covers bool
}

// one tests one set.
func (d design) one(seed uint64, draws int, all bool) (outcome, error) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(seed, 7))
	s := d.draw(r)
	out := outcome{p: make([]float64, len(measures))}
	for m := range out.p {
		out.p[m] = math.NaN()
	}
	shuffle, rows, err := metrics.PermuteGroups(s.sizes, seed)
	if err != nil {
		return out, err
	}
	x, y := take(s.x, rows), take(s.y, rows)
	var cells []metrics.Cell
	var variants []metrics.Variant
	var places []int
	for k, m := range measures {
		if m.Metric != "knn" && (all || k < cheap) {
			places = append(places, k)
			info, err := metrics.Lookup(m.Metric)
			if err != nil {
				return out, err
			}
			v, err := info.Variant(m.Variant)
			if err != nil {
				return out, err
			}
			m.X, m.Y = 0, 1
			cells, variants = append(cells, m), append(variants, v)
		}
	}
	o := metrics.Needs(variants...)
	o.Float64, o.Workers, o.Pairs = true, 1, [][2]int{{0, 1}}
	backend := metrics.PureGo()
	null, err := metrics.NullOf(ctx, backend, []metrics.Matrix{x}, []metrics.Matrix{y}, o, shuffle, draws, metrics.Statistics(ctx, cells))
	if err != nil {
		return out, err
	}
	for k, m := range places {
		if summary, ok := null.Summary(k, null.Observed[k]); ok {
			out.p[m] = summary.P
		}
	}
	near := map[int]*metrics.Neighbours{}
	for side, m := range []metrics.Matrix{x, y} {
		if near[side], err = metrics.FindNeighbours(ctx, backend, m, metrics.KNNNeighbours, 1); err != nil {
			return out, err
		}
	}
	knn, err := metrics.NullKNN(near, [][2]int{{0, 1}}, shuffle, draws)
	if err != nil {
		return out, err
	}
	if summary, ok := knn.Summary(0, knn.Observed[0]); ok {
		out.p[slices.IndexFunc(measures, func(m metrics.Cell) bool { return m.Metric == "knn" })] = summary.P
	}
	return out, d.cover(ctx, s, &out)
}

// cover says whether the interval of debiased CKA, of all rows, covers the truth.
func (d design) cover(ctx context.Context, s set, out *outcome) error {
	o := metrics.Options{SquaredNorms: true, Float64: true, Workers: 1, Pairs: [][2]int{{0, 1}}}
	whole, err := metrics.NewMoments(metrics.PureGo(), []int{d.units, d.units}, o)
	if err != nil {
		return err
	}
	var groups []*metrics.Moments
	from := 0
	for _, size := range s.sizes {
		g := whole.Empty()
		if err := g.Add(ctx, []metrics.Matrix{rowsOf(s.x, from, from+size), rowsOf(s.y, from, from+size)}); err != nil {
			return err
		}
		if err := whole.Merge(g); err != nil {
			return err
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
	cell := metrics.Cell{Metric: "cka", Variant: "debiased", X: 0, Y: 1}
	replicates, err := metrics.Jackknife(ctx, whole, each, metrics.Statistics(ctx, []metrics.Cell{cell}))
	if err != nil {
		return err
	}
	if i, ok := replicates.Interval(0); ok {
		out.interval, out.covers = true, i.Lo <= d.truth() && d.truth() <= i.Hi
	}
	return nil
}

func take(m metrics.Matrix, rows []int) metrics.Matrix {
	out := metrics.Matrix{Rows: len(rows), Cols: m.Cols, Data64: make([]float64, 0, len(rows)*m.Cols)}
	for _, r := range rows {
		out.Data64 = append(out.Data64, m.Data64[r*m.Cols:(r+1)*m.Cols]...)
	}
	return out
}

func rowsOf(m metrics.Matrix, from, to int) metrics.Matrix {
	return metrics.Matrix{Rows: to - from, Cols: m.Cols, Data64: m.Data64[from*m.Cols : to*m.Cols]}
}
