package pipeline

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"

	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/models"
)

// blockRows is how many rows go into the products of moments at once: enough for the speed of matrix products, few enough
// to hold in memory. It is part of what a result is: sums are made block by block.
const blockRows = 2048

// frameWork streams the frames of one part into moments: they are never stored.
type frameWork struct {
	plan    *Plan
	b       *basis
	part    int
	moments *metrics.Moments
	block   *block
	failed  []extract.Failure
}

func (w *frameWork) product() *extract.Entry { return w.b.entry }

func (w *frameWork) begin(saved *extract.Partial) error {
	var err error
	if w.block = w.b.earlierBlock; w.block == nil {
		w.block = w.plan.newBlock(w.b)
	}
	w.block.empty()
	if w.moments, err = w.plan.emptyMoments(w.b, w.b.earlier); err != nil {
		return err
	}
	if w.b.earlier, w.b.earlierBlock = w.moments, w.block; saved == nil {
		return nil
	}
	w.failed = saved.Failed
	return saved.Read(func(r io.Reader) error {
		in := bufio.NewReaderSize(r, 1<<20)
		if err := w.block.load(in); err != nil {
			return err
		}
		return w.moments.Load(in)
	})
}

// save leaves the moments of the full blocks, and the rows of the one that is not.
func (w *frameWork) save(ctx context.Context, utterances int) error {
	return w.b.entry.WritePartial(ctx, w.part, utterances, w.failed, func(out io.Writer) error {
		if err := w.block.write(out); err != nil {
			return err
		}
		_, err := w.moments.WriteTo(out)
		return err
	})
}

func (w *frameWork) sources(int) []int { return w.plan.heard(w.b) }

func (w *frameWork) reduce(int, []*extract.Activations) (any, error) { return nil, nil }

func (w *frameWork) collect(ctx context.Context, u int, _ any, acts []*extract.Activations, unreadable error) error {
	utterance := w.plan.Corpus.Utterances[u].ID
	if unreadable != nil {
		w.failed = append(w.failed, extract.Failure{Utterance: utterance, Error: unreadable.Error()})
		return nil
	}
	tensors, frames, err := w.plan.tensorsOf(w.b, u, acts)
	if err != nil {
		return err
	}
	name := "utterance " + utterance
	for done := 0; done < frames; {
		n := min(frames-done, w.block.room())
		for i, t := range tensors {
			units := t.Shape[1]
			w.block.fill(i, t.Data[done*units:(done+n)*units])
		}
		w.block.advance(n, name)
		done += n
		if w.block.room() == 0 {
			if err := w.plan.flush(ctx, w.b, w.moments, w.block); err != nil {
				return err
			}
		}
	}
	return nil
}

// tensorsOf lists the layers of the stack for one utterance, and how many frames it has.
func (p *Plan) tensorsOf(b *basis, u int, acts []*extract.Activations) (out []models.Tensor, frames int, err error) {
	grid := p.gridSource(b)
	rows := func(s int) ([]models.Tensor, int) {
		if a := acts[s]; b.unit == "attention" {
			return a.Attentions, a.Attentions[0].Shape[1]
		}
		return acts[s].Layers, acts[s].Layers[0].Shape[0]
	}
	_, frames = rows(grid)
	out = make([]models.Tensor, len(b.stack))
	for i := range b.stack {
		l := &b.stack[i]
		if labels := p.sources[l.source].Labels; labels != nil {
			if out[i], err = labels.At(u, acts[l.source], p.sources[grid].Model.Card(), frames); err != nil {
				return nil, 0, err
			}
			continue
		}
		list, n := rows(l.source)
		if out[i] = list[l.index]; n != frames {
			return nil, 0, fmt.Errorf("utterance %s: model %s gives %d frames and %s gives %d: their frames can't be matched; compare words or phones",
				p.Corpus.Utterances[u].ID, p.sources[grid].Name, frames, p.label(*l), n)
		}
	}
	return out, frames, nil
}

// heard are the sources that the rows of a basis on frames or attention come from: those of its layers, and the one whose
// frames they are.
func (p *Plan) heard(b *basis) []int {
	out := []int{p.gridSource(b)}
	for _, l := range b.stack {
		out = appendOnce(out, l.source)
	}
	return out
}

