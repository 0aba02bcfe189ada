// Package measure turns stored rows and sums into what a run finds: cells with intervals and p, differences between layers,
// matched units, retrieved words. It runs no model.
package measure

import (
	"context"
	"fmt"
	"slices"

	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
	"speechsim/pipeline/sums"
)

// Found is what a run found, what became of its segments, and what of its inputs could not be read.
type Found struct {
	results.Set
	Accounts []join.Account
	Failed   []store.Failure
}

// Run measures all tasks of a plan. discard says that sums of frames are not kept once they are measured: those of one pass
// of several.
func Run(ctx context.Context, p *plan.Plan, discard bool) (*Found, error) {
	m := &measurer{plan: p, discard: discard, joined: map[*study.Comparison]*join.Rows{}, sets: map[setKey]*join.Rows{}}
	for _, t := range p.Tasks {
		set, err := m.task(ctx, t)
		if err != nil {
			return nil, err
		}
		m.Add(set)
	}
	for _, h := range p.Heads {
		list, failed, err := sums.Positions(p, h)
		if err != nil {
			return nil, err
		}
		m.Positions, m.Failed = append(m.Positions, list...), append(m.Failed, failed...)
	}
	return &m.Found, nil
}

// Pass measures the tiles whose sums a pass over the audio has made, so that the store need not hold those of all passes: a
// matrix of all units for each group. The models make room for it; the next pass opens those that it runs.
func Pass(ctx context.Context, p *plan.Plan, pass int) error {
	for _, t := range p.Tasks {
		for _, tile := range t.Tiles {
			if tile.Pass == pass && !tile.Whole() && tile.RowUnit == "frame" && tile.Streamed() {
				if err := measureTile(ctx, tile, nil, true); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// measurer gathers what tasks give, and the rows that they share.
type measurer struct {
	Found
	plan    *plan.Plan
	discard bool
	joined  map[*study.Comparison]*join.Rows // all rows of each comparison on segments
	sets    map[setKey]*join.Rows
}

// setKey is a row set of a comparison.
type setKey struct {
	comparison *study.Comparison
	study.RowSet
}

// task makes the cells of a task, of its rows where the store keeps them.
func (m *measurer) task(ctx context.Context, t *plan.Task) (results.Set, error) {
	var rows *join.Rows
	var err error
	switch {
	case t.OnSegments():
		all, err := m.allRows(t)
		if err != nil {
			return results.Set{}, err
		}
		if t.RowSet.First > len(all.Rows) {
			return tooFewRows(ctx, t, len(all.Rows))
		}
		if rows, err = m.rowSet(ctx, t, all); err != nil {
			return results.Set{}, err
		}
	case !t.Streamed():
		if rows, err = t.Join(t.RowsFrom); err != nil {
			return results.Set{}, err
		}
	}
	e, err := measureTiles(ctx, t, rows, m.discard)
	if err != nil {
		return results.Set{}, err
	}
	m.Failed = append(m.Failed, e.failed...)
	return e.infer(t), nil
}

// tooFewRows are cells that say why they have no value.
func tooFewRows(ctx context.Context, t *plan.Task, n int) (results.Set, error) {
	cells, _, err := cellsOf(ctx, t.WholeTile(), n, func(_ *results.Cell, v study.Measure, _, _ int) (metrics.Value, error) {
		return metrics.Value{}, &metrics.UndefinedError{Metric: v.Name, Variant: v.Variant.Name,
			Reason: fmt.Sprintf("the first %d rows are asked for, and there are %d", t.RowSet.First, n)}
	})
	return results.Set{Cells: cells}, err
}

// allRows returns all rows of the comparison of a task. They are joined once, and what became of the segments is accounted
// for then.
func (m *measurer) allRows(t *plan.Task) (*join.Rows, error) {
	k := t.Comparison
	if m.joined[k] != nil {
		return m.joined[k], nil
	}
	rows, err := t.Join(t.RowsFrom)
	if err != nil {
		return nil, err
	}
	m.joined[k] = rows
	m.Accounts = append(m.Accounts, rows.Account(k.Name, k.Rows.Unit, m.plan.Segments[k.Rows.Unit].Dropped))
	for _, entry := range rows.Entries {
		list, err := entry.Failures()
		if err != nil {
			return nil, err
		}
		for u, why := range list {
			m.Failed = append(m.Failed, store.Failure{Utterance: u, Error: why})
		}
	}
	return rows, nil
}

// rowSet returns the rows of a task's set of all rows.
func (m *measurer) rowSet(ctx context.Context, t *plan.Task, all *join.Rows) (*join.Rows, error) {
	tokens := setKey{t.Comparison, study.RowSet{First: t.RowSet.First}}
	if m.sets[tokens] == nil {
		m.sets[tokens] = all
		if n := t.RowSet.First; n > 0 {
			m.sets[tokens] = all.First(n)
		}
	}
	key := setKey{t.Comparison, t.RowSet}
	if m.sets[key] == nil {
		types, err := typeRows(ctx, t, m.sets[tokens])
		if err != nil {
			return nil, err
		}
		m.sets[key] = types
	}
	return m.sets[key], nil
}

// measureWhole computes the estimates of a tile from what it is made of.
func measureWhole(ctx context.Context, t *plan.Tile, rows *join.Rows) (*estimates, error) {
	switch t.Input {
	case study.Rows:
		return measureRows(ctx, t, rows)
	case study.AttentionRows:
		return measureAttention(ctx, t)
	}
	return measureMoments(ctx, t, rows)
}

// infer takes intervals, differences and p over the whole of a task.
func (e *estimates) infer(t *plan.Task) results.Set {
	set := results.Set{Cells: e.cells, Matches: slices.Concat(e.matches...), Retrieved: e.retrieved}
	set.Differences = intervals(t, e.replicates, e.cells)
	set.Replicates = e.replicates.kept(t, e.cells)
	for k, n := range e.nulls {
		if n != nil {
			n.infer(t, e.cells[k*len(t.Cells):(k+1)*len(t.Cells)])
		}
	}
	return set
}
