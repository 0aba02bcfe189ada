// Package editdistance compares all pairs of words by their phones, which are numbers: millions of short lists, without an
// allocation for each. Single comparisons of names take a library.
package editdistance

import "slices"

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
