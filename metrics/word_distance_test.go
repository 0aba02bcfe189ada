package metrics

import (
	"context"
	"math"
	"testing"

	"speechsim/metrics/internal/editdistance"
)

// TestWordDistance compares with the definition over all pairs of rows.
func TestWordDistance(t *testing.T) {
	r := random(100)
	const n, words = 900, 300
	x := gaussian(r, n, 5)
	types := make([]int, n)
	for row := range types {
		types[row] = row % words
		if row >= words {
			types[row] = r.IntN(words)
		}
	}
	phones := make([][]int, words)
	for w := range phones {
		for range 1 + r.IntN(6) {
			phones[w] = append(phones[w], r.IntN(4))
		}
	}
	phones[7] = nil
	vectors := gaussian(r, words, 4)
	for c := range 4 {
		vectors.Data64[9*4+c] = 0
	}
	cosine := func(m Matrix, a, b int) float64 {
		var ab, aa, bb float64
		for c := range m.Cols {
			ab += at(m, a, c) * at(m, b, c)
			aa += at(m, a, c) * at(m, a, c)
			bb += at(m, b, c) * at(m, b, c)
		}
		return 1 - ab/math.Sqrt(aa*bb)
	}
	rows := make([][]int, words)
	for row, w := range types {
		rows[w] = append(rows[w], row)
	}
	thresholds := []float64{.2, .5, .75}
	var phonetic, semantic [3]pairSum
	var all pairSum
	for a := range words {
		for b := a + 1; b < words; b++ {
			d := 0.0
			for _, i := range rows[a] {
				for _, j := range rows[b] {
					d += cosine(x, i, j) / float64(len(rows[a])*len(rows[b]))
				}
			}
			all.add(d)
			for k, limit := range thresholds {
				if a != 7 && b != 7 && float64(phoneDistance(phones[a], phones[b]))/float64(max(len(phones[a]), len(phones[b]))) < limit {
					phonetic[k].add(d)
				}
				if a != 9 && b != 9 && cosine(vectors, a, b) < limit {
					semantic[k].add(d)
				}
			}
		}
	}
	means, counts, err := typeMeans(x, types, true)
	if err != nil || counts[0] != len(rows[0]) {
		t.Fatal(err)
	}
	eachBackend(t, func(t *testing.T, b Backend) {
		var first *WordCurves
		for _, workers := range []int{1, 4} {
			got, err := WordDistance(context.Background(), b, Words{Means: means, Phones: phones, Vectors: vectors}, thresholds, workers)
			if err != nil {
				t.Fatal(err)
			}
			check := func(what string, p WordPairs, want pairSum) {
				t.Helper()
				if p.Pairs != want.pairs {
					t.Errorf("%s: %d pairs, want %d", what, p.Pairs, want.pairs)
				}
				near(t, what, p.Mean, want.sum/float64(want.pairs), 1e-6)
			}
			check("random", got.Random, all)
			for k := range thresholds {
				check("phonetic", got.Phonetic[k], phonetic[k])
				check("semantic", got.Semantic[k], semantic[k])
			}
			if first == nil {
				first = got
			} else if first.Random != got.Random || first.Phonetic[2] != got.Phonetic[2] {
				t.Error("the number of workers changes a bit")
			}
		}
	})
	if _, _, err := typeMeans(x, types[:5], false); err == nil {
		t.Error("too few types")
	}
	plain, _, err := typeMeans(x, types, false)
	if err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for _, row := range rows[3] {
		want += at(x, row, 2) / float64(len(rows[3]))
	}
	near(t, "type mean", at(plain, 3, 2), want, 1e-6)
}

// TestPhoneticPairs counts pairs by the definition: pronunciations of none, one and very many phones, and thresholds of all kinds.
func TestPhoneticPairs(t *testing.T) {
	r := random(101)
	const words = 150
	means := gaussian(r, words, 3)
	phones := make([][]int, words)
	for w := range phones {
		for range r.IntN([]int{2, 6, 40, 90}[w%4]) {
			phones[w] = append(phones[w], 1000*r.IntN(5))
		}
	}
	for _, thresholds := range [][]float64{WordThresholds(), {.5, 1, 1.5}, {-1, 0}, {}} {
		got, err := WordDistance(context.Background(), PureGo(), Words{Means: means, Phones: phones}, thresholds, 2)
		if err != nil {
			t.Fatal(err)
		}
		for k, limit := range thresholds {
			want := 0
			for a := range words {
				for b := a + 1; b < words; b++ {
					if n := max(len(phones[a]), len(phones[b])); len(phones[a]) > 0 && len(phones[b]) > 0 && float64(phoneDistance(phones[a], phones[b]))/float64(n) < limit {
						want++
					}
				}
			}
			if got.Phonetic[k].Pairs != want {
				t.Errorf("below %g of %v: %d pairs, want %d", limit, thresholds, got.Phonetic[k].Pairs, want)
			}
		}
	}
}

func phoneDistance(a, b []int) int {
	d, _ := editdistance.In(a, b, nil)
	return d
}
