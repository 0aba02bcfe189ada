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
			w := &work[worker]
			p := w.multiply(b, queries.Slice(from, to, 0, queries.Cols), candidates.Slice(c0, c1, 0, candidates.Cols))
			for r := range p.Rows {
				for _, c := range linalg.Reaching(w.found, p.Row(r), best.least[from+r], nil) {
					best.push(from+r, Score(c0+int(c), p.At(r, int(c))))
				}
			}
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
		w := &work[worker]
		p := w.multiply(b, rows.Slice(r0, r1, 0, rows.Cols), rows.Slice(c0, c1, 0, rows.Cols))
		locks[i].Lock()
		defer locks[i].Unlock()
		if j > i {
			locks[j].Lock()
			defer locks[j].Unlock()
		}
		best.offerBoth(p, r0, c0, itself, w.found)
	})
	return best.sorted(workers), ctx.Err()
}

// products is what one worker computes a block of similarities in.
type products struct {
	block []float32
	found []int32 // of one row: where candidates are that may be kept
}

func newProducts(workers, rows, cols int) []products {
	all := make([]products, workers)
	for w := range all {
		all[w] = products{make([]float32, rows*cols), make([]int32, cols)}
	}
	return all
}

// multiply returns the inner products of the rows of x and y, until the next call.
func (w *products) multiply(b linalg.Backend, x, y linalg.Dense[float32]) linalg.Dense[float32] {
	p := linalg.Dense[float32]{Rows: x.Rows, Cols: y.Rows, Stride: y.Rows, Data: w.block[:x.Rows*y.Rows]}
	b.Gemm32(false, true, x, y, p)
	return p
}

// topKs keep, for each of several rows, the k best of a stream of candidates.
// Candidates gather behind those kept; when there is no more room the best k are
// selected, which costs less than keeping an order all the time.
type topKs struct {
	k     int
	least []float32 // of each row: a candidate under it need not be offered
	kept  [][]Scored
}

func newTopKs(n, k int) *topKs {
	room := k + max(k, 64)
	all := make([]Scored, n*room)
	t := &topKs{k: k, least: make([]float32, n), kept: make([][]Scored, n)}
	for r := range n {
		t.least[r] = float32(math.Inf(-1))
		t.kept[r] = all[r*room : r*room : (r+1)*room]
	}
	return t
}

// push offers a candidate to row r.
func (t *topKs) push(r int, c Scored) {
	kept := append(t.kept[r], c)
	if len(kept) == cap(kept) {
		selectLargest(kept, t.k)
		kept = kept[:t.k]
		t.least[r] = slices.Min(kept).Similarity()
	}
	t.kept[r] = kept
}

// offerBoth offers the products of rows r0... with rows c0... to both; of a block
// on the diagonal, those above it and, if wanted, on it. found is scratch.
func (t *topKs) offerBoth(p linalg.Dense[float32], r0, c0 int, itself bool, found []int32) {
	for r := range p.Rows {
		mine, first := r0+r, 0
		if r0 == c0 {
			first = r + 1
			if itself {
				t.push(mine, Score(mine, p.At(r, r)))
			}
		}
		row := p.Row(r)[first:]
		for _, c := range linalg.Reaching(found, row, t.least[mine], t.least[c0+first:]) {
			s, other := row[c], c0+first+int(c)
			if s >= t.least[mine] {
				t.push(mine, Score(other, s))
			}
			if s >= t.least[other] {
				t.push(other, Score(mine, s))
			}
		}
	}
}

// sorted returns the candidates of each row, best first.
func (t *topKs) sorted(workers int) [][]Scored {
	parallel.Run(workers, len(t.kept), func(_, r int) {
		kept := t.kept[r]
		selectLargest(kept, t.k)
		kept = kept[:min(t.k, len(kept))]
		slices.SortFunc(kept, Better)
		t.kept[r] = kept
	})
	return t.kept
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
