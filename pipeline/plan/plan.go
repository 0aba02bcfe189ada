// Package plan says what work a study takes: which rows and sums are to be made, in how many passes over the audio, in which
// tiles, within how much memory, and under which names the store keeps them. Nothing is computed here.
package plan

import (
	"cmp"
	"slices"

	"speechsim/extract"
	"speechsim/pipeline/load"
	"speechsim/pipeline/study"
)

// Plan is the work of a run. A product of it is finished work that the store keeps: the rows of one source, or the sums of one
// tile; products are made part by part.
type Plan struct {
	*load.Inputs
	Rows   []*RowProduct // by source, unit and pooling
	Tasks  []*Task
	Heads  []*PositionProduct // of each source whose attention maps a task compares
	Passes int                // over the audio: more than one where the moments of all frames take too much memory and the frames are not kept
	Budget Budget             // of memory
}

// Options are for tests: they decide what else memory does.
type Options struct {
	Stretches  int  // tiles of so many stretches of layers; 0: as memory allows
	KeepFrames bool // frames of such tiles are kept in the store
}

// Make plans the work of a run.
func Make(in *load.Inputs, o Options) (*Plan, error) {
	p := &planner{Plan: &Plan{Inputs: in}, candidates: map[string]*extract.Table{}, products: map[productKey]*RowProduct{}}
	for unit, table := range in.Segments {
		p.candidates[unit] = table
	}
	if err := p.makeTasks(); err != nil {
		return nil, err
	}
	if err := p.fit(o); err != nil {
		return nil, err
	}
	p.Rows, p.Plan.Passes = p.sortedRows(), countPasses(p.Tasks)
	for _, t := range p.Tasks {
		for _, tile := range t.Tiles {
			if err := openEntries(tile); err != nil {
				return nil, err
			}
		}
	}
	return p.Plan, nil
}

// planner makes a plan.
type planner struct {
	*Plan
	candidates map[string]*extract.Table // by unit: the segments of the corpus, and frames that are kept as if they were segments
	products   map[productKey]*RowProduct
}

// sortedRows are the row products planned so far.
func (p *planner) sortedRows() []*RowProduct {
	var out []*RowProduct
	for _, r := range p.products {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *RowProduct) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Pooling, b.Pooling))
	})
	return out
}

func countPasses(tasks []*Task) int {
	n := 1
	for _, t := range tasks {
		for _, tile := range t.Tiles {
			n = max(n, tile.Pass+1)
		}
	}
	return n
}

// Product is work on one part that needs a pass over its utterances: of rows, of where heads look, or of the sums of a tile.
type Product struct {
	Rows  *RowProduct
	Heads *PositionProduct
	Tile  *Tile
}

// Pending are the products that a part still lacks and that a pass makes. Rows and attention are made in the first pass.
func (p *Plan) Pending(pass, part int) []Product {
	var out []Product
	for _, r := range p.Rows {
		if pass == 0 && !r.Entry.Finished() && !r.Entry.HasPart(part) {
			out = append(out, Product{Rows: r})
		}
	}
	for _, h := range p.Heads {
		if pass == 0 && !h.Entry.HasPart(part) {
			out = append(out, Product{Heads: h})
		}
	}
	for _, t := range p.Tasks {
		for _, tile := range t.Tiles {
			if tile.Pass == pass && tile.Streamed() && !tile.IsMeasured() && !tile.Sums.HasPart(part) {
				out = append(out, Product{Tile: tile})
			}
		}
	}
	return out
}

// Lacks says whether a part still needs any pass.
func (p *Plan) Lacks(part int) bool {
	for pass := range p.Passes {
		if len(p.Pending(pass, part)) > 0 {
			return true
		}
	}
	return false
}

// SourcesOf are the sources that a pass runs: in the first all that rows and attention need, and those of the sums that are made
// in it.
func (p *Plan) SourcesOf(pass int) []int { return sourcesOf(p.Rows, p.Tasks, pass) }

func sourcesOf(rows []*RowProduct, tasks []*Task, pass int) (out []int) {
	if pass == 0 {
		for _, r := range rows {
			out = appendOnce(out, r.Source)
		}
	}
	for _, t := range tasks {
		for _, tile := range t.Tiles {
			if tile.Pass == pass && tile.Streamed() {
				for _, s := range tile.Sources() {
					out = appendOnce(out, s)
				}
			}
		}
	}
	return out
}

// Keys are the names of the products that are made part by part in passes over the corpus.
func (p *Plan) Keys() []string {
	var out []string
	for _, r := range p.Rows {
		out = append(out, r.Entry.Key)
	}
	for _, h := range p.Heads {
		out = append(out, h.Entry.Key)
	}
	for _, t := range p.Tasks {
		for _, tile := range t.Tiles {
			if tile.Streamed() {
				out = append(out, tile.Sums.Key)
			}
		}
	}
	return out
}

// AllParts are the numbers of all parts.
func (p *Plan) AllParts() []int {
	all := make([]int, len(p.Parts))
	for part := range p.Parts {
		all[part] = part
	}
	return all
}

func appendOnce(list []int, v int) []int {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// noteNulls says, before anything is computed, which metrics of a comparison with a null have none and need none.
func (p *planner) noteNulls(k *study.Comparison, measures []study.Measure) {
	for _, m := range measures {
		if k.Null != nil && !m.HasNull() {
			p.Progress.Note("comparison %s: %s %s gets no null: it is tested on groups that it was not fitted on, and is 0 or less by chance", k.Name, m.Name, m.Variant.Name)
		}
	}
}
