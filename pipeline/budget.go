package pipeline

import (
	"slices"

	"speechsim/metrics"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/native"
)

// defaultShare is how much of the memory of the machine (or of its control group) a run takes that has no memory: key.
const defaultShare = .6

// budget is the memory that the run may take; asked says whether the config says so. 0 where nothing is known.
func (p *Plan) budget() (bytes int64, asked bool) {
	if bytes = p.Config.MemoryBytes(); bytes > 0 {
		return bytes, true
	}
	return int64(defaultShare * float64(native.TotalMemory())), false
}

// modelSlack is kept free while models run: they may take a tenth more than is foretold.
func modelSlack(budget int64) int64 { return budget / 10 }

// need is the memory that a basis takes, in bytes.
type need struct {
	metrics.Memory
	block   int64 // rows of all its layers that are multiplied at once
	factors int64 // factorisations of its layers, for metrics that need them, and what each worker holds of a pair
	null    int64 // beside the moments
	copies  int64 // of moments and factors while measuring: the whole, and one group for intervals
}

// walking is the need while models run: the moments of one part, and the fifth of that which the program lets garbage grow to.
func (n need) walking() int64 { return (n.State + n.Work + n.block) * 6 / 5 }

// measuring is the need while cells are computed: rows of the store that are multiplied, the whole with a part, a null.
func (n need) measuring() int64 {
	return max(n.State+n.Work+2*n.block, n.copies*n.State+n.copies*n.factors, n.State+n.factors+n.null)
}

// needOf counts what a basis on layers takes. rows matter to nulls alone.
func (p *Plan) needOf(b *basis, rows int) (need, error) {
	m, err := p.momentsMemory(b)
	n := need{Memory: m, copies: 2} // parts are read into a copy even where no group is left out
	widest := int64(0)
	for _, l := range b.stack {
		n.block += 4 * int64(p.blockSize(b)) * int64(l.units)
		widest = max(widest, int64(l.units))
	}
	const pairCopies = 4 // matrices of one pair that a worker holds
	n.factors = pairCopies * 8 * widest * widest * int64(p.opts.Workers)
	for _, v := range b.measures() {
		if v.Cost != metrics.Cubic {
			continue
		}
		for _, l := range b.stack {
			n.factors += 2 * 8 * int64(l.units) * int64(l.units) // of units as they are, and scaled
		}
		break
	}
	n.null = p.nullBytes(b, rows, m.State)
	return n, err
}

// fit decides how the bases keep to the memory of the run: which are cut into tiles, and whether the frames for those are
// kept in the store or heard again, in further walks over the audio.
func (p *Plan) fit() error {
	budget, asked := p.budget()
	if budget == 0 {
		return nil
	}
	f := &fitting{Plan: p, asked: asked, budget: budget, measuring: budget - processBytes, walking: budget - modelSlack(budget) - processBytes}
	f.left = f.room(p.allSources())
	if together := p.together(); f.room(together) < 0 && asked {
		all := p.modelMemory(together).bytes
		return p.Config.Errorf(p.Config.Pos, "memory: %s is too little for the models, which take %s while they hear the longest utterances: the smallest memory that can do is %s; fewer --workers, layers or models take less",
			p.Config.Memory, text.Bytes(all), text.BytesUp((all+processBytes)*10/9))
	}
	for _, b := range p.bases {
		if b.input != layers {
			if b.input == heads {
				m, err := p.momentsMemory(b)
				if err != nil {
					return err
				}
				f.left -= m.State + m.Work
			}
			continue
		}
		if err := f.basis(b); err != nil {
			return err
		}
	}
	if p.walks() > 1 && len(p.walkSources(0)) == 0 { // nothing is made in the first walk
		for _, b := range p.bases {
			b.again--
			for _, t := range b.each() {
				t.walk--
			}
		}
	}
	return nil
}

// fitting is what fit knows on its way.
type fitting struct {
	*Plan
	asked              bool
	budget             int64
	measuring, walking int64 // for moments while cells are computed, and for moments and models while those run
	left               int64 // of walking, in the first walk, in which all models are
	walk               int   // the last
}

// allSources are the positions of the sources.
func (p *Plan) allSources() []int {
	all := make([]int, len(p.sources))
	for i := range all {
		all[i] = i
	}
	return all
}

// together are the sources that one walk must hear: those of rows that are kept, and of attention.
func (p *Plan) together() (out []int) {
	for _, key := range p.pooledKeys() {
		out = appendOnce(out, key.source)
	}
	for _, b := range p.bases {
		if b.unit == "attention" {
			for _, s := range p.heard(b) {
				out = appendOnce(out, s)
			}
		}
	}
	return out
}

// room is what is left for moments in a walk that hears some sources alone.
func (f *fitting) room(sources []int) int64 { return f.walking - f.modelMemory(sources).bytes }

