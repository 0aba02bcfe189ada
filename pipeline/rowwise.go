package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"speechsim/metrics"
)

// rowwise computes the metrics that go back to the stored rows: each layer is read once, and its neighbours are found once.
type rowwise struct {
	plan  *Plan
	b     *basis
	j     *joinedRows
	types []int // word type of each row, numbered in the order in which they appear
	test  []int

	mu     sync.Mutex
	layers map[int]*rowLayer
}

type rowLayer struct {
	read, search sync.Once
	rows         metrics.Matrix
	near         *metrics.Neighbours
	readErr, err error
}

func (p *Plan) newRowwise(b *basis, j *joinedRows) *rowwise {
	w := &rowwise{plan: p, b: b, j: j, test: metrics.ASIFSplit(len(j.rows)), layers: map[int]*rowLayer{}}
	w.types, _ = j.types()
	return w
}

// cells computes all rowwise cells of the basis.
func (w *rowwise) value(ctx context.Context, m measure, i, j int) (metrics.Value, error) {
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
		x, err := w.layer(i)
		if err != nil {
			return metrics.Value{}, err
		}
		y, err := w.layer(j)
		if err != nil {
			return metrics.Value{}, err
		}
		r, err := metrics.ASIF(ctx, w.plan.backend, x.rows, y.rows, w.types, w.test, metrics.ASIFOptions{Variant: m.variant.Name, P: m.params.P, K: m.params.K, Workers: 1})
		if err != nil {
			return metrics.Value{}, err
		}
		return asifValue(r, x.rows, y.rows), nil
	}
	return metrics.Value{}, fmt.Errorf("metric %s is not made of rows", m.Name)
}

// layer reads a layer of the stack, all rows in the order of the join.
func (w *rowwise) layer(at int) (*rowLayer, error) {
	w.mu.Lock()
	l := w.layers[at]
	if l == nil {
		l = &rowLayer{}
		w.layers[at] = l
	}
	w.mu.Unlock()
	l.read.Do(func() {
		order := make([]int, len(w.j.rows))
		for r := range order {
			order[r] = r
		}
		var rows []metrics.Matrix
		if rows, l.readErr = w.plan.wholeLayers(w.b, w.j, order, []int{at}); l.readErr == nil {
			l.rows = rows[0]
		}
	})
	return l, l.readErr
}

func (w *rowwise) neighbours(ctx context.Context, at int) (*metrics.Neighbours, error) {
	l, err := w.layer(at)
	if err != nil {
		return nil, err
	}
	l.search.Do(func() { l.near, l.err = metrics.FindNeighbours(ctx, w.plan.backend, l.rows, neighbours, 1) })
	return l.near, l.err
}

// asifValue is top-1 accuracy by word, with what it must be read with as warnings.
func asifValue(r *metrics.ASIFResult, x, y metrics.Matrix) metrics.Value {
	return metrics.Value{Value: r.Top1, N: x.Rows, DX: x.Cols, DY: y.Cols, Warnings: []string{
		fmt.Sprintf("top-1 by word of %d queries among %d anchors; top-5 words %.4g, top-5 rows %.4g", r.Queries, r.Anchors, r.TopTypes, r.TopRows),
		fmt.Sprintf("at most %.4g can be right: the other queries' words have no anchor (of those that have one, %.4g are right); the most frequent word alone gives %.4g", r.Ceiling, r.InVocabulary, r.Majority),
	}}
}

// rowMetricsInConfigs are the rowwise metrics whose results are cells.
var rowMetricsInConfigs = []string{"knn", "asif"}

// perToken says that a metric judges rows by their type, and so means nothing on one row a type.
func (m measure) perToken() bool { return m.Name == "asif" }

// checkRowwise says what keeps a rowwise metric from being computed for a comparison.
func (k *comparison) checkRowwise(m measure) string {
	switch {
	case m.variant.Source != metrics.FromRows:
		return ""
	case !slices.Contains(rowMetricsInConfigs, m.Name):
		return fmt.Sprintf("metric %s has no value for a pair of layers, so a comparison can't hold it (those that can: %s)", m.Name, strings.Join(rowMetricsInConfigs, ", "))
	case k.Rows.Unit == "frame":
		return fmt.Sprintf("metric %s needs rows that are kept, and frames are reduced while they stream: use rows: {unit: word} or phone", m.Name)
	}
	return ""
}
