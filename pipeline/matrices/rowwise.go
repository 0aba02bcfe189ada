package matrices

import (
	"context"
	"errors"

	"speechsim/metrics"
	"speechsim/metrics/asif"
	"speechsim/pipeline/inference"
	"speechsim/pipeline/results"
)

// rowMetrics are the metrics that need the rows themselves and can be computed from two matrices.
var rowMetrics = []string{"knn", "asif"}

// rowwise computes the metrics that read all rows at once.
type rowwise struct {
	*comparison
	searches map[searchKey]*search // of asif
}

func (c *rowwise) compute(ctx context.Context, l *level, cells []*cell) error {
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

// knn is the share of neighbours in common.
func (c *rowwise) knn(ctx context.Context, l *level, cell *cell) error {
	rows := l.matrices // in the order of the shuffle, which the value does not depend on
	if l.part {
		rows = l.all
	}
	near, err := c.neighbours(ctx, rows)
	if err != nil {
		return cell.set(metrics.Value{}, err)
	}
	v, err := metrics.MutualKNN(near[0], near[1])
	if err := cell.set(v, err); err != nil || l.shuffle == nil {
		return err
	}
	if l.part {
		near, err = c.neighbours(ctx, l.matrices)
		if cell.hasNoNull(err) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	null, err := metrics.NullKNN(near, [][2]int{{0, 1}}, l.shuffle, c.Null)
	if errors.Is(err, metrics.ErrRepeatedRows) {
		c.note("knn %s has no null by word type at the level of rows", cell.Variant.Name)
		return nil
	}
	if err == nil {
		null.Part = l.part
		inference.Nulls([]*results.Cell{&cell.result}, null, "", results.CorrectFamily)
	}
	return err
}

// neighbours finds those of both sides.
func (c *rowwise) neighbours(ctx context.Context, rows func() ([]metrics.Matrix, error)) (map[int]*metrics.Neighbours, error) {
	matrices, err := rows()
	if err != nil {
		return nil, err
	}
	near, count := map[int]*metrics.Neighbours{}, c.KNN
	if count == 0 {
		count = metrics.KNNNeighbours
	}
	for k := range matrices {
		if near[k], err = metrics.FindNeighbours(ctx, c.backend, matrices[k], count, c.Workers); err != nil {
			return nil, err
		}
	}
	return near, nil
}

// searchKey is the variant of asif and the side that is asked for.
type searchKey struct {
	variant string
	side    int
}

// search is what the asif cells of one variant and direction share.
type search struct {
	task       *asif.Task
	queries    *asif.Queries
	candidates *asif.Candidates
}

// asif is top-1 retrieval on the split of the published code, with the counts and shares that it must be read with.
func (c *rowwise) asif(ctx context.Context, cell *cell) error {
	matrices, err := c.matrices(nil) // the split is of the rows as they stand in the files
	if err != nil {
		return err
	}
	x, y := matrices[cell.at.X], matrices[cell.at.Y]
	s, err := c.search(ctx, cell, x, y)
	if err != nil {
		return cell.set(metrics.Value{}, err)
	}
	r, err := s.task.Retrieve(ctx, s.queries, s.candidates, asif.Options{P: cell.Params.P, K: cell.Params.K, Workers: c.Workers})
	if err != nil {
		return cell.set(metrics.Value{}, err)
	}
	cell.result.Retrieval = inference.Retrieval(r)
	if err := cell.set(inference.ASIFValue(r, x.Rows, x.Cols, y.Cols), nil); err != nil || c.Null == 0 {
		return err
	}
	null, err := asif.Null([]*asif.Answers{r.Answers(c.labels.of)}, c.labels.of, c.Seed, c.Null)
	if err != nil {
		c.note("asif %s has no permutation null: %v", cell.Variant.Name, err)
		return nil
	}
	inference.Nulls([]*results.Cell{&cell.result}, null, "", results.CorrectFamily)
	return nil
}

// search makes the searches of a cell's variant and direction, once for all settings.
func (c *rowwise) search(ctx context.Context, cell *cell, x, y metrics.Matrix) (*search, error) {
	side := searchKey{cell.Variant.Name, cell.at.X}
	if s := c.searches[side]; s != nil {
		return s, nil
	}
	most := 0
	for _, m := range c.measures {
		most = max(most, m.Params.K)
	}
	s := &search{}
	var err error
	if s.task, err = asif.NewTask(cell.Variant.Name, c.labels.of, asif.Split(x.Rows), most); err != nil {
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
