package metrics

import (
	"context"
	"fmt"

	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/topk"
)

// Neighbours are the nearest rows of each row of one layer.
type Neighbours struct {
	K    int
	Rows [][]int32 // [row][K], nearest first
	Dim  int
}

// FindNeighbours finds the k nearest other rows of each row of x by cosine, x
// centred first: without that, an offset common to all rows decides who is
// near. Among equals the lower row comes first. It takes n² d multiplications,
// in blocks; memory is n (d + 2 k) numbers.
func FindNeighbours(ctx context.Context, b Backend, x Matrix, k, workers int) (*Neighbours, error) {
	const metric, variant = "knn", "mutual"
	x, err := Finite(x, 0)
	if err != nil {
		return nil, err
	}
	if k < 1 || x.Rows < k+2 {
		return nil, undefined(metric, variant, "%d rows are too few for %d neighbours; at least %d are needed", x.Rows, k, k+2)
	}
	rows := denseRows[float32](x, true)
	for r := range rows.Rows {
		if !linalg.Normalise(rows.Row(r)) {
			return nil, undefined(metric, variant, "row %d is the mean of all rows and has no direction", r)
		}
	}
	found, err := topk.MostSimilarAmong(ctx, b, rows, k, workers, false)
	if err != nil {
		return nil, err
	}
	n := &Neighbours{K: k, Dim: x.Cols, Rows: make([][]int32, x.Rows)}
	for r, list := range found {
		for _, s := range list {
			n.Rows[r] = append(n.Rows[r], int32(s.Row()))
		}
	}
	return n, nil
}

// MutualKNN is the share of nearest neighbours that two layers have in common:
// the mean over rows of |N_x(r) ∩ N_y(r)|/k (Huh et al. 2024, with cosine on
// centred rows in place of raw inner products). Symmetric. Its chance level is
// k/(n-1).
func MutualKNN(x, y *Neighbours) (Value, error) {
	common, err := commonNeighbours(x, y)
	if err != nil {
		return Value{}, err
	}
	total := 0
	for _, n := range common {
		total += n
	}
	v := Value{N: len(x.Rows), DX: x.Dim, DY: y.Dim}
	v.Value = float64(total) / float64(x.K*v.N)
	return v, nil
}

// commonNeighbours counts the neighbours that each row has in both layers.
func commonNeighbours(x, y *Neighbours) ([]int, error) {
	if x.K != y.K || len(x.Rows) != len(y.Rows) {
		return nil, fmt.Errorf("knn: %d neighbours of %d rows against %d of %d", x.K, len(x.Rows), y.K, len(y.Rows))
	}
	common := make([]int, len(x.Rows))
	for r := range x.Rows {
		in := map[int32]bool{}
		for _, n := range x.Rows[r] {
			in[n] = true
		}
		for _, n := range y.Rows[r] {
			if in[n] {
				common[r]++
			}
		}
	}
	return common, nil
}

// KNNNeighbours is the k of knn unless another is asked for.
const KNNNeighbours = 10
