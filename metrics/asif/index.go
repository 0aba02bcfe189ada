package asif

import (
	"math"
	"slices"

	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
	"speechsim/metrics/internal/topk"
)

// relative returns the relative representation: the similarities to the power
// p, divided by the largest magnitude to the power p, and the logarithm of that
// divisor.
func relative(similar []topk.Scored, p int) (weights []float64, logScale float64) {
	largest := 0.0
	for _, s := range similar {
		largest = max(largest, math.Abs(float64(s.Similarity())))
	}
	weights = make([]float64, len(similar))
	if largest == 0 {
		return weights, 0
	}
	for i, s := range similar {
		weights[i] = power(float64(s.Similarity())/largest, p)
	}
	return weights, float64(p) * math.Log(largest)
}

// power returns x to the power p >= 1, by squaring.
func power(x float64, p int) float64 {
	result := 1.0
	for ; p > 0; p /= 2 {
		if p%2 == 1 {
			result *= x
		}
		x *= x
	}
	return result
}

// anchorIndex is the candidates' relative representations, by anchor: what the
// anchor weighs in each candidate that keeps it.
type anchorIndex struct {
	candidates int
	weights    linalg.Sparse // [anchor, candidate]
}

// relativeIndex builds the index. Of similarities in order, the first o.K are the
// o.K largest.
func relativeIndex(c *Candidates, o Options) *anchorIndex {
	starts := make([]int64, c.rows+1)
	kept := make([][]topk.Scored, len(c.found))
	weights := make([][]float32, len(c.found))
	parallel.Run(o.Workers, len(c.found), func(_, k int) {
		kept[k] = c.expand(c.found[k], o.K)
		w, _ := relative(kept[k], o.P)
		norm := 0.0
		for _, v := range w {
			norm += v * v
		}
		weights[k] = make([]float32, len(w))
		for i, v := range w {
			if norm > 0 {
				weights[k][i] = float32(v / math.Sqrt(norm))
			}
		}
	})
	for k := range kept {
		for _, s := range kept[k] {
			starts[s.Row()+1] += int64(len(c.copies[k]))
		}
	}
	for a := range c.rows {
		starts[a+1] += starts[a]
	}
	entries := make([]linalg.SparseEntry, starts[c.rows])
	next := slices.Clone(starts)
	for k := range kept {
		for i, s := range kept[k] {
			for _, candidate := range c.copies[k] {
				entries[next[s.Row()]] = linalg.SparseEntry{Column: candidate, Value: weights[k][i]}
				next[s.Row()]++
			}
		}
	}
	return &anchorIndex{c.rows, linalg.Sparse{Starts: starts, Entries: entries}}
}

// distinct returns the first of each set of identical rows, and the rows of
// each set, both in order.
func distinct(y linalg.Dense[float32]) (first []int, copies [][]int32) {
	seen := map[uint64][]int{} // places in first, by a hash of the row
	for r := range y.Rows {
		row, hash := y.Row(r), uint64(0)
		for _, v := range row {
			hash = (hash ^ uint64(math.Float32bits(v))) * 0x9e3779b97f4a7c15
			hash ^= hash >> 32
		}
		at := slices.IndexFunc(seen[hash], func(k int) bool { return slices.Equal(y.Row(first[k]), row) })
		if at < 0 {
			at = len(seen[hash])
			seen[hash] = append(seen[hash], len(first))
			first, copies = append(first, r), append(copies, nil)
		}
		k := seen[hash][at]
		copies[k] = append(copies[k], int32(r))
	}
	return first, copies
}

// expand replaces distinct rows, best first, by all their copies, and keeps k.
func (c *Candidates) expand(found []topk.Scored, k int) []topk.Scored {
	if len(c.copies) == c.rows { // there are none
		return found[:min(k, len(found))]
	}
	out := make([]topk.Scored, 0, k)
	for i, s := range found {
		if len(out) >= k && s.Similarity() < found[i-1].Similarity() {
			break
		}
		for _, r := range c.copies[s.Row()] {
			out = append(out, topk.Score(int(r), s.Similarity()))
		}
	}
	slices.SortFunc(out, topk.Better) // copies of rows with equal similarities go by row number
	return out[:min(k, len(out))]
}

// retrieve scores all candidates for one query. scores is scratch, one a candidate.
func (x *anchorIndex) retrieve(similar []topk.Scored, scores []float64, t *Task, row int, o Options) Query {
	clear(scores)
	weights, logScale := relative(similar, o.P)
	anchors, norm := make([]int32, len(similar)), 0.0
	for i, s := range similar {
		anchors[i] = int32(s.Row())
		norm += weights[i] * weights[i]
	}
	x.weights.AddRows(scores, anchors, weights)
	query := Query{Row: row, Known: t.known[t.types[row]]}
	order := bestCandidates(scores, o.Top, func(candidate int) int { return t.types[t.anchors[candidate]] })
	for _, c := range order.rows {
		query.Rows = append(query.Rows, t.anchors[c])
		query.Scores = append(query.Scores, scores[c]*math.Exp(logScale))
	}
	for _, c := range order.types {
		query.Types = append(query.Types, t.types[t.anchors[c]])
		similarity := 0.0
		if norm > 0 {
			similarity = scores[c] / math.Sqrt(norm)
		}
		query.Similarities = append(query.Similarities, similarity)
	}
	query.Right = query.Types[0] == t.types[row]
	return query
}

// ranking are the best candidates, and the best candidate of each of the best types.
type ranking struct{ rows, types []int }

// bestCandidates selects the top rows, and the top types by their best row.
func bestCandidates(scores []float64, top int, typeOf func(candidate int) int) ranking {
	var r ranking
	insert := func(list []int, c int) []int {
		at := len(list)
		for at > 0 && scores[c] > scores[list[at-1]] { // candidates come in order
			at--
		}
		list = slices.Insert(list, at, c)
		return list[:min(len(list), top)]
	}
	least := math.Inf(-1) // what both lists are above, once they are full
	for c, s := range scores {
		if s <= least {
			continue
		}
		r.rows = insert(r.rows, c)
		same := slices.IndexFunc(r.types, func(other int) bool { return typeOf(other) == typeOf(c) })
		if same < 0 || s > scores[r.types[same]] {
			if same >= 0 {
				r.types = slices.Delete(r.types, same, same+1)
			}
			r.types = insert(r.types, c)
		}
		if len(r.rows) == top && len(r.types) == top {
			least = min(scores[r.rows[top-1]], scores[r.types[top-1]])
		}
	}
	return r
}
