package measure

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"speechsim/metrics"
	"speechsim/metrics/asif"
	"speechsim/pipeline/inference"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
	"speechsim/pipeline/sums"
)

// nullRows are the rows that a null permutes, in the order in which each group's stand together.
type nullRows struct {
	*join.Rows
	tile    *plan.Tile
	order   []int
	part    bool // the order is of some rows only
	shuffle *metrics.Shuffle
	whole   *metrics.Moments // of all rows of the tile
	own     *metrics.Moments // of these rows, each layer with itself: nil until they are needed
	rowwise *rowwise         // what the metrics that read rows have found
	groups  map[string]groupMap
}

// nullDraws is the null distribution of one metric, and the cells it is of, numbered among those of the metric. Tiles keep it in
// the store by the names of its fields.
type nullDraws struct {
	*metrics.Null
	At []int
}

// nulls draws what the metrics of a tile take by chance, for each metric; nil where one has no null.
func nulls(ctx context.Context, t *plan.Tile, rows *join.Rows, whole *metrics.Moments, groups map[string]groupMap, found *rowwise, cells []results.Cell) ([]*nullDraws, error) {
	k := t.Comparison
	if k.Null == nil {
		return nil, nil
	}
	n := &nullRows{Rows: rows, tile: t, whole: whole, groups: groups, rowwise: found}
	var err error
	if t.NullFrames != nil {
		if n.Rows, err = t.Join(t.NullFrames.Rows); err != nil {
			return nil, err
		}
	}
	var sizes []int
	n.order, sizes = n.ByGroup()
	all := len(n.order)
	n.shuffle, err = n.newShuffle(sizes)
	if err != nil && t.RowSet.First > 0 {
		for i := range cells {
			inference.NoNull(&cells[i], err)
		}
		return nil, nil
	}
	n.part = len(n.order) < all
	if err != nil && t.NullFrames != nil && t.NullFrames.Step > 1 {
		err = fmt.Errorf("%w, of 1 frame in %d; null: {frames: ...} keeps more than %d", err, t.NullFrames.Step, k.Null.Frames)
	}
	if err != nil {
		return nil, fmt.Errorf("comparison %s: null: %w", k.Name, err)
	}
	out := make([]*nullDraws, len(t.Measures))
	for i := range t.Measures {
		if out[i], err = n.draw(ctx, i, cells[i*len(t.Cells):(i+1)*len(t.Cells)]); err != nil {
			return nil, fmt.Errorf("comparison %s: null of %s: %w", k.Name, t.Measures[i].Name, err)
		}
	}
	return out, nil
}

// newShuffle is how rows are permuted: word types, else groups. Of groups of unequal size some rows are left out: the order is
// then of the others.
func (n *nullRows) newShuffle(sizes []int) (*metrics.Shuffle, error) {
	null := n.tile.Comparison.Null
	seed := uint64(null.Seed)
	if n.tile.RowSet.Level == results.TypeLevel { // each row is a type
		return metrics.PermuteTypes(n.order, seed)
	}
	if null.Permute == "word_type" {
		of, _ := n.Types()
		types := make([]int, len(n.order))
		for k, r := range n.order {
			types[k] = of[r]
		}
		return metrics.PermuteTypes(types, seed)
	}
	s, rows, err := metrics.PermuteGroups(sizes, seed)
	if err != nil {
		return nil, err
	}
	kept := make([]int, len(rows))
	for k, r := range rows {
		kept[k] = n.order[r]
	}
	n.order = kept
	return s, nil
}

