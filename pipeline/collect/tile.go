package collect

import (
	"fmt"

	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/models"
	"speechsim/pipeline/plan"
)

// tileBuilder is what builders of a tile's sums have in common: all layers of an utterance are added at once, in its turn.
type tileBuilder struct {
	tile   *plan.Tile
	part   int
	failed []store.Failure
}

func (b *tileBuilder) product() *store.Entry { return b.tile.Sums }

func (b *tileBuilder) sources(int) []int { return b.tile.Sources() }

func (b *tileBuilder) reduce(int, []*extract.Activations) (any, error) { return nil, nil }

func (b *tileBuilder) discard() {} // it is in memory

// lacks notes an utterance that could not be read.
func (b *tileBuilder) lacks(u int, why error) {
	b.failed = append(b.failed, store.Failure{Utterance: b.id(u), Error: why.Error()})
}

// id is the ID of an utterance.
func (b *tileBuilder) id(u int) string { return b.tile.Inputs.Corpus.Utterances[u].ID }

// tensors lists the layers of the tile for one utterance, and how many frames it has.
func (b *tileBuilder) tensors(u int, acts []*extract.Activations) (out []models.Tensor, frames int, err error) {
	t := b.tile
	frameSource, sources := t.FrameSource(), t.Inputs.Sources
	rows := func(s int) ([]models.Tensor, int) {
		if a := acts[s]; t.RowUnit == "attention" {
			return a.Attentions, a.Attentions[0].Shape[1]
		}
		return acts[s].Layers, acts[s].Layers[0].Shape[0]
	}
	_, frames = rows(frameSource)
	out = make([]models.Tensor, len(t.Layers))
	for i, l := range t.Layers {
		if s := sources[l.Source]; s.InTime() && l.Source != frameSource {
			if out[i], err = s.At(t.Inputs.Corpus, u, l.Index, acts[l.Source], sources[frameSource].Card(), frames); err != nil {
				return nil, 0, err
			}
			continue
		}
		list, n := rows(l.Source)
		if out[i] = list[l.Index]; n != frames {
			return nil, 0, fmt.Errorf("utterance %s: model %s gives %d frames and %s gives %d: their frames can't be matched; compare words or phones",
				b.id(u), sources[frameSource].Name, frames, t.Label(l), n)
		}
	}
	return out, frames, nil
}
