package plan

import (
	"slices"

	"speechsim/metrics"
	"speechsim/pipeline/native"
	"speechsim/pipeline/study"
)

// Footprint is the memory that a tile takes, in bytes.
type Footprint struct {
	metrics.Memory
	Block   int64 // rows of all its layers that are multiplied at once, with their projections
	Pilot   int64 // what directions of projections are found in, before all else
	Factors int64 // factorisations of its layers, for metrics that need them, and what each worker holds of a pair
	Null    int64 // in addition to the moments
	Again   int64 // what moments of stored rows are made in, whenever a part is asked for
	Groups  int64 // what CKA of groups keeps of each of them, for intervals
	Copies  int64 // of moments and factors while measuring: the whole, and one group for intervals
}

// Collecting is the need while models run: the moments of one part.
func (f Footprint) Collecting() int64 {
	return native.WithGarbage(max(f.State+f.Work+f.Block, f.Pilot))
}

// Measuring is the need while cells are computed: rows of the store that are multiplied, the whole with a part, a null. Moments of
// stored rows keep what they were made in.
func (f Footprint) Measuring() int64 {
	return native.WithGarbage(max(f.Pilot, f.State+f.Work+2*f.Block, f.Copies*f.State+f.Copies*f.Factors+f.Again+f.Groups, f.State+f.Again+f.Factors+f.Null))
}

// Footprint counts what a tile on layers takes. nullRows matter to nulls alone.
func (t *Tile) Footprint(nullRows int) (Footprint, error) {
	m, err := t.momentsMemory()
	block := t.BlockSize()
	if t.OnSegments() { // which may be few
		rows := len(t.RowsFrom[0].Table.Rows)
		block, m.Work = min(block, rows), m.WorkOn(rows)
	}
	f := Footprint{Memory: m, Copies: 2} // parts are read into a copy even where no group is left out
	widest := int64(0)
	for _, l := range t.Layers {
		f.Block += 4 * int64(block) * int64(l.Units)
		if t.Input == study.Projections {
			f.Block += 4 * int64(block+l.Units) * int64(metrics.ProjectedUnits(l.Units))
		}
		widest = max(widest, int64(l.Units))
	}
	if t.Input == study.Projections && err == nil {
		f.Pilot, err = metrics.PilotMemory(t.Dims(), t.Inputs.Workers)
	}
	const pairCopies = 4 // matrices of one pair that a worker holds
	f.Factors = pairCopies * 8 * widest * widest * int64(t.Inputs.Workers)
	for _, v := range t.Measures {
		if v.Cost != metrics.Cubic {
			continue
		}
		for _, l := range t.Layers {
			f.Factors += 2 * 8 * int64(l.Units) * int64(l.Units) // of units as they are, and scaled
		}
		break
	}
	if t.OnSegments() {
		f.Again = m.Work + 2*f.Block
	}
	if slices.ContainsFunc(t.Measures, func(m study.Measure) bool { return m.Grouped() || m.WantsGroups() && t.Comparison.WantsInterval(m) }) {
		f.Groups = metrics.GroupsMemory(t.Dims(), t.CellPairs(), len(t.Groups()))
	}
	f.Null = t.nullBytes(nullRows, m)
	return f, err
}

// momentsMemory is what the moments of a tile take.
func (t *Tile) momentsMemory() (metrics.Memory, error) {
	return metrics.MemoryOf(t.MomentsDims(), t.MomentsOptions())
}

// nullBytes is the memory that nulls on so many rows take in addition to the moments of the tile, of which m says what they need.
func (t *Tile) nullBytes(rows int, m metrics.Memory) int64 {
	if t.Comparison.Null == nil {
		return 0
	}
	most := int64(0)
	for _, measure := range t.Measures {
		switch {
		case !measure.HasNull(), measure.Input() == study.Rows:
		case t.Input == study.Projections: // projected rows, and the moments of two draws
			widest := 0 // of the layers, of which one at a time is read
			for _, l := range t.Layers {
				widest = max(widest, l.Units)
				most += 2 * 4 * int64(rows) * int64(metrics.ProjectedUnits(l.Units))
			}
			most += 4*int64(rows)*int64(widest) + 2*m.State
		case t.Comparison.NullFromProjections(measure, t.RowSet, rows):
			own := m.Work // moments of the permuted rows, each layer with itself, and what they are made in
			for _, l := range t.Layers {
				own += 8 * int64(l.Units) * int64(l.Units)
			}
			most = max(most, own+metrics.NullMemory(rows, len(t.Layers), t.CellPairs()))
		default: // all rows of both sides, and the moments of two draws or the Gram matrices
			units, widest, draw := 0, 0, 2*m.State+m.Work
			for _, i := range slices.Concat(t.X, t.Y) {
				units, widest = units+t.Layers[i].Units, max(widest, t.Layers[i].Units)
			}
			if study.NullFromGram(measure, rows) {
				draw = metrics.GramNullMemory(rows, widest, len(t.X), len(t.Y), t.Comparison.Null.Permute == "word_type", t.MomentsOptions())
			}
			most = max(most, 4*int64(rows)*int64(units)+draw)
		}
	}
	return most
}
