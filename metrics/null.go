package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"speechsim/metrics/internal/parallel"
)

// Null is a permutation null: the distribution of statistics on permuted rows,
// which hold no relation. One draw serves all statistics, so that a whole map can
// be tested at once.
type Null struct {
	Observed []float64   // the statistics of the true pairing, computed alike
	Draws    [][]float64 // [draw][statistic]
	About    string      // what was permuted
	Part     bool        // of the rows alone that could be permuted

	once    sync.Once
	mean    []float64 // of each statistic, its draws and the observed value together
	sd      []float64
	largest []float64 // of each draw, its largest standardised statistic
}

// NullSummary is what a cell says of its null.
type NullSummary struct {
	P float64 // (1 + #{null >= observed}) / (draws + 1)
	// FamilyP is P over a family of cells: the probability that any cell of a map of
	// unrelated layers stands so far out, in units of its own null. Each statistic is
	// standardised by the mean and standard deviation of its draws and the observed value
	// together, so that none rules the maximum by its scale (max-T, Westfall and
	// Young 1993).
	FamilyP float64
	Mean    float64 // the chance level
	Q95     float64 // 95th percentile
	// Calibrated is the score above chance, (s - t)/(1 - t) or 0, where t is the
	// 95 % critical value (Groeger et al. 2026): 0 is what chance gives, 1 identity.
	Calibrated float64
}

// Append adds the statistics of another null of the same permutations: all are one family from then on. It comes before the first
// [Null.Summary].
func (n *Null) Append(o *Null) {
	if n.Draws == nil {
		n.About, n.Part, n.Draws = o.About, o.Part, make([][]float64, len(o.Draws))
	}
	n.Observed = append(n.Observed, o.Observed...)
	for d, values := range o.Draws {
		n.Draws[d] = append(n.Draws[d], values...)
	}
}

// Summary tests statistic k. value is the one to calibrate, exact where
// Observed is an estimate; where the null is of some rows only, their observed
// value is taken. It fails where the statistic or a draw is undefined, and where all
// pairings give the same but for rounding, so that no p could be small or large.
func (n *Null) Summary(k int, value float64) (s NullSummary, err error) {
	n.once.Do(n.standardise)
	draws := make([]float64, len(n.Draws))
	above, familyAbove := 0, 0
	observed := n.standard(k, n.Observed[k])
	for d, statistics := range n.Draws {
		draws[d] = statistics[k]
		if statistics[k] >= n.Observed[k] {
			above++
		}
		if n.largest[d] >= observed {
			familyAbove++
		}
		if math.IsNaN(statistics[k]) {
			return s, errors.New("the metric is undefined for some draws")
		}
	}
	if len(draws) == 0 || math.IsNaN(n.Observed[k]) || math.IsNaN(value) {
		return s, errors.New("the metric is undefined on the rows that the null exchanges")
	}
	if rounding := 1e-6 * math.Abs(n.mean[k]); n.sd[k] <= rounding {
		why := ""
		if n.mean[k] > .999 {
			why = ", as CCA and regression give where rows are fewer than units"
		}
		return s, fmt.Errorf("every pairing of these rows gives %.4g%s", n.mean[k], why)
	}
	if n.Part {
		value = n.Observed[k]
	}
	total := float64(len(draws) + 1)
	s.P, s.FamilyP, s.Mean = float64(above+1)/total, float64(familyAbove+1)/total, average(draws)
	slices.Sort(draws)
	s.Q95 = draws[int(math.Ceil(.95*float64(len(draws))))-1]
	all := append(draws, n.Observed[k])
	slices.Sort(all)
	critical := all[int(math.Ceil(.95*total))-1]
	if critical < 1 {
		s.Calibrated = max(0, (value-critical)/(1-critical))
	}
	return s, nil
}

// standardise prepares what all summaries need: the scale of each statistic, and
// the largest standardised one of each draw. Observed values are part of the scale:
// under the null they are draws like any other.
func (n *Null) standardise() {
	total := float64(len(n.Draws) + 1)
	n.mean, n.sd, n.largest = make([]float64, len(n.Observed)), make([]float64, len(n.Observed)), make([]float64, len(n.Draws))
	for k, v := range n.Observed {
		sum := v
		for _, statistics := range n.Draws {
			sum += statistics[k]
		}
		n.mean[k] = sum / total
		squares := (v - n.mean[k]) * (v - n.mean[k])
		for _, statistics := range n.Draws {
			squares += (statistics[k] - n.mean[k]) * (statistics[k] - n.mean[k])
		}
		n.sd[k] = math.Sqrt(squares / total)
	}
	for d, statistics := range n.Draws {
		n.largest[d] = math.Inf(-1)
		for k, v := range statistics {
			if z := n.standard(k, v); z > n.largest[d] { // an undefined one is no maximum
				n.largest[d] = z
			}
		}
	}
}

// standard is a value of statistic k in units of its null.
func (n *Null) standard(k int, v float64) float64 {
	if n.sd[k] == 0 { // all are equal
		return 0
	}
	return (v - n.mean[k]) / n.sd[k]
}

