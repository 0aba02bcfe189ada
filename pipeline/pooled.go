package pipeline

import (
	"context"
	"errors"
	"fmt"

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
	r.entry, err = p.store.Entry(p.numbers().Kind("rows"), struct {
		Holds, Unit, Pooling, Model, Card, Corpus, Rows string
		extract.Form
	}{"pooled rows of a model, a file a layer", unit, string(r.pooling), p.fingerprint.Models[s.Name], p.fingerprint.Cards[s.Name],
		p.fingerprint.Corpus, tableDigest(p, r.table), p.form(source)})
	return err
}

// form is what the stored rows of a source consist of.
func (p *Plan) form(source int) extract.Form {
	return extract.Form{Layers: p.sources[source].Layers(), Numbers: p.numbers()}
}

func (p *Plan) numbers() extract.Numbers { return extract.Numbers(p.Config.Store.Numbers) }

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

func (w *poolWork) product() *extract.Entry { return w.entry }

func (w *poolWork) begin(saved *extract.Partial) error {
	w.rows = w.entry.NewPartRows(w.part, saved)
	if saved != nil {
		w.failed = saved.Failed
	}
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
	units := 0
	for _, l := range s.Layers() {
		units += l.Units
	}
	values := make([]float32, len(rows)*units)
	var byLayer [][]float32
	for rest, i := values, 0; i < len(s.Layers()); i++ {
		n := len(rows) * s.Layers()[i].Units
		byLayer, rest = append(byLayer, rest[:n]), rest[n:]
	}
	if err := s.Pool(a, rows, w.pooling, w.plan.Corpus.Spec.Audio.Rate, byLayer); err != nil {
		return nil, err
	}
	stored, err := w.plan.numbers().Bytes(values)
	var beyond *extract.RangeError
	if errors.As(err, &beyond) {
		return nil, fmt.Errorf("model %s, layer %s, utterance %s: %w", s.Name, layerAt(beyond.Index, len(rows), s.Layers()), w.plan.Corpus.Utterances[u].ID, err)
	}
	return stored, err
}

// layerAt names the layer of a value among the rows of all layers, one layer after the other.
func layerAt(index, rows int, layers []extract.Layer) string {
	for _, l := range layers {
		if index -= rows * l.Units; index < 0 {
			return l.Name
		}
	}
	return "?"
}

func (w *poolWork) collect(_ context.Context, u int, reduced any, acts []*extract.Activations, unreadable error) error {
	if len(w.table.Of(u)) == 0 {
		return nil
	}
	if acts[w.source] == nil {
		w.failed = append(w.failed, extract.Failure{Utterance: w.plan.Corpus.Utterances[u].ID, Error: unreadable.Error()})
		return nil
	}
	return w.rows.Append(reduced.([]byte))
}

func (w *poolWork) save(ctx context.Context, utterances int) error {
	return w.rows.Save(ctx, utterances, w.failed)
}

func (w *poolWork) finish(context.Context) error {
	return w.rows.Finish(len(w.plan.usable(w.part)), w.failed)
}

func (w *poolWork) abandon() { w.rows.Close() }
