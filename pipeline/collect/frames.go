package collect

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/models"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/sums"
)

// frameBuilder streams the frames of one part into moments: they are never stored.
type frameBuilder struct {
	tile    *plan.Tile
	part    int
	spare   *spareMemory
	moments *metrics.Moments
	block   *sums.Block
	failed  []store.Failure
}

// spareMemory is what the parts of a pass hand on to each other: moments and a block of each tile, which would otherwise be allocated
// for every part.
type spareMemory struct {
	moments map[*plan.Tile]*metrics.Moments
	blocks  map[*plan.Tile]*sums.Block
}

// take returns empty moments and an empty block for a tile.
func (s *spareMemory) take(t *plan.Tile) (*metrics.Moments, *sums.Block, error) {
	if s.moments == nil {
		s.moments, s.blocks = map[*plan.Tile]*metrics.Moments{}, map[*plan.Tile]*sums.Block{}
	}
	if s.blocks[t] == nil {
		s.blocks[t] = sums.NewBlock(t)
	}
	s.blocks[t].Empty()
	m, err := sums.Emptied(t, s.moments[t])
	s.moments[t] = m
	return m, s.blocks[t], err
}

func (b *frameBuilder) product() *store.Entry { return b.tile.Sums }

func (b *frameBuilder) begin(saved *store.Partial) (err error) {
	if b.moments, b.block, err = b.spare.take(b.tile); err != nil || saved == nil {
		return err
	}
	b.failed = saved.Failed
	return saved.Read(func(r io.Reader) error {
		in := bufio.NewReaderSize(r, 1<<20)
		if err := b.block.ReadRows(in); err != nil {
			return err
		}
		return b.moments.Load(in)
	})
}

// save leaves the moments of the full blocks, and the rows of the one that is not.
func (b *frameBuilder) save(ctx context.Context, utterances int) error {
	return b.tile.Sums.WritePartial(ctx, b.part, utterances, b.failed, func(out io.Writer) error {
		if err := b.block.WriteRows(out); err != nil {
			return err
		}
		_, err := b.moments.WriteTo(out)
		return err
	})
}

func (b *frameBuilder) sources(int) []int { return b.tile.Sources() }

func (b *frameBuilder) reduce(int, []*extract.Activations) (any, error) { return nil, nil }

func (b *frameBuilder) collect(ctx context.Context, u int, _ any, acts []*extract.Activations, unreadable error) error {
	utterance := b.tile.Inputs.Corpus.Utterances[u].ID
	if unreadable != nil {
		b.failed = append(b.failed, store.Failure{Utterance: utterance, Error: unreadable.Error()})
		return nil
	}
	tensors, frames, err := tensorsOf(b.tile, u, acts)
	if err != nil {
		return err
	}
	name := "utterance " + utterance
	for done := 0; done < frames; {
		n := min(frames-done, b.block.Room())
		for i, t := range tensors {
			units := t.Shape[1]
			b.block.Fill(i, t.Data[done*units:(done+n)*units])
		}
		b.block.Advance(n, name)
		done += n
		if b.block.Room() == 0 {
			if err := b.block.Flush(ctx, b.moments); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *frameBuilder) finish(ctx context.Context) error {
	if err := b.block.Flush(ctx, b.moments); err != nil {
		return err
	}
	return sums.WritePart(b.tile.Sums, b.part, b.failed, b.moments)
}

func (b *frameBuilder) discard() {} // it is in memory

// tensorsOf lists the layers of a tile for one utterance, and how many frames it has.
func tensorsOf(t *plan.Tile, u int, acts []*extract.Activations) (out []models.Tensor, frames int, err error) {
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
		if labels := sources[l.Source].Labels; labels != nil {
			if out[i], err = labels.At(u, acts[l.Source], sources[frameSource].Model.Card(), frames); err != nil {
				return nil, 0, err
			}
			continue
		}
		list, n := rows(l.Source)
		if out[i] = list[l.Index]; n != frames {
			return nil, 0, fmt.Errorf("utterance %s: model %s gives %d frames and %s gives %d: their frames can't be matched; compare words or phones",
				t.Inputs.Corpus.Utterances[u].ID, sources[frameSource].Name, frames, t.Label(l), n)
		}
	}
	return out, frames, nil
}
