package pipeline

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"runtime/debug"
	"slices"

	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/pipeline/native"
	"speechsim/pipeline/results"
)

// A basis whose moments do not fit in the memory of a run is measured in tiles: its layers are cut into stretches, and a
// tile has the cells between two of them, both directions together. A tile is a basis with a stack and moments of its own.
// Tiles are measured one after the other, and what they give is joined before it is judged.

// cut divides a basis among tiles of n stretches of layers.
func (b *basis) cut(n int) []*basis {
	stretch := func(position int) int { return ((position+1)*n - 1) / len(b.stack) }
	shares := map[layerPair][]int{}
	var order []layerPair
	for c, at := range b.cells {
		key := layerPair{min(stretch(at.x), stretch(at.y)), max(stretch(at.x), stretch(at.y))}
		if shares[key] == nil {
			order = append(order, key)
		}
		shares[key] = append(shares[key], c)
	}
	tiles := make([]*basis, len(order))
	for k, key := range order {
		tiles[k] = b.tile(shares[key])
		tiles[k].name = fmt.Sprintf("tile %d of %d", k+1, len(order))
	}
	return tiles
}

// tile is the basis of some of the cells.
func (b *basis) tile(cells []int) *basis {
	t := *b
	t.of, t.tiles, t.stack, t.positions, t.x, t.y, t.cells = cells, nil, nil, nil, nil, nil, nil
	used := make([]int, len(b.stack)) // position in the tile's stack, plus one
	for _, c := range cells {
		used[b.cells[c].x], used[b.cells[c].y] = 1, 1
	}
	for i, l := range b.stack {
		if used[i] > 0 {
			t.stack, t.positions = append(t.stack, l), append(t.positions, i)
			used[i] = len(t.stack)
		}
	}
	for _, c := range cells {
		at := layerPair{used[b.cells[c].x] - 1, used[b.cells[c].y] - 1}
		t.cells = append(t.cells, at)
		t.x, t.y = appendOnce(t.x, at.x), appendOnce(t.y, at.y)
	}
	t.pairs = pairsOf(t.cells)
	return &t
}

