package report

import (
	"math"

	"speechsim/pipeline/results"
)

// dataHeads is where the heads of a model look whose attention is compared. A position is the frame of the key less that of the query; what is further
// than the others is gathered at the ends.
type dataHeads struct {
	At      []int   `json:"at"`
	Open    [2]bool `json:"open"`    // whether the first and the last position stand for all beyond
	Frame   float64 `json:"frame"`   // seconds; 0: not known
	Pairs   column  `json:"pairs"`   // of each position, for each query: a share over it is the mean attention of a pair
	Uniform column  `json:"uniform"` // share of a head that spreads its attention evenly

	Layers []int     `json:"layers"`
	Heads  [][][]int `json:"heads"` // of each layer and head: the share of each position, in hundred thousandths
}

// parts is what shares are counted in.
const parts = 1e5

// mostPositions is how many numbers of heads a page holds, so that it stays one that can be mailed: with many heads what is far from the query is
// gathered at the ends sooner than the table of the run does.
const mostPositions = 40000

// widest is how many frames from the query the table of a run goes, and narrowest how many the page does at least.
const widest, narrowest = 64, 8

// heads gathers positions by model, layer and head. A head that has other positions than the first of its model is left out.
func (p *Page) heads(layers *interner[results.Layer]) map[string]*dataHeads {
	var list [][]results.HeadPosition
	for rest := p.Positions; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Layer == rest[0].Layer && rest[n].Head == rest[0].Head {
			n++
		}
		list, rest = append(list, rest[:n]), rest[n:]
	}
	window := widest
	for window > narrowest && len(list)*(2*window+3) > mostPositions {
		window /= 2
	}
	all := map[string]*dataHeads{}
	for _, head := range list {
		head, model := within(head, window), head[0].Layer.Model
		d := all[model]
		if d == nil {
			d = newHeads(head, p.FrameSeconds[model])
			all[model] = d
		}
		if len(d.At) == len(head) {
			d.add(head, layers.id(head[0].Layer))
		}
	}
	return all
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

func newHeads(head []results.HeadPosition, frame float64) *dataHeads {
	d := &dataHeads{Frame: frame, Pairs: newColumn(len(head)), Uniform: newColumn(len(head))}
	last := len(head) - 1
	d.Open = [2]bool{head[0].From == math.MinInt, head[last].To == math.MaxInt}
	for k, at := range head {
		if k == 0 && d.Open[0] {
			at.From = at.To
		}
		d.At = append(d.At, at.From)
	}
	return d
}

func (d *dataHeads) add(head []results.HeadPosition, layer int) {
	if n := len(d.Layers); n == 0 || d.Layers[n-1] != layer {
		d.Layers, d.Heads = append(d.Layers, layer), append(d.Heads, nil)
	}
	shares := make([]int, len(head))
	for k, at := range head {
		shares[k] = int(math.Round(parts * at.Share))
		if math.IsNaN(d.Pairs[k]) && at.Mean > 0 {
			d.Pairs[k] = at.Share / at.Mean
			d.Uniform[k] = at.Uniform * d.Pairs[k]
		}
	}
	of := &d.Heads[len(d.Layers)-1]
	*of = append(*of, shares)
}
