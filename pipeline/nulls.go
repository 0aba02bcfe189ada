package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/metrics/asif"
	"speechsim/pipeline/results"
)

// heldOut says whether a metric fits on some groups and is tested on the others, and so needs the groups apart.
func (m measure) heldOut() bool { return m.variant.Source == metrics.FromGroups }

// nullRows are the rows that a null pairs anew, in the order in which each group's stand together.
type nullRows struct {
	*joinedRows
	plan    *Plan
	b       *basis
	order   []int
	shuffle *metrics.Shuffle
	own     *metrics.Moments // of these rows: each layer with itself
	rowwise *rowwise         // what the metrics that go back to rows have found
}

// drawn is the null of one metric, and the cells it is of, numbered among those of the metric.
type drawn struct {
	*metrics.Null
	At []int
}

// nulls draws what the metrics of a comparison take by chance, for each metric; nil where one has no null.
func (p *Plan) nulls(ctx context.Context, b *basis, whole *metrics.Moments, rows *rowwise, cells []results.Cell) ([]*drawn, error) {
	if b.k.Null == nil {
		return nil, nil
	}
	n := &nullRows{joinedRows: b.rows, plan: p, b: b, own: whole, rowwise: rows}
	var err error
	if !b.onSegments() {
		if n.joinedRows, err = p.join(b.k, p.pooledRowsOf(b.k, b.thinned, string(extract.Centre))); err != nil {
			return nil, err
		}
	}
	var sizes []int
	n.order, sizes = n.byGroup()
	n.shuffle, err = p.shuffle(b, n.joinedRows, n.order, sizes)
	if err != nil && b.view.first > 0 {
		for i := range cells {
			cells[i].Warnings = append(cells[i].Warnings, fmt.Sprintf("no null: %v", err))
		}
		return nil, nil
	}
	if err == nil && !b.onSegments() {
		n.own, err = n.ownMoments(ctx)
	}
	if err != nil && b.step > 1 {
		err = fmt.Errorf("%w, of 1 frame in %d; null: {frames: ...} keeps more than %d", err, b.step, b.k.Null.Frames)
	}
	if err != nil {
		return nil, fmt.Errorf("comparison %s: null: %w", b.k.Name, err)
	}
	nulls := make([]*drawn, len(b.measures()))
	for k, m := range b.measures() {
		if nulls[k], err = n.draw(ctx, m, cells[k*len(b.cells):(k+1)*len(b.cells)]); err != nil {
			return nil, fmt.Errorf("comparison %s: null of %s: %w", b.k.Name, m.Name, err)
		}
	}
	return nulls, nil
}

// draw draws the null of one metric for its cells. A layer with itself has none.
func (n *nullRows) draw(ctx context.Context, m measure, cells []results.Cell) (*drawn, error) {
	d := &drawn{}
	var pairs [][2]int
	for c := range cells {
		if at := n.b.cells[c]; at.x != at.y && cells[c].OK() {
			d.At, pairs = append(d.At, c), append(pairs, [2]int{at.x, at.y})
		}
	}
	if len(pairs) == 0 || !m.hasNull() {
		return nil, nil
	}
	n.plan.opts.Progress.Stage("null of "+m.Name+n.b.tileText(), float64(n.b.k.Null.Draws), "draws")
	var err error
	switch {
	case m.Name == "knn":
		d.Null, err = n.knn(ctx, pairs)
	case m.Name == "asif":
		d.Null, err = n.asif(cells, d.At)
	case n.b.projects(m):
		d.Null, err = n.cka(ctx, m, pairs)
	default:
		d.Null, err = n.exact(ctx, m, pairs)
	}
	return d, err
}

// judge sets p and the chance level of the cells of a metric.
func (d *drawn) judge(b *basis, cells []results.Cell) {
	for k, c := range d.At {
		if s, ok := d.Summary(k, *cells[c].Value); ok {
			cells[c].P = &s.P
			cells[c].Null = &results.Null{Mean: s.Mean, Q95: s.Q95, PMax: &s.FamilyP, Calibrated: &s.Calibrated, Draws: len(d.Draws), About: d.About + b.thinning()}
		}
	}
}

