package topk

import (
	"context"
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
