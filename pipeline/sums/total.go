package sums

import (
	"io"
	"iter"

	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
)

// Total is what the parts of a tile add up to: moments, or those of attention maps by the query. Of the parts, which are read from the
// store or made of its rows, one at a time is in memory.
type Total[S any] struct {
	Whole  S
	Parts  []int                  // the parts
	Sizes  []int                  // rows of the tile in each
	Failed []store.Failure        // inputs that could not be read
	Read   func(n int) (S, error) // that part; what it returns holds until the next call
}

// addParts adds the parts of a tile to whole, in their order, and lists what they could not read.
func addParts[S interface {
	Merge(S) error
	N() int
}](parts []int, whole S, read func(part int) (S, []store.Failure, error)) (*Total[S], error) {
	s := &Total[S]{Whole: whole, Read: func(n int) (S, error) {
		part, _, err := read(parts[n])
		return part, err
	}}
	for _, n := range parts {
		part, failed, err := read(n)
		if err == nil {
			err = whole.Merge(part)
		}
		if err != nil {
			return nil, err
		}
		s.Parts, s.Sizes, s.Failed = append(s.Parts, n), append(s.Sizes, part.N()), append(s.Failed, failed...)
	}
	return s, nil
}

// addStored adds up the parts of a tile that the store keeps.
func addStored[S interface {
	Merge(S) error
	N() int
}](t *plan.Tile, parts int, whole S, load func(io.Reader) (S, error)) (*Total[S], error) {
	all := make([]int, parts)
	for n := range all {
		all[n] = n
	}
	return addParts(all, whole, func(n int) (part S, failed []store.Failure, err error) {
		failed, err = t.Sums.ReadPart(n, func(in io.Reader) (err error) {
			part, err = load(in)
			return err
		})
		return part, failed, err
	})
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
func Moments(t *plan.Tile, rows *join.Rows) (*Total[*metrics.Moments], error) {
	whole, err := New(t)
	if err != nil {
		return nil, err
	}
	part := whole.Empty() // every part is read into the same memory
	return addStored(t, t.PartCount(rows), whole, func(in io.Reader) (*metrics.Moments, error) { return part, part.Load(in) })
}

// AttentionRows adds up the parts of a tile on attention maps by the query.
func AttentionRows(t *plan.Tile) (*Total[*metrics.AttentionRows], error) {
	whole, err := NewAttentionRows(t)
	if err != nil {
		return nil, err
	}
	return addStored(t, t.PartCount(nil), whole, func(in io.Reader) (*metrics.AttentionRows, error) {
		return metrics.ReadAttentionRows(in, t.Inputs.Backend, t.Inputs.Workers)
	})
}
