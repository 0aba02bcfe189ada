package plan

import (
	"fmt"
	"math"
	"slices"

	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/load"
	"speechsim/pipeline/results"
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

// openPositions opens what the store keeps of the attention of a source by relative position.
func openPositions(in *load.Inputs, source int, layers []extract.Layer) (*PositionProduct, error) {
	name, f := in.Sources[source].Name, in.Fingerprint
	entry, err := in.Store.Entry("positions", struct {
		Holds, Model, Card, Corpus string
		Layers                     []extract.Layer
		Window                     int // time steps on either side of the query
	}{"attention by relative position, part by part", f.Models[name], f.Cards[name], f.Corpus, layers, metrics.PositionWindow})
	return &PositionProduct{source, layers, entry}, err
}

// openEntries opens what the store keeps of the sums of a tile, and of what it gives.
func openEntries(t *Tile) (err error) {
	sums := describeSums(t)
	if !t.OnSegments() {
		if t.Sums, err = t.Inputs.Store.Entry("moments", sums); err != nil {
			return err
		}
	}
	if t.Input == study.Projections && t.Streamed() {
		if t.Pilot, err = t.Inputs.Store.Entry("directions", struct {
			Holds string
			Sums  any
		}{"directions on which rows are projected", sums}); err != nil {
			return err
		}
	}
	for k, m := range t.Task.Measures {
		same := func(r Result) bool {
			first := t.Task.Measures[r.Measures[0]]
			return first.Name == m.Name && first.Variant.Name == m.Variant.Name
		}
		if at := slices.IndexFunc(t.Results, same); at >= 0 {
			t.Results[at].Measures = append(t.Results[at].Measures, k)
		} else {
			t.Results = append(t.Results, Result{Measures: []int{k}})
		}
	}
	for k, r := range t.Results {
		if t.Results[k].Entry, err = openResult(t, r, sums); err != nil {
			return err
		}
	}
	return nil
}

// describeSums is everything that the sums of a tile depend on.
func describeSums(t *Tile) any {
	type model struct {
		Model, Card string
		Layers      []string
	}
	in, set := t.Inputs, t.RowSet
	d := struct {
		Holds            string
		Unit             string
		Rows             string // pooling and selection
		Level            string `json:",omitempty"`
		First            int    `json:",omitempty"`
		Block            int
		Groups           int    `json:",omitempty"` // in which the parts are kept, where they are fewer
		Products         string `json:",omitempty"` // how they are multiplied, if not by the CPU
		Corpus           string
		Entries          []string // the pooled rows that they are made from
		Stack            []model
		Pairs            string
		Norms, CrossOnly bool
		Variants         []string
		Directions       string `json:",omitempty"` // on which rows are projected: how many, and the numbers of the layers that they are drawn by
	}{Holds: "moments of a stack of layers, part by part", Unit: t.RowUnit, Block: t.BlockSize(), Level: set.Level, First: set.First, Corpus: in.Fingerprint.Corpus, Pairs: fmt.Sprint(t.Blocks)}
	if groups := len(t.Groups()); groups < len(in.Parts) {
		d.Groups = groups
	}
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
	if t.Input == study.Projections {
		d.Directions = fmt.Sprint(metrics.ProjectedUnits(math.MaxInt), " from ", metrics.PilotRows, " rows, of ", t.LayerAt)
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

// openResult opens where the store keeps what one metric gives on a tile. The description holds no names: what has another name is read
// under that one.
func openResult(t *Tile, r Result, sums any) (*store.Entry, error) {
	in, k := t.Inputs, t.Comparison
	first := t.Task.Measures[r.Measures[0]]
	d := struct {
		Holds           string
		Program         string // metrics are mended from one build of the program to the next
		BLAS            string
		Sums            any
		Cells           string // pairs of layers: x and y
		Metric, Variant string
		Params          []results.Params
		Interval        string
		Null            string
		Frames          []string `json:",omitempty"` // pooled rows of the frames of the null
		Spoken          []string `json:",omitempty"` // what pronunciations are made from
	}{Holds: "cells of one metric, with what their intervals and nulls are made of", Program: in.Fingerprint.Program, BLAS: in.Backend.Name() + " " + in.Backend.Version(), Sums: sums,
		Cells: fmt.Sprint(t.Cells), Metric: first.Name, Variant: first.Variant.Name, Interval: k.Interval}
	for _, m := range r.Measures {
		d.Params = append(d.Params, t.Task.Measures[m].Params)
	}
	if first.Name == "word_distance" { // all thresholds of a comparison are added up together
		d.Params = nil
		for _, m := range k.MeasuresNamed(first.Name) {
			d.Params = append(d.Params, m.Params)
		}
		d.Spoken = []string{in.Fingerprint.Lexicon, in.Fingerprint.Labels["phone"], in.Fingerprint.Labels["word"]}
		if l := in.Config.Corpus.Lexicon; l != nil {
			d.Spoken = append(d.Spoken, l.Choice, fmt.Sprint(l.Stress))
		}
	}
	if n := k.Null; n != nil {
		d.Null = fmt.Sprint(n.Permute, n.Draws, n.Seed)
		if t.NullFrames != nil {
			for _, r := range t.NullFrames.Rows {
				d.Frames = append(d.Frames, r.Entry.Key)
			}
		}
	}
	return in.Store.Entry("cells", d)
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

// OpenContributions opens where the store keeps what words or phones contribute to one cell of a task.
func OpenContributions(t *Task, m study.Measure, x, y Layer) (*store.Entry, error) {
	type layer struct{ Rows, Layer string }
	in := t.Inputs
	of := func(l Layer) layer {
		return layer{t.RowsFrom[slices.Index(t.Comparison.Sources, l.Source)].Entry.Key, l.Name}
	}
	d := struct {
		Holds, Program, BLAS, Corpus string
		X, Y                         layer
		Entries                      []string // that the rows are common to
		Select                       string
		First                        int `json:",omitempty"`
		Metric, Variant              string
	}{Holds: "what words or phones contribute to a cell", Program: in.Fingerprint.Program, BLAS: in.Backend.Name() + " " + in.Backend.Version(), Corpus: in.Fingerprint.Corpus,
		X: of(x), Y: of(y), Select: t.Comparison.Rows.Select, First: t.RowSet.First, Metric: m.Name, Variant: m.Variant.Name}
	for _, r := range t.RowsFrom {
		d.Entries = append(d.Entries, r.Entry.Key)
	}
	return in.Store.Entry("cells", d)
}
