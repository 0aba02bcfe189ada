package collect

import (
	"context"
	"errors"
	"fmt"

	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/pipeline/plan"
)

// rowBuilder makes one part of the rows of a source.
type rowBuilder struct {
	plan *plan.Plan
	*plan.RowProduct
	part   int
	rows   *store.PartRows
	failed []store.Failure
}

func (b *rowBuilder) product() *store.Entry { return b.Entry }

func (b *rowBuilder) begin(saved *store.Partial) error {
	b.rows = b.Entry.NewPartRows(b.part, saved)
	if saved != nil {
		b.failed = saved.Failed
	}
	return nil
}

func (b *rowBuilder) sources(u int) []int {
	if len(b.Table.Of(u)) == 0 {
		return nil
	}
	return []int{b.Source}
}

func (b *rowBuilder) reduce(u int, acts []*extract.Activations) (any, error) {
	rows, a := b.Table.Of(u), acts[b.Source]
	if len(rows) == 0 || a == nil {
		return nil, nil
	}
	s := b.plan.Sources[b.Source]
	units := 0
	for _, l := range s.Layers() {
		units += l.Units
	}
	values := make([]float32, len(rows)*units)
	var byLayer [][]float32
	for rest, i := values, 0; i < len(s.Layers()); i++ {
		n := len(rows) * s.Layers()[i].Units
		byLayer, rest = append(byLayer, rest[:n]), rest[n:]
	}
	if err := s.Pool(a, rows, b.Pooling, b.plan.Corpus.Spec.Audio.Rate, byLayer); err != nil {
		return nil, err
	}
	stored, err := b.plan.Numbers().Bytes(values)
	var beyond *store.RangeError
	if errors.As(err, &beyond) {
		return nil, fmt.Errorf("model %s, layer %s, utterance %s: %w", s.Name, layerAt(beyond.Index, len(rows), s.Layers()), b.plan.Corpus.Utterances[u].ID, err)
	}
	return stored, err
}

// layerAt names the layer of a value among the rows of all layers, one layer after the other.
func layerAt(index, rows int, layers []extract.Layer) string {
	for _, l := range layers {
		if index -= rows * l.Units; index < 0 {
			return l.Name
		}
	}
	return "?"
}

func (b *rowBuilder) collect(_ context.Context, u int, reduced any, acts []*extract.Activations, unreadable error) error {
	if len(b.Table.Of(u)) == 0 {
		return nil
	}
	if acts[b.Source] == nil {
		b.failed = append(b.failed, store.Failure{Utterance: b.plan.Corpus.Utterances[u].ID, Error: unreadable.Error()})
		return nil
	}
	return b.rows.Append(reduced.([]byte))
}

func (b *rowBuilder) save(ctx context.Context, utterances int) error {
	return b.rows.Save(ctx, utterances, b.failed)
}

func (b *rowBuilder) finish(context.Context) error {
	return b.rows.Finish(len(b.plan.Usable(b.part)), b.failed)
}

func (b *rowBuilder) discard() { b.rows.Close() }
