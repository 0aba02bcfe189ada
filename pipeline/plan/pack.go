package plan

import (
	"fmt"
	"slices"

	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/native"
	"speechsim/pipeline/study"
)

// defaultShare is how much of the memory of the machine (or of its control group) a run takes that has no memory: key.
const defaultShare = .6

// Budget is the memory that a run may take.
type Budget struct {
	Bytes int64 // 0 where nothing is known
	asked bool  // by the config
}

func (p *planner) budget() Budget {
	if bytes := p.Config.MemoryBytes(); bytes > 0 {
		return Budget{bytes, true}
	}
	return Budget{Bytes: int64(defaultShare * float64(native.TotalMemory()))}
}

// modelSlack is kept free while models run: they may take a tenth more than is foretold.
func modelSlack(budget int64) int64 { return budget / 10 }

// withSlack is the memory to ask for where so much is needed and the slack is kept free.
func withSlack(needed int64) int64 { return needed * 10 / 9 }

// fit decides how tasks keep to the memory of the run: which are cut into tiles, and whether the frames for those are kept in
// the store or made again, in further passes over the audio.
func (p *planner) fit(o Options) error {
	p.Budget = p.budget()
	budget := p.Budget.Bytes
	held := ProcessBytes(p.Workers) + native.WithGarbage(p.tableBytes())
	f := &packer{planner: p, budget: p.Budget, held: held, measuring: budget - held, collecting: budget - modelSlack(budget) - held}
	if o.Stretches > 0 {
		return f.stretch(o)
	}
	if budget == 0 {
		return nil
	}
	f.left = f.room(p.Models.All())
	if err := f.models(); err != nil {
		return err
	}
	for _, t := range p.Tasks {
		switch t.Input {
		case study.HiddenStates, study.Projections:
			if err := f.task(t); err != nil {
				return err
			}
		case study.AttentionCells:
			m, err := t.Tiles[0].momentsMemory()
			if err != nil {
				return err
			}
			f.left -= m.State + m.Work
		}
	}
	if countPasses(p.Tasks) > 1 && len(sourcesOf(p.sortedRows(), p.Tasks, 0)) == 0 { // nothing is made in the first pass
		for _, t := range p.Tasks {
			t.PassesInstead--
			for _, tile := range t.Tiles {
				tile.Pass--
			}
		}
	}
	return nil
}

// packer packs the tasks into passes.
type packer struct {
	*planner
	budget                Budget
	held                  int64 // throughout: by the process and its tables
	measuring, collecting int64 // for moments while cells are computed, and for moments and models while those run
	left                  int64 // of collecting, in the first pass, in which all models run
	pass                  int   // the last
}

// models refuses a budget that is too little to load the models, all of which are loaded at first, or to run those of the first pass.
func (f *packer) models() error {
	loading, first := ModelMemoryOf(f.Inputs, f.Models.All()).Loading, ModelMemoryOf(f.Inputs, f.firstPassSources()).Bytes
	toLoad, toRun := f.held+loading, withSlack(f.held+first)
	if !f.budget.asked || f.budget.Bytes >= max(toLoad, toRun) {
		return nil
	}
	why := fmt.Sprintf("for the program (%s) and the models that run first (%s on the longest utterances)", text.Bytes(f.held), text.Bytes(first))
	if toLoad > toRun {
		why = fmt.Sprintf("to load the models, which take %s at that time", text.Bytes(loading))
	}
	return f.Config.Errorf(f.Config.Pos.Of("memory"), "memory: %s is too little %s. The smallest memory that is enough is %s; fewer --workers, layers or models take less",
		f.Config.Memory, why, text.BytesUp(max(toLoad, toRun)))
}

// firstPassSources are the sources that one pass must run: those of rows that are kept, and of attention.
func (p *planner) firstPassSources() (out []int) {
	for _, r := range p.sortedRows() {
		out = appendOnce(out, r.Source)
	}
	for _, t := range p.Tasks {
		if t.RowUnit == "attention" {
			for _, s := range t.Tiles[0].Sources() {
				out = appendOnce(out, s)
			}
		}
	}
	return out
}

// room is what is left for moments in a pass that runs some sources alone.
func (f *packer) room(sources []int) int64 {
	return f.collecting - ModelMemoryOf(f.Inputs, sources).Bytes
}

// task fits one task in.
func (f *packer) task(t *Task) error {
	rows := 0
	if t.Comparison.Null != nil {
		rows = t.NullRowCount()
	}
	whole, err := t.Tiles[0].Footprint(rows)
	if err != nil {
		return err
	}
	if t.RowUnit == "frame" && f.Config.Store.Frames == "keep" && f.keepable(t) {
		if err := f.keepFrames(t); err != nil {
			return err
		}
	}
	streamed := t.Streamed()
	switch {
	case !streamed && whole.Measuring() <= f.measuring:
		return nil
	case streamed && whole.Measuring() <= f.measuring && whole.Collecting() <= f.left:
		f.left -= whole.Collecting()
		return nil
	}
	tiles, err := f.tilesOf(t, rows, false)
	if err != nil {
		return err
	}
	if streamed {
		again, err := f.tilesOf(t, rows, true)
		if err != nil {
			return err
		}
		keep := f.keepable(t) && f.hasRoom(t, tiles)
		if t.PassesInstead, err = f.passesFor(again, rows, keep); err != nil {
			return err
		}
		if keep {
			if err := f.keepFrames(t); err != nil {
				return err
			}
		} else {
			tiles = again
		}
	}
	if len(tiles) == 1 {
		t.Tiles[0].Pass = tiles[0].Pass
	} else {
		t.Tiles = tiles
	}
	return nil
}

