package metrics

import (
	"context"

	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// redrawn are the moments of one draw of a null after the other. The rows of the layers before y are the same in all of them: what
// they have with each other is kept, and so are their centred rows where they are few. Each draw has the bits of moments made anew.
type redrawn struct {
	proto   *Moments
	layers  []Matrix
	y       int // the first layer whose rows change places
	work    *buffers
	gather  []gathered
	m       *Moments // of the draw before; nil before the first
	changes []tile   // that hold what changes
}

func newRedrawn(proto *Moments, layers []Matrix, y int) *redrawn {
	d := &redrawn{proto: proto, layers: layers, y: y, work: &buffers{}, gather: make([]gathered, len(layers)-y)}
	for _, t := range proto.tiles {
		if shape := proto.blocks[t.block]; !d.fixed(shape.p, t.r1) || !d.fixed(shape.q, t.c1) {
			d.changes = append(d.changes, t)
		}
	}
	return d
}

// fixed says whether the units of a panel before the one at end are of layers that do not change. Squared norms stand together, of all
// layers, and count as changing.
func (d *redrawn) fixed(panel, end int) bool {
	p := d.proto.panels[panel]
	return !p.norms && d.y < len(d.layers) && p.from+end <= d.proto.offset[d.y]
}

// draw returns the moments of the rows, those of the layers from y on in the order of the pairing; nil is the true one. They hold until
// the next draw.
func (d *redrawn) draw(ctx context.Context, pairing []int) (*Moments, error) {
	n := d.layers[0].Rows
	if pairing == nil || d.proto.elsewhere != nil {
		m := d.proto.Empty()
		return m, addPaired(ctx, m, d.layers, d.y, pairing, d.gather)
	}
	again := d.m != nil
	if !again {
		d.m = d.proto.Empty()
	}
	kept := 0 // layers whose centred rows are at hand
	if again && n <= chunkRows {
		kept = d.y
	}
	if again {
		d.forget(kept)
	}
	for from := 0; from < n; from += chunkRows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		block := paired(d.proto.workers, d.layers, d.y, from, min(from+chunkRows, n), pairing, d.gather)
		if !again {
			var err error
			if block, _, err = d.m.checkRows(block); err != nil {
				return nil, err
			}
		}
		d.m.centreBlock(d.work, block, kept)
		if d.m.float64 {
			redraw(d, &d.work.f64, block, kept, again, d.m.backend.Gemm64, d.m.backend.Syrk64)
		} else {
			redraw(d, &d.work.f32, block, kept, again, d.m.backend.Gemm32, d.m.backend.Syrk32)
		}
	}
	return d.m, nil
}

// redraw adds one block.
func redraw[T linalg.Float](d *redrawn, b *chunkBuffers[T], rows []Matrix, kept int, again bool,
	gemm func(ta, tb bool, x, y, c linalg.Dense[T]), syrk func(trans bool, x, c linalg.Dense[T])) {
	tiles := d.m.tiles
	if again {
		tiles = d.changes
	}
	n := centreChunk(d.m, b, d.work.centre, true, rows, kept)
	multiply(d.m, b, n, tiles, gemm, syrk)
	d.m.n += n
}

// forget takes away what the last draw added that changes, and the sums of the layers that are centred again.
func (d *redrawn) forget(kept int) {
	m := d.m
	m.n = 0
	m.cache.clearFrom(d.y)
	first := m.units
	if kept < len(m.dims) {
		first = m.offset[kept]
	}
	clear(m.sum[first:])
	clear(m.square[first:])
	parallel.Run(m.workers, len(d.changes), func(_, k int) {
		t := d.changes[k]
		block := m.block(t.block).Slice(t.r0, t.r1, t.c0, t.c1)
		for r := range block.Rows {
			clear(block.Row(r))
		}
	})
}
