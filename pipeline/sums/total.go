package sums

import (
	"io"
	"iter"

	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
)

// Total is what the parts of a tile add up to: moments, or those of attention maps by the query. Of the parts, which the
// store keeps, one at a time is in memory.
type Total[S any] struct {
	Whole S
	Parts []int                  // the parts that hold rows of the tile
	Sizes []int                  // rows of each of them
	Read  func(n int) (S, error) // that part; what it returns holds until the next call
}

// addParts adds the parts of a tile to whole, in their order, and lists what they could not read.
func addParts[S interface {
	Merge(S) error
	N() int
}](t *plan.Tile, rows *join.Rows, whole S, load func(io.Reader) (S, error)) (s *Total[S], failed []store.Failure, err error) {
	s = &Total[S]{Whole: whole}
	var parts []int
	var lost []store.Failure
	s.Read = func(n int) (loaded S, err error) {
		lost, err = t.SumsOf(parts[n], rows).ReadPart(parts[n], func(in io.Reader) error {
			loaded, err = load(in)
			return err
		})
		return loaded, err
	}
	for part := range t.PartCount(rows) {
		if t.SumsOf(part, rows) != nil {
			parts = append(parts, part)
		}
	}
	for n := range parts {
		part, err := s.Read(n)
		if err == nil {
			err = whole.Merge(part)
		}
		if err != nil {
			return nil, nil, err
		}
		s.Parts, s.Sizes = append(s.Parts, parts[n]), append(s.Sizes, part.N())
		failed = append(failed, lost...)
	}
	return s, failed, nil
}

// Groups yields the parts, which are the groups of intervals.
func (s *Total[S]) Groups() iter.Seq2[S, error] {
	return func(yield func(S, error) bool) {
		for n := range s.Sizes {
			if !yield(s.Read(n)) {
				return
			}
		}
	}
}

// Moments adds up the parts of a tile whose metrics are functions of moments. rows are those that were joined, nil where they
// are streamed. What could not be read is listed.
func Moments(t *plan.Tile, rows *join.Rows) (*Total[*metrics.Moments], []store.Failure, error) {
	whole, err := New(t)
	if err != nil {
		return nil, nil, err
	}
	part := whole.Empty() // every part is read into the same memory
	return addParts(t, rows, whole, func(in io.Reader) (*metrics.Moments, error) { return part, part.Load(in) })
}

// AttentionRows adds up the parts of a tile on attention maps by the query.
func AttentionRows(t *plan.Tile) (*Total[*metrics.AttentionRows], []store.Failure, error) {
	whole, err := NewAttentionRows(t)
	if err != nil {
		return nil, nil, err
	}
	return addParts(t, nil, whole, func(in io.Reader) (*metrics.AttentionRows, error) {
		return metrics.ReadAttentionRows(in, t.Inputs.Backend, t.Inputs.Workers)
	})
}
