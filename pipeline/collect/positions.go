package collect

import (
	"context"
	"fmt"
	"io"

	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/sums"
)

// positionBuilder sums up the attention of the heads of a source by relative position, over one part. An utterance is summed up as soon as its maps
// are there, and added in its turn.
type positionBuilder struct {
	plan *plan.Plan
	*plan.PositionProduct
	part   int
	sums   *metrics.AttentionPositions
	failed []store.Failure
}

func (b *positionBuilder) product() *store.Entry { return b.Entry }

func (b *positionBuilder) sources(int) []int { return []int{b.Source} }

func (b *positionBuilder) begin(saved *store.Partial) error {
	b.sums = sums.NewPositions(b.PositionProduct)
	if saved == nil {
		return nil
	}
	b.failed = saved.Failed
	return saved.Read(func(in io.Reader) (err error) {
		b.sums, err = metrics.ReadAttentionPositions(in)
		return err
	})
}

func (b *positionBuilder) reduce(u int, acts []*extract.Activations) (any, error) {
	a := acts[b.Source]
	if a == nil {
		return nil, nil
	}
	source := b.plan.Sources[b.Source]
	card, of := source.Card(), metrics.Sequence{Frames: a.Attentions[0].Shape[1], Patches: max(source.Card().Patches, 1)}
	if card.Chunk > 0 {
		of.Piece = card.Frames(card.Chunk)
	}
	var maps []metrics.Matrix
	for _, t := range a.Attentions {
		cells := t.Shape[1] * t.Shape[2]
		maps = append(maps, metrics.Matrix{Rows: cells, Cols: t.Shape[0], Stride: cells, Data: t.Data, ColMajor: true})
	}
	own := sums.NewPositions(b.PositionProduct)
	if err := own.Add(maps, of); err != nil {
		return nil, fmt.Errorf("utterance %s: attention of %s: %w", b.id(u), source.Name, err)
	}
	return own, nil
}

func (b *positionBuilder) collect(_ context.Context, u int, reduced any, _ []*extract.Activations, unreadable error) error {
	if unreadable != nil {
		b.failed = append(b.failed, store.Failure{Utterance: b.id(u), Error: unreadable.Error()})
		return nil
	}
	return b.sums.Merge(reduced.(*metrics.AttentionPositions))
}

func (b *positionBuilder) id(u int) string { return b.plan.Corpus.Utterances[u].ID }

func (b *positionBuilder) save(ctx context.Context, utterances int) error {
	return b.Entry.WritePartial(ctx, b.part, utterances, b.failed, b.write)
}

func (b *positionBuilder) finish(context.Context) error {
	return b.Entry.WritePart(b.part, b.failed, b.write)
}

func (b *positionBuilder) write(out io.Writer) error {
	_, err := b.sums.WriteTo(out)
	return err
}

func (b *positionBuilder) discard() {} // it is in memory
