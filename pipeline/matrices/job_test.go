package matrices

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// matrix is rows of a test, in double precision.
type matrix [][]float64

func gaussian(r *rand.Rand, rows, cols int) matrix {
	m := make(matrix, rows)
	for i := range m {
		m[i] = make([]float64, cols)
		for k := range m[i] {
			m[i][k] = r.NormFloat64()
		}
	}
	return m
}

// mixed is a matrix that is partly a mixture of m's columns.
func mixed(r *rand.Rand, m matrix, cols int) matrix {
	weights := gaussian(r, len(m[0]), cols)
	out := gaussian(r, len(m), cols)
	for i, row := range m {
		for k := range out[i] {
			for u, v := range row {
				out[i][k] += v * weights[u][k]
			}
		}
	}
	return out
}

// save writes the rows, in an order (nil: as they are), as .npy; type is f4 or f8.
func (m matrix) save(t *testing.T, path, descr string, fortran bool, order []int) {
	t.Helper()
	rows := m
	if order != nil {
		rows = nil
		for _, r := range order {
			rows = append(rows, m[r])
		}
	}
	dict := fmt.Sprintf("{'descr': '<%s', 'fortran_order': %s, 'shape': (%d, %d), }", descr, map[bool]string{true: "True", false: "False"}[fortran], len(rows), len(rows[0]))
	out := append([]byte("\x93NUMPY\x01\x00"), byte(len(dict)), 0)
	out = append(out, dict...)
	put := func(v float64) {
		if descr == "f8" {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
		} else {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(v)))
		}
	}
	if fortran {
		for k := range rows[0] {
			for _, row := range rows {
				put(row[k])
			}
		}
	} else {
		for _, row := range rows {
			for _, v := range row {
				put(v)
			}
		}
	}
	if err := os.WriteFile(path, out, 0o644); err != nil {
		t.Fatal(err)
	}
}

func saveLines(t *testing.T, path string, lines []string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func runJob(t *testing.T, j Job) *Result {
	t.Helper()
	r, err := j.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sameCells compares values, intervals and nulls.
func sameCells(t *testing.T, what string, want, got []results.Cell, tolerance float64) {
	t.Helper()
	if len(want) == 0 || len(want) != len(got) {
		t.Fatalf("%s: %d cells, want %d", what, len(got), len(want))
	}
	near := func(name string, a, b *float64) {
		if (a == nil) != (b == nil) || a != nil && math.Abs(*a-*b) > tolerance {
			t.Errorf("%s: %s: want %s, got %s", what, name, sixDigits(a), sixDigits(b))
		}
	}
	for k := range want {
		a, b := &want[k], &got[k]
		name := a.Metric + " " + a.Variant + " " + a.X.Layer + " "
		if a.Error != b.Error || a.N != b.N || a.DX != b.DX {
			t.Errorf("%s: %s: %+v and %+v", what, name, a, b)
		}
		near(name+"value", a.Value, b.Value)
		near(name+"lo", a.Lo, b.Lo)
		near(name+"hi", a.Hi, b.Hi)
		near(name+"p", a.P, b.P)
		if (a.Null == nil) != (b.Null == nil) {
			t.Fatalf("%s: %s: one has a null", what, name)
		}
		if a.Null != nil {
			near(name+"null mean", &a.Null.Mean, &b.Null.Mean)
			near(name+"null q95", &a.Null.Q95, &b.Null.Q95)
		}
	}
}

// TestMatrixForms: how the numbers are stored does not matter.
func TestMatrixForms(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 1))
	x := gaussian(r, 2*metrics.BlockRows+77, 6) // three blocks
	y := mixed(r, x, 4)
	y.save(t, filepath.Join(dir, "y.npy"), "f8", false, nil)
	var want []results.Cell
	for k, form := range []struct {
		descr   string
		fortran bool
	}{{"f8", false}, {"f8", true}, {"f4", false}, {"f4", true}} {
		path := filepath.Join(dir, "x.npy")
		x.save(t, path, form.descr, form.fortran, nil)
		got := runJob(t, Job{X: path, Y: filepath.Join(dir, "y.npy"), Variants: []string{"all"}}).Cells
		if k == 0 {
			want = got
		}
		sameCells(t, fmt.Sprint(form), want, got, 1e-6)
	}
	x.save(t, filepath.Join(dir, "x.npy"), "f8", false, nil)
	one := runJob(t, Job{X: filepath.Join(dir, "x.npy"), Y: filepath.Join(dir, "y.npy"), Variants: []string{"all"}, Workers: 1})
	sameCells(t, "one worker", want, one.Cells, 0)
}

