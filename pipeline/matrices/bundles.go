package matrices

import (
	"context"

	"speechsim/metrics"
)

// An interval is made of at most mostBundles groups, and more are joined: of fewer where their moments would need more
// than intervalBytes of memory, but not of fewer than leastBundles.
const (
	mostBundles   = 50
	leastBundles  = 10
	intervalBytes = 4 << 30
)

// bundles are the moments of bundles of rows, and rows on their way into them.
type bundles struct {
	moments []*metrics.Moments
	waiting [][2]metrics.Matrix // of each bundle: fewer rows than go into a product at once
	room    int                 // rows that may wait in each bundle
	of      []int               // of each group: its bundle
}

// newBundles makes moments for the variants. sizes are the rows of each group; nil means that rows have no groups.
func newBundles(b metrics.Backend, dims []int, o metrics.Options, sizes []int) (*bundles, error) {
	m, err := metrics.NewMoments(b, dims, o)
	if err != nil {
		return nil, err
	}
	out := &bundles{moments: []*metrics.Moments{m}, of: []int{0}, room: metrics.BlockRows}
	if sizes != nil {
		memory, err := metrics.MemoryOf(dims, o)
		if err != nil {
			return nil, err
		}
		most := int(min(mostBundles, max(leastBundles, intervalBytes/memory.State)))
		out.of = metrics.Bundle(sizes, most)
		for len(out.moments) < min(most, len(sizes)) {
			out.moments = append(out.moments, m.Empty())
		}
	}
	out.waiting = make([][2]metrics.Matrix, len(out.moments))
	// Where many groups take turns, each waits for its own rows. 256 rows are enough for fast products.
	const memory = 256 << 20
	units := 0
	for _, d := range dims {
		units += d
	}
	out.room = max(256, min(metrics.BlockRows, memory/(8*units*len(out.moments))))
	return out, nil
}

// add takes one block of rows; group is the group of each, or nil.
func (b *bundles) add(ctx context.Context, block [2]metrics.Matrix, group []int) error {
	for from, to := 0, 0; from < block[0].Rows; from = to {
		bundle := 0
		if group == nil {
			to = block[0].Rows
		} else {
			bundle = b.of[group[from]]
			for to = from + 1; to < len(group) && b.of[group[to]] == bundle; to++ {
			}
		}
		if err := b.take(ctx, bundle, [2]metrics.Matrix{rowsFrom(block[0], from, to), rowsFrom(block[1], from, to)}); err != nil {
			return err
		}
	}
	return nil
}

// take adds rows to a bundle: at once if there are many and none wait, else by way of those that wait.
func (b *bundles) take(ctx context.Context, bundle int, rows [2]metrics.Matrix) error {
	w := &b.waiting[bundle]
	for rows[0].Rows > 0 {
		if w[0].Rows == 0 && rows[0].Rows >= b.room {
			return b.moments[bundle].Add(ctx, rows[:])
		}
		n := min(b.room-w[0].Rows, rows[0].Rows)
		for k := range rows {
			head := rowsFrom(rows[k], 0, n)
			w[k].Data, w[k].Data64 = append(w[k].Data, head.Data...), append(w[k].Data64, head.Data64...)
			w[k].Rows, w[k].Cols, w[k].Stride = w[k].Rows+n, head.Cols, head.Cols
			rows[k] = rowsFrom(rows[k], n, rows[k].Rows)
		}
		if w[0].Rows == b.room {
			if err := b.flush(ctx, bundle); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bundles) flush(ctx context.Context, bundle int) error {
	w := &b.waiting[bundle]
	if w[0].Rows == 0 {
		return nil
	}
	err := b.moments[bundle].Add(ctx, w[:])
	for k := range w {
		w[k].Rows, w[k].Data, w[k].Data64 = 0, w[k].Data[:0], w[k].Data64[:0]
	}
	return err
}

// sizes are the rows of each bundle.
func (b *bundles) sizes() (out []int) {
	for _, m := range b.moments {
		out = append(out, m.N())
	}
	return out
}

func (b *bundles) bundle(k int) (*metrics.Moments, error) { return b.moments[k], nil }

// total adds what waits, and returns the moments of all rows.
func (b *bundles) total(ctx context.Context) (*metrics.Moments, error) {
	for k := range b.moments {
		if err := b.flush(ctx, k); err != nil {
			return nil, err
		}
	}
	b.waiting = nil
	if len(b.moments) == 1 {
		return b.moments[0], nil
	}
	sum := b.moments[0].Clone()
	for _, m := range b.moments[1:] {
		if err := sum.Merge(m); err != nil {
			return nil, err
		}
	}
	return sum, nil
}
