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
	found  *metrics.Moments // of the frames, each layer with itself
	layers [][]float32      // frames that are still to be added
	rows   int              // all of them
}

// findDirections makes the directions that a pass over some parts needs and the store lacks.
func findDirections(ctx context.Context, p *plan.Plan, pass int, parts []int) error {
	v := &pilot{}
	for _, part := range parts {
		for _, product := range p.Pending(pass, part) {
			if t := product.Tile; t != nil && t.Pilot != nil && !t.Pilot.HasPart(0) && !v.has(t) {
				found, err := sums.NewPilot(t, t.All())
				if err != nil {
					return err
				}
				v.tiles = append(v.tiles, &pilotTile{tileBuilder: tileBuilder{tile: t}, found: found, layers: make([][]float32, len(t.Layers))})
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
		err := t.add(ctx)
		if err == nil {
			err = sums.WriteDirections(t.tile, t.found)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add adds the frames that wait.
func (t *pilotTile) add(ctx context.Context) error {
	rows := make([]metrics.Matrix, len(t.layers))
	for i, data := range t.layers {
		units := t.tile.Layers[i].Units
		rows[i] = metrics.Matrix{Rows: len(data) / units, Cols: units, Stride: units, Data: data}
		t.layers[i] = data[:0]
	}
	return sums.Named(t.tile, t.found.Add(ctx, rows), func(int) string { return "the frames that directions are found from" })
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
func (v *pilot) Collect(ctx context.Context, u int, _ any, acts []*extract.Activations, _ error) error {
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
			if t.rows++; t.rows%metrics.BlockRows == 0 {
				if err := t.add(ctx); err != nil {
					return err
				}
			}
		}
		full = full && t.rows == metrics.PilotRows
	}
	v.full.Store(full)
	return nil
}
