// Package topk finds the rows that are most similar to others, without the
// matrix of all similarities.
package topk

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// Blocks of similarities: as many queries by as many candidates at once.
const (
	queryBlock     = 512
	candidateBlock = 2048
	pairBlock      = 1024 // of rows among themselves
)

// Scored is a candidate row and its similarity, packed so that of two candidates
// the better one is the larger number: the bits of the similarity, made to
// ascend, and below them the complement of the row. So the more similar comes
// first, and among equals the one with the lower row number.
type Scored uint64

// Score packs a candidate.
func Score(row int, similarity float32) Scored {
	bits := math.Float32bits(similarity + 0) // -0 is 0
	if bits>>31 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 31
	}
	return Scored(bits)<<32 | Scored(^uint32(row))
}

// Row is the candidate's.
func (s Scored) Row() int { return int(^uint32(s)) }

// Similarity is the number that was packed, but 0 for -0.
func (s Scored) Similarity() float32 {
	bits := uint32(s >> 32)
	if bits>>31 == 1 {
		return math.Float32frombits(bits &^ (1 << 31))
	}
	return math.Float32frombits(^bits)
}

// Better sorts the best candidate first.
func Better(a, b Scored) int { return cmp.Compare(b, a) }

// MostSimilar finds, for each row of queries, the k candidates with the largest
// inner products, best first: [queries][k], or fewer if there are not as many.
// Equal similarities are decided by the lower row. The products are computed in
// blocks, so memory does not grow with queries times candidates.
func MostSimilar(ctx context.Context, b linalg.Backend, queries, candidates linalg.Dense[float32], k, workers int) ([][]Scored, error) {
	best := newTopKs(queries.Rows, k)
	blocks := parallel.Cuts(queries.Rows, queryBlock)
	work := newProducts(min(parallel.Workers(workers), len(blocks)), queryBlock, candidateBlock)
	parallel.Run(workers, len(blocks)-1, func(worker, q int) {
		from, to := blocks[q], blocks[q+1]
		for c0 := 0; c0 < candidates.Rows && ctx.Err() == nil; c0 += candidateBlock {
			c1 := min(c0+candidateBlock, candidates.Rows)
			p := work[worker].multiply(b, queries.Slice(from, to, 0, queries.Cols), candidates.Slice(c0, c1, 0, candidates.Cols))
			best.offer(p, from, c0)
		}
	})
	return best.sorted(workers), ctx.Err()
}

// MostSimilarAmong is MostSimilar of rows among themselves, each one with itself
// among its candidates or not. Every product serves both its rows, which halves
// the work. What is kept does not depend on the order in which blocks come.
func MostSimilarAmong(ctx context.Context, b linalg.Backend, rows linalg.Dense[float32], k, workers int, itself bool) ([][]Scored, error) {
	blocks := parallel.Cuts(rows.Rows, pairBlock)
	n := len(blocks) - 1
	best := newTopKs(rows.Rows, k)
	locks := make([]sync.Mutex, n)
	var tasks [][2]int
	for i := range n {
		for j := i; j < n; j++ {
			tasks = append(tasks, [2]int{i, j})
		}
	}
	work := newProducts(min(parallel.Workers(workers), len(tasks)), pairBlock, pairBlock)
	parallel.Run(workers, len(tasks), func(worker, t int) {
		if ctx.Err() != nil {
			return
		}
		i, j := tasks[t][0], tasks[t][1]
		r0, r1, c0, c1 := blocks[i], blocks[i+1], blocks[j], blocks[j+1]
		p := work[worker].multiply(b, rows.Slice(r0, r1, 0, rows.Cols), rows.Slice(c0, c1, 0, rows.Cols))
		locks[i].Lock()
		defer locks[i].Unlock()
		if j > i {
			locks[j].Lock()
			defer locks[j].Unlock()
		}
		best.offerBoth(p, r0, c0, itself)
	})
	return best.sorted(workers), ctx.Err()
}

// products is what one worker computes a block of similarities in.
type products []float32

func newProducts(workers, rows, cols int) []products {
	all := make([]products, workers)
	for w := range all {
		all[w] = make(products, rows*cols)
	}
	return all
}

// multiply returns the inner products of the rows of x and y, until the next call.
func (w products) multiply(b linalg.Backend, x, y linalg.Dense[float32]) linalg.Dense[float32] {
	p := linalg.Dense[float32]{Rows: x.Rows, Cols: y.Rows, Stride: y.Rows, Data: w[:x.Rows*y.Rows]}
	b.Gemm32(false, true, x, y, p)
	return p
}

// topKs keep, for each of several rows, the k best of a stream of candidates.
// Candidates gather behind those kept; when there is no more room the best k are
// selected, which costs less than keeping an order all the time.
type topKs struct {
	k, room int
	least   []float32 // of each row: a candidate under it need not be offered
	count   []int32   // of each row: the candidates that are kept
	kept    []Scored  // room for each row
}

func newTopKs(n, k int) *topKs {
	room := k + max(k, 64)
	t := &topKs{k: k, room: room, least: make([]float32, n), count: make([]int32, n), kept: make([]Scored, n*room)}
	for r := range n {
		t.least[r] = float32(math.Inf(-1))
	}
	return t
}

// of returns what row r keeps, and room for more.
func (t *topKs) of(r int) []Scored {
	from := r * t.room
	return t.kept[from : from+int(t.count[r]) : from+t.room]
}

// sorted returns the candidates of each row, best first.
func (t *topKs) sorted(workers int) [][]Scored {
	out := make([][]Scored, len(t.count))
	parallel.Run(workers, len(out), func(_, r int) {
		kept := t.of(r)
		selectLargest(kept, t.k)
		kept = kept[:min(t.k, len(kept))]
		slices.Sort(kept)
		slices.Reverse(kept)
		out[r] = kept
	})
	return out
}
