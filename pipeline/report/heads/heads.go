// Package heads packs the attention of heads by relative position for the page.
package heads

import (
	"math"

	"speechsim/pipeline/results"
)

// Model is where the heads of a model look whose attention is compared. A position is the frame of the key less that of the query; what is further than
// the others is gathered at the ends.
type Model struct {
	At      []int     `json:"at"`
	Open    [2]bool   `json:"open"`    // whether the first and the last position stand for all beyond
	Frame   float64   `json:"frame"`   // seconds; 0: not known
	Pairs   []float64 `json:"pairs"`   // of each position, for each query: a share over it is the mean attention of a pair; 0: no head looks there
	Uniform []float64 `json:"uniform"` // share of a head that spreads its attention evenly

	Layers []int     `json:"layers"`
	Heads  [][][]int `json:"heads"` // of each layer and head: the share of each position, in hundred thousandths
}

// parts is what shares are counted in.
const parts = 1e5

// most is how many numbers of heads a page holds, so that it stays one that can be mailed: with many heads what is far from the query is gathered at
// the ends sooner than the table of the run does.
const most = 40000

// widest is how many frames from the query the table of a run goes, and narrowest how many the page does at least.
const widest, narrowest = 64, 8

// Pack gathers positions, which stand together by layer and head, by model. frames are the seconds of a frame of each model, and id is the number of a
// layer on the page. A head that has other positions than the first of its model is left out.
func Pack(list []results.HeadPosition, frames map[string]float64, id func(results.Layer) int) map[string]*Model {
	heads := apart(list)
	window := widest
	for window > narrowest && len(heads)*(2*window+3) > most {
		window /= 2
	}
	all := map[string]*Model{}
	for _, head := range heads {
		head, model := within(head, window), head[0].Layer.Model
		m := all[model]
		if m == nil {
			m = newModel(head, frames[model])
			all[model] = m
		}
		if len(m.At) == len(head) {
			m.add(head, id(head[0].Layer))
		}
	}
	return all
}

// apart lists the positions of each head.
func apart(list []results.HeadPosition) (heads [][]results.HeadPosition) {
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].Layer == list[0].Layer && list[n].Head == list[0].Head {
			n++
		}
		heads, list = append(heads, list[:n]), list[n:]
	}
	return heads
}

// within gathers what is beyond so many frames at the ends.
func within(head []results.HeadPosition, window int) (out []results.HeadPosition) {
	for _, at := range head {
		switch {
		case at.From < -window:
			at.From, at.To = math.MinInt, -window-1
		case at.To > window:
			at.From, at.To = window+1, math.MaxInt
		}
		if n := len(out); n > 0 && out[n-1].From == at.From {
			before, pairs := out[n-1], float64(out[n-1].Pairs+at.Pairs)
			mean := func(a, b float64) float64 { return (a*float64(before.Pairs) + b*float64(at.Pairs)) / pairs }
			at.Mean, at.Uniform = mean(before.Mean, at.Mean), mean(before.Uniform, at.Uniform)
			at.Share, at.Pairs = at.Share+before.Share, at.Pairs+before.Pairs
			out = out[:n-1]
		}
		out = append(out, at)
	}
	return out
}

func newModel(head []results.HeadPosition, frame float64) *Model {
	m := &Model{Frame: frame, Pairs: make([]float64, len(head)), Uniform: make([]float64, len(head))}
	last := len(head) - 1
	m.Open = [2]bool{head[0].From == math.MinInt, head[last].To == math.MaxInt}
	for k, at := range head {
		if k == 0 && m.Open[0] {
			at.From = at.To
		}
		m.At = append(m.At, at.From)
	}
	return m
}

func (m *Model) add(head []results.HeadPosition, layer int) {
	if n := len(m.Layers); n == 0 || m.Layers[n-1] != layer {
		m.Layers, m.Heads = append(m.Layers, layer), append(m.Heads, nil)
	}
	shares := make([]int, len(head))
	for k, at := range head {
		shares[k] = int(math.Round(parts * at.Share))
		if m.Pairs[k] == 0 && at.Mean > 0 {
			m.Pairs[k] = at.Share / at.Mean
			m.Uniform[k] = rounded(at.Uniform * m.Pairs[k])
			m.Pairs[k] = rounded(m.Pairs[k])
		}
	}
	of := &m.Heads[len(m.Layers)-1]
	*of = append(*of, shares)
}

// rounded keeps six decimals.
func rounded(v float64) float64 { return math.Round(1e6*v) / 1e6 }
