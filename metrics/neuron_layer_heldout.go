package metrics

import (
	"context"
	"errors"
	"iter"

	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// maxFolds bounds the folds of NeuronLayerHeldOut: each costs a factorisation of y.
const maxFolds = 10

// NeuronLayerHeldOut is neuron_layer's variant heldout_r2: the mean, over the
// units of layer i, of the share of variance that a linear regression on layer
// j predicts in groups of rows it was not fitted to,
//
//	R²_k = 1 - Σ_g |x_k - x̂_k|²_g / Σ_g |x_k - x̄_k|²_g
//
// with prediction x̂ and mean x̄ from the rows outside of fold g. No rows
// are needed: the residuals are sums of products too. Unlike R in sample it is
// about 0, or a little below, for unrelated layers; it has no lower bound.
//
// whole are the moments of all rows, folds those of the folds that make it up
// (see Folds), and pairs the cells (i, j). Match of a value gives R²_k of each
// unit. Memory is that of three moments, and each layer j is factored once a fold.
func NeuronLayerHeldOut(ctx context.Context, whole *Moments, folds iter.Seq2[*Moments, error], pairs [][2]int) ([]CellValue, error) {
	h := newHeldOut(whole, pairs)
	for fold, err := range folds {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = h.leaveOut(fold)
		}
		if err != nil {
			return nil, err
		}
	}
	for k := range h.cells {
		h.value(k)
	}
	return h.cells, h.unexpected()
}

// heldOut are the cells of one map on their way.
type heldOut struct {
	whole, rest   *Moments
	folds         int
	pairs         [][2]int
	cells         []CellValue
	missed, total [][]float64 // of each cell: by unit of x
}

func newHeldOut(whole *Moments, pairs [][2]int) *heldOut {
	h := &heldOut{whole: whole, rest: whole.Empty(), pairs: pairs, cells: make([]CellValue, len(pairs))}
	for k, p := range pairs {
		h.missed, h.total = append(h.missed, nil), append(h.total, nil)
		if h.cells[k].Err = whole.check("neuron_layer", "heldout_r2", p[0], p[1], 4); h.cells[k].Err == nil {
			h.missed[k], h.total[k] = make([]float64, whole.dims[p[0]]), make([]float64, whole.dims[p[0]])
		}
	}
	return h
}

// leaveOut fits to all rows but the fold's, and predicts those.
func (h *heldOut) leaveOut(fold *Moments) error {
	h.rest.set(h.whole)
	if err := h.rest.Sub(fold); err != nil {
		return err
	}
	parallel.Run(h.rest.workers, len(h.pairs), func(_, k int) {
		i, j, c := h.pairs[k][0], h.pairs[k][1], &h.cells[k]
		if c.Err == nil {
			c.Err = h.rest.check("neuron_layer", "heldout_r2", i, j, 4)
		}
		if c.Err == nil {
			c.Err = addResiduals(h.rest, fold, i, j, h.missed[k], h.total[k])
		}
	})
	h.folds++
	return h.unexpected()
}

// unexpected is the first error that is not about a cell's data.
func (h *heldOut) unexpected() error {
	for _, c := range h.cells {
		var undefined *UndefinedError
		if c.Err != nil && !errors.As(c.Err, &undefined) {
			return c.Err
		}
	}
	return nil
}

// value is the value of a cell after all folds.
func (h *heldOut) value(k int) {
	c, i, j := &h.cells[k], h.pairs[k][0], h.pairs[k][1]
	if c.Err == nil && h.folds < 2 {
		c.Err = undefined("neuron_layer", "heldout_r2", "it needs at least 2 groups with rows and there are %d", h.folds)
	}
	if c.Err != nil {
		return
	}
	c.Value = newValue(h.whole, i, j)
	units := h.whole.live(i)
	for _, u := range units {
		r2 := 1 - h.missed[k][u]/h.total[k][u]
		c.Match = append(c.Match, Match{X: u, Y: -1, Value: r2})
		c.Value.Value += r2
	}
	c.Value.Value /= float64(len(units))
	if c.N < 5*c.DY {
		c.warn("%d rows are few for %d predictors: the prediction is poor even for related layers", c.N, c.DY)
	}
}

