package metrics

import (
	"context"
	"fmt"
	"math"
	"slices"

	"speechsim/metrics/internal/linalg"
)

// ASIFOptions are the parameters of ASIF.
type ASIFOptions struct {
	// Variant is "cosine" (default): similarities between rows of unit length,
	// as both papers define it; or "bolanos2024": raw inner products, as the
	// thesis's code computes it, where long anchors are preferred.
	Variant string
	P       int // the power of similarities; 0 means 4
	K       int // the anchors that a relative representation keeps; 0 means 100
	Top     int // the rows and types retrieved for each query; 0 means 5
	Workers int
}

// ASIFResult is the outcome of a retrieval.
type ASIFResult struct {
	Queries, Anchors int
	// Top1 is the share of queries whose best candidate is of the query's word
	// type; TopTypes that of queries with their type among the Top best types;
	// TopRows that among the Top best rows, which repeat types (the thesis's top-5).
	Top1, TopTypes, TopRows float64
	// InVocabulary is Top1 among the queries that have an anchor of their type,
	// whose share, Ceiling, is the most that Top1 can be.
	InVocabulary, Ceiling float64
	// Majority is what answering with the most frequent type of the anchors gives.
	Majority float64
	// Retrieved are the best candidates of each query, best first.
	Retrieved []ASIFQuery
}

// ASIFQuery is what was retrieved for one query.
type ASIFQuery struct {
	Row    int       // of the query
	Rows   []int     // the best candidate rows
	Scores []float64 // of each
	Types  []int     // the best distinct word types
	Right  bool      // the best candidate is of the query's type
	Known  bool      // there is an anchor of the query's type
}

// ASIF translates rows of x to rows of y without training (Norelli et al. 2023;
// Bolaños 2024). Rows are pairs; those not in test are the anchors. A row's
// relative representation is its similarity to the anchors of its own layer,
// s_a = sim(row, anchor_a), of which the k largest are kept and raised to the
// power p; y's are scaled to unit length. The candidates are the anchors' y rows,
// and the score of a candidate for a query x row is the inner product of the two
// relative representations.
//
// x and y are [n, dim], types the word type of each row, test the query rows in
// the order of the result. Retrieval is judged by word type.
//
// Ties: among equal similarities and scores the lower row comes first. Rows of y
// that are identical (static word vectors repeat for each token) have exactly
// equal similarities. An odd power keeps the sign of a similarity, an even one
// loses it, as in the code. Powers are taken relative to the largest similarity
// of a row, so nothing overflows (in the thesis float32 does, from p = 8 on).
//
// Memory is some n (dx + dy + 4 k) numbers of 4 bytes; no n x n matrix is made.
func ASIF(ctx context.Context, b Backend, x, y Matrix, types, test []int, o ASIFOptions) (*ASIFResult, error) {
	o, x, y, err := checkASIF(o, x, y, types, test)
	if err != nil {
		return nil, err
	}
	isTest := make([]bool, x.Rows)
	for _, r := range test {
		isTest[r] = true
	}
	var anchors []int
	for r := range x.Rows {
		if !isTest[r] {
			anchors = append(anchors, r)
		}
	}
	if len(anchors) < o.K {
		return nil, undefined("asif", o.Variant, "%d anchors are fewer than k = %d", len(anchors), o.K)
	}
	queries, xAnchors := pick(x, test), pick(x, anchors)
	yAnchors := pick(y, anchors)
	if o.Variant == "cosine" {
		for _, d := range []linalg.Dense[float32]{queries, xAnchors, yAnchors} {
			for r := range d.Rows {
				if !normalise(d.Row(r)) {
					return nil, undefined("asif", o.Variant, "a row is all zeros and has no direction")
				}
			}
		}
	}
	similar, err := mostSimilar(ctx, b, queries, xAnchors, o.K, o.Workers, nil)
	if err != nil {
		return nil, err
	}
	index, err := relativeIndex(ctx, b, yAnchors, o)
	if err != nil {
		return nil, err
	}
	result := &ASIFResult{Queries: len(test), Anchors: len(anchors), Retrieved: make([]ASIFQuery, len(test))}
	known := map[int]bool{}
	for _, r := range anchors {
		known[types[r]] = true
	}
	scratch := make([][]float64, min(workerCount(o.Workers), len(test)))
	parallel(o.Workers, len(test), func(worker, q int) {
		if scratch[worker] == nil {
			scratch[worker] = make([]float64, index.candidates)
		}
		result.Retrieved[q] = index.retrieve(similar[q], scratch[worker], anchors, types, test[q], known, o)
	})
	result.judge(types, anchors)
	return result, ctx.Err()
}