func (w *frameWork) finish(ctx context.Context) error {
	if err := w.plan.flush(ctx, w.b, w.moments, w.block); err != nil {
		return err
	}
	return w.plan.writeSums(w.b.entry, w.part, w.failed, w.moments)
}

func (w *frameWork) abandon() {} // it is in memory

// headWork streams the attention maps of one part into moments. A row is one (query, key) cell and a unit is a head, so
// the correlation of two heads over all cells is an entry of the cross-products. Variants that look at each query's row
// by itself have an accumulator of their own.
type headWork struct {
	plan   *Plan
	b      *basis
	part   int
	sums   attentionSums
	failed []extract.Failure
}

// attentionSums is what the maps of utterances are added to.
type attentionSums interface {
	add(ctx context.Context, maps []metrics.Matrix, frames int) error
	WriteTo(w io.Writer) (int64, error)
}

type cellSums struct{ *metrics.Moments }

func (s cellSums) add(ctx context.Context, maps []metrics.Matrix, _ int) error {
	return s.Add(ctx, maps)
}

type rowSums struct{ *metrics.AttentionRows }

func (s rowSums) add(ctx context.Context, maps []metrics.Matrix, frames int) error {
	return s.Add(ctx, maps, frames)
}

func (w *headWork) product() *extract.Entry { return w.b.entry }

func (w *headWork) begin(saved *extract.Partial) error {
	load, err := w.empty()
	if err != nil || saved == nil {
		return err
	}
	w.failed = saved.Failed
	return saved.Read(load)
}

// empty begins the sums, and returns how they take up what was saved of them.
func (w *headWork) empty() (load func(io.Reader) error, err error) {
	if w.b.input != queries {
		m, err := w.plan.newMoments(w.b)
		if err != nil {
			return nil, err
		}
		w.sums = cellSums{m}
		return m.Load, nil
	}
	rows, err := w.plan.newAttentionRows(w.b)
	if err != nil {
		return nil, err
	}
	w.sums = rowSums{rows}
	return func(in io.Reader) error {
		saved, err := metrics.ReadAttentionRows(in, w.plan.backend, w.plan.opts.Workers)
		if err != nil {
			return err
		}
		return rows.Merge(saved)
	}, nil
}

func (w *headWork) save(ctx context.Context, utterances int) error {
	return w.b.entry.WritePartial(ctx, w.part, utterances, w.failed, func(out io.Writer) error {
		_, err := w.sums.WriteTo(out)
		return err
	})
}

// newAttentionRows is an empty accumulator for the maps of a basis.
func (p *Plan) newAttentionRows(b *basis) (*metrics.AttentionRows, error) {
	heads := make([]int, len(b.stack))
	for i, l := range b.stack {
		heads[i] = l.units
	}
	return metrics.NewAttentionRows(p.backend, heads, b.wanted(), b.variants(), p.opts.Workers)
}

// variants lists the variants asked of the basis.
func (b *basis) variants() []string {
	var out []string
	for _, m := range b.measures() {
		out = append(out, m.variant.Name)
	}
	return out
}

func (w *headWork) sources(int) []int { return w.plan.heard(w.b) }

func (w *headWork) reduce(int, []*extract.Activations) (any, error) { return nil, nil }

func (w *headWork) collect(ctx context.Context, u int, _ any, acts []*extract.Activations, unreadable error) error {
	utterance := w.plan.Corpus.Utterances[u].ID
	if unreadable != nil {
		w.failed = append(w.failed, extract.Failure{Utterance: utterance, Error: unreadable.Error()})
		return nil
	}
	tensors, frames, err := w.plan.tensorsOf(w.b, u, acts)
	if err != nil {
		return err
	}
	cells := frames * frames
	list := make([]metrics.Matrix, len(tensors))
	for i, t := range tensors {
		list[i] = metrics.Matrix{Rows: cells, Cols: t.Shape[0], Stride: cells, Data: t.Data, ColMajor: true}
	}
	return w.plan.named(w.b, w.sums.add(ctx, list, frames), func(int) string { return "utterance " + utterance })
}

