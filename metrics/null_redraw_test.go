package metrics

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRedrawn: the moments of each draw have the bits of moments that are made anew, whatever is kept from the draw before.
func TestRedrawn(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name string
		rows int
		x, y []int // units
		o    Options
	}{
		{"narrow", 90, []int{7}, []int{5}, Options{SquaredNorms: true}},
		{"maps", 400, []int{130, 140, 150, 300}, []int{60, 50}, Options{SquaredNorms: true, Workers: 3}},
		{"cross", 300, []int{64, 64, 64}, []int{64}, Options{CrossOnly: true, Workers: 2}},
		{"several blocks", 2*chunkRows + 13, []int{30, 520}, []int{20}, Options{SquaredNorms: true}},
		{"double", 2*chunkRows + 13, []int{30, 20}, []int{20}, Options{Float64: true}},
		{"double, one block", 77, []int{30, 600}, []int{20}, Options{Float64: true, SquaredNorms: true}},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		var layers []Matrix
		var dims []int
		for k, units := range slices.Concat(c.x, c.y) {
			m := Matrix{Rows: c.rows, Cols: units, Stride: units, Data: make([]float32, c.rows*units)}
			for i := range m.Data {
				m.Data[i] = float32(r.NormFloat64() + float64(10*k))
			}
			layers, dims = append(layers, m), append(dims, units)
		}
		for i := range c.x {
			for j := range c.y {
				c.o.Pairs = append(c.o.Pairs, [2]int{i, len(c.x) + j})
			}
		}
		proto, err := NewMoments(PureGo(), dims, c.o)
		if err != nil {
			t.Fatal(err)
		}
		d := newRedrawn(proto, layers, len(c.x))
		for draw := range 3 {
			pairing := r.Perm(c.rows)
			if draw == 0 {
				pairing = nil
			}
			got, err := d.draw(ctx, pairing)
			if err != nil {
				t.Fatal(c.name, err)
			}
			want := proto.Empty()
			if err := addPaired(ctx, want, layers, len(c.x), pairing, make([]gathered, len(c.y))); err != nil {
				t.Fatal(c.name, err)
			}
			if got.N() != want.N() {
				t.Errorf("%s: %d rows, want %d", c.name, got.N(), want.N())
			}
			for k, numbers := range want.numbers() {
				if !slices.Equal(numbers, got.numbers()[k]) {
					t.Errorf("%s: numbers %d of draw %d differ", c.name, k, draw)
				}
			}
		}
	}
}
