package metrics

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
)

// gramCase is layers of few rows: x's first, of any units, scale, place and form.
func gramCase(rows int) (layers []Matrix, x int) {
	r := random(91)
	a, b := effects(r, 10, rows/10, 30, 12, .4)
	wide := mixed(r, a, 3*rows/2, .5)
	scaled := gaussian(r, rows, 7)
	for i := range scaled.Data64 {
		scaled.Data64[i] = 1e-18 * (scaled.Data64[i] + 5)
	}
	return []Matrix{a, wide, byUnit(scaled), b, mixed(r, b, 40, 1)}, 3
}

// TestGramNull: draws from Gram matrices are those from moments that are made again for each draw.
func TestGramNull(t *testing.T) {
	const rows, draws = 300, 39 // above the diagonal is more than one block, and more draws are asked for than are made together
	layers, x := gramCase(rows)
	groups, _, err := PermuteGroups(sizes(10, rows/10), 7)
	if err != nil {
		t.Fatal(err)
	}
	of := make([]int, rows)
	for k := range of {
		of[k] = k * k % 37 // not all of them are squares
	}
	kinds := slices.Compact(slices.Sorted(slices.Values(of)))
	for k, v := range of {
		of[k] = slices.Index(kinds, v)
	}
	types, err := PermuteTypes(of, 7)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	var cells []Cell
	var all []int
	for i := range x {
		for j := x; j < len(layers); j++ {
			all = append(all, len(cells), len(cells)+1)
			cells = append(cells, Cell{"cka", "biased", i, j}, Cell{"cka", "debiased", i, j})
		}
	}
	for name, shuffle := range map[string]*Shuffle{"groups": groups, "types": types} {
		for _, double := range []bool{false, true} {
			t.Run(fmt.Sprint(name, double), func(t *testing.T) {
				eachBackend(t, func(t *testing.T, b Backend) {
					o := Options{SquaredNorms: true, Float64: double, Workers: 2}
					got, err := NullOf(ctx, b, layers[:x], layers[x:], o, shuffle, draws, cells, nil)
					if err != nil {
						t.Fatal(err)
					}
					same := slices.Clone(layers)
					same[2] = Matrix{Rows: rows, Cols: layers[2].Cols, Data64: make([]float64, len(layers[2].Data64)), Stride: rows, ColMajor: true}
					for k, v := range layers[2].Data64 { // single precision of moments has no room for 1e-36
						same[2].Data64[k] = 1e18 * v
					}
					want, calls := newNull(shuffle, len(cells), draws), 0
					if err := want.drawMoments(ctx, b, same, x, o, shuffle, cells, all, func() { calls++ }); err != nil {
						t.Fatal(err)
					}
					if calls != draws {
						t.Errorf("%d draws were said to be done", calls)
					}
					tolerance := 2e-6
					if double {
						tolerance = 1e-12
					}
					for k := -1; k < draws; k++ {
						g, w := got.Observed, want.Observed
						if k >= 0 {
							g, w = got.Draws[k], want.Draws[k]
						}
						for c := range cells {
							if !(math.Abs(g[c]-w[c]) <= tolerance) {
								t.Fatalf("draw %d of %v: %v, and %v from moments", k, cells[c], g[c], w[c])
							}
						}
					}
					o.Workers = 1
					if again, err := NullOf(ctx, b, layers[:x], layers[x:], o, shuffle, draws, cells, nil); err != nil || !slices.EqualFunc(again.Draws, got.Draws, slices.Equal[[]float64]) {
						t.Errorf("the number of workers changes draws (%v)", err)
					}
				})
			})
		}
	}
}

