package asif

import (
	"context"
	"fmt"
	"slices"

	"speechsim/metrics"
	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
	"speechsim/metrics/internal/topk"
)

// Task is a retrieval that is made with several layers and settings: which
// rows are queries and which are anchors, and the word type of each. The searches
// of a layer, which cost most, are made once and serve every layer on the other
// side, every power, and every number of anchors up to the task's.
type Task struct {
	variant       string
	types         []int
	test, anchors []int
	known         map[int]bool // types that an anchor has
	most          int          // anchors that are searched for
}

// Queries are the query rows of a layer by their most similar anchors.
type Queries struct {
	similar [][]topk.Scored
	byType  bool // the rows of a word type are the same, as those of word vectors are
}

// Candidates are the anchor rows of a layer by their most similar anchors.
// Identical rows are searched for once: their similarities are equal to the last
// bit then, and ties fall as documented.
type Candidates struct {
	rows   int
	copies [][]int32 // of each distinct row
	found  [][]topk.Scored
}

// NewTask plans retrievals in one variant, with up to most anchors kept.
// types holds the word type of each row, test the query rows in the order of the
// results.
func NewTask(variant string, types, test []int, most int) (*Task, error) {
	variant, err := variantOf(variant)
	if err != nil {
		return nil, err
	}
	if most < 1 {
		return nil, fmt.Errorf("asif: k = %d; it must be at least 1", most)
	}
	if len(test) == 0 {
		return nil, undefined(variant, "there are no test rows")
	}
	t := &Task{variant: variant, types: types, test: test, known: map[int]bool{}}
	isTest := make([]bool, len(types))
	for _, r := range test {
		if r < 0 || r >= len(types) {
			return nil, fmt.Errorf("asif: test row %d is outside 0 to %d", r, len(types)-1)
		}
		isTest[r] = true
	}
	for r := range types {
		if !isTest[r] {
			t.anchors = append(t.anchors, r)
			t.known[types[r]] = true
		}
	}
	t.most = min(most, len(t.anchors))
	return t, nil
}

// Queries searches the anchors of a layer for its queries. x is [n, dim].
func (t *Task) Queries(ctx context.Context, b metrics.Backend, x metrics.Matrix, workers int) (*Queries, error) {
	x, err := t.check(x, 0)
	if err != nil {
		return nil, err
	}
	queries, anchors := pick(x, t.test), pick(x, t.anchors)
	byType := t.byType(queries, anchors)
	if err := t.scale(queries, anchors); err != nil {
		return nil, err
	}
	similar, err := topk.MostSimilar(ctx, b, queries, anchors, t.most, workers)
	return &Queries{similar, byType}, err
}

// byType says whether word types repeat among rows, and all rows of one are the same.
func (t *Task) byType(queries, anchors linalg.Dense[float32]) bool {
	first, repeated := map[int][]float32{}, false
	for _, part := range []struct {
		rows linalg.Dense[float32]
		of   []int
	}{{queries, t.test}, {anchors, t.anchors}} {
		for k, r := range part.of {
			row := part.rows.Row(k)
			seen := first[t.types[r]]
			if seen == nil {
				first[t.types[r]] = row
				continue
			}
			if !slices.Equal(row, seen) {
				return false
			}
			repeated = true
		}
	}
	return repeated
}

// Candidates searches the anchors of a layer among themselves. y is [n, dim].
func (t *Task) Candidates(ctx context.Context, b metrics.Backend, y metrics.Matrix, workers int) (*Candidates, error) {
	y, err := t.check(y, 1)
	if err != nil {
		return nil, err
	}
	anchors := pick(y, t.anchors)
	if err := t.scale(anchors); err != nil {
		return nil, err
	}
	unique, copies := distinct(anchors)
	rows := anchors
	if len(unique) < anchors.Rows {
		rows = linalg.New[float32](len(unique), anchors.Cols)
		for k, r := range unique {
			copy(rows.Row(k), anchors.Row(r))
		}
	}
	found, err := topk.MostSimilarAmong(ctx, b, rows, min(t.most, len(unique)), workers, true)
	return &Candidates{anchors.Rows, copies, found}, err
}

// check refuses what is not a finite layer of the task's rows.
func (t *Task) check(x metrics.Matrix, layer int) (metrics.Matrix, error) {
	x, err := metrics.Finite(x, layer)
	if err == nil && x.Rows != len(t.types) {
		err = fmt.Errorf("asif: %d rows of %s, %d types", x.Rows, [2]string{"x", "y"}[layer], len(t.types))
	}
	return x, err
}

// scale gives rows unit length where the variant compares directions.
func (t *Task) scale(sides ...linalg.Dense[float32]) error {
	if t.variant != "cosine" {
		return nil
	}
	for _, d := range sides {
		for r := range d.Rows {
			if !linalg.Normalise(d.Row(r)) {
				return undefined(t.variant, "a row is all zeros and has no direction")
			}
		}
	}
	return nil
}

// Retrieve retrieves for all queries, with the power, the number of anchors and
// the length of the lists in o.
func (t *Task) Retrieve(ctx context.Context, q *Queries, c *Candidates, o Options) (*Result, error) {
	for _, d := range []struct {
		field *int
		value int
	}{{&o.P, Power}, {&o.K, Anchors}, {&o.Top, 5}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	switch {
	case o.P < 1 || o.K < 1 || o.Top < 1:
		return nil, fmt.Errorf("asif: p = %d, k = %d, top = %d; all must be at least 1", o.P, o.K, o.Top)
	case len(t.anchors) < o.K:
		return nil, undefined(t.variant, "%d anchors are fewer than k = %d", len(t.anchors), o.K)
	case t.most < o.K:
		return nil, fmt.Errorf("asif: k = %d is more than the %d anchors that were searched for", o.K, t.most)
	}
	index := relativeIndex(c, o)
	result := &Result{Queries: len(t.test), Anchors: len(t.anchors), ByType: q.byType, Retrieved: make([]Query, len(t.test))}
	scratch := make([][]float64, min(parallel.Workers(o.Workers), len(t.test)))
	parallel.Run(o.Workers, len(t.test), func(worker, k int) {
		if ctx.Err() != nil {
			return
		}
		if scratch[worker] == nil {
			scratch[worker] = make([]float64, index.candidates)
		}
		result.Retrieved[k] = index.retrieve(q.similar[k][:o.K], scratch[worker], t, t.test[k], o)
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	result.judge(t.types, t.anchors)
	return result, nil
}
