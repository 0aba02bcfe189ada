package metrics

import (
	"fmt"
	"slices"

	"speechsim/metrics/internal/linalg"
)

// maxFolds bounds the folds of NeuronLayerHeldOut: each costs a factorisation of y.
const maxFolds = 10

// NeuronLayerHeldOut is neuron_layer's variant heldout_r2: the mean, over the
// units of layer i, of the share of variance that a linear regression on layer
// j predicts in groups of rows it was not fitted to,
//
//	R²_k = 1 - Σ_g |x_k - x̂_k|²_g / Σ_g |x_k - x̄_k|²_g
//
// with prediction x̂ and mean x̄ from the rows outside of fold g. groups are the
// moments of the groups (speakers, say), bundled to at most 10 folds. No rows
// are needed: the residuals are sums of products too. Unlike R in sample it is
// about 0, or a little below, for unrelated layers; it has no lower bound.
func NeuronLayerHeldOut(groups []*Moments, i, j int) (Value, error) {
	const metric, variant = "neuron_layer", "heldout_r2"
	folds, whole, err := foldsOf(groups)
	if err != nil {
		return Value{}, err
	}
	if len(folds) < 2 {
		return Value{}, undefined(metric, variant, "it needs at least 2 groups with rows and there are %d", len(folds))
	}
	if err := whole.check(metric, variant, i, j, 4); err != nil {
		return Value{}, err
	}
	v := newValue(whole, i, j)
	units := whole.live(i)
	missed, total := make([]float64, whole.dims[i]), make([]float64, whole.dims[i])
	rest := whole.Empty()
	for g, fold := range folds {
		rest.set(whole)
		if err := rest.Sub(fold); err != nil {
			return Value{}, err
		}
		if err := rest.check(metric, variant, i, j, 4); err != nil {
			return Value{}, fmt.Errorf("without fold %d: %w", g, err)
		}
		if err := addResiduals(rest, fold, i, j, missed, total); err != nil {
			return Value{}, err
		}
	}
	for _, u := range units {
		v.Value += (1 - missed[u]/total[u]) / float64(len(units))
	}
	if v.N < 5*v.DY {
		v.warn("%d rows are few for %d predictors: the prediction is poor even for related layers", v.N, v.DY)
	}
	return v, nil
}

// foldsOf bundles groups, and returns the moments of all rows too.
func foldsOf(groups []*Moments) (folds []*Moments, whole *Moments, err error) {
	groups = slices.DeleteFunc(slices.Clone(groups), func(g *Moments) bool { return g.N() == 0 })
	var sizes []int
	for _, g := range groups {
		sizes = append(sizes, g.N())
	}
	for g, bundle := range Bundle(sizes, maxFolds) {
		for len(folds) <= bundle {
			folds = append(folds, groups[g].Empty())
		}
		if err := folds[bundle].Merge(groups[g]); err != nil {
			return nil, nil, err
		}
	}
	for k, f := range folds {
		if k == 0 {
			whole = f.Clone()
		} else if err := whole.Merge(f); err != nil {
			return nil, nil, err
		}
	}
	return folds, whole, nil
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
		missed[u] += gxx[u] - 2*dot(beta.Row(u), gxw.Row(u)) + dot(betaG.Row(u), beta.Row(u)) + n*offset*offset
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

func dot(a, b []float64) float64 {
	sum := 0.0
	for k, v := range a {
		sum += v * b[k]
	}
	return sum
}
