package measure

import (
	"bytes"
	"cmp"
	"context"
	"encoding/gob"
	"io"
	"runtime/debug"
	"slices"

	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/results"
)

// measureTiles measures the tiles of a task one after the other and joins what they give.
func measureTiles(ctx context.Context, t *plan.Task, rows *join.Rows, discard bool) (*estimates, error) {
	cells := len(t.Measures) * len(t.Cells)
	whole := &estimates{cells: make([]results.Cell, cells), matches: make([][]results.Match, cells), nulls: make([]*nullDraws, len(t.Measures))}
	for _, tile := range t.Tiles {
		if err := measureTile(ctx, tile, rows, discard); err != nil {
			return nil, err
		}
		for _, r := range tile.Results {
			e := &estimates{}
			if err := r.ReadSealed(0, e.read); err != nil {
				return nil, err
			}
			e.name(tile, r.Measures)
			whole.join(tile, r.Measures, e)
		}
	}
	slices.SortStableFunc(whole.retrieved, func(a, b results.Retrieved) int { return cmp.Compare(a.Variant, b.Variant) })
	return whole, nil
}

// join puts what some measures gave on a tile into their places.
func (w *estimates) join(t *plan.Tile, measures []int, e *estimates) {
	place := func(c int) int { return measures[c/len(t.Cells)]*len(t.Task.Cells) + t.CellAt[c%len(t.Cells)] }
	for c := range e.cells {
		w.cells[place(c)], w.matches[place(c)] = e.cells[c], e.matches[c]
	}
	if e.replicates != nil {
		if w.replicates == nil {
			w.replicates = newReplicates()
		}
		for c := range e.cells {
			w.replicates.add(place(c), e.replicates, c)
		}
	}
	for k, d := range e.nulls {
		if d == nil {
			continue
		}
		if w.nulls[measures[k]] == nil {
			w.nulls[measures[k]] = &nullDraws{Null: &metrics.Null{}}
		}
		to := w.nulls[measures[k]]
		for _, c := range d.At {
			to.At = append(to.At, t.CellAt[c])
		}
		to.Append(d.Null)
	}
	w.retrieved = append(w.retrieved, e.retrieved...)
	w.failed = append(w.failed, e.failed...)
}

// of is what some measures gave of a tile: join, the other way round.
func (w *estimates) of(t *plan.Tile, measures []int) *estimates {
	e := &estimates{failed: w.failed}
	r := newReplicates()
	for _, m := range measures {
		for c := m * len(t.Cells); c < (m+1)*len(t.Cells); c++ {
			r.add(len(e.cells), w.replicates, c)
			e.cells, e.matches = append(e.cells, w.cells[c]), append(e.matches, w.matches[c])
		}
		if m < len(w.nulls) {
			e.nulls = append(e.nulls, w.nulls[m])
		}
	}
	if len(r.At) > 0 {
		e.replicates = r
	}
	first := t.Measures[measures[0]]
	for _, found := range w.retrieved {
		if found.Metric == first.Name && found.Variant == first.Variant.Name {
			e.retrieved = append(e.retrieved, found)
		}
	}
	return e
}

// name gives what was read the names of this run: comparisons and models that are called otherwise give the same numbers.
func (e *estimates) name(t *plan.Tile, measures []int) {
	named := map[results.Layer]results.Layer{}
	for c := range e.cells {
		cell, at := &e.cells[c], t.PairOf(c)
		x, y := t.LayerName(t.Layers[at.X]), t.LayerName(t.Layers[at.Y])
		named[cell.X], named[cell.Y] = x, y
		cell.Comparison, cell.X, cell.Y = t.Comparison.Name, x, y
		for k := range e.matches[c] {
			m := &e.matches[c][k]
			m.Comparison, m.X, m.Y, m.Matched = t.Comparison.Name, x, y, y
		}
	}
	for k := range e.retrieved {
		r := &e.retrieved[k]
		r.Comparison, r.X, r.Y = t.Comparison.Name, named[r.X], named[r.Y]
	}
}

// measureTile measures what the store lacks of a tile. The moments of kept frames can be made again, and are not kept; nor are those
// that are to be discarded.
func measureTile(ctx context.Context, t *plan.Tile, rows *join.Rows, discard bool) error {
	lacking := t.Unmeasured()
	if len(lacking.Results) > 0 {
		e, err := measureWhole(ctx, lacking, rows)
		if err != nil {
			return err
		}
		for _, r := range lacking.Results {
			if err := r.WriteSealed(0, e.of(lacking, r.Measures).write); err != nil {
				return err
			}
		}
		if !t.Whole() {
			debug.FreeOSMemory() // the next one, or the models, take as much
		}
	}
	if t.Sums != nil && (rows != nil || discard && !t.Whole()) {
		return t.Sums.RemoveParts()
	}
	return nil
}

// resultFile is the file of what one metric gave on a tile: the names of its fields are the format. Cells are in the form of results.jsonl,
// since gob drops pointers to zero.
type resultFile struct {
	Cells     []byte
	Matches   [][]results.Match
	Left      *replicates
	Nulls     map[int]*nullDraws
	Retrieved []results.Retrieved
	Failed    []store.Failure
}

func (e *estimates) write(out io.Writer) error {
	var cells bytes.Buffer
	if err := results.Write(&cells, e.cells); err != nil {
		return err
	}
	f := resultFile{cells.Bytes(), e.matches, e.replicates, map[int]*nullDraws{}, e.retrieved, e.failed}
	for k, d := range e.nulls {
		if d != nil {
			f.Nulls[k] = d
		}
	}
	return gob.NewEncoder(out).Encode(f)
}

func (e *estimates) read(in io.Reader) error {
	var f resultFile
	if err := gob.NewDecoder(in).Decode(&f); err != nil {
		return err
	}
	cells, err := results.Read(bytes.NewReader(f.Cells), "cells of a metric")
	if err != nil {
		return err
	}
	e.cells, e.matches, e.replicates, e.retrieved, e.failed = cells, f.Matches, f.Left, f.Retrieved, f.Failed
	for k, d := range f.Nulls {
		for len(e.nulls) <= k {
			e.nulls = append(e.nulls, nil)
		}
		e.nulls[k] = d
	}
	return nil
}
