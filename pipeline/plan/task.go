package plan

import (
	"fmt"
	"slices"

	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/load"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
)

// Grid is a set of cells: layers, which of them are x and y, and the pairs that are compared.
type Grid struct {
	Layers []Layer
	X, Y   []int    // positions in Layers
	Cells  []Pair   // what each measure is computed on: each x with each y, or a share of that
	Blocks [][2]int // the blocks of moments that the cells need, i <= j
}

// Layer is one layer, or one attention map, of a source.
type Layer struct {
	Source int
	Index  int // among the source's layers or attention maps
	Name   string
	Units  int // units, or heads
}

// Pair is a layer pair: the positions of x and y among the layers.
type Pair struct{ X, Y int }

// Task is the cells of one comparison that one input on one row set gives. It always has at least one tile.
type Task struct {
	Grid
	Inputs        *load.Inputs
	Comparison    *study.Comparison
	Input         study.Input
	RowUnit       string // frame, word, phone, or attention
	RowSet        study.RowSet
	Measures      []study.Measure
	RowsFrom      []*RowProduct // words, phones or kept frames, of each source; nil: frames and attention, reduced as they come
	NullFrames    *Subsample    // frames that are kept for a null on frames
	Tiles         []*Tile
	PassesInstead int // that it would take not to keep frames
}

// Subsample is a systematic subsample of frames: one in so many.
type Subsample struct {
	Step int
	Rows []*RowProduct // of each source
}

// Tile is some cells of a task, with the layers that these need, and where the store keeps what they are made of.
type Tile struct {
	Grid
	*Task
	Name     string // for messages; "" where there is one tile, the whole
	Measures []study.Measure
	CellAt   []int        // places of its cells among those of the task
	LayerAt  []int        // places of its layers among those of the task
	Pass     int          // over the audio, in which the moments of frames are made
	Sums     *store.Entry // moments of frames or sums of attention; nil where they are made of stored rows
	Pilot    *store.Entry // directions on which streamed frames are projected, found from the first of them; nil where none are
	Results  []Result     // what it gives
}

// Result is what one variant of one metric gives on a tile, in all its settings, and where the store keeps that.
type Result struct {
	*store.Entry
	Measures []int // among those of the task
}

// Done says whether the store has it.
func (r Result) Done() bool { return r.HasPart(0) }

// CellPairs are the cells as metrics takes them.
func (g *Grid) CellPairs() [][2]int {
	out := make([][2]int, len(g.Cells))
	for c, at := range g.Cells {
		out[c] = [2]int{at.X, at.Y}
	}
	return out
}

// PairOf is the layer pair of cell c of all measures: those of each measure stand together.
func (g *Grid) PairOf(c int) Pair { return g.Cells[c%len(g.Cells)] }

// Dims are the units of the layers.
func (g *Grid) Dims() []int {
	dims := make([]int, len(g.Layers))
	for i, l := range g.Layers {
		dims[i] = l.Units
	}
	return dims
}

// MomentsDims are the units of the layers in moments of the tile: of projected rows fewer.
func (t *Tile) MomentsDims() []int {
	var dims []int
	for _, l := range t.Layers {
		dims = append(dims, t.Input.MomentsUnits(l.Units))
	}
	return dims
}

// Projected says whether rows are projected on a few directions before they are summed up.
func (t *Tile) Projected() bool { return t.Input == study.Projections }

// All are the positions of the layers.
func (g *Grid) All() []int {
	all := make([]int, len(g.Layers))
	for i := range all {
		all[i] = i
	}
	return all
}

// Streamed says whether rows are reduced as they come, and not kept.
func (t *Task) Streamed() bool { return t.RowsFrom == nil }

// OnSegments says whether rows are words or phones, which the store keeps.
func (t *Task) OnSegments() bool { return t.RowUnit == "word" || t.RowUnit == "phone" }

// Whole says whether the task has one tile, the whole.
func (t *Task) Whole() bool { return len(t.Tiles) == 1 && t.Tiles[0].Name == "" }

// MeasureOf is the measure of cell c of a tile with so many layer pairs.
func (t *Tile) MeasureOf(c int) study.Measure { return t.Measures[c/len(t.Cells)] }

