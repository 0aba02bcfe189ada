package plan

import (
	"fmt"

	"speechsim/extract/store"
	"speechsim/pipeline/load"
	"speechsim/pipeline/native"
	"speechsim/pipeline/study"
)

// The key of a product in the store is a digest of the JSON of its description: of everything that it depends on. So the
// names and the order of the fields of the structs below are part of the store's format.

// openRows opens what the store keeps of the rows of a source.
func openRows(in *load.Inputs, r *RowProduct) (*store.Entry, error) {
	name, f := in.Sources[r.Source].Name, in.Fingerprint
	return in.Store.Entry(in.Numbers().Kind("rows"), struct {
		Holds, Unit, Pooling, Model, Card, Corpus, Rows string
		store.Form
	}{"pooled rows of a model, a file a layer", r.Unit, string(r.Pooling), f.Models[name], f.Cards[name], f.Corpus, load.TableDigest(in.Corpus, r.Table), r.Form})
}

// openEntries opens what the store keeps of the sums of a tile, and of what it gave.
func openEntries(t *Tile) (err error) {
	if t.Input == study.Rows {
		return nil
	}
	store, set := t.Inputs.Store, t.RowSet
	if set.Level == "" && set.First > 0 {
		if t.CutSums, err = store.Entry("moments", describeSums(t, set)); err != nil {
			return err
		}
		set = study.RowSet{Level: set.Level}
	}
	if t.Sums, err = store.Entry("moments", describeSums(t, set)); err == nil && t.Name != "" {
		t.Result, err = openResult(t)
	}
	return err
}

// describeSums is everything that the sums of a tile on a row set depend on.
func describeSums(t *Tile, set study.RowSet) any {
	type model struct {
		Model, Card string
		Layers      []string
	}
	in := t.Inputs
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
	}{Holds: "moments of a stack of layers, part by part", Unit: t.RowUnit, Block: t.BlockSize(), Level: set.Level, First: set.First, Corpus: in.Fingerprint.Corpus, Pairs: fmt.Sprint(t.Blocks)}
	if d.Level != "" {
		d.Level += ", folded" // which words are of one type is part of the numbers
	}
	o := t.MomentsOptions()
	if t.multipliesOnGPU() {
		d.Products = in.Config.Products.Device + " " + in.Precision()
	} else if o.Float64 {
		d.Products = "float64"
	}
	d.Norms, d.CrossOnly = o.SquaredNorms, o.CrossOnly
	if t.Input == study.AttentionRows {
		d.Holds = "sums over the rows of attention maps, part by part"
		d.Variants = t.Variants()
	}
	for _, r := range t.RowsFrom {
		d.Entries = append(d.Entries, r.Entry.Key)
	}
	if t.OnSegments() {
		d.Rows = t.Comparison.Rows.Pooling + " " + t.Comparison.Rows.Select
	}
	for _, s := range t.Comparison.Sources {
		name := in.Sources[s].Name
		m := model{Model: in.Fingerprint.Models[name], Card: in.Fingerprint.Cards[name]}
		for _, l := range t.Layers {
			if l.Source == s {
				m.Layers = append(m.Layers, l.Name)
			}
		}
		d.Stack = append(d.Stack, m)
	}
	return d
}

// openResult opens where the store keeps what a tile gave.
func openResult(t *Tile) (*store.Entry, error) {
	d := struct {
		Holds, Moments, Version string
		First                   int `json:",omitempty"` // rows of the set; of the first ones most parts are those of all
		Metrics                 []string
		Interval                string
		Null                    string
		Frames                  []string // pooled rows of the frames of the null
	}{Holds: "cells of a tile, with what their intervals and nulls are made of", Moments: t.Sums.Key, Version: native.Version, First: t.RowSet.First, Interval: t.Comparison.Interval}
	for _, m := range t.Measures {
		d.Metrics = append(d.Metrics, m.Name+" "+m.Variant.Name)
	}
	if n := t.Comparison.Null; n != nil {
		d.Null = fmt.Sprint(n.Permute, n.Draws, n.Seed)
		if t.NullFrames != nil {
			for _, r := range t.NullFrames.Rows {
				d.Frames = append(d.Frames, r.Entry.Key)
			}
		}
	}
	return t.Inputs.Store.Entry("cells", d)
}

// OpenTypes opens where the store keeps the mean rows of word types of one source of a task.
func OpenTypes(t *Task, at int) (*store.Entry, error) {
	d := struct {
		Holds, Source, Select string
		Entries               []string // that the rows are common to
		First                 int      `json:",omitempty"`
		store.Form
	}{Holds: "one mean row a word type, folded, a file a layer", Select: t.Comparison.Rows.Select, First: t.RowSet.First, Form: t.RowsFrom[at].Form}
	for i, r := range t.RowsFrom {
		if d.Entries = append(d.Entries, r.Entry.Key); i == at {
			d.Source = r.Entry.Key
		}
	}
	return t.Inputs.Store.Entry(t.Inputs.Numbers().Kind("types"), d)
}