// hasNull says whether the metric can be drawn on rows that are paired anew.
func (m measure) hasNull() bool {
	return m.variant.Source == metrics.FromMoments && m.input() == layers || m.Name == "knn" || m.Name == "asif"
}

// noteNulls says, before anything is computed, which metrics of a comparison with a null have none and need none: what is
// tested on groups that it was not fitted on is 0 or less where nothing is to be predicted.
func (p *Plan) noteNulls(b *basis) {
	for _, m := range b.measures() {
		if b.k.Null != nil && !m.hasNull() {
			p.opts.Progress.Note("comparison %s: %s %s gets no null: it is tested on groups that it was not fitted on, and is 0 or less by chance", b.k.Name, m.Name, m.variant.Name)
		}
	}
}

// ownMoments are the moments of each layer with itself.
func (n *nullRows) ownMoments(ctx context.Context) (*metrics.Moments, error) {
	o := metrics.Options{SquaredNorms: true, Workers: n.plan.opts.Workers}
	for i := range n.b.stack {
		o.Pairs = append(o.Pairs, [2]int{i, i})
	}
	own, err := metrics.NewMoments(n.plan.backend, n.b.dims(), o)
	if err != nil {
		return nil, err
	}
	return own, n.eachBlock(n.all(), func(rows []metrics.Matrix) error { return own.Add(ctx, rows) })
}

// all are the positions in the stack.
func (n *nullRows) all() []int {
	stack := make([]int, len(n.b.stack))
	for i := range stack {
		stack[i] = i
	}
	return stack
}

func (n *nullRows) eachBlock(stack []int, visit func([]metrics.Matrix) error) error {
	return n.plan.eachBlock(n.b, n.joinedRows, n.order, stack, visit)
}

// byGroup is the order of the rows in which each group's stand together, and the rows of each group.
func (j *joinedRows) byGroup() (order, sizes []int) {
	for _, ranges := range j.parts {
		n := 0
		for _, rows := range ranges {
			for r := rows.from; r < rows.to; r++ {
				order = append(order, r)
				n++
			}
		}
		if n > 0 {
			sizes = append(sizes, n)
		}
	}
	return order, sizes
}

// shuffle is how rows are paired anew: word types exchanged, else groups of equal size, else the rows shifted in a circle.
func (p *Plan) shuffle(b *basis, j *joinedRows, order, sizes []int) (*metrics.Shuffle, error) {
	seed := uint64(b.k.Null.Seed)
	if b.view.level == results.TypeLevel { // each row is a type
		return metrics.PermuteTypes(order, seed)
	}
	if b.k.Null.Permute == "word_type" {
		of, _ := j.types()
		types := make([]int, len(order))
		for k, r := range order {
			types[k] = of[r]
		}
		return metrics.PermuteTypes(types, seed)
	}
	longest, equal := 0, true
	for _, n := range sizes {
		longest = max(longest, n)
		equal = equal && n == sizes[0]
	}
	if equal && len(sizes) >= 5 {
		return metrics.PermuteGroups(sizes, seed)
	}
	return metrics.ShiftRows(len(order), longest, seed)
}

// cka draws the null of CKA from projections of the rows, which need a fraction of the memory and of the time.
func (n *nullRows) cka(ctx context.Context, m measure, pairs [][2]int) (*metrics.Null, error) {
	sketch, err := metrics.NewPrincipalSketch(n.own, n.b.positions, metrics.SketchWidth, uint64(n.b.k.Null.Seed), n.plan.opts.Workers)
	if err != nil {
		return nil, err
	}
	if err := n.eachBlock(n.all(), func(rows []metrics.Matrix) error { return sketch.Add(ctx, rows) }); err != nil {
		return nil, err
	}
	return metrics.NullCKA(ctx, n.own, sketch, m.variant.Name, pairs, n.shuffle, n.b.k.Null.Draws)
}

