// Package sums holds the moments and attention sums of a tile: made in blocks of rows, kept in the store part by part, added up
// in the order of the parts. So the whole is the same whoever made the parts.
package sums

import (
	"context"
	"io"
	"slices"

	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
)

// New are empty moments for the layers of a tile.
func New(t *plan.Tile) (*metrics.Moments, error) {
	return metrics.NewMoments(t.Inputs.Backend, t.MomentsDims(), t.MomentsOptions())
}

// Emptied are empty moments, in the memory of earlier ones that nobody needs: those of a part after those of another.
func Emptied(t *plan.Tile, earlier *metrics.Moments) (*metrics.Moments, error) {
	if earlier == nil {
		return New(t)
	}
	earlier.Reset()
	return earlier, nil
}

// NewAttentionRows is an empty accumulator for the maps of a tile.
func NewAttentionRows(t *plan.Tile) (*metrics.AttentionRows, error) {
	return metrics.NewAttentionRows(t.Inputs.Backend, t.Dims(), t.CellPairs(), t.Variants(), t.Inputs.Workers)
}

// WritePart keeps the moments of one part, with what it could not read. With the last part of its group they are joined to the group, in the
// memory of m, unless other machines may be reading them.
func WritePart(t *plan.Tile, part int, failed []store.Failure, m *metrics.Moments, alone bool) error {
	err := t.Sums.WritePart(part, failed, func(out io.Writer) error {
		_, err := m.WriteRounded(out)
		return err
	})
	if err != nil || !alone {
		return err
	}
	for _, group := range t.Groups() {
		if slices.Contains(group, part) {
			return joinGroup(t, group, m)
		}
	}
	return nil
}

// joinGroup adds up the parts of a group whose sums are kept as one, in the memory of m, if all are there.
func joinGroup(t *plan.Tile, group []int, m *metrics.Moments) error {
	if len(group) == 1 || slices.ContainsFunc(group, func(part int) bool { return !t.Sums.HasPart(part) }) {
		return nil
	}
	return t.Sums.JoinParts(group, func(out io.Writer) error {
		m.Reset()
		for _, part := range group {
			if _, err := t.Sums.ReadPart(part, m.MergeFrom); err != nil {
				return err
			}
		}
		_, err := m.WriteRounded(out)
		return err
	})
}

// Layers are some layers of a tile as rows are read: by their source among those of the comparison.
func Layers(t *plan.Tile, positions []int) []join.Layer {
	var out []join.Layer
	for _, i := range positions {
		l := t.Layers[i]
		out = append(out, join.Layer{Source: slices.Index(t.Comparison.Sources, l.Source), Layer: extract.Layer{Name: l.Name, Units: l.Units}})
	}
	return out
}

// OfRows are the moments of a tile on stored rows: those of each part are made from its rows, in the same memory, as often as they are
// asked for. A part of words takes as many bytes as its rows, and its moments the square of all units: to multiply again takes less
// than to read them would. The rows of kept frames are so many that it would take more: [Keep] leaves theirs in the store.
func OfRows(ctx context.Context, t *plan.Tile, rows *join.Rows) (*Total[*metrics.Moments], error) {
	whole, err := New(t)
	if err != nil {
		return nil, err
	}
	part := whole.Empty()
	block, err := blockOf(ctx, t, rows)
	if err != nil {
		return nil, err
	}
	var parts [][]int
	for n, ranges := range rows.Parts {
		if len(ranges) > 0 {
			parts = append(parts, []int{n})
		}
	}
	return addGroups(parts, whole, func(parts []int) (*metrics.Moments, []store.Failure, error) {
		n := parts[0]
		part.Reset()
		r, err := rows.Open(Layers(t, t.All()))
		if err != nil {
			return nil, nil, err
		}
		defer r.Close()
		return part, nil, addPart(ctx, r, block, part, rows.Parts[n])
	})
}

// Keep makes the moments of a tile on kept frames, for the parts that lack them, and leaves them in the store.
func Keep(ctx context.Context, t *plan.Tile, rows *join.Rows) error {
	r, err := rows.Open(Layers(t, t.All()))
	if err != nil {
		return err
	}
	defer r.Close()
	var m *metrics.Moments
	block, err := blockOf(ctx, t, rows)
	if err != nil {
		return err
	}
	for part, ranges := range rows.Parts {
		if t.Sums.HasPart(part) {
			continue
		}
		if m, err = Emptied(t, m); err != nil {
			return err
		}
		if err := addPart(ctx, r, block, m, ranges); err != nil {
			return err
		}
		if err := WritePart(t, part, nil, m, true); err != nil {
			return err
		}
	}
	return nil
}

// addPart adds the rows of a part to moments.
func addPart(ctx context.Context, r *join.Reader, block *Block, m *metrics.Moments, ranges []join.Range) error {
	for _, rows := range ranges {
		if err := addRange(ctx, r, block, m, rows); err != nil {
			return err
		}
	}
	return block.Flush(ctx, m)
}

// addRange adds a range of rows to moments, by way of a block.
func addRange(ctx context.Context, r *join.Reader, block *Block, m *metrics.Moments, rows join.Range) error {
	for from := rows.From; from < rows.To; {
		n := min(rows.To-from, block.Room())
		for i := range block.layers {
			data, err := r.Range(i, from, from+n)
			if err != nil {
				return err
			}
			block.Fill(i, data)
		}
		block.Advance(n, rows.Name)
		from += n
		if block.Room() == 0 {
			if err := block.Flush(ctx, m); err != nil {
				return err
			}
		}
	}
	return nil
}
