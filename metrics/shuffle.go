package metrics

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Shuffle permutes rows for a permutation null: a pairing says which row of y
// goes with each row of x. It breaks the relation between x and y and keeps the
// dependence among the rows of each, because whole blocks of dependent rows are
// permuted: those of a speaker, an utterance or a word type. Permuting single
// rows instead nearly always finds "significant" similarity in unrelated data,
// as soon as the rows of a speaker resemble each other.
//
// Draw k is a function of the seed and k alone.
type Shuffle struct {
	rows int
	draw func(r *rand.Rand, pairing []int)
	seed uint64
	// onto says that a pairing may use a row of y more than once, so that what
	// y is like by itself changes from draw to draw.
	onto bool
	// same is the pairing that changes nothing, where that is not each row with itself: the first row of each row's word type.
	same []int
	// groups are those that are permuted, in the order of the rows; nil for word types.
	groups []block
	// About says what is permuted, for a report.
	About string
}

// Rows is the number of rows that a pairing has.
func (s *Shuffle) Rows() int { return s.rows }

// OfGroups says whether whole groups are permuted, and not word types.
func (s *Shuffle) OfGroups() bool { return s.groups != nil }

// Draw returns pairing k: row r of x goes with row Draw(k)[r] of y.
func (s *Shuffle) Draw(k int) []int {
	pairing := make([]int, s.rows)
	s.draw(rand.New(rand.NewPCG(s.seed, uint64(k))), pairing)
	return pairing
}

// changesNothing says whether each row of x keeps its row of y, or one of the same word type.
func (s *Shuffle) changesNothing(pairing []int) bool {
	if s.same != nil {
		return slices.Equal(pairing, s.same)
	}
	for r, other := range pairing {
		if r != other {
			return false
		}
	}
	return true
}

// PermuteTypes gives each word type the vector of another, for a y whose row is
// a function of the type alone (word vectors). types holds the type of each row,
// from 0. Types repeat, and repeated rows alone make layers alike: a
// permutation of tokens would call that significant.
func PermuteTypes(types []int, seed uint64) (*Shuffle, error) {
	var first []int // the first row of each type
	for row, t := range types {
		for len(first) <= t {
			first = append(first, -1)
		}
		if t < 0 {
			return nil, fmt.Errorf("row %d has type %d; types are numbered from 0", row, t)
		}
		if first[t] < 0 {
			first[t] = row
		}
	}
	for t, row := range first {
		if row < 0 {
			return nil, fmt.Errorf("no row has type %d; types must be numbered without gaps", t)
		}
	}
	if len(first) < 5 {
		return nil, fmt.Errorf("%d word types are too few to permute; at least 5 are needed", len(first))
	}
	same := make([]int, len(types))
	for row, t := range types {
		same[row] = first[t]
	}
	return &Shuffle{rows: len(types), seed: seed, onto: len(types) > len(first), same: same, About: fmt.Sprintf("%d word types permuted", len(first)),
		draw: func(r *rand.Rand, pairing []int) {
			other := r.Perm(len(first))
			for row, t := range types {
				pairing[row] = first[other[t]]
			}
		}}, nil
}
