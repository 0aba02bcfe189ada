package figures

import (
	"math"
	"slices"
)

// merge joins two nodes of a tree at a height. Nodes 0 to n-1 are the leaves,
// node n+k is the k-th merge.
type merge struct {
	a, b   int
	height float64
}

// averageLinkage builds a tree by joining, again and again, the two groups
// whose members are closest on average (UPGMA, Sokal and Michener 1958).
// distance holds n x n values; NaN stands for a pair that is not known, which
// is left out of averages. Groups without any known pair are joined last, at
// the largest known distance. Ties go to the pair that comes first.
func averageLinkage(distance []float64, n int) []merge {
	sum, known := make([]float64, n*n), make([]float64, n*n)
	largest := 0.0
	for k, d := range distance {
		if !math.IsNaN(d) {
			sum[k], known[k] = d, 1
			largest = max(largest, d)
		}
	}
	node := make([]int, n) // of the group whose first leaf has this number; -1: joined to another
	for i := range node {
		node[i] = i
	}
	var merges []merge
	for len(merges) < n-1 {
		bestA, bestB, best := -1, -1, math.Inf(1)
		for a := range n {
			for b := a + 1; b < n && node[a] >= 0; b++ {
				if node[b] < 0 {
					continue
				}
				d := largest
				if known[a*n+b] > 0 {
					d = sum[a*n+b] / known[a*n+b]
				}
				if d < best || bestA < 0 {
					bestA, bestB, best = a, b, d
				}
			}
		}
		merges = append(merges, merge{node[bestA], node[bestB], best})
		for c := range n {
			sum[bestA*n+c] += sum[bestB*n+c]
			known[bestA*n+c] += known[bestB*n+c]
			sum[c*n+bestA], known[c*n+bestA] = sum[bestA*n+c], known[bestA*n+c]
		}
		node[bestA], node[bestB] = n+len(merges)-1, -1
	}
	return merges
}

// leafOrder lists the leaves so that no two branches cross; of two branches,
// the one whose leaves come earlier on average stands first.
func leafOrder(merges []merge, n int) []int {
	members := make([][]int, n, n+len(merges))
	for i := range members {
		members[i] = []int{i}
	}
	average := func(list []int) float64 {
		total := 0
		for _, i := range list {
			total += i
		}
		return float64(total) / float64(len(list))
	}
	for _, m := range merges {
		a, b := members[m.a], members[m.b]
		if average(b) < average(a) {
			a, b = b, a
		}
		members = append(members, slices.Concat(a, b))
	}
	return members[len(members)-1]
}