// TestMatrixGroups: groups give the same values, whether their rows stand together or take turns, and the intervals and
// nulls are those of the metrics package.
func TestMatrixGroups(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(2, 1))
	const groups, each = 60, 20 // more groups than an interval has bundles
	x := gaussian(r, groups*each, 5)
	y := mixed(r, x, 7)
	var names []string
	var turns []int // an order in which groups take turns
	for k := range x {
		names = append(names, fmt.Sprint("speaker ", k/each))
		turns = append(turns, k%groups*each+k/groups)
	}
	var turned []string
	for _, k := range turns {
		turned = append(turned, names[k])
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	x.save(t, at("x.npy"), "f8", false, nil)
	y.save(t, at("y.npy"), "f8", false, nil)
	if err := os.Mkdir(at("turns"), 0o755); err != nil {
		t.Fatal(err)
	}
	x.save(t, at("turns/x.npy"), "f8", false, turns)
	y.save(t, at("turns/y.npy"), "f8", true, turns)
	saveLines(t, at("groups"), names)
	saveLines(t, at("turns/groups"), turned)

	plain := runJob(t, Job{X: at("x.npy"), Y: at("y.npy")})
	job := Job{X: at("x.npy"), Y: at("y.npy"), Groups: at("groups"), Interval: true, Null: 19, Seed: 3}
	grouped := runJob(t, job)
	of := func(c results.Cell) *results.Cell { // the same cell with groups, where cka grouped is one more
		return &grouped.Cells[slices.IndexFunc(grouped.Cells, func(o results.Cell) bool { return o.Key() == c.Key() })]
	}
	for k := range plain.Cells {
		if grouped := of(plain.Cells[k]); math.Abs(*plain.Cells[k].Value-*grouped.Value) > 1e-12 || grouped.Lo == nil || grouped.P == nil {
			t.Errorf("%+v\nwith groups %+v", plain.Cells[k], grouped)
		}
	}
	job.X, job.Y, job.Groups = at("turns/x.npy"), at("turns/y.npy"), at("turns/groups")
	sameCells(t, "groups that take turns", grouped.Cells, runJob(t, job).Cells, 1e-9)

	cka := slices.IndexFunc(grouped.Cells, func(c results.Cell) bool { return c.Variant == "debiased" })
	lo, hi := intervalOf(t, x, y, groups, each)
	if c := grouped.Cells[cka]; math.Abs(*c.Lo-lo) > 1e-9 || math.Abs(*c.Hi-hi) > 1e-9 {
		t.Errorf("interval %v to %v, want %v to %v", *c.Lo, *c.Hi, lo, hi)
	}
}

