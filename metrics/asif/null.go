package asif

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"speechsim/metrics"
)

// Answers are what a retrieval found for each query, the best first, and what was asked for.
type Answers struct {
	asked  []int32
	found  [][]int32
	byType bool
}

// ByType says whether what was asked with is the same for all tokens of a word: then there is no null.
func (a *Answers) ByType() bool { return a.byType }

// Answers keeps of a result what a null needs: the word type of each query and those
// of its best candidates. types holds the word type of each row.
func (r *Result) Answers(types []int) *Answers {
	a := &Answers{make([]int32, len(r.Retrieved)), make([][]int32, len(r.Retrieved)), r.ByType}
	for k, q := range r.Retrieved {
		a.asked[k] = int32(types[q.Row])
		for _, t := range q.Types {
			a.found[k] = append(a.found[k], int32(t))
		}
	}
	return a
}

// share is top-1 where the types asked for are others. Queries are few and so are the values that it can take: of equal ones, that is
// larger by at most a billionth whose words come earlier among the candidates that follow. Else each tie would count against a value.
func (a *Answers) share(other []int32) float64 {
	right, later := 0, 0.0
	for q, asked := range a.asked {
		switch at := slices.Index(a.found[q], other[asked]); {
		case at == 0:
			right++
		case at > 0:
			later += 1 / float64(at+1)
		}
	}
	return (float64(right) + 1e-9*later) / float64(len(a.asked))
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
// no other in frequency stays where it is. With fewer than 40 queries for words that
// change places there is no null: hits are so few then that the test would hardly ever
// find anything, and less than it says where there is nothing.
//
// types holds the word type of each row, numbered from 0 without gaps.
func Null(answers []*Answers, types []int, seed uint64, draws int) (*metrics.Null, error) {
	bins, moving := frequencyBins(types)
	if moving < 5 {
		return nil, fmt.Errorf("%w: %d word types have others of their frequency to change places with, and at least 5 are needed", ErrFew, moving)
	}
	count := 0
	for _, bin := range bins {
		count += len(bin)
	}
	for _, a := range answers {
		if a.byType {
			return nil, ErrByType
		}
		if n := a.changing(bins); n < fewestQueries {
			return nil, fmt.Errorf("%w: %d queries ask for words that have others of their frequency to change places with, and at least %d are needed", ErrFew, n, fewestQueries)
		}
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
			values[i] = a.share(other)
		}
		if k < 0 {
			null.Observed = values
		} else {
			null.Draws = append(null.Draws, values)
		}
	}
	return null, nil
}

// ErrFew is the error of a null of too few words or queries.
var ErrFew = errors.New("too little to permute")

// ErrByType is the error of a null where the rows of x are the same for all tokens of a word: each word then finds itself whatever y is like, and other
// labels do not, so that p would be small for y that have nothing to do with x.
var ErrByType = errors.New("the rows of x are the same for all tokens of a word, which finds itself by that alone")

// fewestQueries is below what a null says too little: docs/calibration.md.
const fewestQueries = 40

// changing counts the queries for words that change places.
func (a *Answers) changing(bins [][]int) (n int) {
	alone := map[int32]bool{}
	for _, bin := range bins {
		if len(bin) == 1 {
			alone[int32(bin[0])] = true
		}
	}
	for _, asked := range a.asked {
		if !alone[asked] {
			n++
		}
	}
	return n
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
