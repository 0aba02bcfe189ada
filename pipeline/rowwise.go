package pipeline

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// rowwise computes the metrics that go back to the stored rows: each layer is read once, and searched once for all layers
// and settings that it is compared under.
type rowwise struct {
	plan    *Plan
	b       *basis
	types   []int // word type of each row, numbered in the order in which they appear
	labels  []string
	workers int // of each search
	layers  []rowLayer
	asif    *retrieval
	words   *wordPairs
}

// rowLayer is what is known of a layer of the stack.
type rowLayer struct {
	rows lazy[metrics.Matrix]
	near lazy[*metrics.Neighbours]
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
	w := &rowwise{plan: p, b: b, layers: make([]rowLayer, len(b.stack)), workers: max(1, p.opts.Workers/len(b.stack))}
	w.types, w.labels = b.rows.types()
	var err error
	w.words = w.newWordPairs()
	w.asif, err = w.newRetrieval()
	return w, err
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
	return w.layers[at].rows.get(func() (metrics.Matrix, error) {
		order := make([]int, len(w.b.rows.rows))
		for r := range order {
			order[r] = r
		}
		rows, err := w.plan.wholeLayers(w.b, w.b.rows, order, []int{at})
		if err != nil {
			return metrics.Matrix{}, err
		}
		return rows[0], nil
	})
}

func (w *rowwise) neighbours(ctx context.Context, at int) (*metrics.Neighbours, error) {
	return w.layers[at].near.get(func() (*metrics.Neighbours, error) {
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