// exact adds all rows again for each draw.
func (n *nullRows) exact(ctx context.Context, m measure, pairs [][2]int) (*metrics.Null, error) {
	x, err := n.plan.wholeLayers(n.b, n.joinedRows, n.order, n.b.x)
	if err != nil {
		return nil, err
	}
	y, err := n.plan.wholeLayers(n.b, n.joinedRows, n.order, n.b.y)
	if err != nil {
		return nil, err
	}
	o := metrics.Needs(m.variant)
	o.Workers = n.plan.opts.Workers
	var asked []metrics.Cell
	for _, p := range pairs {
		cell := metrics.Cell{Metric: m.Name, Variant: m.variant.Name, X: slices.Index(n.b.x, p[0]), Y: len(x) + slices.Index(n.b.y, p[1])}
		o.Pairs = append(o.Pairs, [2]int{cell.X, cell.Y})
		asked = append(asked, cell)
	}
	return metrics.NullOf(ctx, n.plan.backend, x, y, o, n.shuffle, n.b.k.Null.Draws, metrics.Statistics(ctx, asked))
}

// knn finds no neighbours again: under a pairing those of y's rows move with them.
func (n *nullRows) knn(ctx context.Context, pairs [][2]int) (*metrics.Null, error) {
	near := map[int]*metrics.Neighbours{}
	for _, l := range n.all() {
		rows, err := n.plan.wholeLayers(n.b, n.joinedRows, n.order, []int{l})
		if err != nil {
			return nil, err
		}
		if near[l], err = metrics.FindNeighbours(ctx, n.plan.backend, rows[0], neighbours, n.plan.opts.Workers); err != nil {
			return nil, err
		}
	}
	null := &metrics.Null{About: n.shuffle.About}
	for k := -1; k < n.b.k.Null.Draws; k++ {
		values := make([]float64, len(pairs))
		for c, p := range pairs {
			y := near[p[1]]
			if k >= 0 {
				var ok bool
				if y, ok = paired(y, n.shuffle.Draw(k)); !ok {
					return nil, errors.New("word types repeat, and their neighbours would have to be found again for each draw: take knn to a comparison without a null, or permute: group")
				}
			}
			v, err := metrics.MutualKNN(near[p[0]], y)
			if err != nil {
				return nil, err
			}
			values[c] = v.Value
		}
		if k < 0 {
			null.Observed = values
		} else {
			null.Draws = append(null.Draws, values)
		}
	}
	return null, nil
}

// asif searches nothing again: what was found is asked for by other names.
func (n *nullRows) asif(cells []results.Cell, at []int) (*metrics.Null, error) {
	answers := make([]*asif.Answers, len(at))
	for k, c := range at {
		answers[k] = n.rowwise.asif.answers[&cells[c]]
	}
	return asif.Null(answers, n.rowwise.types, uint64(n.b.k.Null.Seed), n.b.k.Null.Draws)
}

// wholeLayers reads all rows of some layers of the stack, in the given order.
func (p *Plan) wholeLayers(b *basis, j *joinedRows, order, stack []int) ([]metrics.Matrix, error) {
	out := make([]metrics.Matrix, len(stack))
	for i, l := range stack {
		out[i] = metrics.Matrix{Rows: len(order), Cols: b.stack[l].units, Data: make([]float32, 0, len(order)*b.stack[l].units)}
	}
	err := p.eachBlock(b, j, order, stack, func(rows []metrics.Matrix) error {
		for i := range rows {
			out[i].Data = append(out[i].Data, rows[i].Data...)
		}
		return nil
	})
	return out, err
}

// eachBlock reads rows of some layers of the stack in the given order, a block at a time.
func (p *Plan) eachBlock(b *basis, j *joinedRows, order, stack []int, visit func([]metrics.Matrix) error) error {
	readers, sourceAt, err := p.openLayers(b, j)
	if err != nil {
		return err
	}
	defer closeAll(readers)
	for from := 0; from < len(order); from += blockRows {
		to := min(from+blockRows, len(order))
		rows := make([]metrics.Matrix, len(stack))
		for i, l := range stack {
			index := make([]int, to-from)
			for k := range index {
				index[k] = j.index[sourceAt[l]][order[from+k]]
			}
			data, err := gather(readers[l], index, b.stack[l].units)
			if err != nil {
				return err
			}
			rows[i] = metrics.Matrix{Rows: to - from, Cols: b.stack[l].units, Data: data}
		}
		if err := visit(rows); err != nil {
			return err
		}
	}
	return nil
}
