package collect

import (
	"bufio"
	"context"
	"io"
	"slices"

	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/sums"
)

// frameBuilder streams the frames of one part into moments: they are never stored.
type frameBuilder struct {
	tileBuilder
	spare   *spareMemory
	moments *metrics.Moments
	block   *sums.Block
}

// spareMemory is what the parts of a pass hand on to each other: moments and a block of each tile, which would otherwise be allocated
// for every part.
type spareMemory struct {
	moments map[*plan.Tile]*metrics.Moments
	blocks  map[*plan.Tile]*sums.Block
	alone   bool // all parts are made here, by no other shard
}

// take returns empty moments and an empty block for a tile.
func (s *spareMemory) take(t *plan.Tile) (*metrics.Moments, *sums.Block, error) {
	if s.moments == nil {
		s.moments, s.blocks = map[*plan.Tile]*metrics.Moments{}, map[*plan.Tile]*sums.Block{}
	}
	if s.blocks[t] == nil {
		block, err := sums.StreamedBlock(t)
		if err != nil {
			return nil, nil, err
		}
		s.blocks[t] = block
	}
	s.blocks[t].Empty()
	m, err := sums.Emptied(t, s.moments[t])
	s.moments[t] = m
	return m, s.blocks[t], err
}

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

func (b *frameBuilder) collect(ctx context.Context, u int, _ any, acts []*extract.Activations, unreadable error) error {
	if slices.ContainsFunc(b.sources(u), func(s int) bool { return acts[s] == nil }) { // features do without the audio
		b.lacks(u, unreadable)
		return nil
	}
	tensors, frames, err := b.tensors(u, acts)
	if err != nil {
		return err
	}
	name := "utterance " + b.id(u)
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
	return sums.WritePart(b.tile, b.part, b.failed, b.moments, b.spare.alone)
}
