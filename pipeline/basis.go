package pipeline

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"speechsim/extract"
	"speechsim/metrics"
)

// basis is what a group of cells is computed from: the moments of a stack of layers (or of attention heads) over the rows
// of one comparison. They are kept in the store, part by part.
type basis struct {
	k     *comparison
	input input
	unit  string // frame, word, phone, or attention
	view  view   // of words or phones
	stack []stacked
	x, y  []int       // positions in the stack
	cells []layerPair // what each metric is measured on: each x with each y, or a share of that; see tiles
	pairs [][2]int    // the blocks that cells need, i <= j
	entry *extract.Entry

	cutEntry *extract.Entry // of the part that a view of the first rows cuts
	rows     *joinedRows    // of the view; nil for attention, for frames that are not kept, and until they are matched

	tiles        []*basis         // what the basis is measured in where its moments take too much memory; see tiles.go
	name         string           // of a tile, for messages
	result       *extract.Entry   // of a tile: what it gave
	of           []int            // of a tile: the places of its cells among those of the whole
	positions    []int            // of a tile: the places of its stack in that of the whole
	earlier      *metrics.Moments // of the part before, in a walk: memory for those of the next
	earlierBlock *block
	walk         int    // the walk over the audio in which the moments of frames are made
	again        int    // walks that it would take to make them without keeping frames
	frames       string // the unit of all frames where the store keeps them, "" where they are reduced as they come

	thinned string // the unit of the frames that are kept for a null on frames
	step    int    // one frame in so many
}

// stacked is one layer (or attention map) of the stack.
type stacked struct {
	source int
	index  int // among the source's layers or attention maps
	name   string
	units  int // units, or heads
}

// layerPair is one cell of a metric: the positions of x and y in the stack.
type layerPair struct{ x, y int }

// wanted are the cells as metrics takes them.
func (b *basis) wanted() [][2]int {
	out := make([][2]int, len(b.cells))
	for c, at := range b.cells {
		out[c] = [2]int{at.x, at.y}
	}
	return out
}

