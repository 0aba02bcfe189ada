package measure

import (
	"context"

	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/join"
	"speechsim/pipeline/load"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/sums"
)

// readLayers reads all rows of some layers of a tile, in the given order.
func readLayers(t *plan.Tile, rows *join.Rows, order, layers []int) ([]metrics.Matrix, error) {
	r, err := rows.Open(sums.Layers(t, layers))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.Whole(order)
}

// typeRows is the set of one mean row a type. The means are rows like any others: the store keeps them, a file a layer.
// Types are taken to be independent of each other: they are cut into parts in the order in which they appear.
func typeRows(ctx context.Context, t *plan.Task, tokens *join.Rows) (*join.Rows, error) {
	of, labels := tokens.Types()
	var entries []*store.Entry
	for at := range t.Comparison.Sources {
		entry, err := plan.OpenTypes(t, at)
		if err != nil {
			return nil, err
		}
		if !entry.Finished() {
			if err := writeTypes(ctx, t, entry, tokens, at, of, labels); err != nil {
				return nil, err
			}
		}
		entries = append(entries, entry)
	}
	return join.OfTypes(labels, load.MaxParts, entries), nil
}

// writeTypes makes the means of one source of a task, layer by layer.
func writeTypes(ctx context.Context, t *plan.Task, entry *store.Entry, tokens *join.Rows, at int, of []int, labels []string) error {
	counts := make([]int, len(labels))
	for _, n := range of {
		counts[n]++
	}
	in, form := t.Inputs, t.RowsFrom[at].Form
	in.Progress.Stage("means of word types of "+in.Sources[t.RowsFrom[at].Source].Name, float64(len(form.Layers)), "layers")
	err := progress.Each(ctx, in.Workers, len(form.Layers), in.Progress, func(n int) error {
		layer := form.Layers[n]
		means, err := typeMeans(tokens, join.Layer{Source: at, Layer: layer}, of, len(labels), false)
		if err != nil {
			return err
		}
		stored := make([]float32, len(means.Data64))
		for i, v := range means.Data64 {
			stored[i] = float32(v)
		}
		return store.WriteNPY(entry.LayerPath(layer.Name), form.Numbers, stored, means.Rows, means.Cols)
	})
	if err != nil {
		return err
	}
	return entry.FinishTypes(labels, counts)
}

// typeMeans are the mean rows of types in a layer, which is read a block at a time: of rows, or of rows of unit length. of is the
// type of each row.
func typeMeans(rows *join.Rows, layer join.Layer, of []int, types int, unit bool) (metrics.Matrix, error) {
	r, err := rows.Open([]join.Layer{layer})
	if err != nil {
		return metrics.Matrix{}, err
	}
	defer r.Close()
	means := metrics.NewTypeSums(types, layer.Units, unit)
	from := 0
	err = r.Blocks(rows.InOrder(), metrics.BlockRows, func(block []metrics.Matrix) error {
		some := of[from : from+block[0].Rows]
		from += len(some)
		return means.Add(block[0], some)
	})
	if err != nil {
		return metrics.Matrix{}, err
	}
	m, _, err := means.Means()
	return m, err
}
