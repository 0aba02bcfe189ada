package metrics

import (
	"cmp"
	"fmt"
	"slices"
)

// FewestGroups are the fewest groups that can be exchanged: the 24
// permutations of four hardly reach p < .05.
const FewestGroups = 5

// CountGroups counts the groups that have rows.
func CountGroups(sizes []int) int {
	count := 0
	for _, n := range sizes {
		if n > 0 {
			count++
		}
	}
	return count
}

// PermuteGroups exchanges whole groups of rows, of any size. sizes are the rows
// of each group, in the order of the rows.
//
// Groups can only stand for each other row by row when they are of one size. So
// groups of like size are binned, at least 5 in a bin; each is cut to the
// shortest of its bin, and groups are exchanged within bins. Bins are chosen, and
// the smallest groups left out, such that most rows are kept. rows lists those,
// in their order: pairings are of them, and so must be the observed value that a
// null is compared with.
//
// What is exchangeable is the content of groups of a bin, given their sizes: the
// choice of rows depends on the sizes alone. Where x and y are unrelated, the
// observed pairing is then one of the permutations like any other, and p holds
// exactly, for every metric and every dependence of the rows within a group.
// (Rows shifted in a circle, or rows taken again to fill up a group, are no such
// permutations.)
func PermuteGroups(sizes []int, seed uint64) (s *Shuffle, rows []int, err error) {
	for g, n := range sizes {
		if n < 1 {
			return nil, nil, fmt.Errorf("group %d has no rows", g)
		}
	}
	bins := binGroups(sizes)
	if bins == nil {
		return nil, nil, fmt.Errorf("%d groups are too few to permute; at least %d are needed", len(sizes), FewestGroups)
	}
	length := make([]int, len(sizes)) // kept rows of each group
	groups := 0
	for _, bin := range bins {
		for _, g := range bin.groups {
			length[g] = bin.size
		}
		groups += len(bin.groups)
	}
	kept := make([]block, len(sizes))
	for b, bin := range bins {
		for _, g := range bin.groups {
			kept[g].bin = b
		}
	}
	total := 0
	for g, n := range sizes {
		kept[g].from, kept[g].rows = len(rows), length[g]
		for r := range length[g] {
			rows = append(rows, total+r)
		}
		total += n
	}
	about := fmt.Sprintf("%d groups of %d rows permuted", groups, bins[0].size)
	if len(rows) < total || len(bins) > 1 {
		about = fmt.Sprintf("%d groups permuted among those of like size, %d of %d rows", groups, len(rows), total)
	}
	blocks := slices.DeleteFunc(slices.Clone(kept), func(b block) bool { return b.rows == 0 })
	var turns []int
	for _, bin := range bins {
		turns = append(turns, len(bin.groups))
	}
	return &Shuffle{rows: len(rows), turns: turns, seed: seed, About: about, groups: blocks, draw: func(order func(n int) []int, pairing []int) {
		for _, bin := range bins {
			for k, other := range order(len(bin.groups)) {
				to, from := kept[bin.groups[k]].from, kept[bin.groups[other]].from
				for i := range bin.size {
					pairing[to+i] = from + i
				}
			}
		}
	}}, rows, nil
}

// block is the rows of a group among those that are kept, and the bin of groups that it is exchanged with.
type block struct{ from, rows, bin int }

// bin is groups that are exchanged with each other, cut to one size.
type bin struct {
	groups []int // in their order
	size   int
}

// binGroups bins groups by size such that most rows are kept; nil where there are
// too few.
func binGroups(sizes []int) []bin {
	order := make([]int, len(sizes)) // from the largest to the smallest
	for g := range order {
		order[g] = g
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sizes[b], sizes[a]) })
	// best[i] is the most rows that bins of the i largest groups keep. A bin of
	// twice the fewest groups keeps no more than its halves.
	best, last := make([]int, len(sizes)+1), make([]int, len(sizes)+1)
	for i := 1; i <= len(sizes); i++ {
		best[i] = -1
		for n := FewestGroups; n < 2*FewestGroups && n <= i; n++ {
			if rows := best[i-n] + n*sizes[order[i-1]]; best[i-n] >= 0 && rows > best[i] {
				best[i], last[i] = rows, n
			}
		}
	}
	end := 0
	for i, rows := range best {
		if rows >= best[end] {
			end = i
		}
	}
	var bins []bin
	for i := end; i > 0; i -= last[i] {
		b := bin{slices.Clone(order[i-last[i] : i]), sizes[order[i-1]]}
		if n := len(bins); n > 0 && bins[n-1].size == b.size { // of one size: one bin
			bins[n-1].groups = append(bins[n-1].groups, b.groups...)
		} else {
			bins = append(bins, b)
		}
	}
	for _, b := range bins {
		slices.Sort(b.groups)
	}
	return bins
}
