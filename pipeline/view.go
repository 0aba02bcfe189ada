package pipeline

import (
	"context"

	"speechsim/extract"
	"speechsim/pipeline/results"
)

// view says which of the joined rows of a comparison a basis is made of, and whether they are taken one by one or as one
// mean row a type.
type view struct {
	k     *comparison
	level string // "" = token, or results.TypeLevel
	first int    // 0 = all
}

// views are those that a comparison on words or phones asks for, in the order of the config.
func (k *comparison) views() []view {
	var out []view
	for _, level := range k.Rows.Level {
		if level == "token" {
			level = ""
		}
		for _, first := range k.Rows.Firsts() {
			out = append(out, view{k, level, first})
		}
	}
	return out
}

// paramsOf are the params of a metric's cells: its own, and those of the view.
func (b *basis) paramsOf(m measure) results.Params {
	params := m.params
	params.Level, params.First = b.view.level, b.view.first
	return params
}

// joined returns all rows of the comparison of a basis. They are matched once, and what became of the segments is
// accounted for then.
func (m *measuring) joined(b *basis) (*joinedRows, error) {
	whole := view{k: b.k}
	if m.rows[whole] == nil {
		j, err := m.plan.join(b.k, m.plan.pooledRowsOf(b.k, b.k.Rows.Unit, b.k.Rows.Pooling))
		if err != nil {
			return nil, err
		}
		m.rows[whole] = j
		return j, m.account(b.k, j)
	}
	return m.rows[whole], nil
}

// rowsOf returns the rows of a basis's view of all rows.
func (m *measuring) rowsOf(ctx context.Context, b *basis, all *joinedRows) (*joinedRows, error) {
	tokens := view{k: b.k, first: b.view.first}
	if m.rows[tokens] == nil {
		m.rows[tokens] = all.head(b.view.first)
	}
	if m.rows[b.view] == nil {
		types, err := m.plan.typeRows(ctx, b, m.rows[tokens])
		if err != nil {
			return nil, err
		}
		m.rows[b.view] = types
	}
	return m.rows[b.view], nil
}

// head is the view of the first n rows. Parts that lie within it are those of all rows.
func (j *joinedRows) head(n int) *joinedRows {
	n = min(n, len(j.rows))
	h := &joinedRows{rows: j.rows[:n], entries: j.entries, cut: make([]bool, len(j.parts))}
	for _, index := range j.index {
		h.index = append(h.index, index[:n])
	}
	for p, ranges := range j.parts {
		var kept []rowRange
		for _, r := range ranges {
			if r.to > n {
				h.cut[p] = true
			}
			if r.from < n {
				kept = append(kept, rowRange{r.from, min(r.to, n), r.name})
			}
		}
		h.parts = append(h.parts, kept)
	}
	return h
}

// entryOf is where a part of the basis is kept; nil where the view has no row of the part. Of the first n rows, parts that
// are there as a whole are those of all rows: only the one that n cuts is made for itself.
func (b *basis) entryOf(part int) *extract.Entry {
	switch {
	case b.rows == nil || b.rows.cut == nil || !b.rows.cut[part]:
		return b.entry
	case len(b.rows.parts[part]) == 0:
		return nil
	}
	return b.cutEntry
}

// partCount is the number of parts of a basis, which are the groups of its intervals.
func (p *Plan) partCount(b *basis) int {
	if b.rows != nil {
		return len(b.rows.parts)
	}
	return len(p.parts)
}

// missingParts counts the parts of moments that are to be made, as far as that can be known before rows are matched.
func (p *Plan) missingParts(b *basis) int {
	parts, entry := len(p.parts), b.entry
	switch {
	case b.cutEntry != nil:
		parts, entry = 1, b.cutEntry // at least: as many as n cuts
	case b.view.level == results.TypeLevel:
		parts = min(MaxParts, p.countRows(b))
	}
	missing := 0
	for part := range parts {
		if !entry.HasPart(part) {
			missing++
		}
	}
	return missing
}

// countView counts the rows of a basis on words or phones, as planned: audio may yet turn out to be unreadable.
func (p *Plan) countView(b *basis) int {
	j, _ := p.match(b.k, p.pooledRowsOf(b.k, b.k.Rows.Unit, b.k.Rows.Pooling), make([]map[string]string, len(b.k.sources)))
	if n := b.view.first; n > 0 {
		j.rows = j.rows[:min(len(j.rows), n)]
	}
	if b.view.level != results.TypeLevel {
		return len(j.rows)
	}
	_, labels := j.types()
	return len(labels)
}