// TestGramNullUndefined: what has no value has no null, and the others keep theirs; what the Gram matrices can't serve comes from moments.
func TestGramNullUndefined(t *testing.T) {
	const rows = 60
	layers, x := gramCase(rows)
	constant := gaussian(random(1), rows, 4)
	for k := range constant.Data64 {
		constant.Data64[k] = 3
	}
	massive := single(gaussian(random(2), rows, 5)) // one row is all that its products hold
	massive.Data[0] = 1e6
	layers[0], layers[1], layers[2] = constant, massive, gaussian(random(3), rows, 4)
	shuffle, _, err := PermuteGroups(sizes(10, rows/10), 7)
	if err != nil {
		t.Fatal(err)
	}
	cells := []Cell{{"cka", "debiased", 0, 3}, {"cka", "debiased", 1, 3}, {"cka", "debiased", 2, 3}, {"neuron_neuron", "", 2, 4}}
	null, err := NullOf(context.Background(), PureGo(), layers[:x], layers[x:], Options{SquaredNorms: true}, shuffle, 19, cells, nil)
	if err != nil {
		t.Fatal(err)
	}
	for c, defined := range []bool{false, false, true, true} {
		if _, err := null.Summary(c, null.Observed[c]); (err == nil) != defined {
			t.Errorf("%v: %v, observed %v", cells[c], err, null.Observed[c])
		}
	}
	layers[4].Data64[7] = math.NaN()
	if _, err := NullOf(context.Background(), PureGo(), layers[:x], layers[x:], Options{SquaredNorms: true}, shuffle, 19, cells, nil); err == nil {
		t.Error("rows that are not finite have a null")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := NullOf(ctx, PureGo(), layers[:x], layers[x:4], Options{SquaredNorms: true}, shuffle, 19, cells[:3], nil); err == nil {
		t.Error("a null that was cancelled has draws")
	}
}

// TestGramNullFrequentType: a word type that is most rows, and far from the others, takes no digits of the rest.
func TestGramNullFrequentType(t *testing.T) {
	const rows, draws = 150, 19
	r := random(8)
	of := make([]int, rows)
	for k := range of {
		of[k] = max(0, k-2*rows/3)
	}
	vectors := gaussian(r, rows, 20)
	for u := range 20 {
		vectors.Data64[u] += 100
	}
	y := Matrix{Rows: rows, Cols: 20, Stride: 20, Data: make([]float32, 20*rows)}
	for k, v := range of {
		for u := range 20 {
			y.Data[20*k+u] = float32(vectors.Data64[20*v+u])
		}
	}
	x := single(gaussian(r, rows, 20))
	types, err := PermuteTypes(of, 7)
	if err != nil {
		t.Fatal(err)
	}
	cells, b := []Cell{{"cka", "biased", 0, 1}, {"cka", "debiased", 0, 1}}, openBLAS(t)
	got, err := NullOf(context.Background(), b, []Matrix{x}, []Matrix{y}, Options{SquaredNorms: true}, types, draws, cells, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := newNull(types, len(cells), draws)
	if err := want.drawMoments(context.Background(), b, []Matrix{x, y}, 1, Options{SquaredNorms: true, Float64: true}, types, cells, []int{0, 1}, func() {}); err != nil {
		t.Fatal(err)
	}
	for k := range draws {
		for c := range cells {
			if !(math.Abs(got.Draws[k][c]-want.Draws[k][c]) < 1e-8) {
				t.Errorf("draw %d of %v: %v, and %v from moments", k, cells[c], got.Draws[k][c], want.Draws[k][c])
			}
		}
	}
}

// TestGramNullTies: the true pairing among the draws is as large as the observed one, to the bit: also where word types are permuted, and y is a
// function of them.
func TestGramNullTies(t *testing.T) {
	layers, x := gramCase(60)
	of := make([]int, 60)
	for r := range of {
		of[r] = r % 5
		copy(layers[4].Data64[r*layers[4].Cols:][:layers[4].Cols], layers[4].Data64[of[r]*layers[4].Cols:])
	}
	types, err := PermuteTypes(of, 7)
	if err != nil {
		t.Fatal(err)
	}
	null, err := NullOf(context.Background(), PureGo(), layers[:x], layers[x:], Options{SquaredNorms: true}, types, 118, []Cell{{"cka", "biased", 1, 4}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ties := 0
	for k, d := range null.Draws {
		if types.changesNothing(types.Draw(k)) {
			ties++
			if d[0] != null.Observed[0] {
				t.Errorf("%v, and %v as draw %d", null.Observed[0], d[0], k)
			}
		}
	}
	if ties == 0 {
		t.Error("the true pairing is among no draws")
	}
	s := &Shuffle{rows: 60, draw: func(_ func(int) []int, pairing []int) {
		for r := range pairing {
			pairing[r] = r
		}
	}}
	if null, err = NullOf(context.Background(), PureGo(), layers[:x], layers[x:], Options{SquaredNorms: true}, s, 40, []Cell{{"cka", "biased", 1, 4}}, nil); err != nil {
		t.Fatal(err)
	}
	for _, d := range null.Draws {
		if d[0] != null.Observed[0] {
			t.Fatalf("%v, and %v as a draw", null.Observed[0], d[0])
		}
	}
}

func BenchmarkNullGram(b *testing.B) {
	blas := openBLAS(b)
	for _, rows := range []int{600, 1500} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			r := random(5)
			var x, y []Matrix
			for range 13 {
				x, y = append(x, single(gaussian(r, rows, 768))), append(y, single(gaussian(r, rows, 768)))
			}
			var cells []Cell
			for i := range x {
				for j := range y {
					cells = append(cells, Cell{"cka", "debiased", i, len(x) + j})
				}
			}
			shuffle, _, err := PermuteGroups(sizes(10, rows/10), 1)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := NullOf(context.Background(), blas, x, y, Options{SquaredNorms: true}, shuffle, 199, cells, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