// draw draws the null of one measure of the tile for its cells. A layer with itself has none.
func (n *nullRows) draw(ctx context.Context, measure int, cells []results.Cell) (*nullDraws, error) {
	t, m := n.tile, n.tile.Measures[measure]
	d := &nullDraws{}
	var pairs [][2]int
	for c := range cells {
		if at := t.Cells[c]; at.X != at.Y && cells[c].OK() {
			d.At, pairs = append(d.At, c), append(pairs, [2]int{at.X, at.Y})
		}
	}
	if len(pairs) == 0 || !m.HasNull() {
		return nil, nil
	}
	t.Inputs.Progress.Stage("null of "+m.Name+", "+t.Comparison.Name+t.Suffix(), 0, "")
	var err error
	switch {
	case m.Name == "knn":
		d.Null, err = n.knn(ctx, pairs)
	case m.Name == "asif":
		if d.At = n.asked(cells, d.At); len(d.At) == 0 {
			return nil, nil
		}
		d.Null, err = n.asif(cells, d.At)
	case m.Grouped() && !n.shuffle.OfGroups():
		for _, c := range d.At {
			inference.NoNull(&cells[c], metrics.ErrNotGroups)
		}
		return nil, nil
	case t.Comparison.NullFromProjections(m, t.RowSet, len(n.order)):
		d.Null, err = n.cka(ctx, m, pairs)
	default:
		d.Null, err = n.exact(ctx, m.Name, m.Variant, pairs)
	}
	var undefined *metrics.UndefinedError
	if errors.As(err, &undefined) || errors.Is(err, asif.ErrFew) { // of the rows that are permuted; those of all rows have their value
		for _, c := range d.At {
			inference.NoNull(&cells[c], err)
		}
		return nil, nil
	}
	if err == nil {
		d.Part = n.part && m.Name != "asif" // which permutes types
	}
	return d, err
}

// infer sets p and the chance level of the cells of a metric.
func (d *nullDraws) infer(t *plan.Task, cells []results.Cell) {
	var family []*results.Cell
	for _, c := range d.At {
		family = append(family, &cells[c])
	}
	inference.Nulls(family, d.Null, t.NullFrames.Text(), t.Comparison.Null.Correct)
}

// read reads all rows of some layers, in the order in which groups stand together.
func (n *nullRows) read(layers []int) ([]metrics.Matrix, error) {
	return readLayers(n.tile, n.Rows, n.order, layers)
}

