// Package editdistance compares all pairs of words by their phones, which are numbers: millions of short lists, many at once. Single
// comparisons of names take a library.
package editdistance

import "slices"

// Words are lists of numbers that are compared with each other. A whole column of the table of distances of two words is worked out at once: one
// bit each says whether it rises or falls from one row to the next (Myers 1999; Hyyrö 2003).
type Words struct {
	lists  [][]int32
	at     []uint32 // [number][stride]: a bit for each place where it stands in a word
	places []uint32 // of each word: a bit for each place
	stride int
	long   []int // the words that have more numbers than there are bits
}

// NewWords are the words of these lists, whose numbers are from 0 up to below bound.
func NewWords(lists [][]int, bound int) *Words {
	const bits, padding = 32, 15 // words are compared sixteen at a time
	w := &Words{lists: make([][]int32, len(lists)), stride: len(lists) + padding}
	w.at, w.places = make([]uint32, max(bound, 1)*w.stride), make([]uint32, w.stride)
	for j, list := range lists {
		w.lists[j] = make([]int32, len(list))
		for i, x := range list {
			w.lists[j][i] = int32(x)
			w.at[x*w.stride+j] |= 1 << i // places beyond are nowhere
			w.places[j] |= 1 << i
		}
		if len(list) > bits {
			w.long = append(w.long, j)
		}
	}
	return w
}

// Distances sets out to the number of insertions, deletions and substitutions that turn word i into word from, and into each that follows
// (Levenshtein 1966).
func (w *Words) Distances(i, from int, out []int32) {
	w.compare(w.lists[i], from, out)
	var row []int
	for _, j := range w.long {
		if k := j - from; k >= 0 && k < len(out) {
			var d int
			d, row = In(w.lists[i], w.lists[j], row)
			out[k] = int32(d)
		}
	}
}

// In is the number of insertions, deletions and substitutions that turn a into b
// (Levenshtein 1966), in the memory of row, which it returns for the next call, grown
// if it must be.
func In[E comparable](a, b []E, row []int) (int, []int) {
	row = slices.Grow(row[:0], len(b)+1)[:len(b)+1]
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		left := i + 1
		row[0] = left
		for j, y := range b {
			above := row[j+1]
			cost := diagonal
			if x != y {
				cost = min(diagonal, left, above) + 1
			}
			diagonal, left = above, cost
			row[j+1] = cost
		}
	}
	return row[len(b)], row
}
