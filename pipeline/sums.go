package pipeline

import (
	"context"
	"io"
	"iter"
	"slices"

	"speechsim/extract"
	"speechsim/metrics"
)

// sums are what the parts of a basis add up to: moments, or those of attention maps by the query. Of the parts, which the
// store keeps, one at a time is in memory.
type sums[S any] struct {
	whole S
	parts []int                  // those that hold rows of the basis
	sizes []int                  // rows of each
	read  func(n int) (S, error) // parts[n]; what it returns holds until the next call
}

// addParts adds the parts of a basis to whole, in their order, and lists what they could not read.
func addParts[S interface {
	Merge(S) error
	N() int
}](p *Plan, b *basis, whole S, load func(io.Reader) (S, error)) (s *sums[S], failed []extract.Failure, err error) {
	s = &sums[S]{whole: whole}
	var lost []extract.Failure
	s.read = func(n int) (loaded S, err error) {
		lost, err = b.entryOf(s.parts[n]).ReadPart(s.parts[n], func(in io.Reader) error {
			loaded, err = load(in)
			return err
		})
		return loaded, err
	}
	for part := range p.partCount(b) {
		if b.entryOf(part) != nil {
			s.parts = append(s.parts, part)
		}
	}
	for n := range s.parts {
		part, err := s.read(n)
		if err == nil {
			err = whole.Merge(part)
		}
		if err != nil {
			return nil, nil, err
		}
		s.sizes = append(s.sizes, part.N())
		failed = append(failed, lost...)
	}
	return s, failed, nil
}

// groups yields the parts, which are the groups of intervals.
func (s *sums[S]) groups() iter.Seq2[S, error] {
	return func(yield func(S, error) bool) {
		for n := range s.parts {
			if !yield(s.read(n)) {
				return
			}
		}
	}
}

// momentSums adds up the parts of a basis whose metrics are functions of moments.
func (p *Plan) momentSums(b *basis) (*sums[*metrics.Moments], []extract.Failure, error) {
	whole, err := p.newMoments(b)
	if err != nil {
		return nil, nil, err
	}
	part := whole.Empty() // every part is read into the same memory
	return addParts(p, b, whole, func(in io.Reader) (*metrics.Moments, error) { return part, part.Load(in) })
}

// querySums adds up the parts of a basis on attention maps by the query.
func (p *Plan) querySums(b *basis) (*sums[*metrics.AttentionRows], []extract.Failure, error) {
	whole, err := p.newAttentionRows(b)
	if err != nil {
		return nil, nil, err
	}
	return addParts(p, b, whole, func(in io.Reader) (*metrics.AttentionRows, error) {
		return metrics.ReadAttentionRows(in, p.backend, p.opts.Workers)
	})
}

// heldOut are the cells that fit on some parts and are tested on the others, by their layers.
func (b *basis) heldOut(ctx context.Context, s *sums[*metrics.Moments]) (map[[2]int]metrics.CellValue, error) {
	if !slices.ContainsFunc(b.measures(), measure.heldOut) {
		return nil, nil
	}
	pairs := b.wanted()
	values, err := metrics.NeuronLayerHeldOut(ctx, s.whole, metrics.Folds(s.sizes, s.read), pairs)
	if err != nil {
		return nil, err
	}
	cells := map[[2]int]metrics.CellValue{}
	for k, pair := range pairs {
		cells[pair] = values[k]
	}
	return cells, nil
}
