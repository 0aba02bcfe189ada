package measure

import (
	"context"
	"fmt"
	"sync"

	"speechsim/metrics"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
)

// rowwise computes the metrics that read the stored rows: each layer is searched once for all layers and settings that
// it is compared under, and its rows are held only while it is.
type rowwise struct {
	tile    *plan.Tile
	rows    *join.Rows
	types   []int // word type of each row, numbered in the order in which they appear
	labels  []string
	workers int                         // of each search
	near    []lazy[*metrics.Neighbours] // of each layer of the tile
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

func newRowwise(t *plan.Tile, rows *join.Rows) (*rowwise, error) {
	w := &rowwise{tile: t, rows: rows, near: make([]lazy[*metrics.Neighbours], len(t.Layers)), workers: max(1, t.Inputs.Workers/len(t.Layers))}
	w.types, w.labels = rows.Types()
	var err error
	w.words = w.newWordPairs()
	w.asif, err = w.newRetrieval()
	return w, err
}

// value computes a cell.
func (w *rowwise) value(ctx context.Context, c *results.Cell, m study.Measure, i, j int) (metrics.Value, error) {
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

// read reads a layer of the tile, all rows in their order.
func (w *rowwise) read(at int) (metrics.Matrix, error) {
	rows, err := readLayers(w.tile, w.rows, w.rows.InOrder(), []int{at})
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
		return metrics.FindNeighbours(ctx, w.tile.Inputs.Backend, rows, metrics.KNNNeighbours, w.workers)
	})
}
