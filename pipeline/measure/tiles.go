package measure

import (
	"bytes"
	"context"
	"encoding/gob"
	"io"
	"runtime/debug"

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
		e, err := measureTile(ctx, tile, rows, discard)
		if err != nil {
			return nil, err
		}
		whole.join(tile, e)
		debug.FreeOSMemory() // the next one takes as much
	}
	return whole, nil
}

// join puts what a tile gave into its places.
func (w *estimates) join(t *plan.Tile, e *estimates) {
	place := func(c int) int { return c/len(t.Cells)*len(t.Task.Cells) + t.CellAt[c%len(t.Cells)] }
	for c := range e.cells {
		w.cells[place(c)], w.matches[place(c)] = e.cells[c], e.matches[c]
	}
	if e.replicates != nil {
		if w.replicates == nil {
			w.replicates = &replicates{&metrics.Replicates{Left: make([][]float64, len(e.replicates.Left)), Sizes: e.replicates.Sizes}, map[int]int{}, e.replicates.Groups}
		}
		to := w.replicates
		for c, k := range e.replicates.At {
			to.At[place(c)] = len(to.Whole) + k
		}
		to.Whole = append(to.Whole, e.replicates.Whole...)
		for g, left := range e.replicates.Left {
			to.Left[g] = append(to.Left[g], left...)
		}
	}
	for k, d := range e.nulls {
		if d == nil {
			continue
		}
		if w.nulls[k] == nil {
			w.nulls[k] = &nullDraws{Null: &metrics.Null{}}
		}
		to := w.nulls[k]
		for _, c := range d.At {
			to.At = append(to.At, t.CellAt[c])
		}
		to.Append(d.Null)
	}
	w.failed = append(w.failed, e.failed...)
}

// measureTile measures a tile, or finds what it gave in the store. Its sums are not kept as well where they are those of
// stored rows, which can be read again, or where they are to be discarded.
func measureTile(ctx context.Context, t *plan.Tile, rows *join.Rows, discard bool) (*estimates, error) {
	if t.IsMeasured() {
		e := &estimates{}
		_, err := t.Result.ReadPart(0, e.read)
		return e, err
	}
	e, err := measureWhole(ctx, t, rows)
	if err != nil {
		return nil, err
	}
	if err := t.Result.WritePart(0, nil, e.write); err != nil {
		return nil, err
	}
	if rows != nil || discard {
		err = t.Sums.RemoveParts()
		if err == nil && t.CutSums != nil {
			err = t.CutSums.RemoveParts()
		}
	}
	return e, err
}

// tileFile is the file of a measured tile: the names of its fields are the format. Cells are in the form of results.jsonl, since
// gob drops pointers to zero.
type tileFile struct {
	Cells   []byte
	Matches [][]results.Match
	Left    *replicates
	Nulls   map[int]*nullDraws
	Failed  []store.Failure
}

func (e *estimates) write(out io.Writer) error {
	var cells bytes.Buffer
	if err := results.Write(&cells, e.cells); err != nil {
		return err
	}
	f := tileFile{cells.Bytes(), e.matches, e.replicates, map[int]*nullDraws{}, e.failed}
	for k, d := range e.nulls {
		if d != nil {
			f.Nulls[k] = d
		}
	}
	return gob.NewEncoder(out).Encode(f)
}

func (e *estimates) read(in io.Reader) error {
	var f tileFile
	if err := gob.NewDecoder(in).Decode(&f); err != nil {
		return err
	}
	cells, err := results.Read(bytes.NewReader(f.Cells), "cells of a tile")
	if err != nil {
		return err
	}
	e.cells, e.matches, e.replicates, e.failed = cells, f.Matches, f.Left, f.Failed
	for k, d := range f.Nulls {
		for len(e.nulls) <= k {
			e.nulls = append(e.nulls, nil)
		}
		e.nulls[k] = d
	}
	return nil
}