// ParamsOf are the params of a measure's cells: its own, and those of the row set.
func (t *Task) ParamsOf(m study.Measure) results.Params {
	params := m.Params
	params.Level, params.First = t.RowSet.Level, t.RowSet.First
	return params
}

// Variants lists the variants asked of the task.
func (t *Task) Variants() []string {
	var out []string
	for _, m := range t.Measures {
		out = append(out, m.Variant.Name)
	}
	return out
}

// Label names a layer as messages do.
func (t *Task) Label(l Layer) string { return t.Inputs.Sources[l.Source].Name + " layer " + l.Name }

// LayerName names a layer as results do.
func (t *Task) LayerName(l Layer) results.Layer {
	return results.Layer{Model: t.Inputs.Sources[l.Source].Name, Layer: l.Name}
}

// multipliesOnGPU says whether the moments are multiplied on a GPU: those of layers. Attention maps are so narrow that copying them
// would take longer.
func (t *Task) multipliesOnGPU() bool {
	return t.Inputs.Products != nil && t.Input == study.HiddenStates
}

// BlockSize is how many rows go into the products of moments at once.
func (t *Task) BlockSize() int {
	if t.multipliesOnGPU() {
		return t.Inputs.Products.Rows()
	}
	return metrics.BlockRows
}

// FrameSource is the source whose frames stand for those of all: a model, the first among the tile's layers or else of the comparison;
// where it has none, the features of the longest hop. There is one, or study.Resolve had refused.
func (t *Tile) FrameSource() int { return frameSource(t.Task, t.Layers) }

func frameSource(t *Task, layers []Layer) int {
	sources := t.Inputs.Sources
	for _, l := range layers {
		if sources[l.Source].Model != nil {
			return l.Source
		}
	}
	at := -1
	for _, s := range t.Comparison.Sources {
		switch source := sources[s]; {
		case source.Model != nil:
			return s
		case source.Features != nil && (at < 0 || source.Card().Hop > sources[at].Card().Hop):
			at = s
		}
	}
	return at
}

// frameModel is the source whose frames stand for those of all.
func frameModel(t *Task) *extract.Source { return t.Inputs.Sources[frameSource(t, t.Layers)] }

// Sources are the sources that the rows of a tile on frames or attention come from: those of its layers, and the one whose
// frames they are.
func (t *Tile) Sources() []int {
	out := []int{t.FrameSource()}
	for _, l := range t.Layers {
		out = appendOnce(out, l.Source)
	}
	return out
}

// MomentsOptions are those of every moments of the tile: what all measures of its task need of the blocks of its pairs. So the last bits
// of a value do not depend on which of the others the store has.
func (t *Tile) MomentsOptions() metrics.Options {
	var variants []metrics.Variant
	for _, m := range t.Task.Measures {
		variants = append(variants, m.Variant)
	}
	o := metrics.Needs(variants...)
	o.Pairs, o.Workers = t.Blocks, t.Inputs.Workers
	o.Float64 = t.Inputs.Config.Products.Float64()
	if t.multipliesOnGPU() {
		o.Products = t.Inputs.Products
	}
	return o
}

// IsMeasured says whether the store has all that the tile gives.
func (t *Tile) IsMeasured() bool {
	return !slices.ContainsFunc(t.Results, func(r Result) bool { return !r.Done() })
}

// Unmeasured is the tile with those results alone that the store lacks.
func (t *Tile) Unmeasured() *Tile {
	lacking := *t
	lacking.Results, lacking.Measures = nil, nil
	for _, r := range t.Results {
		if r.Done() {
			continue
		}
		own := Result{Entry: r.Entry}
		for _, m := range r.Measures {
			own.Measures = append(own.Measures, len(lacking.Measures))
			lacking.Measures = append(lacking.Measures, t.Task.Measures[m])
		}
		lacking.Results = append(lacking.Results, own)
	}
	return &lacking
}

// Suffix names a tile in progress: " (tile 2 of 6)".
func (t *Tile) Suffix() string {
	if t.Name == "" {
		return ""
	}
	return " (" + t.Name + ")"
}

// Text says in a null that it is one of some frames only.
func (s *Subsample) Text() string {
	if s == nil || s.Step < 2 {
		return ""
	}
	return fmt.Sprintf(", of 1 frame in %d", s.Step)
}
