package metrics

import (
	"context"
	"math"
	"sync"

	"speechsim/metrics/internal/linalg"
)

// Blocks of similarities: as many queries by as many candidates at once.
const (
	queryBlock     = 256
	candidateBlock = 4096
	pairBlock      = 1024 // of rows among themselves
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
// Equal similarities are decided by the lower row. The products are computed in
// blocks, so memory does not grow with queries times candidates.
func mostSimilar(ctx context.Context, b Backend, queries, candidates linalg.Dense[float32], k, workers int) ([][]scored, error) {
	found := make([][]scored, queries.Rows)
	blocks := cuts(queries.Rows, queryBlock)
	products := make([][]float32, min(workerCount(workers), len(blocks)))
	parallel(workers, len(blocks)-1, func(worker, q int) {
		if products[worker] == nil {
			products[worker] = make([]float32, queryBlock*candidateBlock)
		}
		from, to := blocks[q], blocks[q+1]
		best := newTopKs(to-from, k)
		for c0 := 0; c0 < candidates.Rows && ctx.Err() == nil; c0 += candidateBlock {
			c1 := min(c0+candidateBlock, candidates.Rows)
			p := linalg.Dense[float32]{Rows: to - from, Cols: c1 - c0, Stride: c1 - c0, Data: products[worker]}
			b.Gemm32(false, true, queries.Slice(from, to, 0, queries.Cols), candidates.Slice(c0, c1, 0, candidates.Cols), p)
			for i := range best {
				for c, s := range p.Row(i) {
					if s >= best[i].least {
						best[i].push(scored{int32(c0 + c), s})
					}
				}
			}
		}
		for i := range best {
			found[from+i] = best[i].sorted()
		}
	})
	return found, ctx.Err()
}

// mostSimilarAmong is mostSimilar of rows among themselves, each one with itself
// among its candidates or not. Every product serves both its rows, which halves
// the work. What a heap keeps does not depend on the order in which blocks come.
func mostSimilarAmong(ctx context.Context, b Backend, rows linalg.Dense[float32], k, workers int, itself bool) ([][]scored, error) {
	blocks := cuts(rows.Rows, pairBlock)
	n := len(blocks) - 1
	best := newTopKs(rows.Rows, k)
	locks := make([]sync.Mutex, n)
	var tasks [][2]int
	for i := range n {
		for j := i; j < n; j++ {
			tasks = append(tasks, [2]int{i, j})
		}
	}
	products := make([][]float32, min(workerCount(workers), len(tasks)))
	parallel(workers, len(tasks), func(worker, t int) {
		if ctx.Err() != nil {
			return
		}
		if products[worker] == nil {
			products[worker] = make([]float32, pairBlock*pairBlock)
		}
		i, j := tasks[t][0], tasks[t][1]
		r0, r1, c0, c1 := blocks[i], blocks[i+1], blocks[j], blocks[j+1]
		p := linalg.Dense[float32]{Rows: r1 - r0, Cols: c1 - c0, Stride: c1 - c0, Data: products[worker]}
		b.Gemm32(false, true, rows.Slice(r0, r1, 0, rows.Cols), rows.Slice(c0, c1, 0, rows.Cols), p)
		locks[i].Lock()
		defer locks[i].Unlock()
		if j > i {
			locks[j].Lock()
			defer locks[j].Unlock()
		}
		offerBoth(p, best, r0, c0, itself)
	})
	found := make([][]scored, rows.Rows)
	parallel(workers, rows.Rows, func(_, r int) { found[r] = best[r].sorted() })
	return found, ctx.Err()
}

// offerBoth offers the products of rows r0... with rows c0... to both; of a block
// on the diagonal, those above it and, if wanted, on it.
func offerBoth(p linalg.Dense[float32], best []topK, r0, c0 int, itself bool) {
	for r := range p.Rows {
		mine := &best[r0+r]
		first := 0
		if r0 == c0 {
			first = r + 1
			if s := p.At(r, r); itself && s >= mine.least {
				mine.push(scored{int32(r0 + r), s})
			}
		}
		others := best[c0 : c0+p.Cols]
		for c, s := range p.Row(r)[first:] {
			if s >= mine.least {
				mine.push(scored{int32(c0 + first + c), s})
			}
			if other := &others[first+c]; s >= other.least {
				other.push(scored{int32(r0 + r), s})
			}
		}
	}
}

// topK keeps the k best of a stream of candidates, in a heap whose root is the
// worst of them. A candidate that scores under least need not be offered.
type topK struct {
	least float32
	heap  []scored
}

// newTopKs returns n empty heaps of k candidates.
func newTopKs(n, k int) []topK {
	all := make([]scored, n*k)
	heaps := make([]topK, n)
	for i := range heaps {
		heaps[i] = topK{least: float32(math.Inf(-1)), heap: all[i*k : i*k : (i+1)*k]}
	}
	return heaps
}

// push adds a candidate, and drops the worst if there are too many.
func (t *topK) push(c scored) {
	if n := len(t.heap); n < cap(t.heap) {
		t.heap = append(t.heap, c)
		for i := n; i > 0; {
			parent := (i - 1) / 2
			if !t.heap[parent].before(t.heap[i]) {
				break
			}
			t.heap[parent], t.heap[i] = t.heap[i], t.heap[parent]
			i = parent
		}
	} else if c.before(t.heap[0]) {
		t.heap[0] = c
		t.sink(0, n)
	}
	if len(t.heap) == cap(t.heap) {
		t.least = t.heap[0].score
	}
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