func (w *headWork) finish(context.Context) error {
	return w.plan.writeSums(w.b.entry, w.part, w.failed, w.sums)
}

func (w *headWork) abandon() {} // as above

func (p *Plan) writeSums(entry *extract.Entry, part int, failed []extract.Failure, m io.WriterTo) error {
	return entry.WritePart(part, failed, func(out io.Writer) error {
		_, err := m.WriteTo(out)
		return err
	})
}

// block gathers rows of all layers of a stack until there are enough for the products.
type block struct {
	layers [][]float32
	units  []int
	size   int // rows that it holds
	rows   int
	marks  []mark
}

// mark says of what the rows below end are, down to the mark before.
type mark struct {
	end  int
	name string
}

func (p *Plan) newBlock(b *basis) *block {
	k := &block{size: p.blockSize(b)}
	for _, l := range b.stack {
		k.layers = append(k.layers, make([]float32, 0, k.size*l.units))
		k.units = append(k.units, l.units)
	}
	return k
}

func (k *block) empty() {
	for i := range k.layers {
		k.layers[i] = k.layers[i][:0]
	}
	k.rows, k.marks = 0, k.marks[:0]
}

func (k *block) room() int { return k.size - k.rows }

func (k *block) fill(layer int, data []float32) { k.layers[layer] = append(k.layers[layer], data...) }

func (k *block) advance(rows int, name string) {
	k.rows += rows
	k.marks = append(k.marks, mark{k.rows, name})
}

// blockHeader is the line of JSON before the saved rows of a block.
type blockHeader struct {
	Rows  int
	Ends  []int // of the marks
	Names []string
}

// write saves the rows: a line of JSON, then those of each layer.
func (k *block) write(w io.Writer) error {
	head := blockHeader{Rows: k.rows}
	for _, m := range k.marks {
		head.Ends, head.Names = append(head.Ends, m.end), append(head.Names, m.name)
	}
	line, err := json.Marshal(head)
	if err == nil {
		_, err = w.Write(append(line, '\n'))
	}
	for _, d := range k.layers {
		if err == nil {
			err = binary.Write(w, binary.LittleEndian, d)
		}
	}
	return err
}

// load fills an empty block with rows that write saved, and reads no further.
func (k *block) load(in *bufio.Reader) error {
	line, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	var head blockHeader
	if err := json.Unmarshal(line, &head); err != nil {
		return err
	}
	if head.Rows < 0 || head.Rows >= k.size || len(head.Ends) != len(head.Names) {
		return fmt.Errorf("a block of %d rows", head.Rows)
	}
	for i, units := range k.units {
		k.layers[i] = k.layers[i][:head.Rows*units]
		if err := binary.Read(in, binary.LittleEndian, k.layers[i]); err != nil {
			return err
		}
	}
	k.rows = head.Rows
	for i, end := range head.Ends {
		k.marks = append(k.marks, mark{end, head.Names[i]})
	}
	return nil
}

// name says of what a row is: "utterance 84-121123-0000".
func (k *block) name(row int) string {
	i := sort.Search(len(k.marks), func(i int) bool { return k.marks[i].end > row })
	if i == len(k.marks) {
		return "?"
	}
	return k.marks[i].name
}

// flush adds the block's rows to the moments and empties it.
func (p *Plan) flush(ctx context.Context, b *basis, m *metrics.Moments, k *block) error {
	if k.rows == 0 {
		return nil
	}
	rows := make([]metrics.Matrix, len(k.layers))
	for i, d := range k.layers {
		rows[i] = metrics.Matrix{Rows: k.rows, Cols: k.units[i], Stride: k.units[i], Data: d}
	}
	err := p.named(b, m.Add(ctx, rows), k.name)
	k.empty()
	return err
}

// named gives an error about a value the names of model, layer and of what the row is.
func (p *Plan) named(b *basis, err error, name func(row int) string) error {
	var bad *metrics.NonFiniteError
	if errors.As(err, &bad) {
		return fmt.Errorf("%s: %s: %w", name(bad.Row), p.label(b.stack[bad.Layer]), err)
	}
	return err
}
