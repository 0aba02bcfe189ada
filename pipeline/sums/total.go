package sums

import (
	"io"
	"iter"

	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/plan"
)

// Total is what the parts of a tile add up to: moments, or those of attention maps by the query. Of the groups of parts, which are read from the
// store or made of its rows, one at a time is in memory.
type Total[S any] struct {
	Whole  S
	Parts  [][]int                // of each group
	Sizes  []int                  // rows of the tile in each group
	Failed []store.Failure        // inputs that could not be read
	Read   func(g int) (S, error) // that group; what it returns holds until the next call
}

// addGroups adds the groups of parts of a tile to whole, in their order, and lists what they could not read.
func addGroups[S interface {
	Merge(S) error
	N() int
}](groups [][]int, whole S, read func(parts []int) (S, []store.Failure, error)) (*Total[S], error) {
	s := &Total[S]{Whole: whole, Parts: groups, Read: func(g int) (S, error) {
		group, _, err := read(groups[g])
		return group, err
	}}
	for _, parts := range groups {
		group, failed, err := read(parts)
		if err == nil {
			err = whole.Merge(group)
		}
		if err != nil {
			return nil, err
		}
		s.Sizes, s.Failed = append(s.Sizes, group.N()), append(s.Failed, failed...)
	}
	return s, nil
}

// addStored adds up the groups of a tile that the store keeps, each in the place of its last part.
func addStored[S interface {
	Merge(S) error
	N() int
}](t *plan.Tile, whole S, load func(io.Reader) (S, error)) (*Total[S], error) {
	return addGroups(t.Groups(), whole, func(parts []int) (group S, failed []store.Failure, err error) {
		failed, err = t.Sums.ReadPart(parts[len(parts)-1], func(in io.Reader) (err error) {
			group, err = load(in)
			return err
		})
		return group, failed, err
	})
}

// Groups yields the groups, which are those of intervals.
func (s *Total[S]) Groups() iter.Seq2[S, error] {
	return func(yield func(S, error) bool) {
		for g := range s.Sizes {
			if !yield(s.Read(g)) {
				return
			}
		}
	}
}

// Moments adds up the moments of a tile that the store keeps. What could not be read is listed.
func Moments(t *plan.Tile) (*Total[*metrics.Moments], error) {
	whole, err := New(t)
	if err != nil {
		return nil, err
	}
	group := whole.Empty()             // every group is read into the same memory
	for _, parts := range t.Groups() { // shards leave theirs apart
		if err := joinGroup(t, parts, group); err != nil {
			return nil, err
		}
	}
	return addStored(t, whole, func(in io.Reader) (*metrics.Moments, error) { return group, group.Load(in) })
}

// AttentionRows adds up the parts of a tile on attention maps by the query.
func AttentionRows(t *plan.Tile) (*Total[*metrics.AttentionRows], error) {
	whole, err := NewAttentionRows(t)
	if err != nil {
		return nil, err
	}
	return addStored(t, whole, func(in io.Reader) (*metrics.AttentionRows, error) {
		return metrics.ReadAttentionRows(in, t.Inputs.Backend, t.Inputs.Workers)
	})
}
