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

// blockOf is an empty block for stored rows: where they are projected, with directions found from some of them.
func blockOf(t *plan.Tile, rows *join.Rows) (*Block, error) {
	k := NewBlock(t)
	ranges := pilotRanges(rows.Parts)
	if !t.Projected() || len(ranges) == 0 {
		return k, nil
	}
	r, err := rows.Open(Layers(t, t.All()))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var pilot []metrics.Matrix
	for i, l := range t.Layers {
		x := metrics.Matrix{Cols: l.Units, Stride: l.Units}
		for _, from := range ranges {
			data, err := r.Range(i, from.From, from.To)
			if err != nil {
				return nil, err
			}
			x.Data = append(x.Data, data...)
			x.Rows += from.To - from.From
		}
		pilot = append(pilot, x)
	}
	k.projections, err = Directions(t, t.All(), pilot)
	return k, Named(t, err, func(int) string { return "the first rows" })
}

// pilotRanges are the rows that directions are found from: of the first utterance of each part, then of the second of each, so that they
// are of many speakers.
func pilotRanges(parts [][]join.Range) (out []join.Range) {
	taken := 0
	for k := 0; ; k++ {
		more := false
		for _, ranges := range parts {
			ranges = slices.DeleteFunc(slices.Clone(ranges), func(r join.Range) bool { return r.From == r.To })
			if k >= len(ranges) || taken == metrics.PilotRows {
				continue
			}
			more = true
			r := ranges[k]
			r.To = min(r.To, r.From+metrics.PilotRows-taken)
			taken += r.To - r.From
			out = append(out, r)
		}
		if !more {
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