// basis fits one basis in.
func (f *fitting) basis(b *basis) error {
	rows := 0
	if b.k.Null != nil {
		rows = f.nullRowsOf(b)
	}
	n, err := f.needOf(b, rows)
	if err != nil {
		return err
	}
	if b.unit == "frame" && f.Config.Store.Frames == "keep" && f.keepable(b) {
		if err := f.keepFrames(b); err != nil {
			return err
		}
	}
	heard := b.unit == "frame" && b.frames == ""
	switch {
	case !heard && n.measuring() <= f.measuring:
		return nil
	case heard && n.measuring() <= f.measuring && n.walking() <= f.left:
		f.left -= n.walking()
		return nil
	}
	tiles, err := f.tilesOf(b, rows, false)
	if err != nil {
		return err
	}
	if heard {
		again, err := f.tilesOf(b, rows, true)
		if err != nil {
			return err
		}
		if b.again, err = f.walksFor(again, rows, f.keepable(b) && f.hasRoom(b, tiles)); err != nil {
			return err
		}
		if f.keepable(b) && f.hasRoom(b, tiles) {
			if err := f.keepFrames(b); err != nil {
				return err
			}
		} else {
			tiles = again
		}
	}
	for _, t := range tiles {
		t.frames = b.frames
	}
	if b.tiles = tiles; len(tiles) == 1 {
		b.tiles, b.walk = nil, tiles[0].walk
	}
	return nil
}

// tilesOf cuts a basis into as few tiles as keep to the memory; heard says that models run while their moments are made.
func (f *fitting) tilesOf(b *basis, rows int, heard bool) (tiles []*basis, err error) {
	var most need
	for n := 1; n <= len(b.stack); n++ {
		tiles = b.cut(n)
		most = need{}
		fits := true
		for _, t := range tiles {
			need, err := f.needOf(t, rows)
			if err != nil {
				return nil, err
			}
			if need.measuring() > most.measuring() {
				most = need
			}
			fits = fits && need.measuring() <= f.measuring && (!heard || need.walking() <= f.room(f.heard(t)))
		}
		if fits {
			return tiles, nil
		}
	}
	smallest := processBytes + most.measuring()
	if heard {
		smallest = max(smallest, (processBytes+f.modelMemory(f.heard(b)).bytes+most.walking())*10/9)
	}
	if f.asked {
		return nil, f.Config.Errorf(b.k.Pos, "comparison %q does not fit in %s of memory, even layer by layer; the smallest memory that can do is %s", b.k.Name, f.Config.Memory, text.BytesUp(smallest))
	}
	return tiles, nil // plan warns
}

// walksFor says in which walk over the audio the moments of each tile would be made: the one that is being filled while there
// is room in it for them and their models, else the next, which hears no others. It returns how many walks that makes;
// instead says that it is not done.
func (f *fitting) walksFor(tiles []*basis, rows int, instead bool) (walks int, err error) {
	walk, left := f.walk, f.left
	sources := f.allSources() // that the walk hears
	if walk > 0 {
		left = 0
	}
	for _, t := range tiles {
		n, err := f.needOf(t, rows)
		if err != nil {
			return 0, err
		}
		missing := slices.ContainsFunc(f.heard(t), func(s int) bool { return !slices.Contains(sources, s) })
		if missing || n.walking() > left {
			walk, sources = walk+1, f.heard(t)
			left = f.room(sources)
		}
		t.walk = walk
		left -= n.walking()
	}
	if !instead {
		f.walk = walk
	}
	return walk + 1, nil
}

// keepable says whether the frames of a basis can be kept as rows of the store: if one walk can hear all that it needs.
func (f *fitting) keepable(b *basis) bool {
	return f.Config.Store.Frames != "never" && f.grid(b).Model.Card().Patches <= 1 && f.left >= 0
}

// hasRoom says whether the store's disk has room for the frames of a basis and for the moments of one tile after the other.
func (f *fitting) hasRoom(b *basis, tiles []*basis) bool {
	most := int64(0)
	for _, t := range tiles {
		if m, err := f.momentsMemory(t); err == nil {
			most = max(most, m.State)
		}
	}
	free := native.FreeDisk(f.store.Dir)
	all, largest := f.frameBytes(b)
	return free == 0 || all+max(largest, int64(len(f.parts))*most) <= free
}

// frameBytes is what the frames of a basis take in the store, less what is there already, and those of the model that has most:
// they are there twice while they are joined.
func (p *Plan) frameBytes(b *basis) (all, largest int64) {
	for _, s := range b.k.sources {
		if r := p.pooled[poolKey{s, p.frameUnit(b, 1), "centre"}]; r != nil && r.entry != nil && r.entry.Finished() {
			continue
		}
		bytes := int64(p.countRows(b)) * p.form(s).RowBytes()
		all, largest = all+bytes, max(largest, bytes)
	}
	return all, largest
}

// keepFrames plans all frames of the sources of a basis as rows of the store, which its moments are made from.
func (f *fitting) keepFrames(b *basis) error {
	b.frames = f.frameUnit(b, 1)
	return f.needFrames(b, b.frames, 1)
}

// nullRowsOf is how many rows a null of the basis pairs anew.
func (p *Plan) nullRowsOf(b *basis) int {
	if b.thinned != "" {
		return len(p.candidates[b.thinned].Rows)
	}
	return p.countRows(b)
}
