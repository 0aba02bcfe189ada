package load

import (
	"cmp"
	"slices"
)

// together are the utterances that a walk over all parts holds at once at the worst: any so many that follow each other (see
// [speechsim/extract.Walk]). The k-th of them is the longest of all that are the k-th longest among so many in a row.
func together(parts []Part, lengths []int, count int) []int {
	longer := func(u, v int) int { return cmp.Or(cmp.Compare(lengths[v], lengths[u]), cmp.Compare(u, v)) }
	var row, sorted, worst []int // the last so many, in their order and by length
	for _, part := range parts {
		for _, u := range part.Utterances {
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
	}
	return worst
}
