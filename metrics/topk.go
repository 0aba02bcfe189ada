package metrics

import (
	"context"

	"speechsim/metrics/internal/linalg"
)

// Blocks of similarities: as many queries by as many candidates at once.
const (
	queryBlock     = 256
	candidateBlock = 4096
)

// scored is a candidate row and its similarity.
type scored struct {
	row   int32
	score float32
}

// before orders candidates: the more similar first, and among equals the one
// with the lower row number.
func (a scored) before(b scored) bool {
	return a.score > b.score || a.score == b.score && a.row < b.row
}

// mostSimilar finds, for each row of queries, the k candidates with the largest
// inner products, best first: [queries][k], or fewer if there are not as many.
// Equal similarities are decided by the lower row. skip, if not nil, is a
// candidate that a query does not get (itself). The products are computed in
// blocks, so memory does not grow with queries times candidates.
func mostSimilar(ctx context.Context, b Backend, queries, candidates linalg.Dense[float32], k, workers int, skip func(query int) int) ([][]scored, error) {
	found := make([][]scored, queries.Rows)
	blocks := cuts(queries.Rows, queryBlock)
	products := make([][]float32, min(workerCount(workers), len(blocks)))
	parallel(workers, len(blocks)-1, func(worker, q int) {
		if products[worker] == nil {
			products[worker] = make([]float32, queryBlock*candidateBlock)
		}
		from, to := blocks[q], blocks[q+1]
		best := make([]topK, to-from)
		for i := range best {
			best[i] = newTopK(k)
		}
		for c0 := 0; c0 < candidates.Rows && ctx.Err() == nil; c0 += candidateBlock {
			c1 := min(c0+candidateBlock, candidates.Rows)
			p := linalg.Dense[float32]{Rows: to - from, Cols: c1 - c0, Stride: c1 - c0, Data: products[worker]}
			b.Gemm32(false, true, queries.Slice(from, to, 0, queries.Cols), candidates.Slice(c0, c1, 0, candidates.Cols), p)
			for i := range best {
				without := -1
				if skip != nil {
					without = skip(from+i) - c0
				}
				best[i].offer(p.Row(i), c0, without)
			}
		}
		for i := range best {
			found[from+i] = best[i].sorted()
		}
	})
	return found, ctx.Err()
}

// topK keeps the k best of a stream of candidates, in a heap whose root is the
// worst of them.
type topK struct {
	k    int
	heap []scored
}

func newTopK(k int) topK { return topK{k: k, heap: make([]scored, 0, k)} }

// offer takes the scores of rows first, first+1, ... but the one at without.
func (t *topK) offer(scores []float32, first, without int) {
	for i, s := range scores {
		if len(t.heap) == t.k && s <= t.heap[0].score { // rows come in order, so an equal one is after
			continue
		}
		if i != without {
			t.push(scored{int32(first + i), s})
		}
	}
}

// push adds a candidate, and drops the worst if there are too many.
func (t *topK) push(c scored) {
	if len(t.heap) < t.k {
		t.heap = append(t.heap, c)
		for i := len(t.heap) - 1; i > 0; {
			parent := (i - 1) / 2
			if !t.heap[parent].before(t.heap[i]) {
				return
			}
			t.heap[parent], t.heap[i] = t.heap[i], t.heap[parent]
			i = parent
		}
		return
	}
	if t.k == 0 || !c.before(t.heap[0]) {
		return
	}
	t.heap[0] = c
	t.sink(0, len(t.heap))
}

// sink moves element i down until its children come before it.
func (t *topK) sink(i, n int) {
	for {
		worst := i
		for child := 2*i + 1; child <= 2*i+2 && child < n; child++ {
			if t.heap[worst].before(t.heap[child]) {
				worst = child
			}
		}
		if worst == i {
			return
		}
		t.heap[i], t.heap[worst] = t.heap[worst], t.heap[i]
		i = worst
	}
}

// sorted returns the candidates, best first. The heap is used up.
func (t *topK) sorted() []scored {
	for n := len(t.heap) - 1; n > 0; n-- {
		t.heap[0], t.heap[n] = t.heap[n], t.heap[0]
		t.sink(0, n)
	}
	return t.heap
}
