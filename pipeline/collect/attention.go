package collect

import (
	"context"
	"io"

	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/study"
	"speechsim/pipeline/sums"
)

// attentionBuilder streams the attention maps of one part into moments. A row is one (query, key) cell and a unit is a head, so
// the correlation of two heads over all cells is an entry of the cross-products. Variants that look at each query's row
// by itself have an accumulator of their own.
type attentionBuilder struct {
	tileBuilder
	sums attentionSums
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

func (b *attentionBuilder) begin(saved *store.Partial) error {
	load, err := b.empty()
	if err != nil || saved == nil {
		return err
	}
	b.failed = saved.Failed
	return saved.Read(load)
}

// empty begins the sums, and returns how they take up what was saved of them.
func (b *attentionBuilder) empty() (load func(io.Reader) error, err error) {
	if b.tile.Input != study.AttentionRows {
		m, err := sums.New(b.tile)
		if err != nil {
			return nil, err
		}
		b.sums = cellSums{m}
		return m.Load, nil
	}
	rows, err := sums.NewAttentionRows(b.tile)
	if err != nil {
		return nil, err
	}
	b.sums = rowSums{rows}
	return func(in io.Reader) error {
		saved, err := metrics.ReadAttentionRows(in, b.tile.Inputs.Backend, b.tile.Inputs.Workers)
		if err != nil {
			return err
		}
		return rows.Merge(saved)
	}, nil
}

func (b *attentionBuilder) save(ctx context.Context, utterances int) error {
	return b.tile.Sums.WritePartial(ctx, b.part, utterances, b.failed, func(out io.Writer) error {
		_, err := b.sums.WriteTo(out)
		return err
	})
}

func (b *attentionBuilder) collect(ctx context.Context, u int, _ any, acts []*extract.Activations, unreadable error) error {
	if unreadable != nil {
		b.lacks(u, unreadable)
		return nil
	}
	tensors, frames, err := b.tensors(u, acts)
	if err != nil {
		return err
	}
	cells := frames * frames
	list := make([]metrics.Matrix, len(tensors))
	for i, t := range tensors {
		list[i] = metrics.Matrix{Rows: cells, Cols: t.Shape[0], Stride: cells, Data: t.Data, ColMajor: true}
	}
	return sums.Named(b.tile, b.sums.add(ctx, list, frames), func(int) string { return "utterance " + b.id(u) })
}

func (b *attentionBuilder) finish(context.Context) error {
	return b.tile.Sums.WritePart(b.part, b.failed, func(out io.Writer) error {
		_, err := b.sums.WriteTo(out)
		return err
	})
}
