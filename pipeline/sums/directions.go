package sums

import (
	"io"
	"slices"

	"speechsim/metrics"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
)

// directionSeed draws the random directions: with the number of a layer in its task it says which they are, whatever the tile.
const directionSeed = 1

// Directions are those on which the rows of some layers of a tile are projected, found from some of them.
func Directions(t *plan.Tile, layers []int, pilot []metrics.Matrix) (*metrics.Projections, error) {
	numbers := make([]int, len(layers))
	for k, l := range layers {
		numbers[k] = t.LayerAt[l]
	}
	return metrics.NewProjections(t.Inputs.Backend, pilot, numbers, directionSeed, t.Inputs.Workers)
}

// WriteDirections leaves the directions of a tile on streamed frames in the store.
func WriteDirections(t *plan.Tile, pilot []metrics.Matrix) error {
	p, err := Directions(t, t.All(), pilot)
	if err != nil {
		return err
	}
	return t.Pilot.WriteSealed(0, func(w io.Writer) error {
		_, err := p.WriteTo(w)
		return err
	})
}

// blockOf is an empty block for stored rows: where they are projected, with directions found from the first of them.
func blockOf(t *plan.Tile, rows *join.Rows) (*Block, error) {
	k := NewBlock(t)
	n := min(metrics.PilotRows, len(rows.Rows))
	if !t.Projected() || n == 0 {
		return k, nil
	}
	r, err := rows.Open(Layers(t, t.All()))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var pilot []metrics.Matrix
	for i, l := range t.Layers {
		data, err := r.Range(i, 0, n)
		if err != nil {
			return nil, err
		}
		pilot = append(pilot, metrics.Matrix{Rows: n, Cols: l.Units, Stride: l.Units, Data: slices.Clone(data)})
	}
	k.projections, err = Directions(t, t.All(), pilot)
	return k, Named(t, err, func(row int) string { return "row " + rows.Rows[row].Label })
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
