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
	rows  int
	turns []int                                        // how many things are put into another order, for each set of things that are
	draw  func(order func(n int) []int, pairing []int) // asks for an order of each set in turns
	seed  uint64
	each  bool // draw k is order k + 1 of all, of which 0 changes nothing, and not a random one
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
	order := rand.New(rand.NewPCG(s.seed, uint64(k))).Perm
	if s.each {
		rest := k + 1
		order = func(n int) []int {
			of := rest % factorial(n)
			rest /= factorial(n)
			return orderOf(n, of)
		}
	}
	s.draw(order, pairing)
	return pairing
}

// Exhaust returns the shuffle that takes each order once, and how many those are beside the true one, where they are no more than the draws that
// are asked for: p is then that of all orders, and none is smaller than these can give. Else it returns what it is given.
func (s *Shuffle) Exhaust(draws int) (*Shuffle, int) {
	orders := 1
	for _, n := range s.turns {
		if n > 12 || orders > draws {
			return s, draws
		}
		orders *= factorial(n)
	}
	if s.each || len(s.turns) == 0 || orders-1 > draws {
		return s, draws
	}
	all := *s
	all.each, all.About = true, fmt.Sprintf("%s, each of %d orders once", s.About, orders)
	return &all, orders - 1
}

// factorial is the number of orders of at most 12 things.
func factorial(n int) int {
	product := 1
	for k := 2; k <= n; k++ {
		product *= k
	}
	return product
}

// orderOf is one of the orders of n things by its number; 0 leaves them in theirs.
func orderOf(n, number int) []int {
	left, out := identity(n), make([]int, 0, n)
	for k := n - 1; k >= 0; k-- {
		at := number / factorial(k)
		number %= factorial(k)
		out, left = append(out, left[at]), slices.Delete(left, at, at+1)
	}
	return out
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
	return &Shuffle{rows: len(types), turns: []int{len(first)}, seed: seed, onto: len(types) > len(first), same: same, About: fmt.Sprintf("%d word types permuted", len(first)),
		draw: func(order func(n int) []int, pairing []int) {
			other := order(len(first))
			for row, t := range types {
				pairing[row] = first[other[t]]
			}
		}}, nil
}