// tilesOf cuts a task into as few tiles as keep to the memory; streamed says that models run while their moments are made.
func (f *packer) tilesOf(t *Task, rows int, streamed bool) (tiles []*Tile, err error) {
	var most Footprint
	for n := 1; n <= len(t.Layers); n++ {
		tiles = cut(t, n)
		most = Footprint{}
		fits := true
		for _, tile := range tiles {
			need, err := tile.Footprint(rows)
			if err != nil {
				return nil, err
			}
			if need.Measuring() > most.Measuring() {
				most = need
			}
			fits = fits && need.Measuring() <= f.measuring && (!streamed || need.Collecting() <= f.room(tile.Sources()))
		}
		if fits {
			return tiles, nil
		}
	}
	smallest := f.held + most.Measuring()
	if streamed {
		smallest = max(smallest, withSlack(f.held+ModelMemoryOf(f.Inputs, t.Tiles[0].Sources()).Bytes+most.Collecting()))
	}
	if f.budget.asked {
		return nil, f.Config.Errorf(t.Comparison.Pos.Or(f.Config.Pos.Of("memory")), "comparison %q does not fit in %s of memory, even layer by layer. The smallest memory that is enough is %s", t.Comparison.Name, f.Config.Memory, text.BytesUp(smallest))
	}
	return tiles, nil // plan warns
}

// passesFor says in which pass over the audio the moments of each tile would be made: the one that is being filled while there
// is room in it for them and their models, else the next, which runs no others. It returns how many passes that makes;
// instead says that it is not done.
func (f *packer) passesFor(tiles []*Tile, rows int, instead bool) (passes int, err error) {
	pass, left := f.pass, f.left
	sources := f.Models.All() // that the pass runs
	if pass > 0 {
		left = 0
	}
	for _, t := range tiles {
		n, err := t.Footprint(rows)
		if err != nil {
			return 0, err
		}
		missing := slices.ContainsFunc(t.Sources(), func(s int) bool { return !slices.Contains(sources, s) })
		if missing || n.Collecting() > left {
			pass, sources = pass+1, t.Sources()
			left = f.room(sources)
		}
		t.Pass = pass
		left -= n.Collecting()
	}
	if !instead {
		f.pass = pass
	}
	return pass + 1, nil
}

// keepable says whether the frames of a task can be kept as rows of the store: if one pass can make all that it needs.
func (f *packer) keepable(t *Task) bool {
	return f.Config.Store.Frames != "never" && frameModel(t).Card().Patches <= 1 && f.left >= 0
}

// hasRoom says whether the store's disk has room for the frames of a task and for the moments of one tile after the other.
func (f *packer) hasRoom(t *Task, tiles []*Tile) bool {
	most := int64(0)
	for _, tile := range tiles {
		if m, err := tile.momentsMemory(); err == nil {
			most = max(most, m.File)
		}
	}
	free := native.FreeDisk(f.Store.Dir)
	all, largest := f.frameBytes(t)
	return free == 0 || all+max(largest, int64(len(t.Groups())+1)*most) <= free
}

// frameBytes is what the frames of a task take in the store, less what is there already, and those of the model that has most:
// they are there twice while they are joined.
func (f *packer) frameBytes(t *Task) (all, largest int64) {
	for _, s := range t.Comparison.Sources {
		if r := f.products[productKey{s, frameUnit(t, 1), "centre"}]; r != nil && r.Entry.Finished() {
			continue
		}
		bytes := int64(t.RowCount()) * f.Form(s).RowBytes()
		all, largest = all+bytes, max(largest, bytes)
	}
	return all, largest
}

// keepFrames plans all frames of the sources of a task as rows of the store, which its moments are made from.
func (f *packer) keepFrames(t *Task) (err error) {
	t.RowsFrom, err = f.frames(t, 1)
	return err
}

// stretch cuts every task on layers as little memory would: its frames kept, or made again in a pass for each tile.
func (f *packer) stretch(o Options) error {
	for _, t := range f.Tasks {
		if t.Input != study.HiddenStates && t.Input != study.Projections {
			continue
		}
		if t.RowUnit == "frame" && o.KeepFrames {
			if err := f.keepFrames(t); err != nil {
				return err
			}
		}
		t.Tiles = cut(t, o.Stretches)
		for k, tile := range t.Tiles {
			if t.Streamed() {
				tile.Pass = k
			}
		}
	}
	return nil
}
