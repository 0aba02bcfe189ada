package measure

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"speechsim/metrics"
	"speechsim/pipeline/study"
	"speechsim/pipeline/sums"
)

// fewPairs is the number of pairs of words under which their mean distance carries a warning.
const fewPairs = 100

// wordPairs is what the word_distance cells of a tile share: the mean rows of word types, and the curves of each two layers.
type wordPairs struct {
	thresholds []float64 // of all cells
	phones     [][]int   // pronunciation of each type; nil where no cell asks for them
	spoken     int       // types that have one

	unit, plain []lazy[metrics.Matrix] // means of each layer of the tile: of unit rows, and of rows

	mu     sync.Mutex
	curves map[[2]int]*lazy[*metrics.WordCurves]
}

func (w *rowwise) newWordPairs() *wordPairs {
	all := w.tile.Comparison.MeasuresNamed("word_distance")
	if len(all) == 0 {
		return nil
	}
	p := &wordPairs{unit: make([]lazy[metrics.Matrix], len(w.tile.Layers)), plain: make([]lazy[metrics.Matrix], len(w.tile.Layers)), curves: map[[2]int]*lazy[*metrics.WordCurves]{}}
	for _, m := range all {
		if t := m.Params.Threshold; t > 0 && !slices.Contains(p.thresholds, t) {
			p.thresholds = append(p.thresholds, t)
		}
		if m.Variant.Name == "phonetic" && p.phones == nil {
			p.phones, p.spoken = w.phones()
		}
	}
	slices.Sort(p.thresholds)
	return p
}

// phones numbers the phones of each type's pronunciation; a type without one has none.
func (w *rowwise) phones() (phones [][]int, spoken int) {
	said := w.tile.Inputs.Pronunciations(w.tile.Inputs.Config)
	number := map[string]int{}
	phones = make([][]int, len(w.labels))
	for t, label := range w.labels {
		for _, phone := range said[label] {
			if _, known := number[phone]; !known {
				number[phone] = len(number)
			}
			phones[t] = append(phones[t], number[phone])
		}
		if len(phones[t]) > 0 {
			spoken++
		}
	}
	return phones, spoken
}

// wordDistance computes a word_distance cell: the mean distance in layer i of words that are close in their phones, or in
// the vectors j.
func (w *rowwise) wordDistance(ctx context.Context, m study.Measure, i, j int) (metrics.Value, error) {
	w.words.mu.Lock()
	curves := w.words.curves[[2]int{i, j}]
	if curves == nil {
		curves = &lazy[*metrics.WordCurves]{}
		w.words.curves[[2]int{i, j}] = curves
	}
	w.words.mu.Unlock()
	c, err := curves.get(func() (*metrics.WordCurves, error) { return w.wordCurves(ctx, i, j) })
	if err != nil {
		return metrics.Value{}, err
	}
	at, _ := slices.BinarySearch(c.Thresholds, m.Params.Threshold)
	pairs := c.Random
	v := metrics.Value{N: len(w.labels), DX: w.tile.Layers[i].Units, DY: w.tile.Layers[j].Units}
	switch m.Variant.Name {
	case "phonetic":
		pairs, v.N = c.Phonetic[at], w.words.spoken
		if missing := len(w.labels) - v.N; missing > 0 {
			v.Warnings = append(v.Warnings, fmt.Sprintf("%d of %d words have no pronunciation and take no part", missing, len(w.labels)))
		}
	case "semantic":
		pairs = c.Semantic[at]
	}
	v.Value = pairs.Mean
	switch {
	case pairs.Pairs == 0:
		return v, &metrics.UndefinedError{Metric: m.Name, Variant: m.Variant.Name, Reason: fmt.Sprintf("no two words are closer than %g", m.Params.Threshold)}
	case pairs.Pairs < fewPairs:
		v.Warnings = append(v.Warnings, fmt.Sprintf("the mean of %d pairs of words only", pairs.Pairs))
	}
	return v, nil
}

func (w *rowwise) wordCurves(ctx context.Context, i, j int) (*metrics.WordCurves, error) {
	means, err := w.typeMeans(&w.words.unit[i], i, true)
	if err != nil {
		return nil, err
	}
	vectors, err := w.typeMeans(&w.words.plain[j], j, false)
	if err != nil {
		return nil, err
	}
	return metrics.WordDistance(ctx, w.tile.Inputs.Backend, metrics.Words{Means: means, Phones: w.words.phones, Vectors: vectors}, w.words.thresholds, w.workers)
}

// typeMeans are the mean rows of the types in a layer, made once.
func (w *rowwise) typeMeans(means *lazy[metrics.Matrix], at int, unit bool) (metrics.Matrix, error) {
	return means.get(func() (metrics.Matrix, error) {
		return typeMeans(w.rows, sums.Layers(w.tile, []int{at})[0], w.types, len(w.labels), unit)
	})
}