func checkASIF(o ASIFOptions, x, y Matrix, types, test []int) (ASIFOptions, Matrix, Matrix, error) {
	variant, err := variantOf("asif", o.Variant)
	if err != nil {
		return o, x, y, err
	}
	o.Variant = variant
	for _, d := range []struct {
		field *int
		value int
	}{{&o.P, 4}, {&o.K, 100}, {&o.Top, 5}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if o.P < 1 || o.K < 1 || o.Top < 1 {
		return o, x, y, fmt.Errorf("asif: p = %d, k = %d, top = %d; all must be at least 1", o.P, o.K, o.Top)
	}
	if x, err = finite(x, 0); err != nil {
		return o, x, y, err
	}
	if y, err = finite(y, 1); err != nil {
		return o, x, y, err
	}
	if x.Rows != y.Rows || len(types) != x.Rows {
		return o, x, y, fmt.Errorf("asif: %d rows of x, %d of y, %d types", x.Rows, y.Rows, len(types))
	}
	if len(test) == 0 {
		return o, x, y, undefined("asif", variant, "there are no test rows")
	}
	for _, r := range test {
		if r < 0 || r >= x.Rows {
			return o, x, y, fmt.Errorf("asif: test row %d is outside 0 to %d", r, x.Rows-1)
		}
	}
	return o, x, y, nil
}

// pick returns rows of x, in float32.
func pick(x Matrix, rows []int) linalg.Dense[float32] {
	out := linalg.New[float32](len(rows), x.Cols)
	unit, row := 1, x.Stride
	if x.ColMajor {
		unit, row = row, unit
	}
	for k, r := range rows {
		for u := range x.Cols {
			if x.Data64 != nil {
				out.Data[k*x.Cols+u] = float32(x.Data64[r*row+u*unit])
			} else {
				out.Data[k*x.Cols+u] = x.Data[r*row+u*unit]
			}
		}
	}
	return out
}

// relative returns the relative representation: the similarities to the power
// p, divided by the largest magnitude to the power p, and the logarithm of that
// divisor.
func relative(similar []scored, p int) (weights []float64, logScale float64) {
	largest := 0.0
	for _, s := range similar {
		largest = max(largest, math.Abs(float64(s.score)))
	}
	weights = make([]float64, len(similar))
	if largest == 0 {
		return weights, 0
	}
	for i, s := range similar {
		v := float64(s.score) / largest
		if v == 0 {
			continue
		}
		weights[i] = math.Exp(float64(p) * math.Log(math.Abs(v)))
		if v < 0 && p%2 == 1 {
			weights[i] = -weights[i]
		}
	}
	return weights, float64(p) * math.Log(largest)
}

// asifIndex is the candidates' relative representations, by anchor: what the
// anchor weighs in each candidate that keeps it.
type asifIndex struct {
	candidates int
	starts     []int // of each anchor's entries
	entries    []asifEntry
}

type asifEntry struct {
	candidate int32
	weight    float32
}

// relativeIndex builds the index. Identical rows are searched for once: their
// similarities are equal to the last bit then, and ties fall as documented.
func relativeIndex(ctx context.Context, b Backend, y linalg.Dense[float32], o ASIFOptions) (*asifIndex, error) {
	unique, copies := distinct(y)
	rows := linalg.New[float32](len(unique), y.Cols)
	for k, r := range unique {
		copy(rows.Row(k), y.Row(r))
	}
	found, err := mostSimilar(ctx, b, rows, rows, o.K, o.Workers, nil)
	if err != nil {
		return nil, err
	}
	index := &asifIndex{candidates: y.Rows, starts: make([]int, y.Rows+1)}
	kept := make([][]scored, len(unique))
	weights := make([][]float32, len(unique))
	parallel(o.Workers, len(unique), func(_, k int) {
		kept[k] = expand(found[k], copies, o.K)
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
	for k := range unique {
		for _, s := range kept[k] {
			index.starts[s.row+1] += len(copies[k])
		}
	}
	for a := range y.Rows {
		index.starts[a+1] += index.starts[a]
	}
	index.entries = make([]asifEntry, index.starts[y.Rows])
	next := slices.Clone(index.starts)
	for k := range unique {
		for i, s := range kept[k] {
			for _, candidate := range copies[k] {
				index.entries[next[s.row]] = asifEntry{candidate, weights[k][i]}
				next[s.row]++
			}
		}
	}
	return index, nil
}

// distinct returns the first of each set of identical rows, and the rows of
// each set, both in order.
func distinct(y linalg.Dense[float32]) (first []int, copies [][]int32) {
	seen := map[string]int{}
	key := make([]byte, 0, 4*y.Cols)
	for r := range y.Rows {
		key = key[:0]
		for _, v := range y.Row(r) {
			bits := math.Float32bits(v)
			key = append(key, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
		}
		k, known := seen[string(key)]
		if !known {
			k = len(first)
			seen[string(key)] = k
			first, copies = append(first, r), append(copies, nil)
		}
		copies[k] = append(copies[k], int32(r))
	}
	return first, copies
}

// expand replaces distinct rows, best first, by all their copies, and keeps k.
// Copies of rows with equal similarities go by row number.
func expand(found []scored, copies [][]int32, k int) []scored {
	var out []scored
	for from := 0; from < len(found) && len(out) < k; {
		to := from
		start := len(out)
		for ; to < len(found) && found[to].score == found[from].score; to++ {
			for _, r := range copies[found[to].row] {
				out = append(out, scored{r, found[to].score})
			}
		}
		slices.SortFunc(out[start:], func(a, b scored) int { return int(a.row - b.row) })
		from = to
	}
	return out[:min(k, len(out))]
}

// retrieve scores all candidates for one query. scores is scratch, one a candidate.
func (x *asifIndex) retrieve(similar []scored, scores []float64, anchors, types []int, row int, known map[int]bool, o ASIFOptions) ASIFQuery {
	clear(scores)
	weights, logScale := relative(similar, o.P)
	for i, s := range similar {
		w := weights[i]
		for _, e := range x.entries[x.starts[s.row]:x.starts[s.row+1]] {
			scores[e.candidate] += w * float64(e.weight)
		}
	}
	query := ASIFQuery{Row: row, Known: known[types[row]]}
	order := bestCandidates(scores, o.Top, func(candidate int) int { return types[anchors[candidate]] })
	for _, c := range order.rows {
		query.Rows = append(query.Rows, anchors[c])
		query.Scores = append(query.Scores, scores[c]*math.Exp(logScale))
	}
	for _, c := range order.types {
		query.Types = append(query.Types, types[anchors[c]])
	}
	query.Right = query.Types[0] == types[row]
	return query
}

// ranking are the best candidates, and the best candidate of each of the best types.
type ranking struct{ rows, types []int }

// bestCandidates selects the top rows, and the top types by their best row.
func bestCandidates(scores []float64, top int, typeOf func(candidate int) int) ranking {
	var r ranking
	better := func(a, b int) bool { return scores[a] > scores[b] } // candidates come in order
	insert := func(list []int, c, limit int) []int {
		at := len(list)
		for at > 0 && better(c, list[at-1]) {
			at--
		}
		if at >= limit {
			return list
		}
		list = slices.Insert(list, at, c)
		return list[:min(len(list), limit)]
	}
	for c, s := range scores {
		if len(r.rows) < top || s > scores[r.rows[top-1]] {
			r.rows = insert(r.rows, c, top)
		}
		if len(r.types) == top && s <= scores[r.types[top-1]] {
			continue
		}
		same := slices.IndexFunc(r.types, func(other int) bool { return typeOf(other) == typeOf(c) })
		if same >= 0 {
			if !better(c, r.types[same]) {
				continue
			}
			r.types = slices.Delete(r.types, same, same+1)
		}
		r.types = insert(r.types, c, top)
	}
	return r
}

// judge fills in the shares.
func (r *ASIFResult) judge(types, anchors []int) {
	counts := map[int]int{}
	for _, a := range anchors {
		counts[types[a]]++
	}
	major, most := 0, 0
	for _, a := range anchors { // in order, so that the first of equals wins
		if n := counts[types[a]]; n > most {
			major, most = types[a], n
		}
	}
	var right, inTypes, inRows, known, majority int
	count := func(n *int, yes bool) {
		if yes {
			*n++
		}
	}
	for _, q := range r.Retrieved {
		count(&right, q.Right)
		count(&inTypes, slices.Contains(q.Types, types[q.Row]))
		count(&inRows, slices.ContainsFunc(q.Rows, func(row int) bool { return types[row] == types[q.Row] }))
		count(&known, q.Known)
		count(&majority, types[q.Row] == major)
	}
	n := float64(len(r.Retrieved))
	r.Top1, r.TopTypes, r.TopRows = float64(right)/n, float64(inTypes)/n, float64(inRows)/n
	r.Ceiling, r.Majority = float64(known)/n, float64(majority)/n
	if known > 0 {
		r.InVocabulary = float64(right) / float64(known)
	}
}

// ASIFSplit draws the test rows as the thesis does: 15 % of n rows without
// replacement by numpy's legacy generator with seed 2211, in the order drawn.
func ASIFSplit(n int) []int {
	return newMT19937(2211).permutation(n)[:int(.15*float64(n))]
}
