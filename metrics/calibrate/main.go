// Command calibrate simulates what p-values and intervals promise, on designs like real corpora, and prints
// docs/calibration.md: the size of the permutation test at 5 %, its power, and the coverage of 95 % intervals.
//
//	go run ./metrics/calibrate
//
// A set is rows of two sides in groups (speakers). Each side is an effect of the group and one of the row, with a share of
// variance between groups (the intra-class correlation). Sides are unrelated, or share some of both effects.
package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
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
	"speechsim/metrics/asif"
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
	sets   int     // more than others; 0: as many
	draws  int     // fewer than others: 19 are as exact at .05; 0: as many
	long   bool    // its rows are too many for neighbours in each set
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
	for _, groups := range []int{6, 10, 20, 40, 100} {
		for _, name := range sizeNames {
			for _, icc := range []float64{0, .3, .7} {
				if icc != .3 && (name != "2 to 19" || groups == 6) || groups == 100 && (icc != .3 || name != "2 to 19") {
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
	if shared == 0 { // 140 sets of it once gave .107
		out = append(out, design{name: "40 groups, equal, 300", sizes: equal(40, 300), icc: .1, units: 20, sets: 1000, draws: 19, long: true})
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
	sets := flag.Int("sets", 400, "sets a design")
	draws := flag.Int("draws", 99, "draws of a null")
	seed := flag.Uint64("seed", 1, "seed of all random numbers")
	only := flag.String("only", "", "designs whose name contains this")
	blas := flag.String("blas", "", "a folder with OpenBLAS, which takes half of the time")
	part := flag.String("part", "", "only this part: size, power or intervals")
	flag.Parse()
	if *part == "" {
		fmt.Print(head)
	}
	if *blas != "" {
		var err error
		if backend, err = metrics.OpenBLAS([]string{*blas}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	wanted := func(name string) bool { return *part == "" || *part == name }
	var err error
	if wanted("size") {
		err = nulls("Size: sides that share nothing", 0, *sets, *draws, *seed, *only)
	}
	if err == nil && wanted("power") {
		err = nulls("Power: sides that share a fifth of their variance", .2, *sets/4, *draws, *seed, *only)
	}
	if err == nil && wanted("intervals") {
		err = intervals(*sets, *seed, *only)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// nulls prints the table of tests.
func nulls(title string, shared float64, sets, draws int, seed uint64, only string) error {
	fmt.Printf("## %s\n\n", title)
	fmt.Printf("%d sets a design; %d draws, and %d of the metrics from pwcca to procrustes; seed %d. Share of sets with p <= .05, with its binomial standard error.\n", sets, draws, fewDraws, seed)
	if shared == 0 {
		fmt.Printf("Where fewer than .03 or more than .07 of them have that, up to %d sets were drawn for that column. Of the last design they are 1000, for the columns up to neuron_neuron. A dash: the test is refused.\n", 5*sets)
	}
	fmt.Printf("\n| groups | intra-class correlation | units | %s |\n|%s\n", strings.Join(columns(), " | "), strings.Repeat(" --- |", len(columns())+3))
	for k, d := range designs(shared) {
		if !strings.Contains(d.name, only) || shared > 0 && !strings.Contains(d.name, "2 to 19") {
			continue
		}
		row, err := d.measure(sets, cmp.Or(d.draws, draws), seed+uint64(k)<<20)
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		fmt.Printf("| %s | %g | %d | %s |\n", d.name, d.icc, d.units, row)
	}
	fmt.Println()
	return nil
}

// ofMoments are the functions of moments that are tested. Those from the fourth on factorise matrices for each draw: of them 19 draws are made, which
// are as exact at .05 as more, and have a little less power.
var ofMoments = []metrics.Cell{
	{Metric: "cka", Variant: "debiased"}, {Metric: "cka", Variant: "biased"}, {Metric: "neuron_neuron", Variant: "absolute"},
	{Metric: "pwcca", Variant: "textbook"}, {Metric: "svcca", Variant: "textbook"}, {Metric: "cca", Variant: "mean"}, {Metric: "neuron_layer", Variant: "r"},
	{Metric: "procrustes", Variant: "score"},
}

const cheap, fewDraws = 3, 19

// columns are what is tested, in the order of the table.
func columns() []string {
	var out []string
	for _, m := range ofMoments {
		out = append(out, m.Metric+" "+m.Variant)
	}
	return append(slices.Insert(out, 2, "cka grouped"), "knn mutual", "asif cosine")
}

// measure counts rejections over sets.
func (d design) measure(sets, draws int, seed uint64) (string, error) {
	rejected, tested := map[string]int{}, map[string]int{}
	count := func(p map[string]float64) {
		for name, p := range p {
			tested[name]++
			if p <= .05+1e-9 {
				rejected[name]++
			}
		}
	}
	for _, name := range columns() {
		tested[name] = 0
	}
	failed := overSets(0, max(sets, d.sets), func(k uint64) (map[string]float64, error) {
		if k < uint64(sets) {
			return d.one(seed+k, draws, columns())
		}
		return d.one(seed+k, draws, columns()[:cheap+1])
	}, count)
	var doubtful []string // of a size of .05, such a share of 400 sets is chance in one column of fifteen
	for _, name := range columns() {
		size := float64(rejected[name]) / float64(tested[name])
		if d.shared == 0 && rejected[name] > 0 && (size < .03 || size > .07) {
			doubtful = append(doubtful, name)
		}
	}
	if failed == nil && len(doubtful) > 0 {
		failed = overSets(max(sets, d.sets), 5*sets, func(k uint64) (map[string]float64, error) { return d.one(seed+k, draws, doubtful) }, count)
	}
	var cells []string
	for _, name := range columns() {
		if tested[name] < sets/10 { // refused in nine of ten sets and more
			tested[name] = 0
		}
		cells = append(cells, share(rejected[name], tested[name]))
	}
	return strings.Join(cells, " | "), failed
}

// overSets computes the sets from one number up to another on all processors and counts what comes out, one at a time.
func overSets[T any](from, to int, one func(k uint64) (T, error), count func(T)) (failed error) {
	var mu sync.Mutex
	var group sync.WaitGroup
	next := make(chan uint64)
	for range runtime.NumCPU() {
		group.Go(func() {
			for k := range next {
				out, err := one(k)
				mu.Lock()
				if err != nil {
					failed = err
				} else {
					count(out)
				}
				mu.Unlock()
			}
		})
	}
	for k := from; k < to; k++ {
		next <- uint64(k)
	}
	close(next)
	group.Wait()
	return failed
}

// share is a proportion with its binomial standard error.
func share(k, n int) string {
	if n == 0 {
		return "-"
	}
	p := float64(k) / float64(n)
	return fmt.Sprintf("%.3f ± %.3f", p, math.Sqrt(p*(1-p)/float64(n)))
}

// one tests one set by some of the columns, and returns p of what has a value.
func (d design) one(seed uint64, draws int, wanted []string) (map[string]float64, error) {
	s := d.draw(rand.New(rand.NewPCG(seed, 7)))
	shuffle, rows, err := metrics.PermuteGroups(s.sizes, seed)
	if err != nil {
		return nil, err
	}
	t := &test{shuffle: shuffle, x: take(s.x, rows), y: take(s.y, rows), p: map[string]float64{}}
	if err := t.moments(named(ofMoments[:cheap], wanted), draws); err != nil {
		return nil, err
	}
	if slices.Contains(wanted, "cka grouped") {
		if err := t.grouped(draws); err != nil {
			return nil, err
		}
	}
	if err := t.moments(named(ofMoments[cheap:], wanted), fewDraws); err != nil {
		return nil, err
	}
	if slices.Contains(wanted, "knn mutual") && !d.long {
		if err := t.knn(draws); err != nil {
			return nil, err
		}
	}
	if slices.Contains(wanted, "asif cosine") && !d.long {
		return t.p, t.asif(s, seed, draws)
	}
	return t.p, nil
}

// named are the cells of some columns.
func named(cells []metrics.Cell, columns []string) (out []metrics.Cell) {
	for _, c := range cells {
		if slices.Contains(columns, c.Metric+" "+c.Variant) {
			out = append(out, c)
		}
	}
	return out
}

// test is one set on its way: the rows that the null keeps, and p of each measure that has a value.
type test struct {
	shuffle *metrics.Shuffle
	x, y    metrics.Matrix
	p       map[string]float64
}

var (
	ctx     = context.Background()
	backend = metrics.PureGo()
	sides   = [][2]int{{0, 1}}
)

// note notes p of statistic k of a null.
func (t *test) note(name string, null *metrics.Null, k int) {
	if summary, err := null.Summary(k, null.Observed[k]); err == nil {
		t.p[name] = summary.P
	}
}

// moments tests functions of moments.
func (t *test) moments(cells []metrics.Cell, draws int) error {
	if len(cells) == 0 {
		return nil
	}
	var variants []metrics.Variant
	cells = slices.Clone(cells)
	for k := range cells {
		info, err := metrics.Lookup(cells[k].Metric)
		if err != nil {
			return err
		}
		v, err := info.Variant(cells[k].Variant)
		if err != nil {
			return err
		}
		variants, cells[k].X, cells[k].Y = append(variants, v), 0, 1
	}
	o := metrics.Needs(variants...)
	o.Float64, o.Workers, o.Pairs = true, 1, sides
	null, err := metrics.NullOf(ctx, backend, []metrics.Matrix{t.x}, []metrics.Matrix{t.y}, o, t.shuffle, draws, cells, nil)
	if err != nil {
		return err
	}
	for k, c := range cells {
		t.note(c.Metric+" "+c.Variant, null, k)
	}
	return nil
}

// grouped tests grouped CKA, whose p does not depend on its denominators.
func (t *test) grouped(draws int) error {
	own, err := metrics.NewMoments(backend, []int{t.x.Cols, t.y.Cols}, metrics.Options{Float64: true, Workers: 1, Pairs: [][2]int{{0, 0}, {1, 1}}})
	if err != nil {
		return err
	}
	if err := own.Add(ctx, []metrics.Matrix{t.x, t.y}); err != nil {
		return err
	}
	sketch, err := metrics.NewPrincipalSketch(own, nil, metrics.SketchWidth, 1, 1)
	if err != nil {
		return err
	}
	if err := sketch.Add(ctx, []metrics.Matrix{t.x, t.y}); err != nil {
		return err
	}
	null, err := metrics.NullGrouped(ctx, sketch, []float64{1}, sides, t.shuffle, draws)
	if err == nil {
		t.note("cka grouped", null, 0)
	}
	return err
}

func (t *test) knn(draws int) (err error) {
	near := map[int]*metrics.Neighbours{}
	for side, m := range []metrics.Matrix{t.x, t.y} {
		if near[side], err = metrics.FindNeighbours(ctx, backend, m, metrics.KNNNeighbours, 1); err != nil {
			return err
		}
	}
	null, err := metrics.NullKNN(near, sides, t.shuffle, draws)
	if err == nil {
		t.note("knn mutual", null, 0)
	}
	return err
}

// asif tests retrieval of words on all rows of a set: each row is of one of 40 words, of which the commonest are said most, and its null permutes words.
func (t *test) asif(s set, seed uint64, draws int) error {
	types := s.words(rand.New(rand.NewPCG(seed, 11)))
	found, err := asif.Retrieve(ctx, backend, s.x, s.y, types, asif.Split(len(types)), asif.Options{K: min(50, len(types)/2), Workers: 1})
	if err != nil {
		return err
	}
	null, err := asif.Null([]*asif.Answers{found.Answers(types)}, types, seed, draws)
	if errors.Is(err, asif.ErrFew) {
		return nil
	}
	if err == nil {
		t.note("asif cosine", null, 0)
	}
	return err
}

// words gives each row a word, numbered from 0 in the order in which they come.
func (s set) words(r *rand.Rand) []int {
	number, out := map[uint64]int{}, make([]int, s.x.Rows)
	zipf := rand.NewZipf(r, 1.2, 4, 39)
	for row := range out {
		word := zipf.Uint64()
		if _, seen := number[word]; !seen {
			number[word] = len(number)
		}
		out[row] = number[word]
	}
	return out
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
