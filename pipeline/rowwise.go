package pipeline

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// rowwise computes the metrics that go back to the stored rows: each layer is searched once for all layers and settings that
// it is compared under, and its rows are held only while it is.
type rowwise struct {
	plan    *Plan
	b       *basis
	types   []int // word type of each row, numbered in the order in which they appear
	labels  []string
	workers int                         // of each search
	near    []lazy[*metrics.Neighbours] // of each layer of the stack
	asif    *retrieval
	words   *wordPairs
}

// lazy is a value that is made when it is first asked for.
type lazy[T any] struct {
	once  sync.Once
	value T
	err   error
}

func (l *lazy[T]) get(make func() (T, error)) (T, error) {
	l.once.Do(func() { l.value, l.err = make() })
	return l.value, l.err
}

func (p *Plan) newRowwise(b *basis) (*rowwise, error) {
	w := &rowwise{plan: p, b: b, near: make([]lazy[*metrics.Neighbours], len(b.stack)), workers: max(1, p.opts.Workers/len(b.stack))}
	w.types, w.labels = b.rows.types()
	var err error
	w.words = w.newWordPairs()
	w.asif, err = w.newRetrieval()
	return w, err
}

// rowwiseBytes is the memory that the metrics of a basis on kept rows take: the rows of the layers that are being searched, with
// a copy, and what is found for each row of each layer.
func (p *Plan) rowwiseBytes(b *basis, rows int) int64 {
	const neighbour, anchor = 4, 8 // bytes
	widest, found := 0, map[string]int{}
	for _, l := range b.stack {
		widest = max(widest, l.units)
	}
	for _, m := range b.measures() {
		switch m.Name {
		case "knn":
			found[m.Name] = neighbours * neighbour
		case "asif":
			found[m.Name+m.variant.Name] = max(found[m.Name+m.variant.Name], m.params.K*anchor)
		}
	}
	each := 0
	for _, bytes := range found {
		each += bytes
	}
	searched := min(p.opts.Workers, len(b.stack))
	return int64(rows) * (int64(searched)*2*4*int64(widest) + int64(each)*int64(len(b.stack)))
}

// value computes a cell.
func (w *rowwise) value(ctx context.Context, c *results.Cell, m measure, i, j int) (metrics.Value, error) {
	switch m.Name {
	case "knn":
		x, err := w.neighbours(ctx, i)
		if err != nil {
			return metrics.Value{}, err
		}
		y, err := w.neighbours(ctx, j)
		if err != nil {
			return metrics.Value{}, err
		}
		return metrics.MutualKNN(x, y)
	case "asif":
		return w.retrieve(ctx, c, m, i, j)
	case "word_distance":
		return w.wordDistance(ctx, m, i, j)
	}
	return metrics.Value{}, fmt.Errorf("metric %s is not made of rows", m.Name)
}

// read reads a layer of the stack, all rows of the view in their order.
func (w *rowwise) read(at int) (metrics.Matrix, error) {
	order := make([]int, len(w.b.rows.rows))
	for r := range order {
		order[r] = r
	}
	rows, err := w.plan.wholeLayers(w.b, w.b.rows, order, []int{at})
	if err != nil {
		return metrics.Matrix{}, err
	}
	return rows[0], nil
}

func (w *rowwise) neighbours(ctx context.Context, at int) (*metrics.Neighbours, error) {
	return w.near[at].get(func() (*metrics.Neighbours, error) {
		rows, err := w.read(at)
		if err != nil {
			return nil, err
		}
		return metrics.FindNeighbours(ctx, w.plan.backend, rows, neighbours, w.workers)
	})
}

// perToken says that a metric takes the types of single rows itself, and so means nothing on one row a type.
func (m measure) perToken() bool { return m.Name == "asif" || m.Name == "word_distance" }

// checkRowwise says what keeps a rowwise metric from being computed for a comparison.
func (k *comparison) checkRowwise(m measure) string {
	switch {
	case m.variant.Source != metrics.FromRows:
		return ""
	case k.Rows.Unit == "frame":
		return fmt.Sprintf("metric %s needs rows that are kept, and frames are reduced while they stream: use rows: {unit: word} or phone", m.Name)
	case m.perToken() && !slices.Contains(k.Rows.Level, "token"):
		return fmt.Sprintf("metric %s takes the types of single rows itself, and rows.level leaves one row a type: add token to it", m.Name)
	case m.Name == "word_distance" && k.Rows.Unit != "word":
		return "metric word_distance compares words: use rows: {unit: word}"
	}
	return ""
}
