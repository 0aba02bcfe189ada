package pipeline

import (
	"context"
	"fmt"
	"strings"

	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/pipeline/progress"
)

// types numbers the word types of the rows in the order in which they appear.
func (j *joinedRows) types() (of []int, labels []string) {
	number := map[string]int{}
	for _, r := range j.rows {
		label := strings.ToLower(r.Label)
		t, known := number[label]
		if !known {
			t = len(labels)
			number[label] = t
			labels = append(labels, label)
		}
		of = append(of, t)
	}
	return of, labels
}

// typeRows is the view of one mean row a type. The means are rows like any others: the store keeps them, a file a layer.
// Types are taken to be independent of each other: they are cut into parts in the order in which they appear.
func (p *Plan) typeRows(ctx context.Context, b *basis, tokens *joinedRows) (*joinedRows, error) {
	of, labels := tokens.types()
	j := &joinedRows{}
	identity := make([]int, len(labels))
	for t, label := range labels {
		identity[t] = t
		j.rows = append(j.rows, extract.Row{Label: label})
	}
	parts := min(MaxParts, len(labels))
	for k := range parts {
		from, to := k*len(labels)/parts, (k+1)*len(labels)/parts
		j.parts = append(j.parts, []rowRange{{from, to, fmt.Sprintf("word types %s to %s", labels[from], labels[to-1])}})
	}
	for at, s := range b.k.sources {
		entry, err := p.typeEntry(b, at)
		if err != nil {
			return nil, err
		}
		if !entry.Finished() {
			if err := p.writeTypes(ctx, entry, p.sources[s].Layers(), tokens, at, of, labels); err != nil {
				return nil, p.diskError(err)
			}
		}
		j.entries, j.index = append(j.entries, entry), append(j.index, identity)
	}
	return j, nil
}

// typeEntry is where the means of one source of a comparison are kept.
func (p *Plan) typeEntry(b *basis, at int) (*extract.Entry, error) {
	d := struct {
		Holds, Source, Select string
		Entries               []string // that the rows are common to
		First                 int      `json:",omitempty"`
		extract.Form
	}{Holds: "one mean row a word type, a file a layer", Select: b.k.Rows.Select, First: b.view.first, Form: p.form(b.k.sources[at])}
	for i, s := range b.k.sources {
		key := p.pooledOf(s, b.k.Rows.Unit, b.k.Rows.Pooling).entry.Key
		if d.Entries = append(d.Entries, key); i == at {
			d.Source = key
		}
	}
	return p.store.Entry(p.numbers().Kind("types"), d)
}

// writeTypes makes the means of one source, layer by layer.
func (p *Plan) writeTypes(ctx context.Context, entry *extract.Entry, layers []extract.Layer, j *joinedRows, at int, of []int, labels []string) error {
	counts := make([]int, len(labels))
	for _, t := range of {
		counts[t]++
	}
	err := progress.Each(ctx, p.opts.Workers, len(layers), p.opts.Progress, func(n int) error {
		r, err := j.entries[at].OpenLayer(layers[n])
		if err != nil {
			return err
		}
		defer r.Close()
		units := layers[n].Units
		sums := metrics.NewTypeSums(len(labels), units, false)
		for from := 0; from < len(of); from += blockRows {
			to := min(from+blockRows, len(of))
			rows, err := gather(r, j.index[at][from:to], units)
			if err != nil {
				return err
			}
			if err := sums.Add(metrics.Matrix{Rows: to - from, Cols: units, Data: rows}, of[from:to]); err != nil {
				return err
			}
		}
		m, _, err := sums.Means()
		if err != nil {
			return err
		}
		means := make([]float32, len(m.Data64))
		for i, v := range m.Data64 {
			means[i] = float32(v)
		}
		return extract.WriteNPY(entry.LayerPath(layers[n].Name), p.numbers(), means, m.Rows, m.Cols)
	})
	if err != nil {
		return err
	}
	return entry.FinishTypes(labels, counts)
}
