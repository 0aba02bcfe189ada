// Package editdistance compares all pairs of words by their phones, which are numbers: millions of short lists, without an
// allocation for each. Single comparisons of names take a library.
package editdistance

import "slices"

// Word is a list of numbers that many others are compared with.
type Word struct {
	list []int
	at   []uint64 // of each number: the places where it stands in the list
	row  []int
}

// Set makes it the word of list, whose numbers, and those of all lists it is compared with, are from 0 up to below bound.
func (w *Word) Set(list []int, bound int) {
	w.list, w.at = list, slices.Grow(w.at[:0], bound)[:bound]
	clear(w.at)
	for i, x := range list {
		w.at[x] |= 1 << i // places beyond 64 are nowhere
	}
}

// To is the number of insertions, deletions and substitutions that turn the word into b (Levenshtein 1966). A whole column of the table of
// distances is worked out at once: one bit each says whether it rises or falls from one row to the next (Myers 1999; Hyyrö 2003).
func (w *Word) To(b []int) int {
	n := len(w.list)
	if n == 0 {
		return len(b)
	}
	if n > 64 {
		var d int
		d, w.row = In(w.list, b, w.row)
		return d
	}
	rises, falls, distance, last := ^uint64(0), uint64(0), n, uint64(1)<<(n-1)
	for _, y := range b {
		same := w.at[y]
		vertical := same | falls
		diagonal := ((same & rises) + rises) ^ rises | same
		up := falls | ^(diagonal | rises)
		down := rises & diagonal
		if up&last != 0 {
			distance++
		} else if down&last != 0 {
			distance--
		}
		up = up<<1 | 1
		rises = down<<1 | ^(vertical | up)
		falls = up & vertical
	}
	return distance
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
