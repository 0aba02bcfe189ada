package asif

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"speechsim/metrics"
)

// Answers are what a retrieval found for each query, and what was asked for.
type Answers struct{ asked, found []int32 }

// Answers keeps of a result what a null needs: the word type of each query and of
// its best candidate. types holds the word type of each row.
func (r *Result) Answers(types []int) *Answers {
	a := &Answers{make([]int32, len(r.Retrieved)), make([]int32, len(r.Retrieved))}
	for k, q := range r.Retrieved {
		a.asked[k], a.found[k] = int32(types[q.Row]), int32(q.Types[0])
	}
	return a
}

// frequencyRatio bounds how much more frequent than another a word may be to change
// places with it.
const frequencyRatio = 1.25

// Null draws what top-1 retrieval takes where the words of the two sides have
// nothing to do with each other: word types of about the same frequency change
// places, all rows of a type together, so a query of type t is right if what was
// found is of type π(t). The searches are those of the true pairing: relabelling
// moves no row. Words repeat as they do, and one relabelling serves all retrievals.
//
// Frequent words are asked for and found more often, which alone gives hits: some
// Σ p², far more than 1/types. So frequencies must be kept, and a word that is like
// no other in frequency stays where it is, which makes the test cautious.
//
// types holds the word type of each row, numbered from 0 without gaps.
func Null(answers []*Answers, types []int, seed uint64, draws int) (*metrics.Null, error) {
	bins, moving := frequencyBins(types)
	if moving < 5 {
		return nil, fmt.Errorf("%d word types have others of their frequency to change places with; at least 5 are needed", moving)
	}
	count := 0
	for _, bin := range bins {
		count += len(bin)
	}
	other := make([]int32, count)
	null := &metrics.Null{About: fmt.Sprintf("%d of %d word types permuted as labels, among those of like frequency", moving, count)}
	for k := -1; k < draws; k++ {
		if k >= 0 {
			r := rand.New(rand.NewPCG(seed, uint64(k)))
			for _, bin := range bins {
				for i, j := range r.Perm(len(bin)) {
					other[bin[i]] = int32(bin[j])
				}
			}
		} else {
			for t := range other {
				other[t] = int32(t)
			}
		}
		values := make([]float64, len(answers))
		for i, a := range answers {
			right := 0
			for q, asked := range a.asked {
				if other[asked] == a.found[q] {
					right++
				}
			}
			values[i] = float64(right) / float64(len(a.asked))
		}
		if k < 0 {
			null.Observed = values
		} else {
			null.Draws = append(null.Draws, values)
		}
	}
	return null, nil
}

// frequencyBins puts word types of about the same number of rows together, and
// counts those that are not alone.
func frequencyBins(types []int) (bins [][]int, moving int) {
	counts := make([]int, slices.Max(types)+1)
	for _, t := range types {
		counts[t]++
	}
	order := make([]int, len(counts))
	for t := range order {
		order[t] = t
	}
	slices.SortStableFunc(order, func(a, b int) int { return counts[b] - counts[a] })
	most := 0.0 // of the bin that is being filled
	for _, t := range order {
		if n := float64(counts[t]); len(bins) == 0 || n*frequencyRatio < most {
			bins, most = append(bins, nil), n
		}
		bins[len(bins)-1] = append(bins[len(bins)-1], t)
	}
	for _, bin := range bins {
		if len(bin) > 1 {
			moving += len(bin)
		}
	}
	return bins, moving
}
