// Package asif is zero-shot retrieval by relative representations, the rowwise
// metric that the catalogue of package metrics calls asif: how often a row of one
// layer, translated without training, finds its word in another. [Retrieve] does
// it once; a [Task] keeps the searches, which cost most, for many layers and
// settings. [Null] is its permutation null.
package asif

import (
	"context"
	"fmt"
	"slices"

	"speechsim/metrics"
	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/mt19937"
)

// The power and the number of anchors unless others are asked for.
const (
	Power   = 4
	Anchors = 100
)

// Options are the parameters of a retrieval.
type Options struct {
	// Variant is "cosine" (default): similarities between rows of unit length,
	// as both papers define it; or "bolanos2024": raw inner products, as the
	// thesis's code computes it, where long anchors are preferred.
	Variant string
	P       int // the power of similarities; 0 means Power
	K       int // the anchors that a relative representation keeps; 0 means Anchors
	Top     int // the rows and types retrieved for each query; 0 means 5
	Workers int
}

// Result is the outcome of a retrieval.
type Result struct {
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
	// ByType says that the rows of x are the same for all tokens of a word, as word
	// vectors are: a query finds its own word among the anchors by that alone,
	// whatever y is like.
	ByType bool
	// Retrieved are the best candidates of each query, best first.
	Retrieved []Query
}

// Query is what was retrieved for one query.
type Query struct {
	Row    int       // of the query
	Rows   []int     // the best candidate rows
	Scores []float64 // of each; +Inf where the power is beyond a float64
	Types  []int     // the best distinct word types
	// Similarities are those of the best candidate of each of Types: cosines of
	// relative representations.
	Similarities []float64
	Right        bool // the best candidate is of the query's type
	Known        bool // there is an anchor of the query's type
}

// Retrieve translates rows of x to rows of y without training (Norelli et al. 2023;
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
func Retrieve(ctx context.Context, b metrics.Backend, x, y metrics.Matrix, types, test []int, o Options) (*Result, error) {
	if o.K == 0 {
		o.K = Anchors
	}
	t, err := NewTask(o.Variant, types, test, o.K)
	if err != nil {
		return nil, err
	}
	queries, err := t.Queries(ctx, b, x, o.Workers)
	if err != nil {
		return nil, err
	}
	candidates, err := t.Candidates(ctx, b, y, o.Workers)
	if err != nil {
		return nil, err
	}
	return t.Retrieve(ctx, queries, candidates, o)
}

// pick returns rows of x, in float32.
func pick(x metrics.Matrix, rows []int) linalg.Dense[float32] {
	out := linalg.New[float32](len(rows), x.Cols)
	if x.Data64 != nil {
		pickFrom(out, x, x.Data64, rows)
	} else {
		pickFrom(out, x, x.Data, rows)
	}
	return out
}

func pickFrom[S linalg.Float](out linalg.Dense[float32], x metrics.Matrix, data []S, rows []int) {
	unit, row := 1, x.Stride
	if x.ColMajor {
		unit, row = row, unit
	}
	for k, r := range rows {
		to := out.Row(k)
		for u := range to {
			to[u] = float32(data[r*row+u*unit])
		}
	}
}

// judge fills in the shares.
func (r *Result) judge(types, anchors []int) {
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

// Split draws the test rows as the thesis does: 15 % of n rows without
// replacement by numpy's legacy generator with seed 2211, in the order drawn.
func Split(n int) []int {
	return mt19937.New(2211).Permutation(n)[:int(.15*float64(n))]
}

// variantOf resolves a variant's name, "" to the default.
func variantOf(variant string) (string, error) {
	info, err := metrics.Lookup("asif")
	if err != nil {
		return "", err
	}
	v, err := info.Variant(variant)
	return v.Name, err
}

// undefined builds an UndefinedError.
func undefined(variant, format string, args ...any) error {
	return &metrics.UndefinedError{Metric: "asif", Variant: variant, Reason: fmt.Sprintf(format, args...)}
}