// Folds bundles groups with sizes rows to at most 10 folds of about equal size,
// and yields the moments of one fold after the other, in the same memory. group
// returns the moments of group g, which are done with when the next is asked for.
func Folds(sizes []int, group func(g int) (*Moments, error)) iter.Seq2[*Moments, error] {
	folds := make([][]int, min(maxFolds, len(sizes)))
	for g, fold := range Bundle(sizes, maxFolds) {
		if sizes[g] > 0 {
			folds[fold] = append(folds[fold], g)
		}
	}
	return func(yield func(*Moments, error) bool) {
		var fold *Moments
		for _, groups := range folds {
			for k, g := range groups {
				m, err := group(g)
				if err != nil {
					yield(nil, err)
					return
				}
				if fold == nil {
					fold = m.Empty()
				}
				if k == 0 {
					fold.n = 0 // what is merged into nothing replaces it
				}
				if err := fold.Merge(m); err != nil {
					yield(nil, err)
					return
				}
			}
			if len(groups) > 0 && !yield(fold, nil) {
				return
			}
		}
	}
}

// addResiduals adds, for each unit of layer i, the squared errors in the fold of
// the regression on layer j that was fitted to the rest, and those of the
// rest's mean. With B the coefficients, G the fold's scatters and d the
// differences of its means to the rest's,
//
//	errors_k = G_xx,kk - 2 B_k·G_yx,k + B_kᵀ G_yy B_k + n (d_x,k - B_k·d_y)²
//	mean_k   = G_xx,kk + n d_x,k²
func addResiduals(rest, fold *Moments, i, j int, missed, total []float64) error {
	b := rest.backend
	y, err := rest.spectrumOf(j, true)
	if err != nil {
		return err
	}
	full, err := rest.scatter(i, j)
	if err != nil {
		return err
	}
	// In y's whitened components w = W (y - ȳ) the coefficients are S_xy Wᵀ.
	k := len(y.values)
	w := scatterColumns(y.whitening(k), y.units, rest.dims[j])
	beta := linalg.New[float64](full.Rows, k)
	b.Gemm64(false, true, full, w, beta)
	gxy, err := fold.scatter(i, j)
	if err != nil {
		return err
	}
	gyy, err := fold.scatter(j, j)
	if err != nil {
		return err
	}
	gxw := linalg.New[float64](gxy.Rows, k)
	b.Gemm64(false, true, gxy, w, gxw)
	half := linalg.New[float64](k, gyy.Cols)
	b.Gemm64(false, false, w, gyy, half)
	gww := linalg.New[float64](k, k)
	b.Gemm64(false, true, half, w, gww)
	betaG := linalg.New[float64](beta.Rows, k)
	b.Gemm64(false, false, beta, gww, betaG)

	n := float64(fold.n)
	dx, dy := difference(fold.Mean(i), rest.Mean(i)), difference(fold.Mean(j), rest.Mean(j))
	dw := make([]float64, k)
	for r := range dw {
		dw[r] = dot(w.Row(r), dy)
	}
	gxx := fold.scatters(i)
	for u := range missed {
		offset := dx[u] - dot(beta.Row(u), dw)
		squares := gxx[u] - 2*dot(beta.Row(u), gxw.Row(u)) + dot(betaG.Row(u), beta.Row(u)) + n*offset*offset
		missed[u] += max(0, squares) // of a perfect prediction rounding leaves a little on either side
		total[u] += gxx[u] + n*dx[u]*dx[u]
	}
	return nil
}

// scatterColumns spreads the columns of d, which belong to some units, among
// those of all units; the others are zero.
func scatterColumns(d linalg.Dense[float64], units []int, all int) linalg.Dense[float64] {
	out := linalg.New[float64](d.Rows, all)
	for r := range d.Rows {
		for c, u := range units {
			out.Row(r)[u] = d.At(r, c)
		}
	}
	return out
}

func difference(a, b []float64) []float64 {
	d := make([]float64, len(a))
	for k := range d {
		d[k] = a[k] - b[k]
	}
	return d
}
