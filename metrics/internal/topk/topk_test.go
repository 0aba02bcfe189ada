package topk

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"testing"

	"speechsim/metrics/internal/linalg"
)

// eachBackend runs the same checks on every implementation.
func eachBackend(t *testing.T, check func(t *testing.T, b linalg.Backend)) {
	t.Run("gonum", func(t *testing.T) { check(t, linalg.PureGo()) })
	t.Run("openblas", func(t *testing.T) {
		b, err := linalg.OpenBLAS([]string{os.Getenv("SPEECHSIM_OPENBLAS"), "../../../lib", "libopenblas.so.0"})
		if err != nil {
			t.Skip(err)
		}
		check(t, b)
	})
}

// TestMostSimilar compares with sorting everything, ties included.
func TestMostSimilar(t *testing.T) {
	eachBackend(t, func(t *testing.T, b linalg.Backend) {
		ctx := context.Background()
		r := rand.New(rand.NewPCG(91, 0x5ca1ab1e))
		queries, candidates := linalg.New[float32](300, 3), linalg.New[float32](2100, 3)
		for _, d := range []linalg.Dense[float32]{queries, candidates} {
			for k := range d.Data {
				d.Data[k] = float32(r.IntN(5) - 2) // small integers: exact products, many ties
			}
		}
		sorted := func(query []float32, without int) []Scored {
			var all []Scored
			for c := range candidates.Rows {
				if c != without {
					all = append(all, Score(c, query[0]*candidates.At(c, 0)+query[1]*candidates.At(c, 1)+query[2]*candidates.At(c, 2)))
				}
			}
			sort.SliceStable(all, func(i, j int) bool { return all[i].Similarity() > all[j].Similarity() })
			return all
		}
		for _, k := range []int{1, 64} {
			got, err := MostSimilar(ctx, b, queries, candidates, k, 2)
			if err != nil {
				t.Fatal(err)
			}
			for q := 0; q < 300; q += 97 {
				if !slices.Equal(got[q], sorted(queries.Row(q), -1)[:k]) {
					t.Fatalf("query %d, k %d: other candidates than a sort gives", q, k)
				}
			}
			for _, itself := range []bool{true, false} {
				got, err := MostSimilarAmong(ctx, b, candidates, k, 2, itself)
				if err != nil {
					t.Fatal(err)
				}
				for q := 0; q < candidates.Rows; q += 523 {
					without := q
					if itself {
						without = -1
					}
					if !slices.Equal(got[q], sorted(candidates.Row(q), without)[:k]) {
						t.Fatalf("row %d, k %d, itself %v: other candidates than a sort gives", q, k, itself)
					}
				}
			}
		}
	})
}

// TestOffer compares what is kept of blocks of all shapes with sorting everything: equal numbers, infinities, both zeros, and what is none.
func TestOffer(t *testing.T) {
	r := rand.New(rand.NewPCG(92, 0x5ca1ab1e))
	inf := float32(math.Inf(1))
	special := []float32{inf, -inf, float32(math.NaN()), 0, float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, -math.MaxFloat32}
	for range 200 {
		k, n, edge := 1+r.IntN(40), 1+r.IntN(200), 1+r.IntN(70)
		common := r.IntN(2) == 0
		block := func(rows, cols int) linalg.Dense[float32] {
			p := linalg.Dense[float32]{Rows: rows, Cols: cols, Stride: cols + r.IntN(3)}
			p.Data = make([]float32, rows*p.Stride)
			for i := range p.Data {
				switch {
				case r.IntN(8) == 0:
					p.Data[i] = special[r.IntN(len(special))]
				case common:
					p.Data[i] = float32(r.IntN(5) - 2)
				default:
					p.Data[i] = float32(r.NormFloat64())
				}
			}
			return p
		}
		queries, among := newTopKs(n, k), newTopKs(n, k)
		offered, exchanged := make([][]Scored, n), make([][]Scored, n)
		offer := func(to [][]Scored, row, candidate int, s float32) {
			if s == s {
				to[row] = append(to[row], Score(candidate, s))
			}
		}
		itself := r.IntN(2) == 0
		for r0 := 0; r0 < n; r0 += edge {
			for c0 := r0; c0 < n; c0 += edge {
				p := block(min(edge, n-r0), min(edge, n-c0))
				queries.offer(p, r0, c0)
				among.offerBoth(p, r0, c0, itself)
				for i := range p.Rows {
					for j, s := range p.Row(i) {
						offer(offered, r0+i, c0+j, s)
						if r0+i < c0+j || itself && r0+i == c0+j {
							offer(exchanged, r0+i, c0+j, s)
						}
						if r0+i < c0+j {
							offer(exchanged, c0+j, r0+i, s)
						}
					}
				}
			}
		}
		for _, c := range []struct{ got, all [][]Scored }{{queries.sorted(1), offered}, {among.sorted(1), exchanged}} {
			for row, all := range c.all {
				slices.SortFunc(all, Better)
				if all = all[:min(k, len(all))]; !slices.Equal(c.got[row], all) {
					t.Fatalf("n = %d, k = %d, edge = %d, row %d: %v, want %v", n, k, edge, row, c.got[row], all)
				}
			}
		}
	}
}

func TestSelectLargest(t *testing.T) {
	r := rand.New(rand.NewPCG(93, 0x5ca1ab1e))
	for n := range 200 {
		s := make([]Scored, n)
		for i, v := range r.Perm(n) {
			s[i] = Scored(v) << 56 // the highest bit too
			s[i] |= Scored(v)
		}
		switch n % 4 {
		case 1:
			slices.Sort(s)
		case 2:
			slices.SortFunc(s, Better)
		}
		k := r.IntN(n + 2)
		selectLargest(s, k)
		k = min(k, n)
		for i, v := range s {
			if largest := int(uint32(v)) >= n-k; largest != (i < k) {
				t.Fatalf("%d of %d: %d is at %d", k, n, uint32(v), i)
			}
		}
	}
}
