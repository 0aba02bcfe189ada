package pipeline

import (
	"context"

	"speechsim/metrics"
	"speechsim/metrics/asif"
)

// rowMetrics are the metrics that go back to the rows and can be had from two matrices.
var rowMetrics = []string{"knn", "asif"}

// neighbours is the k of knn unless another is asked for.
const neighbours = 10

// rowCells computes the metrics that need all rows at once.
func (c *matrixComparison) rowCells(ctx context.Context, l *matrixLevel, cells []*matrixCell) error {
	for _, cell := range cells {
		c.Progress.Stage(cell.Name, 0, "")
		var err error
		switch cell.Name {
		case "knn":
			err = c.knn(ctx, l, cell)
		case "asif":
			err = c.asif(ctx, cell)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// knn is the share of neighbours in common. Under a pairing the neighbours of y's rows move with them, so a draw costs a
// count and no search.
func (c *matrixComparison) knn(ctx context.Context, l *matrixLevel, cell *matrixCell) error {
	matrices, err := l.matrices()
	if err != nil {
		return err
	}
	near, count := [2]*metrics.Neighbours{}, c.KNN
	if count == 0 {
		count = neighbours
	}
	for k := range near {
		var err error
		if near[k], err = metrics.FindNeighbours(ctx, c.backend, matrices[k], count, c.Workers); err != nil {
			return cell.set(metrics.Value{}, err)
		}
	}
	v, err := metrics.MutualKNN(near[0], near[1])
	if err := cell.set(v, err); err != nil || l.shuffle == nil {
		return err
	}
	null := &metrics.Null{Observed: []float64{v.Value}, About: l.shuffle.About}
	for k := range c.Null {
		moved, ok := paired(near[1], l.shuffle.Draw(k))
		if !ok { // rows of y are used more than once, and would have to be searched again
			c.note("knn %s has no null by word type at the level of rows", cell.variant.Name)
			return nil
		}
		drawn, err := metrics.MutualKNN(near[0], moved)
		if err != nil {
			return err
		}
		null.Draws = append(null.Draws, []float64{drawn.Value})
	}
	cell.judge(null, 0)
	return nil
}

// paired returns the neighbours after row r has become row pairing[r]; ok is false unless every row is used once.
func paired(n *metrics.Neighbours, pairing []int) (moved *metrics.Neighbours, ok bool) {
	back := make([]int32, len(pairing))
	for r := range back {
		back[r] = -1
	}
	for r, from := range pairing {
		if back[from] >= 0 {
			return nil, false
		}
		back[from] = int32(r)
	}
	moved = &metrics.Neighbours{K: n.K, Dim: n.Dim, Rows: make([][]int32, len(n.Rows))}
	for r, from := range pairing {
		for _, near := range n.Rows[from] {
			moved.Rows[r] = append(moved.Rows[r], back[near])
		}
	}
	return moved, true
}

// matrixSearch is what the asif cells of one variant and direction share.
type matrixSearch struct {
	task       *asif.Task
	queries    *asif.Queries
	candidates *asif.Candidates
}

// asif is top-1 retrieval on the split of the published code; what it must be read with stands beside it.
func (c *matrixComparison) asif(ctx context.Context, cell *matrixCell) error {
	matrices, err := c.matrices(nil) // the split is of the rows as they stand in the files
	if err != nil {
		return err
	}
	x, y := matrices[cell.at.X], matrices[cell.at.Y]
	s, err := c.search(ctx, cell, x, y)
	if err != nil {
		return cell.set(metrics.Value{}, err)
	}
	r, err := s.task.Retrieve(ctx, s.queries, s.candidates, asif.Options{P: cell.params.P, K: cell.params.K, Workers: c.Workers})
	if err != nil {
		return cell.set(metrics.Value{}, err)
	}
	cell.result.Retrieval = retrievalOf(r)
	if err := cell.set(asifValue(r, x.Rows, x.Cols, y.Cols), nil); err != nil || c.Null == 0 {
		return err
	}
	null, err := asif.Null([]*asif.Answers{r.Answers(c.labels.of)}, c.labels.of, c.Seed, c.Null)
	if err != nil {
		c.note("asif %s has no null: %v", cell.variant.Name, err)
		return nil
	}
	cell.judge(null, 0)
	return nil
}

// search makes the searches of a cell's variant and direction, once for all settings.
func (c *matrixComparison) search(ctx context.Context, cell *matrixCell, x, y metrics.Matrix) (*matrixSearch, error) {
	side := retrievalSide{cell.variant.Name, cell.at.X}
	if s := c.searches[side]; s != nil {
		return s, nil
	}
	most := 0
	for _, m := range c.measures {
		most = max(most, m.params.K)
	}
	s := &matrixSearch{}
	var err error
	if s.task, err = asif.NewTask(cell.variant.Name, c.labels.of, asif.Split(x.Rows), most); err != nil {
		return nil, err
	}
	if s.queries, err = s.task.Queries(ctx, c.backend, x, c.Workers); err != nil {
		return nil, err
	}
	if s.candidates, err = s.task.Candidates(ctx, c.backend, y, c.Workers); err != nil {
		return nil, err
	}
	c.searches[side] = s
	return s, nil
}