// intervalOf is the interval beside debiased CKA, which is that of grouped CKA, computed from the metrics package alone.
func intervalOf(t *testing.T, x, y matrix, groups, each int) (lo, hi float64) {
	t.Helper()
	all, err := metrics.NewMoments(metrics.PureGo(), []int{len(x[0]), len(y[0])}, metrics.Options{SquaredNorms: true, Float64: true})
	if err != nil {
		t.Fatal(err)
	}
	sizes := slices.Repeat([]int{each}, groups)
	bundles := make([]*metrics.Moments, mostBundles)
	whole := all.Empty()
	for g, b := range metrics.Bundle(sizes, mostBundles) {
		if bundles[b] == nil {
			bundles[b] = all.Empty()
		}
		var block []metrics.Matrix
		for _, m := range []matrix{x, y} {
			block = append(block, metrics.Matrix{Rows: each, Cols: len(m[0]), Data64: slices.Concat(m[g*each : (g+1)*each]...)})
		}
		if err := errors.Join(bundles[b].Add(context.Background(), block), whole.Add(context.Background(), block)); err != nil {
			t.Fatal(err)
		}
	}
	of, err := metrics.CKAGrouped(context.Background(), whole, metrics.InTurn(make([]int, len(bundles)), func(g int) (*metrics.Moments, error) { return bundles[g], nil }), [][2]int{{0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	i, _ := of.Left.Interval(0)
	return i.Lo, i.Hi
}

// TestMatrixTypes: the comparison of word types is that of the mean rows.
func TestMatrixTypes(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(3, 1))
	const types, rows = 40, 700
	x := gaussian(r, rows, 5)
	y := mixed(r, x, 4)
	var words []string
	mean := func(m matrix) matrix {
		out, counts := make(matrix, types), make([]float64, types)
		for k, row := range m {
			w := k * k % types
			if out[w] == nil {
				out[w] = make([]float64, len(row))
			}
			for u, v := range row {
				out[w][u] += v
			}
			counts[w]++
		}
		for w := range out {
			for u := range out[w] {
				out[w][u] /= counts[w]
			}
		}
		return slices.DeleteFunc(out, func(row []float64) bool { return row == nil })
	}
	for k := range x {
		words = append(words, fmt.Sprint("word ", k*k%types))
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	x.save(t, at("x.npy"), "f8", false, nil)
	y.save(t, at("y.npy"), "f8", false, nil)
	if err := os.Mkdir(at("means"), 0o755); err != nil {
		t.Fatal(err)
	}
	mean(x).save(t, at("means/x.npy"), "f8", false, nil)
	mean(y).save(t, at("means/y.npy"), "f8", false, nil)
	labelled := runJob(t, Job{X: at("x.npy"), Y: at("y.npy"), Labels: saveLines(t, at("words"), append([]string{"word"}, words...))})
	want := runJob(t, Job{X: at("means/x.npy"), Y: at("means/y.npy")})
	var got []results.Cell
	for _, c := range labelled.Cells {
		if c.Comparison == "word types" {
			c.Lo, c.Hi = nil, nil
			got = append(got, c)
		}
	}
	sameCells(t, "means", want.Cells, got, 1e-12)
}

// TestMatrixNullSketched: wide matrices get their null of CKA from random projections, and unrelated ones are not
// significant.
func TestMatrixNullSketched(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(4, 1))
	x := gaussian(r, 480, sketchFrom)
	x.save(t, filepath.Join(dir, "x.npy"), "f4", false, nil)
	gaussian(r, 480, sketchFrom+5).save(t, filepath.Join(dir, "y.npy"), "f4", true, nil)
	var names []string
	for k := range x {
		names = append(names, fmt.Sprint(k/60))
	}
	got := runJob(t, Job{X: filepath.Join(dir, "x.npy"), Y: filepath.Join(dir, "y.npy"), Metrics: []string{"cka"}, Groups: saveLines(t, filepath.Join(dir, "g"), names), Null: 39})
	debiased, biased := got.Cells[0], got.Cells[1]
	if math.Abs(debiased.Null.Mean) > .02 || math.Abs(biased.Null.Mean-*biased.Value) > .03 {
		t.Errorf("chance: debiased %v, biased %v, where the value is %v", debiased.Null.Mean, biased.Null.Mean, *biased.Value)
	}
	if *debiased.P < .05 || *debiased.P > 1 {
		t.Errorf("p = %v", *debiased.P)
	}
}

// TestMatrixDegenerate: what has no value says why, and large values are no trouble.
func TestMatrixDegenerate(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	r := rand.New(rand.NewPCG(5, 1))
	x := gaussian(r, 50, 3)
	x.save(t, at("x.npy"), "f4", false, nil)
	matrix{{1, 2}}.save(t, at("one.npy"), "f4", false, nil)
	for _, c := range runJob(t, Job{X: at("one.npy"), Y: at("one.npy")}).Cells {
		if c.Value != nil || c.Error == "" {
			t.Errorf("a single row: %+v", c)
		}
	}
	flat := make(matrix, 50)
	large := make(matrix, 50)
	for k := range flat {
		flat[k] = []float64{7, 7}
		large[k] = []float64{1e12 * x[k][0], 1e12 * x[k][1], 1e12 * x[k][2]}
	}
	flat.save(t, at("flat.npy"), "f4", false, nil)
	for _, c := range runJob(t, Job{X: at("x.npy"), Y: at("flat.npy")}).Cells {
		if !strings.Contains(c.Error, "constant") {
			t.Errorf("constant units: %+v", c)
		}
	}
	large.save(t, at("large.npy"), "f4", false, nil)
	for _, c := range runJob(t, Job{X: at("x.npy"), Y: at("large.npy"), Metrics: []string{"cka", "svcca", "procrustes"}}).Cells {
		if c.Value == nil || math.Abs(*c.Value-1) > 1e-6 {
			t.Errorf("large values: %+v", c)
		}
	}
	groups := saveLines(t, at("groups"), slices.Repeat([]string{"a"}, 50))
	_, err := Job{X: at("x.npy"), Y: at("large.npy"), Groups: groups}.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), `all rows are in the one group "a"`) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (Job{X: at("x.npy"), Y: at("large.npy")}).Run(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestParseColumn(t *testing.T) {
	usual := []string{"group", "speaker"}
	for _, test := range []struct{ name, wanted, text, want string }{
		{"one a line", "", "a\nb\na\n", "[a b] [0 1 0] [2 1]"},
		{"no newline at the end", "", "b\na\nb", "[b a] [0 1 0] [2 1]"},
		{"a first line that names it", "", "speaker\na\nb\na\n", "[a b] [0 1 0] [2 1]"},
		{"windows", "", "\ufeffa\r\nb\r\na\r\n", "[a b] [0 1 0] [2 1]"},
		{"table", "", "id,speaker,group\n1,a,g\n2,b,g\n3,a,h\n", "[g h] [0 0 1] [2 1]"},
		{"table, named", "speaker", "id,speaker,group\n1,a,g\n2,b,g\n3,\"a,b\",h\n", "[a b a,b] [0 1 2] [1 1 1]"},
		{"empty", "", "", "f: the file names 0 rows, and the matrices have 3"},
		{"one too many", "", "a\nb\na\nb\n", "f: the file has one line more than the matrices have rows (3), and its first line, \"a\", is the name of other rows too and so no header"},
		{"blanks", "", " a\nb \n a \n", "[a b] [0 1 0] [2 1]"},
		{"too many", "", "a\nb\nc\nd\ne\n", "f: the file names 5 rows, and the matrices have 3"},
		{"no such column", "", "id,word\n1,a\n", "f:1: no column is called group or speaker; there are: id, word. Name one, as in f:id"},
		{"ragged", "", "id,speaker\n1,a\n2\n", "f:3: column 1: wrong number of fields"},
		{"an empty line", "", "speaker\na\n\nb\n", "f:3: the line is empty; every row needs a name"},
		{"empty lines at the end", "", "a\n\"b\nc\"\na\n\n\n", "[a b\nc] [0 1 0] [2 1]"},
		{"no name", "", "id,speaker\n1,a\n2,\n", "f:3: a row has no name"},
	} {
		c, err := parseColumn(strings.NewReader(test.text), "f", test.wanted, 3, usual)
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprint(c.names, c.of, c.sizes)
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	c := &column{of: []int{0, 1, 0, 2, 1}, sizes: []int{2, 2, 1}}
	if got := fmt.Sprint(c.order()); got != "[0 2 1 4 3]" {
		t.Error(got)
	}
}
