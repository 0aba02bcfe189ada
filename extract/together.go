package extract

import (
	"cmp"
	"slices"
)

// Together are the utterances that a [Walk] on so many workers holds at once at the worst: 2 x workers of those given, which may be any that
// follow each other. The k-th is the longest of all that are the k-th longest among so many in a row. Those without a length are left out.
func Together(utterances, lengths []int, workers int) []int {
	count := 2 * workers
	longer := func(u, v int) int { return cmp.Or(cmp.Compare(lengths[v], lengths[u]), cmp.Compare(u, v)) }
	var row, sorted, worst []int // the last so many, in their order and by length
	for _, u := range utterances {
		if lengths[u] <= 0 {
			continue
		}
		if len(row) == count {
			at, _ := slices.BinarySearchFunc(sorted, row[0], longer)
			row, sorted = row[1:], slices.Delete(sorted, at, at+1)
		}
		at, _ := slices.BinarySearchFunc(sorted, u, longer)
		row, sorted = append(row, u), slices.Insert(sorted, at, u)
		for k, v := range sorted {
			if k == len(worst) {
				worst = append(worst, v)
			} else if lengths[v] > lengths[worst[k]] {
				worst[k] = v
			}
		}
	}
	return worst
}
