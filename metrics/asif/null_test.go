package asif

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"speechsim/metrics"
)

// zipfTypes draws the word type of each row, of types whose frequencies fall as 1/rank, numbered as they appear.
func zipfTypes(r *rand.Rand, rows, types int) []int {
	total := 0.0
	for k := range types {
		total += 1 / float64(k+1)
	}
	number := map[int]int{}
	out := make([]int, rows)
	for row := range out {
		at, word := r.Float64()*total, 0
		for ; word < types-1; word++ {
			if at -= 1 / float64(word+1); at < 0 {
				break
			}
		}
		if _, seen := number[word]; !seen {
			number[word] = len(number)
		}
		out[row] = number[word]
	}
	return out
}

// TestTies: of two series of answers with as many hits, that is the larger one whose words come earlier among the others; a hit is more than all of those.
func TestTies(t *testing.T) {
	same := []int32{0, 1, 2, 3}
	asked := []int32{0, 1, 2}
	late := &Answers{asked: asked, found: [][]int32{{0, 3, 2}, {3, 2, 1}, {3, 1, 0}}}
	early := &Answers{asked: asked, found: [][]int32{{0, 3, 2}, {3, 1, 2}, {3, 1, 0}}}
	two := &Answers{asked: asked, found: [][]int32{{0, 3, 2}, {1, 3, 2}, {3, 1, 0}}}
	if a, b, c := late.share(same), early.share(same), two.share(same); !(a < b && b < c) || b-1./3 > 1e-9 || math.Abs(c-2./3) > 1e-9 {
		t.Error(a, b, c)
	}
	if got := two.share([]int32{3, 1, 0, 2}); math.Abs(got-1./3) > 1e-9 { // words 0, 3 and 2 change places
		t.Error(got)
	}
	types := make([]int, 0, 400) // of 40 words, each said ten times
	for k := range 400 {
		types = append(types, k%40)
	}
	few := &Answers{asked: make([]int32, fewestQueries-1), found: make([][]int32, fewestQueries-1)}
	if _, err := Null([]*Answers{few}, types, 1, 19); err == nil || !strings.Contains(err.Error(), "39 queries ask for words") {
		t.Errorf("few queries: %v", err)
	}
}

// TestNull: where words repeat as words do, unrelated layers are at chance, and a layer with itself is far above it.
func TestNull(t *testing.T) {
	const rows, sets, draws = 600, 40, 99
	significant, mean, observed := 0, 0.0, 0.0
	for seed := range uint64(sets) {
		r := random(seed)
		types := zipfTypes(r, rows, 150)
		x, y := gaussian(r, rows, 8), gaussian(r, rows, 8)
		p := func(x, y metrics.Matrix) metrics.NullSummary {
			a, err := Retrieve(context.Background(), metrics.PureGo(), x, y, types, Split(rows), Options{K: 50})
			if err != nil {
				t.Fatal(err)
			}
			null, err := Null([]*Answers{a.Answers(types)}, types, seed, draws)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(null.Observed[0]-a.Top1) > 1e-9 {
				t.Errorf("the null is of %v, and top-1 is %v", null.Observed[0], a.Top1)
			}
			s, err := null.Summary(0, a.Top1)
			if err != nil {
				t.Fatal(err)
			}
			observed += a.Top1 / sets
			return s
		}
		s := p(x, y)
		mean += s.Mean / sets
		if s.P <= .05 {
			significant++
		}
	}
	if significant > 6 { // 2 are expected, and 6 are exceeded in one of 150 series
		t.Errorf("%d of %d unrelated sets are significant at 5 %%; top-1 %.4f on average, null %.4f", significant, sets, observed, mean)
	}
	t.Logf("%d of %d significant; top-1 %.4f, null %.4f", significant, sets, observed, mean)

	// Rows that stand for their words, in both layers.
	r := random(99)
	types := zipfTypes(r, rows, 150)
	x, y := gaussian(r, rows, 8), gaussian(r, rows, 8)
	for _, m := range []metrics.Matrix{x, y} {
		words := gaussian(r, 150, 8)
		for row, word := range types {
			for u := range 8 {
				m.Data64[row*8+u] = words.Data64[word*8+u] + .1*m.Data64[row*8+u]
			}
		}
	}
	a, err := Retrieve(context.Background(), metrics.PureGo(), x, y, types, Split(rows), Options{K: 50})
	if err != nil {
		t.Fatal(err)
	}
	null, err := Null([]*Answers{a.Answers(types)}, types, 1, draws)
	if err != nil {
		t.Fatal(err)
	}
	if s, _ := null.Summary(0, a.Top1); s.P > .011 || s.Calibrated < .2 {
		t.Errorf("words that both layers know: %+v, top-1 %v", s, a.Top1)
	}
}

// TestByType: an x whose rows are the same for all tokens of a word, as word vectors are, finds its word whatever y is like, and has no null.
func TestByType(t *testing.T) {
	const rows, words, units = 800, 40, 12
	r := rand.New(rand.NewPCG(4, 4))
	matrix := func(n int) metrics.Matrix {
		x := metrics.Matrix{Rows: n, Cols: units, Stride: units, Data64: make([]float64, n*units)}
		for k := range x.Data64 {
			x.Data64[k] = r.NormFloat64()
		}
		return x
	}
	vectors, noise := matrix(words), matrix(rows)
	x, types := matrix(rows), make([]int, rows)
	for k := range types {
		types[k] = k % words
		copy(x.Data64[k*units:(k+1)*units], vectors.Data64[types[k]*units:])
	}
	retrieve := func(x, y metrics.Matrix) *Result {
		got, err := Retrieve(context.Background(), metrics.PureGo(), x, y, types, Split(rows), Options{K: 50})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	found := retrieve(x, noise)
	if _, err := Null([]*Answers{found.Answers(types)}, types, 1, 19); !found.ByType || !errors.Is(err, ErrByType) {
		t.Errorf("%v, %v", found.ByType, err)
	}
	found = retrieve(noise, x)
	null, err := Null([]*Answers{found.Answers(types)}, types, 1, 99)
	if err != nil || found.ByType {
		t.Fatal(err, found.ByType)
	}
	if sum, err := null.Summary(0, found.Top1); err != nil || sum.P <= .01 {
		t.Errorf("noise finds words: %+v, %v", sum, err)
	}
	x.Data64[5*units] += 1e-3
	if retrieve(x, noise).ByType {
		t.Error("a row that differs is not noticed")
	}
}
