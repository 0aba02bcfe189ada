package plan

import (
	"unsafe"

	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/pipeline/join"
	"speechsim/pipeline/load"
	"speechsim/pipeline/study"
)

// RowProduct is all rows of one unit that one source can serve, which the store keeps as .npy files.
type RowProduct struct {
	Source     int
	Unit       string
	Pooling    extract.Pooling
	Candidates *extract.Table // segments that could be rows
	Table      *extract.Table // those that the source serves
	Form       store.Form
	Entry      *store.Entry
}

type productKey struct {
	source  int
	unit    string
	pooling extract.Pooling
}

// rowsOf plans the rows of all sources of a comparison.
func (p *planner) rowsOf(k *study.Comparison, unit string, pooling extract.Pooling) ([]*RowProduct, error) {
	var out []*RowProduct
	for _, s := range k.Sources {
		r, err := p.rowProduct(s, unit, pooling)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// rowProduct plans the rows of a source, once.
func (p *planner) rowProduct(source int, unit string, pooling extract.Pooling) (*RowProduct, error) {
	if !p.Sources[source].HasFrames() {
		pooling = extract.Centre // tokens and vectors are not pooled over time: one product serves every rule
	}
	key := productKey{source, unit, pooling}
	if r := p.products[key]; r != nil {
		return r, nil
	}
	candidates := p.candidates[unit]
	r := &RowProduct{Source: source, Unit: unit, Pooling: pooling, Candidates: candidates, Table: p.Servable(source, candidates, pooling), Form: p.Form(source)}
	var err error
	if r.Entry, err = openRows(p.Inputs, r); err != nil {
		return nil, err
	}
	p.products[key] = r
	return r, nil
}

// tableBytes is what the tables of rows take, which stay throughout a run.
func (p *planner) tableBytes() (bytes int64) {
	count := func(t *extract.Table) {
		bytes += int64(len(t.Rows))*int64(unsafe.Sizeof(extract.Row{})) + int64(len(t.Dropped))*int64(unsafe.Sizeof(extract.Dropped{}))
	}
	for _, t := range p.candidates {
		count(t)
	}
	for _, r := range p.products {
		count(r.Table)
	}
	return bytes
}

// Join joins rows of the sources of a task as they are in the store: words, phones, kept frames, or those of a null.
func (t *Task) Join(rows []*RowProduct) (*join.Rows, error) {
	failed := make([]map[string]string, len(rows))
	for i, r := range rows {
		var err error
		if failed[i], err = r.Entry.Failures(); err != nil {
			return nil, err
		}
	}
	return joinRows(t, rows, failed), nil
}

// joinRows joins rows; failed are the utterances that each source could not read.
func joinRows(t *Task, rows []*RowProduct, failed []map[string]string) *join.Rows {
	sides := make([]join.Side, len(rows))
	for i, r := range rows {
		sides[i] = join.Side{Name: t.Inputs.Sources[r.Source].Name, Table: r.Table, Entry: r.Entry, Failed: failed[i]}
	}
	return join.Tables(t.Inputs.Corpus, rows[0].Candidates, sides, t.Comparison.Rows.Select, utterancesOf(t.Inputs.Parts))
}

func utterancesOf(parts []load.Part) [][]int {
	out := make([][]int, len(parts))
	for i, part := range parts {
		out[i] = part.Utterances
	}
	return out
}
