package metrics

import (
	"fmt"
	"math/rand/v2"
)

// ASIFAnswers are what a retrieval found for each query, and what was asked for.
type ASIFAnswers struct{ asked, found []int32 }

// Answers keeps of a result what a null needs: the word type of each query and of
// its best candidate. types holds the word type of each row.
func (r *ASIFResult) Answers(types []int) *ASIFAnswers {
	a := &ASIFAnswers{make([]int32, len(r.Retrieved)), make([]int32, len(r.Retrieved))}
	for k, q := range r.Retrieved {
		a.asked[k], a.found[k] = int32(types[q.Row]), int32(q.Types[0])
	}
	return a
}

// NullASIF draws what top-1 retrieval takes where the words of the two sides have
// nothing to do with each other: each word type gets the place of another, all of
// its rows together, so a query of type t is right if what was found is of type
// π(t). The searches are those of the true pairing: relabelling moves no row. Words
// repeat as they do, and one relabelling serves all retrievals.
//
// types is the number of word types of all rows. It is the chance of hitting a word, some 1/types; what answering
// with the most frequent word gives is ASIFResult.Majority.
func NullASIF(answers []*ASIFAnswers, types int, seed uint64, draws int) (*Null, error) {
	if types < 5 {
		return nil, fmt.Errorf("%d word types are too few to permute; at least 5 are needed", types)
	}
	null := &Null{About: fmt.Sprintf("%d word types permuted as labels", types)}
	for k := -1; k < draws; k++ {
		var other []int
		if k >= 0 {
			other = rand.New(rand.NewPCG(seed, uint64(k))).Perm(types)
		}
		values := make([]float64, len(answers))
		for i, a := range answers {
			right := 0
			for q, asked := range a.asked {
				if other != nil {
					asked = int32(other[asked])
				}
				if asked == a.found[q] {
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