// readProjected reads layers, each projected before the next is read.
func (n *nullRows) readProjected(ctx context.Context, layers []int) (out []metrics.Matrix, err error) {
	for _, l := range layers {
		rows, err := n.read([]int{l})
		if err != nil {
			return nil, err
		}
		pilot := rows[0] // every so many-th row
		pilot.Stride = pilot.Cols * max(1, pilot.Rows/metrics.PilotRows)
		pilot.Rows = min(pilot.Rows, metrics.PilotRows)
		some, err := sums.NewPilot(n.tile, []int{l})
		if err != nil {
			return nil, err
		}
		if err := some.Add(ctx, []metrics.Matrix{pilot}); err != nil {
			return nil, err
		}
		p, err := sums.Directions(n.tile, []int{l}, some)
		if err == nil {
			rows, err = p.Project(ctx, rows)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// ownMoments are the moments of each layer with itself.
func (n *nullRows) ownMoments(ctx context.Context) (*metrics.Moments, error) {
	if n.own != nil {
		return n.own, nil
	}
	if n.tile.NullFrames == nil && !n.part {
		n.own = n.whole
		return n.own, nil
	}
	in := n.tile.Inputs
	own, err := metrics.OwnMoments(in.Backend, n.tile.Dims(), metrics.Options{SquaredNorms: true, Float64: in.Config.Products.Float64(), Workers: in.Workers})
	if err != nil {
		return nil, err
	}
	n.own = own
	return own, n.eachBlock(func(rows []metrics.Matrix) error { return own.Add(ctx, rows) })
}

// eachBlock reads the rows of all layers of the tile a block at a time.
func (n *nullRows) eachBlock(visit func([]metrics.Matrix) error) error {
	r, err := n.Open(sums.Layers(n.tile, n.tile.All()))
	if err != nil {
		return err
	}
	defer r.Close()
	return r.Blocks(n.order, metrics.BlockRows, visit)
}

// cka draws the null of CKA from projections of the rows, which need a fraction of the memory and of the time.
func (n *nullRows) cka(ctx context.Context, m study.Measure, pairs [][2]int) (*metrics.Null, error) {
	in, null := n.tile.Inputs, n.tile.Comparison.Null
	own, err := n.ownMoments(ctx)
	if err != nil {
		return nil, err
	}
	sketch, err := metrics.NewPrincipalSketch(own, n.tile.LayerAt, metrics.SketchWidth, uint64(null.Seed), in.Workers)
	if err != nil {
		return nil, err
	}
	if err := n.eachBlock(func(rows []metrics.Matrix) error { return sketch.Add(ctx, rows) }); err != nil {
		return nil, err
	}
	if !m.Grouped() {
		return metrics.NullCKA(ctx, own, sketch, m.Variant.Name, pairs, n.shuffle, null.Draws)
	}
	of := n.groups[m.Name]
	var scales []float64
	for _, p := range pairs {
		scales = append(scales, of.Scales[of.at[p]])
	}
	return metrics.NullGrouped(ctx, sketch, scales, pairs, n.shuffle, null.Draws)
}

// exact computes each draw from all rows.
func (n *nullRows) exact(ctx context.Context, metric string, variant metrics.Variant, pairs [][2]int) (*metrics.Null, error) {
	t := n.tile
	read := n.read
	if t.Input == study.Projections {
		read = func(layers []int) ([]metrics.Matrix, error) { return n.readProjected(ctx, layers) }
	}
	x, err := read(t.X)
	if err != nil {
		return nil, err
	}
	y, err := read(t.Y)
	if err != nil {
		return nil, err
	}
	o := metrics.Needs(variant)
	o.Float64, o.Workers = t.Inputs.Config.Products.Float64(), t.Inputs.Workers
	var asked []metrics.Cell
	for _, p := range pairs {
		cell := metrics.Cell{Metric: metric, Variant: variant.Name, X: slices.Index(t.X, p[0]), Y: len(x) + slices.Index(t.Y, p[1])}
		o.Pairs = append(o.Pairs, [2]int{cell.X, cell.Y})
		asked = append(asked, cell)
	}
	return metrics.NullOf(ctx, t.Inputs.Backend, x, y, o, n.shuffle, t.Comparison.Null.Draws, asked, nil)
}

// knn finds the neighbours of each layer once, in the order of the shuffle.
func (n *nullRows) knn(ctx context.Context, pairs [][2]int) (*metrics.Null, error) {
	in := n.tile.Inputs
	near := map[int]*metrics.Neighbours{}
	for _, l := range n.tile.All() {
		rows, err := n.read([]int{l})
		if err != nil {
			return nil, err
		}
		if near[l], err = metrics.FindNeighbours(ctx, in.Backend, rows[0], metrics.KNNNeighbours, in.Workers); err != nil {
			return nil, err
		}
	}
	null, err := metrics.NullKNN(near, pairs, n.shuffle, n.tile.Comparison.Null.Draws)
	if errors.Is(err, metrics.ErrRepeatedRows) {
		err = errors.New("word types repeat, and their neighbours would have to be found again for each draw: take knn to a comparison without a null, or permute: group")
	}
	return null, err
}

// asked are the cells of asif that can have a null.
func (n *nullRows) asked(cells []results.Cell, at []int) []int {
	return slices.DeleteFunc(at, func(c int) bool {
		byType := n.rowwise.asif.answers[&cells[c]].ByType()
		if byType {
			inference.NoNull(&cells[c], asif.ErrByType)
		}
		return byType
	})
}

// asif searches nothing again: what was found is asked for by other names.
func (n *nullRows) asif(cells []results.Cell, at []int) (*metrics.Null, error) {
	answers := make([]*asif.Answers, len(at))
	for k, c := range at {
		answers[k] = n.rowwise.asif.answers[&cells[c]]
	}
	null := n.tile.Comparison.Null
	return asif.Null(answers, n.rowwise.types, uint64(null.Seed), null.Draws)
}
