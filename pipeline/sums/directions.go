package sums

import (
	"context"
	"fmt"
	"io"
	"slices"

	"speechsim/metrics"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
)

// directionSeed draws the random directions: with the number of a layer in its task it says which they are, whatever the tile.
const directionSeed = 1

// NewPilot makes empty moments for the rows of some layers of a tile that directions are found from.
func NewPilot(t *plan.Tile, layers []int) (*metrics.Moments, error) {
	var dims []int
	for _, l := range layers {
		dims = append(dims, t.Layers[l].Units)
	}
	return metrics.OwnMoments(t.Inputs.Backend, dims, metrics.Options{Float64: t.Inputs.Config.Products.Float64(), Workers: t.Inputs.Workers})
}

// Directions are those on which the rows of some layers of a tile are projected, found from some of them.
func Directions(t *plan.Tile, layers []int, pilot *metrics.Moments) (*metrics.Projections, error) {
	numbers := make([]int, len(layers))
	for k, l := range layers {
		numbers[k] = t.LayerAt[l]
	}
	return metrics.NewProjections(pilot, numbers, directionSeed, t.Inputs.Workers)
}

// WriteDirections leaves the directions of a tile on streamed frames in the store.
func WriteDirections(t *plan.Tile, pilot *metrics.Moments) error {
	p, err := Directions(t, t.All(), pilot)
	if err != nil {
		return err
	}
	return t.Pilot.WriteSealed(0, func(w io.Writer) error {
		_, err := p.WriteTo(w)
		return err
	})
}

// blockOf is an empty block for stored rows: where they are projected, with directions found from some of them.
func blockOf(ctx context.Context, t *plan.Tile, rows *join.Rows) (*Block, error) {
	k := NewBlock(t)
	some := pilotRows(t, rows)
	if !t.Projected() || len(some) == 0 {
		return k, nil
	}
	r, err := rows.Open(Layers(t, t.All()))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	pilot, err := NewPilot(t, t.All())
	if err != nil {
		return nil, err
	}
	if err := r.Blocks(some, metrics.BlockRows, func(block []metrics.Matrix) error { return pilot.Add(ctx, block) }); err != nil {
		return nil, Named(t, err, func(row int) string { return fmt.Sprint("row ", some[pilot.N()+row]) })
	}
	k.projections, err = Directions(t, t.All(), pilot)
	return k, err
}

// pilotRows are the rows that directions are found from: words and phones from everywhere, kept frames as if they were streamed.
func pilotRows(t *plan.Tile, rows *join.Rows) (some []int) {
	if t.OnSegments() {
		n := len(rows.Rows)
		for k := range min(n, metrics.PilotRows) {
			some = append(some, k*n/min(n, metrics.PilotRows))
		}
		return some
	}
	var utterances [][]join.Range // of each part, those that have frames
	for _, ranges := range rows.Parts {
		utterances = append(utterances, slices.DeleteFunc(slices.Clone(ranges), func(r join.Range) bool { return r.From == r.To }))
	}
	for _, r := range InTurns(utterances) {
		for row := r.From; row < r.To && len(some) < metrics.PilotRows; row += plan.PilotStep(t.Task) {
			some = append(some, row)
		}
	}
	return some
}

// InTurns lists what several have: the first of each, then the second of each.
func InTurns[E any](lists [][]E) (out []E) {
	for k := 0; ; k++ {
		before := len(out)
		for _, list := range lists {
			if k < len(list) {
				out = append(out, list[k])
			}
		}
		if len(out) == before {
			return out
		}
	}
}

// StreamedBlock is an empty block for frames as they come: where they are projected, with the directions that the store keeps.
func StreamedBlock(t *plan.Tile) (*Block, error) {
	k := NewBlock(t)
	if t.Pilot == nil {
		return k, nil
	}
	return k, t.Pilot.ReadSealed(0, func(in io.Reader) (err error) {
		k.projections, err = metrics.ReadProjections(in, t.Inputs.Backend, t.Dims(), t.Inputs.Workers)
		return err
	})
}
