package matrices

import (
	"context"
	"fmt"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// level is one way to take the rows: all of them, or one mean row per word type. Cells, confidence intervals and nulls are
// computed in the same way on both.
type level struct {
	comparison, rows string // of the cells
	level            string
	moments          func(ctx context.Context, o metrics.Options) (*bundles, error)
	intervals        bool // bundles are groups of an interval
	shuffle          *metrics.Shuffle
	byType           bool                             // shuffle may use a row more than once
	float64          bool                             // products are always made in double precision
	flip             bool                             // x is what is shuffled, not y
	part             bool                             // shuffle is of some rows only
	matrices         func() ([]metrics.Matrix, error) // the rows of the shuffle, in its order; without one all rows
	all              func() ([]metrics.Matrix, error) // all rows
	words            bool                             // rows have words, and each word may have many
}

// rowLevel is the level of the rows in the files. types may be nil.
func (c *comparison) rowLevel(types *typeRows) (*level, error) {
	l := &level{rows: "row", intervals: c.groups != nil, words: c.labels != nil}
	l.moments = func(ctx context.Context, o metrics.Options) (*bundles, error) {
		var sizes, of []int
		if c.groups != nil {
			sizes, of = c.groups.sizes, c.groups.of
		}
		b, err := newBundles(c.backend, []int{c.x.Cols, c.y.Cols}, o, sizes)
		if err != nil {
			return nil, err
		}
		err = c.stream(ctx, "rows", func(from int, block [2]metrics.Matrix) error {
			if of == nil {
				return b.add(ctx, block, nil)
			}
			return b.add(ctx, block, of[from:from+block[0].Rows])
		})
		return b, err
	}
	var order []int
	var err error
	if c.Null > 0 {
		order, err = c.rowShuffle(l, types)
	}
	l.matrices = func() ([]metrics.Matrix, error) { return c.matrices(order) }
	l.all = func() ([]metrics.Matrix, error) { return c.matrices(nil) }
	return l, err
}

// rowShuffle says how the rows are permuted for the null, and in which order they must stand for that: word vectors by word
// type, everything else by group.
func (c *comparison) rowShuffle(l *level, types *typeRows) (order []int, err error) {
	switch {
	case types != nil && (types.static[0] || types.static[1]):
		l.byType, l.flip = true, !types.static[1]
		l.shuffle, err = metrics.PermuteTypes(c.labels.of, c.Seed)
	case c.groups != nil:
		if order, l.shuffle, err = c.groups.shuffle(c.Seed); err != nil {
			err = fmt.Errorf("%s: %w", c.Groups, err)
		}
		l.part = order != nil && len(order) < c.x.Rows
	default:
		c.note("no permutation null for the rows: rows of one word depend on each other, and rows of one speaker may too. Name independent groups with --groups")
	}
	if l.shuffle != nil {
		c.note("permutation null of the rows: %d draws, %s, seed %d", c.Null, l.shuffle.About, c.Seed)
	}
	return order, err
}

// typeLevel is the level of word types. Types are taken to be independent of each other.
func (c *comparison) typeLevel(types *typeRows) (*level, error) {
	l := &level{comparison: "word types", rows: "type", level: results.TypeLevel, intervals: true, byType: true, float64: true}
	n := types.means[0].Rows
	each := make([]int, n)  // every type is a group
	sizes := make([]int, n) // of one row
	for k := range each {
		each[k], sizes[k] = k, 1
	}
	l.moments = func(ctx context.Context, o metrics.Options) (*bundles, error) {
		b, err := newBundles(c.backend, []int{c.x.Cols, c.y.Cols}, o, sizes)
		if err != nil {
			return nil, err
		}
		return b, b.add(ctx, types.means, each)
	}
	l.matrices = func() ([]metrics.Matrix, error) { return types.means[:], nil }
	l.all = l.matrices
	if c.Null == 0 {
		return l, nil
	}
	var err error
	if l.shuffle, err = metrics.PermuteTypes(each, c.Seed); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Labels, err)
	}
	c.note("permutation null of the word types: %d draws, %s, seed %d", c.Null, l.shuffle.About, c.Seed)
	return l, nil
}