func appendOnce(list []int, v int) []int {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// tileText names a tile in progress: " (tile 2 of 6)".
func (b *basis) tileText() string {
	if b.name == "" {
		return ""
	}
	return " (" + b.name + ")"
}

// each lists what a basis is measured in: its tiles, or itself.
func (b *basis) each() []*basis {
	if len(b.tiles) > 0 {
		return b.tiles
	}
	return []*basis{b}
}

// measureTiles measures the tiles of a basis and joins what they give.
func (p *Plan) measureTiles(ctx context.Context, b *basis) (*measured, error) {
	whole := &measured{cells: make([]results.Cell, len(b.measures())*len(b.cells)), matches: make([][]results.Match, len(b.measures())*len(b.cells)),
		nulls: make([]*drawn, len(b.measures()))}
	for _, t := range b.tiles {
		t.rows = b.rows
		m, err := p.measureTile(ctx, t)
		if err != nil {
			return nil, err
		}
		whole.join(b, t, m)
		debug.FreeOSMemory() // the next one takes as much
	}
	return whole, nil
}

// join puts what a tile gave into its places.
func (w *measured) join(b, t *basis, m *measured) {
	place := func(c int) int { return c/len(t.cells)*len(b.cells) + t.of[c%len(t.cells)] }
	for c := range m.cells {
		w.cells[place(c)], w.matches[place(c)] = m.cells[c], m.matches[c]
	}
	if m.left != nil {
		if w.left == nil {
			w.left = &replicates{&metrics.Replicates{Left: make([][]float64, len(m.left.Left)), Sizes: m.left.Sizes}, map[int]int{}}
		}
		for c, k := range m.left.At {
			w.left.At[place(c)] = len(w.left.Whole) + k
		}
		w.left.Whole = append(w.left.Whole, m.left.Whole...)
		for g, left := range m.left.Left {
			w.left.Left[g] = append(w.left.Left[g], left...)
		}
	}
	for k, d := range m.nulls {
		if d == nil {
			continue
		}
		if w.nulls[k] == nil {
			w.nulls[k] = &drawn{Null: &metrics.Null{About: d.About, Draws: make([][]float64, len(d.Draws))}}
		}
		to := w.nulls[k]
		for _, c := range d.At {
			to.At = append(to.At, t.of[c])
		}
		to.Observed = append(to.Observed, d.Observed...)
		for n, values := range d.Draws {
			to.Draws[n] = append(to.Draws[n], values...)
		}
	}
	w.failed = append(w.failed, m.failed...)
}

// isMeasured says whether the store has what a tile gave.
func (t *basis) isMeasured() bool { return t.result != nil && t.result.HasPart(0) }

// measureWalk measures the tiles whose moments a walk over the audio has made, so that the store need not hold those of all
// walks: a matrix of all units for each group. The models make room for it; the next walk opens those that it hears.
func (p *Plan) measureWalk(ctx context.Context, walk int) error {
	p.releaseModels()
	for _, b := range p.bases {
		for _, t := range b.tiles {
			if t.walk == walk && t.unit == "frame" && t.frames == "" {
				if _, err := p.measureTile(ctx, t); err != nil {
					return err
				}
				debug.FreeOSMemory() // the next tile, or the models, take as much
			}
		}
	}
	return nil
}

// measureTile measures a tile, or finds what it gave in the store. Its moments are not kept beside that where they are those
// of stored rows, which can be read again, or of one walk of many.
func (p *Plan) measureTile(ctx context.Context, t *basis) (*measured, error) {
	if t.isMeasured() {
		m := &measured{}
		_, err := t.result.ReadPart(0, m.read)
		p.opts.Progress.Add(float64(len(m.cells)))
		return m, err
	}
	m, err := p.measureBasis(ctx, t)
	if err != nil {
		return nil, err
	}
	if err := t.result.WritePart(0, nil, m.write); err != nil {
		return nil, p.diskError(err)
	}
	if t.rows != nil || p.discards {
		err = t.entry.RemoveParts()
		if err == nil && t.cutEntry != nil {
			err = t.cutEntry.RemoveParts()
		}
	}
	return m, err
}

// tileEntry is where the store keeps what a tile gave.
func (p *Plan) tileEntry(t *basis) (*extract.Entry, error) {
	d := struct {
		Holds, Moments, Version string
		First                   int `json:",omitempty"` // rows of the view; of the first ones most parts are those of all
		Metrics                 []string
		Interval                string
		Null                    string
		Frames                  []string // pooled rows of the frames of the null
	}{Holds: "cells of a tile, with what their intervals and nulls are made of", Moments: t.entry.Key, Version: native.Version, First: t.view.first, Interval: t.k.Interval}
	for _, m := range t.measures() {
		d.Metrics = append(d.Metrics, m.Name+" "+m.variant.Name)
	}
	if n := t.k.Null; n != nil {
		d.Null = fmt.Sprint(n.Permute, n.Draws, n.Seed)
		if t.thinned != "" {
			for _, r := range p.pooledRowsOf(t.k, t.thinned, string(extract.Centre)) {
				d.Frames = append(d.Frames, r.entry.Key)
			}
		}
	}
	return p.store.Entry("cells", d)
}

// tileFile is the file of a measured tile. Cells are in the form of results.jsonl, since gob drops pointers to zero.
type tileFile struct {
	Cells   []byte
	Matches [][]results.Match
	Left    *replicates
	Nulls   map[int]*drawn
	Failed  []extract.Failure
}

func (m *measured) write(out io.Writer) error {
	var cells bytes.Buffer
	if err := results.Write(&cells, m.cells); err != nil {
		return err
	}
	f := tileFile{cells.Bytes(), m.matches, m.left, map[int]*drawn{}, m.failed}
	for k, d := range m.nulls {
		if d != nil {
			f.Nulls[k] = d
		}
	}
	return gob.NewEncoder(out).Encode(f)
}

func (m *measured) read(in io.Reader) error {
	var f tileFile
	if err := gob.NewDecoder(in).Decode(&f); err != nil {
		return err
	}
	cells, err := results.Read(bytes.NewReader(f.Cells), "cells of a tile")
	if err != nil {
		return err
	}
	m.cells, m.matches, m.left, m.failed = cells, f.Matches, f.Left, f.Failed
	for k, d := range f.Nulls {
		for len(m.nulls) <= k {
			m.nulls = append(m.nulls, nil)
		}
		m.nulls[k] = d
	}
	return nil
}
