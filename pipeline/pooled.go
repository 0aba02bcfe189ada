package pipeline

import (
	"context"
	"io"

	"speechsim/extract"
)

// poolKey tells the pooled rows of a run apart.
type poolKey struct {
	source  int
	unit    string
	pooling extract.Pooling
}

// pooledRows are all rows of one unit that one source can serve: a product that the store keeps as .npy files.
type pooledRows struct {
	poolKey
	table *extract.Table
	entry *extract.Entry
}

// serve finds out which rows a source can serve, once.
func (p *Plan) serve(source int, unit string, pooling extract.Pooling) *pooledRows {
	s := p.sources[source]
	if !s.IsAudio() {
		pooling = extract.Centre // tokens and vectors are not pooled over time: one product serves every rule
	}
	key := poolKey{source, unit, pooling}
	r := p.pooled[key]
	if r == nil {
		r = &pooledRows{poolKey: key, table: s.Rows(p.Corpus, p.candidates[unit], p.samples, pooling)}
		p.pooled[key] = r
	}
	return r
}

// needPooled plans the pooled rows of a source, once.
func (p *Plan) needPooled(source int, unit string, pooling extract.Pooling) error {
	r, s := p.serve(source, unit, pooling), p.sources[source]
	if r.entry != nil {
		return nil
	}
	var err error
	r.entry, err = p.store.Entry("rows", struct {
		Holds, Unit, Pooling, Model, Card, Corpus, Rows string
		Layers                                          []extract.Layer
	}{"pooled rows of a model, a file a layer", unit, string(r.pooling), p.fingerprint.Models[s.Name], p.fingerprint.Cards[s.Name],
		p.fingerprint.Corpus, tableDigest(p, r.table), s.Layers()})
	return err
}

// pooledOf finds the pooled rows that a comparison's source has.
func (p *Plan) pooledOf(source int, unit, pooling string) *pooledRows {
	if r := p.pooled[poolKey{source, unit, extract.Pooling(pooling)}]; r != nil {
		return r
	}
	return p.pooled[poolKey{source, unit, extract.Centre}]
}

// pooledRowsOf are the pooled rows of all sources of a comparison.
func (p *Plan) pooledRowsOf(k *comparison, unit, pooling string) []*pooledRows {
	var out []*pooledRows
	for _, s := range k.sources {
		out = append(out, p.pooledOf(s, unit, pooling))
	}
	return out
}

// poolWork makes one part of pooled rows during a walk.
type poolWork struct {
	plan *Plan
	*pooledRows
	part   int
	rows   *extract.PartRows
	failed []extract.Failure
}

func (w *poolWork) begin() error {
	n := 0
	for _, u := range w.plan.parts[w.part].utterances {
		n += len(w.table.Of(u))
	}
	w.rows = extract.NewPartRows(w.plan.sources[w.source].Layers(), n)
	return nil
}

func (w *poolWork) sources(u int) []int {
	if len(w.table.Of(u)) == 0 {
		return nil
	}
	return []int{w.source}
}

func (w *poolWork) reduce(u int, acts []*extract.Activations) (any, error) {
	rows, a := w.table.Of(u), acts[w.source]
	if len(rows) == 0 || a == nil {
		return nil, nil
	}
	s := w.plan.sources[w.source]
	var out [][]float32
	for _, l := range s.Layers() {
		out = append(out, make([]float32, len(rows)*l.Units))
	}
	return out, s.Pool(a, rows, w.pooling, w.plan.Corpus.Spec.Audio.Rate, out)
}

func (w *poolWork) collect(_ context.Context, u int, reduced any, acts []*extract.Activations, unreadable error) error {
	if len(w.table.Of(u)) == 0 {
		return nil
	}
	if acts[w.source] == nil {
		w.failed = append(w.failed, extract.Failure{Utterance: w.plan.Corpus.Utterances[u].ID, Error: unreadable.Error()})
		return nil
	}
	w.rows.Append(reduced.([][]float32))
	return nil
}

func (w *poolWork) finish(context.Context) error {
	return w.entry.WritePart(w.part, w.failed, func(out io.Writer) error { return w.rows.Write(out) })
}