// NullOf draws the null distribution of cells, exactly: of x's rows as they are and y's in the drawn order. The layers that cells name are
// x's and then y's. CKA of at most [GramRows] rows, biased or debiased, is drawn from Gram matrices; all else from moments, which each draw
// makes again at the cost of the whole ([NullCKA] is many times faster for maps of CKA). drawn is called once for each draw, unless it is nil.
func NullOf(ctx context.Context, b Backend, x, y []Matrix, o Options, shuffle *Shuffle, draws int, cells []Cell, drawn func()) (*Null, error) {
	if drawn == nil {
		drawn = func() {}
	}
	shuffle, draws = shuffle.Exhaust(draws)
	layers := slices.Concat(x, y)
	for k := range layers {
		finite, err := Finite(layers[k], k)
		if err != nil {
			return nil, err
		}
		if finite.Rows != shuffle.Rows() {
			return nil, fmt.Errorf("layer %d has %d rows, and pairings have %d", k, finite.Rows, shuffle.Rows())
		}
		layers[k] = finite
	}
	var gram, rest []int
	for c, cell := range cells {
		if fromGram(cell, len(x), shuffle.Rows()) {
			gram = append(gram, c)
		} else {
			rest = append(rest, c)
		}
	}
	null := newNull(shuffle, len(cells), draws)
	if len(gram) > 0 {
		if err := null.drawGram(ctx, b, layers, len(x), o, shuffle, cells, gram); err != nil {
			return nil, err
		}
	}
	if len(rest) > 0 {
		return null, null.drawMoments(ctx, b, layers, len(x), o, shuffle, cells, rest, drawn)
	}
	for range draws {
		drawn()
	}
	return null, nil
}

func newNull(shuffle *Shuffle, statistics, draws int) *Null {
	n := &Null{About: shuffle.About, Observed: make([]float64, statistics), Draws: make([][]float64, draws)}
	for k := range n.Draws {
		n.Draws[k] = make([]float64, statistics)
	}
	return n
}

// drawMoments sets the values of some of the cells, from moments that are made again for each draw.
func (n *Null) drawMoments(ctx context.Context, b Backend, layers []Matrix, x int, o Options, shuffle *Shuffle, cells []Cell, at []int, drawn func()) error {
	dims := make([]int, len(layers))
	for k, l := range layers {
		dims[k] = l.Cols
	}
	proto, err := NewMoments(b, dims, o)
	if err != nil {
		return err
	}
	statistics := Statistics(ctx, pick(cells, at))
	d := newRedrawn(proto, layers, x)
	for k := -1; k < len(n.Draws); k++ {
		var pairing []int
		if k >= 0 {
			pairing = shuffle.Draw(k)
		}
		m, err := d.draw(ctx, pairing)
		if err != nil {
			return err
		}
		values, err := statistics(m)
		if err != nil {
			return err
		}
		n.set(k, at, values)
		if k >= 0 {
			drawn()
		}
	}
	return nil
}

// set puts the values of some statistics into draw k, -1 the true pairing.
func (n *Null) set(k int, at []int, values []float64) {
	to := n.Observed
	if k >= 0 {
		to = n.Draws[k]
	}
	for i, c := range at {
		to[c] = values[i]
	}
}

func pick[E any](of []E, at []int) []E {
	out := make([]E, len(at))
	for i, k := range at {
		out[i] = of[k]
	}
	return out
}

// addPaired adds all rows, those of the layers from y on in the order of the
// pairing; nil is the true one.
func addPaired(ctx context.Context, m *Moments, layers []Matrix, y int, pairing []int, buffers []gathered) error {
	for from := 0; from < layers[0].Rows; from += chunkRows {
		block := paired(m.workers, layers, y, from, min(from+chunkRows, layers[0].Rows), pairing, buffers)
		if err := m.Add(ctx, block); err != nil {
			return err
		}
	}
	return nil
}

// paired is one block of rows of such layers.
func paired(workers int, layers []Matrix, y, from, to int, pairing []int, buffers []gathered) []Matrix {
	block := make([]Matrix, len(layers))
	for k, layer := range layers {
		if k < y || pairing == nil {
			block[k] = layer.rows(from, to)
		}
	}
	if pairing != nil {
		parallel.Run(workers, len(layers)-y, func(_, k int) {
			block[y+k] = buffers[k].gather(layers[y+k], pairing[from:to])
		})
	}
	return block
}

// gathered is memory for the rows of one layer in another order.
type gathered struct {
	f32 []float32
	f64 []float64
}

// gather returns the named rows of x.
func (g *gathered) gather(x Matrix, rows []int) Matrix {
	out := Matrix{Rows: len(rows), Cols: x.Cols, Stride: x.Cols}
	if x.Data64 != nil {
		g.f64 = resize(g.f64, len(rows)*x.Cols)
		out.Data64 = g.f64
		gatherInto(g.f64, x.Data64, x, rows)
	} else {
		g.f32 = resize(g.f32, len(rows)*x.Cols)
		out.Data = g.f32
		gatherInto(g.f32, x.Data, x, rows)
	}
	return out
}

func gatherInto[E any](to, from []E, x Matrix, rows []int) {
	for k, r := range rows {
		if x.ColMajor {
			for u := range x.Cols {
				to[k*x.Cols+u] = from[u*x.Stride+r]
			}
		} else {
			copy(to[k*x.Cols:(k+1)*x.Cols], from[r*x.Stride:])
		}
	}
}
