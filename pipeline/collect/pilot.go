package collect

import (
	"context"
	"slices"
	"sync/atomic"

	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/sums"
)

// pilot gathers some frames for tiles whose frames are projected: directions must be known before the first part is made. Utterances
// are taken from all parts in turns, those of other shards too: so the directions are of many speakers, and every shard finds the same.
type pilot struct {
	tiles []*pilotTile
	full  atomic.Bool
}

type pilotTile struct {
	tileBuilder
	layers [][]float32
	rows   int
}

// findDirections makes the directions that a pass over some parts needs and the store lacks.
func findDirections(ctx context.Context, p *plan.Plan, pass int, parts []int) error {
	v := &pilot{}
	for _, part := range parts {
		for _, product := range p.Pending(pass, part) {
			if t := product.Tile; t != nil && t.Pilot != nil && !t.Pilot.HasPart(0) && !v.has(t) {
				v.tiles = append(v.tiles, &pilotTile{tileBuilder: tileBuilder{tile: t}, layers: make([][]float32, len(t.Layers))})
			}
		}
	}
	if len(v.tiles) == 0 {
		return nil
	}
	p.Progress.Stage("finding directions for sketched CKA", 0, "")
	if err := extract.Walk(ctx, p.Corpus, sums.InTurns(p.UsableParts()), p.Sources, p.Workers, v); err != nil {
		return err
	}
	for _, t := range v.tiles {
		var rows []metrics.Matrix
		for i, data := range t.layers {
			units := t.tile.Layers[i].Units
			rows = append(rows, metrics.Matrix{Rows: t.rows, Cols: units, Stride: units, Data: data})
		}
		if err := sums.Named(t.tile, sums.WriteDirections(t.tile, rows), func(int) string { return "the frames that directions are found from" }); err != nil {
			return err
		}
	}
	return nil
}

func (v *pilot) has(t *plan.Tile) bool {
	return slices.ContainsFunc(v.tiles, func(o *pilotTile) bool { return o.tile == t })
}

// Sources are those of the tiles until all have their frames; then utterances are skipped.
func (v *pilot) Sources(u int) (out []int) {
	if v.full.Load() {
		return nil
	}
	for _, t := range v.tiles {
		for _, s := range t.sources(u) {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// Reduce leaves everything to Collect.
func (v *pilot) Reduce(int, []*extract.Activations) (any, error) { return nil, nil }

// Collect takes the frames of an utterance, as many as are still wanted.
func (v *pilot) Collect(_ context.Context, u int, _ any, acts []*extract.Activations, _ error) error {
	if v.full.Load() {
		return nil
	}
	full := true
	for _, t := range v.tiles {
		if slices.ContainsFunc(t.sources(u), func(s int) bool { return acts[s] == nil }) { // unreadable
			full = full && t.rows == metrics.PilotRows
			continue
		}
		tensors, frames, err := t.tensors(u, acts)
		if err != nil {
			return err
		}
		for at := 0; at < frames && t.rows < metrics.PilotRows; at += plan.PilotStep(t.tile.Task) {
			for i, tensor := range tensors {
				units := tensor.Shape[1]
				t.layers[i] = append(t.layers[i], tensor.Data[at*units:(at+1)*units]...)
			}
			t.rows++
		}
		full = full && t.rows == metrics.PilotRows
	}
	v.full.Store(full)
	return nil
}
