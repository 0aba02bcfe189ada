package asif

import (
	"context"
	"fmt"
	"math/rand/v2"
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
			if fmt.Sprint(null.Observed[0]) != fmt.Sprint(a.Top1) {
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
