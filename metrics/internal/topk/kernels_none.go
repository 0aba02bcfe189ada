//go:build !cgo

package topk

import (
	"slices"

	"speechsim/metrics/internal/linalg"
)

// offer offers the similarities of a block, of rows r0... with candidates c0...,
// to its rows.
func (t *topKs) offer(p linalg.Dense[float32], r0, c0 int) {
	for r := range p.Rows {
		for c, s := range p.Row(r) {
			if s >= t.least[r0+r] {
				t.push(r0+r, Score(c0+c, s))
			}
		}
	}
}

// offerBoth offers the products of rows r0... with rows c0... to both; of a block
// on the diagonal, those above it and, if wanted, on it.
func (t *topKs) offerBoth(p linalg.Dense[float32], r0, c0 int, itself bool) {
	for r := range p.Rows {
		mine, first := r0+r, 0
		if r0 == c0 {
			first = r + 1
			if s := p.At(r, r); itself && s >= t.least[mine] {
				t.push(mine, Score(mine, s))
			}
		}
		for c, s := range p.Row(r)[first:] {
			other := c0 + first + c
			if s >= t.least[mine] {
				t.push(mine, Score(other, s))
			}
			if s >= t.least[other] {
				t.push(other, Score(mine, s))
			}
		}
	}
}

// push offers a candidate to row r.
func (t *topKs) push(r int, c Scored) {
	kept := append(t.of(r), c)
	if len(kept) == t.room {
		selectLargest(kept, t.k)
		kept = kept[:t.k]
		t.least[r] = slices.Min(kept).Similarity()
	}
	t.count[r] = int32(len(kept))
}

// selectLargest moves the k largest, all different, to the front (Hoare's quickselect).
func selectLargest(s []Scored, k int) {
	for from, to := 0, len(s); k > from && k < to; {
		a, b, c := s[from], s[(from+to)/2], s[to-1]
		pivot := max(min(a, b), min(max(a, b), c)) // the median
		i, j := from, to-1
		for {
			for s[i] > pivot {
				i++
			}
			for s[j] < pivot {
				j--
			}
			if i >= j {
				break
			}
			s[i], s[j] = s[j], s[i]
			i, j = i+1, j-1
		}
		if i < k { // the first i are larger than, or are, the pivot
			from = i
		} else {
			to = i
		}
	}
}