// makeBases says, for each comparison, which moments its cells need, and which pooled rows those come from.
func (p *Plan) makeBases() error {
	for _, k := range p.comparisons {
		for _, in := range []input{layers, heads, queries, kept} {
			if len(k.measuresOf(in)) == 0 {
				continue
			}
			views := []view{{k: k}}
			if in == layers || in == kept {
				views = k.views()
			}
			for _, v := range views {
				b, err := p.makeBasis(v, in)
				if err != nil {
					return err
				}
				if len(b.measures()) > 0 {
					p.bases = append(p.bases, b)
					p.noteNulls(b)
				}
			}
		}
	}
	if err := p.fit(); err != nil {
		return err
	}
	for _, b := range p.bases {
		for _, t := range b.each() {
			if err := p.openEntries(t); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Plan) makeBasis(v view, in input) (*basis, error) {
	k := v.k
	b := &basis{k: k, view: v, input: in, unit: k.Rows.Unit}
	if in == heads || in == queries {
		b.unit = "attention"
	}
	at := map[int][2]int{} // source -> range of the stack
	for _, s := range k.sources {
		from := len(b.stack)
		for i, l := range p.layersOf(s, in) {
			b.stack = append(b.stack, stacked{s, i, l.Name, l.Units})
		}
		if from == len(b.stack) {
			return nil, p.Config.Errorf(k.Pos, "comparison %q: model %q gives no %s", k.Name, p.sources[s].Name, in)
		}
		at[s] = [2]int{from, len(b.stack)}
	}
	side := func(sources []int) (out []int) {
		for _, s := range sources {
			for i := at[s][0]; i < at[s][1]; i++ {
				out = append(out, i)
			}
		}
		return out
	}
	b.x, b.y = side(k.x), side(k.y)
	for _, i := range b.x {
		for _, j := range b.y {
			b.cells = append(b.cells, layerPair{i, j})
		}
	}
	b.pairs = pairsOf(b.cells)
	if b.unit == "frame" || b.unit == "attention" {
		if err := p.sameFrames(b); err != nil {
			return nil, err
		}
		if b.unit == "frame" && k.Null != nil {
			if err := p.needThinned(b); err != nil {
				return nil, err
			}
		}
	} else {
		for _, s := range k.sources {
			if err := p.needPooled(s, k.Rows.Unit, extract.Pooling(k.Rows.Pooling)); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// openEntries opens what the store keeps of the moments of a basis.
func (p *Plan) openEntries(b *basis) (err error) {
	if b.input == kept {
		return nil
	}
	v := b.view
	if v.level == "" && v.first > 0 {
		if b.cutEntry, err = p.store.Entry("moments", p.describeBasis(b, v)); err != nil {
			return err
		}
		v.first = 0
	}
	if b.entry, err = p.store.Entry("moments", p.describeBasis(b, v)); err == nil && b.name != "" {
		b.result, err = p.tileEntry(b)
	}
	return err
}

// measures are the metrics that the basis serves.
func (b *basis) measures() []measure {
	var out []measure
	for _, m := range b.k.measuresOf(b.input) {
		if b.view.level == "" || !m.perToken() {
			out = append(out, m)
		}
	}
	return out
}

func (p *Plan) layersOf(source int, in input) []extract.Layer {
	s := p.sources[source]
	if in == layers || in == kept {
		return s.Layers()
	}
	if s.Model == nil {
		return nil
	}
	var out []extract.Layer
	for _, l := range s.Model.Attentions() {
		out = append(out, extract.Layer{Name: l.Name, Units: s.Model.Card().Heads})
	}
	return out
}

// pairsOf lists the blocks that cells need, each once, in order.
func pairsOf(cells []layerPair) [][2]int {
	need := map[[2]int]bool{}
	for _, c := range cells {
		need[[2]int{min(c.x, c.y), max(c.x, c.y)}] = true
	}
	out := slices.Collect(maps.Keys(need))
	slices.SortFunc(out, func(a, b [2]int) int { return cmp.Or(a[0]-b[0], a[1]-b[1]) })
	return out
}

// sameFrames refuses to match frames that do not stand for the same time.
func (p *Plan) sameFrames(b *basis) error {
	k := b.k
	first := p.grid(b)
	for _, i := range k.sources {
		s := p.sources[i]
		if s.Labels != nil {
			continue // they are functions of time, and are asked at the frames of the others
		}
		if !s.IsAudio() {
			return p.Config.Errorf(k.Pos, "comparison %q: model %q has tokens and no frames; compare words: rows: {unit: word}", k.Name, s.Name)
		}
		a, c := first.Model.Card(), s.Model.Card()
		if a.SampleRate != c.SampleRate || a.Centre(0) != c.Centre(0) || a.Hop != c.Hop || a.Patches != c.Patches || a.Chunk != c.Chunk {
			return p.Config.Errorf(k.Pos, "comparison %q: the frames of %q (%s) and %q (%s) are not at the same times; compare words or phones: rows: {unit: word}",
				k.Name, first.Name, hopText(first), s.Name, hopText(s))
		}
		for _, l := range s.Model.Layers() {
			if b.input == layers && l.Hop > 0 && l.Hop != c.Hop {
				return p.Config.Errorf(k.Pos, "comparison %q: layer %s of %q has a hop of its own (%d samples); leave it out by layers:, or compare words or phones", k.Name, l.Name, s.Name, l.Hop)
			}
		}
	}
	return nil
}

// grid is the model of the basis whose frames stand for those of all, and gridSource where it is among the sources: the first
// of its layers, or of the comparison where a tile has labels alone. There is one, or resolve had refused.
func (p *Plan) grid(b *basis) *extract.Source { return p.sources[p.gridSource(b)] }

func (p *Plan) gridSource(b *basis) int {
	for _, l := range b.stack {
		if p.sources[l.source].Labels == nil {
			return l.source
		}
	}
	return b.k.sources[slices.IndexFunc(b.k.sources, func(s int) bool { return p.sources[s].Labels == nil })]
}

func hopText(s *extract.Source) string {
	c := s.Model.Card()
	return fmt.Sprintf("%.4g ms, first centre %.4g ms", 1000*float64(c.Hop)/float64(c.SampleRate), 1000*float64(c.Centre(0))/float64(c.SampleRate))
}

// describeBasis is everything the moments of a view depend on; its digest is their name in the store.
func (p *Plan) describeBasis(b *basis, v view) any {
	type model struct {
		Model, Card string
		Layers      []string
	}
	d := struct {
		Holds            string
		Unit             string
		Rows             string // pooling and selection
		Level            string `json:",omitempty"`
		First            int    `json:",omitempty"`
		Block            int
		Products         string `json:",omitempty"` // how they are multiplied, if not by the CPU
		Corpus           string
		Entries          []string // the pooled rows that they are made from
		Stack            []model
		Pairs            string
		Norms, CrossOnly bool
		Variants         []string
	}{Holds: "moments of a stack of layers, part by part", Unit: b.unit, Block: p.blockSize(b), Level: v.level, First: v.first, Corpus: p.fingerprint.Corpus, Pairs: fmt.Sprint(b.pairs)}
	if p.multipliesElsewhere(b) {
		d.Products = p.Config.Products.Device + " " + p.productsPrecision()
	}
	o := p.momentsOptions(b)
	d.Norms, d.CrossOnly = o.SquaredNorms, o.CrossOnly
	if b.input == queries {
		d.Holds = "sums over the rows of attention maps, part by part"
		d.Variants = b.variants()
	}
	for _, r := range p.storedRows(b) {
		d.Entries = append(d.Entries, r.entry.Key)
	}
	if b.onSegments() {
		d.Rows = b.k.Rows.Pooling + " " + b.k.Rows.Select
	}
	for _, s := range b.k.sources {
		m := model{Model: p.fingerprint.Models[p.sources[s].Name], Card: p.fingerprint.Cards[p.sources[s].Name]}
		for _, l := range b.stack {
			if l.source == s {
				m.Layers = append(m.Layers, l.name)
			}
		}
		d.Stack = append(d.Stack, m)
	}
	return d
}

// momentsOptions are those of every moments of the basis: what its metrics need of the blocks of its pairs.
func (p *Plan) momentsOptions(b *basis) metrics.Options {
	var variants []metrics.Variant
	for _, m := range b.measures() {
		variants = append(variants, m.variant)
	}
	o := metrics.Needs(variants...)
	o.Pairs, o.Workers = b.pairs, p.opts.Workers
	if p.multipliesElsewhere(b) {
		o.Products = p.gpuProducts
	}
	return o
}

func (p *Plan) newMoments(b *basis) (*metrics.Moments, error) {
	return metrics.NewMoments(p.backend, b.dims(), p.momentsOptions(b))
}

// emptyMoments are new ones, in the memory of earlier ones that nobody needs: those of a part after those of another.
func (p *Plan) emptyMoments(b *basis, earlier *metrics.Moments) (*metrics.Moments, error) {
	if earlier == nil {
		return p.newMoments(b)
	}
	earlier.Reset()
	return earlier, nil
}

// dims are the units of the stacked layers.
func (b *basis) dims() []int {
	dims := make([]int, len(b.stack))
	for i, l := range b.stack {
		dims[i] = l.units
	}
	return dims
}

// storedRows are the rows of the store that a basis is made from: words or phones, or frames that are kept; else none.
func (p *Plan) storedRows(b *basis) []*pooledRows {
	switch {
	case b.onSegments():
		return p.pooledRowsOf(b.k, b.k.Rows.Unit, b.k.Rows.Pooling)
	case b.frames != "":
		return p.pooledRowsOf(b.k, b.frames, string(extract.Centre))
	}
	return nil
}

// onSegments says whether rows are words or phones, which the store keeps.
func (b *basis) onSegments() bool { return b.unit == "word" || b.unit == "phone" }

// label names a stacked layer as messages do.
func (p *Plan) label(l stacked) string {
	return strings.Join([]string{p.sources[l.source].Name, l.name}, " layer ")
}
