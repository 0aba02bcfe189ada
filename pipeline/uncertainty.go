package pipeline

import (
	"context"
	"fmt"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// heldOut says whether a metric fits on some groups and is tested on the others, and so needs the groups apart.
func (m measure) heldOut() bool { return m.variant.Source == metrics.FromGroups }

// sides are the positions in the stack of cell c.
func (b *basis) sides(c int) (i, j int) { return b.x[c/len(b.y)%len(b.x)], b.y[c%len(b.y)] }

// nulls gives the cells of a comparison on words or phones what the metrics take by chance.
func (p *Plan) nulls(ctx context.Context, b *basis, whole *metrics.Moments, cells []results.Cell) error {
	if b.k.Null == nil || b.input != layers {
		return nil
	}
	j := b.rows
	order, sizes := j.byGroup()
	shuffle, err := p.shuffle(b, j, order, sizes)
	if err != nil && b.view.first > 0 {
		for i := range cells {
			cells[i].Warnings = append(cells[i].Warnings, fmt.Sprintf("no null: %v", err))
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("comparison %s: null: %w", b.k.Name, err)
	}
	for n, m := range b.measures() {
		if m.variant.Source != metrics.FromMoments || m.heldOut() {
			continue
		}
		p.opts.Progress.Stage("null of "+m.Name, float64(b.k.Null.Draws), "draws")
		var null *metrics.Null
		if m.Name == "cka" && (b.k.Null.Permute == "group" || b.view.level == results.TypeLevel) {
			null, err = p.nullCKA(ctx, b, j, order, whole, shuffle, m)
		} else {
			null, err = p.nullExact(ctx, b, j, order, shuffle, m)
		}
		if err != nil {
			return fmt.Errorf("comparison %s: null of %s: %w", b.k.Name, m.Name, err)
		}
		first := n * len(b.x) * len(b.y)
		for k := range len(b.x) * len(b.y) {
			c := &cells[first+k]
			if !c.OK() {
				continue
			}
			if s, ok := null.Summary(k, *c.Value); ok {
				family, calibrated := s.FamilyP, s.Calibrated
				c.P = &s.P
				c.Null = &results.Null{Mean: s.Mean, Q95: s.Q95, PMax: &family, Calibrated: &calibrated, Draws: b.k.Null.Draws, About: null.About}
			}
		}
	}
	return nil
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

// nullCKA estimates the null of CKA from projections of the rows, which needs a fraction of the memory and of the time.
func (p *Plan) nullCKA(ctx context.Context, b *basis, j *joinedRows, order []int, whole *metrics.Moments, shuffle *metrics.Shuffle, m measure) (*metrics.Null, error) {
	dims := make([]int, len(b.stack))
	for i, l := range b.stack {
		dims[i] = l.units
	}
	sketch, err := metrics.NewSketch(p.backend, dims, metrics.SketchWidth, uint64(b.k.Null.Seed), p.opts.Workers)
	if err != nil {
		return nil, err
	}
	stack := make([]int, len(b.stack))
	for i := range stack {
		stack[i] = i
	}
	err = p.eachBlock(b, j, order, stack, func(rows []metrics.Matrix) error { return sketch.Add(ctx, rows) })
	if err != nil {
		return nil, err
	}
	var pairs [][2]int
	for _, i := range b.x {
		for _, j := range b.y {
			pairs = append(pairs, [2]int{i, j})
		}
	}
	return metrics.NullCKA(ctx, whole, sketch, m.variant.Name, pairs, shuffle, b.k.Null.Draws)
}

// nullExact adds all rows again for each draw.
func (p *Plan) nullExact(ctx context.Context, b *basis, j *joinedRows, order []int, shuffle *metrics.Shuffle, m measure) (*metrics.Null, error) {
	x, err := p.wholeLayers(b, j, order, b.x)
	if err != nil {
		return nil, err
	}
	y, err := p.wholeLayers(b, j, order, b.y)
	if err != nil {
		return nil, err
	}
	o := metrics.Needs(m.variant)
	o.Workers = p.opts.Workers
	var asked []metrics.Cell
	for i := range x {
		for k := range y {
			o.Pairs = append(o.Pairs, [2]int{i, len(x) + k})
			asked = append(asked, metrics.Cell{Metric: m.Name, Variant: m.variant.Name, X: i, Y: len(x) + k})
		}
	}
	return metrics.NullOf(ctx, p.backend, x, y, o, shuffle, b.k.Null.Draws, metrics.Statistics(ctx, asked))
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
