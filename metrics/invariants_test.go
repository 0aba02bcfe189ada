package metrics

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// orthogonal returns a random rotation of d dimensions.
func orthogonal(r *rand.Rand, d int) Matrix {
	q := gaussian(r, d, d)
	row := func(i int) []float64 { return q.Data64[i*d : (i+1)*d] }
	for i := range d { // Gram and Schmidt, twice for accuracy
		for range 2 {
			for j := range i {
				dot := 0.0
				for k := range d {
					dot += row(i)[k] * row(j)[k]
				}
				for k := range d {
					row(i)[k] -= dot * row(j)[k]
				}
			}
		}
		norm := math.Sqrt(sumSquares(row(i)))
		for k := range d {
			row(i)[k] /= norm
		}
	}
	return q
}

// times returns x a + offset.
func times(x, a Matrix, offset float64) Matrix {
	y := Matrix{Rows: x.Rows, Cols: a.Cols, Stride: a.Cols, Data64: make([]float64, x.Rows*a.Cols)}
	for t := range x.Rows {
		for c := range a.Cols {
			v := offset * float64(c)
			for k := range x.Cols {
				v += at(x, t, k) * at(a, k, c)
			}
			y.Data64[t*a.Cols+c] = v
		}
	}
	return y
}

// columns returns the named columns of x.
func columns(x Matrix, which ...int) Matrix {
	y := Matrix{Rows: x.Rows, Cols: len(which), Stride: len(which)}
	for t := range x.Rows {
		for _, c := range which {
			y.Data64 = append(y.Data64, at(x, t, c))
		}
	}
	return y
}

// ofMomentsVariants visits every metric and variant that is a function of moments.
func ofMomentsVariants(visit func(metric string, v Variant)) {
	for _, info := range All() {
		for _, v := range info.Variants {
			if v.Source == FromMoments {
				visit(info.Name, v)
			}
		}
	}
}

// invariances are the maps of a layer under which a metric must not change.
var invariances = map[string]string{
	"rotate":  "cka cca pwcca:textbook procrustes svcca:textbook",
	"scale":   "cka cca svcca pwcca:textbook pwcca:elkheir2024 neuron_neuron neuron_layer procrustes attention",
	"shift":   "cka cca svcca pwcca:textbook pwcca:elkheir2024 neuron_neuron neuron_layer procrustes attention",
	"permute": "cka cca svcca pwcca:textbook pwcca:elkheir2024 neuron_neuron neuron_layer procrustes attention",
	"map":     "cca",
}

func TestInvariances(t *testing.T) {
	r := random(30)
	layers := layersOf(r, 200, 6, 5)
	x, y := layers[0], layers[1]
	q := orthogonal(r, 5)
	changes := map[string]Matrix{
		"rotate":  times(y, q, 0),
		"scale":   times(y, Matrix{Rows: 5, Cols: 5, Stride: 5, Data64: []float64{7, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 7}}, 0),
		"shift":   times(y, Matrix{Rows: 5, Cols: 5, Stride: 5, Data64: []float64{1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1}}, 100),
		"permute": columns(y, 3, 1, 4, 0, 2),
		"map":     times(y, gaussian(r, 5, 5), 3),
	}
	eachBackend(t, func(t *testing.T, b Backend) {
		o := Options{Float64: true, SquaredNorms: true}
		before := momentsOf(t, b, o, x, y)
		for change, changed := range changes {
			after := momentsOf(t, b, o, x, changed)
			ofMomentsVariants(func(metric string, v Variant) {
				holds := false
				for _, name := range strings.Fields(invariances[change]) {
					holds = holds || name == metric || name == metric+":"+v.Name
				}
				if !holds {
					return
				}
				for _, ij := range [][2]int{{0, 1}, {1, 0}} {
					if change == "rotate" && metric == "pwcca" && ij[0] == 1 {
						continue // the weights are sums over the units of x, which a rotation mixes
					}
					near(t, change+" "+metric+" "+v.Name, value(t, after, metric, v.Name, ij[0], ij[1]).Value,
						value(t, before, metric, v.Name, ij[0], ij[1]).Value, 1e-9)
				}
			})
		}
	})
}

func TestSymmetryAndBounds(t *testing.T) {
	eachBackend(t, func(t *testing.T, b Backend) {
		for seed := range uint64(10) {
			r := random(40 + seed)
			layers := layersOf(r, 20+r.IntN(100), 1+r.IntN(8), 1+r.IntN(8))
			m := momentsOf(t, b, Options{Float64: true, SquaredNorms: true}, layers...)
			ofMomentsVariants(func(metric string, v Variant) {
				xy, err := Compute(m, metric, v.Name, 0, 1)
				yx, err2 := Compute(m, metric, v.Name, 1, 0)
				var e *UndefinedError
				if errors.As(errors.Join(err, err2), &e) {
					return
				}
				if err != nil || err2 != nil {
					t.Fatal(metric, v.Name, err, err2)
				}
				if !v.Directed {
					near(t, "symmetry of "+metric+" "+v.Name, xy.Value, yx.Value, 1e-12)
				}
				least := 0.0
				if metric == "attention" || v.Name == "signed" || v.Name == "debiased" {
					least = -1
				}
				for _, got := range []Value{xy, yx} {
					if !(got.Value >= least && got.Value <= 1+1e-12) {
						t.Errorf("%s %s = %g is out of bounds", metric, v.Name, got.Value)
					}
					if got.N != layers[0].Rows {
						t.Errorf("%s: n = %d", metric, got.N)
					}
				}
			})
		}
	})
}

// TestIdentity: a layer is as like its copy as can be.
func TestIdentity(t *testing.T) {
	eachBackend(t, func(t *testing.T, b Backend) {
		for _, o := range []Options{{Float64: true, SquaredNorms: true}, {SquaredNorms: true}} {
			x := layersOf(random(50), 300, 9)[0]
			m := momentsOf(t, b, o, x, x)
			ofMomentsVariants(func(metric string, v Variant) {
				near(t, metric+" "+v.Name, value(t, m, metric, v.Name, 0, 1).Value, 1, map[bool]float64{true: 1e-9, false: 1e-5}[o.Float64])
				near(t, metric+" "+v.Name+" of one layer", value(t, m, metric, v.Name, 0, 0).Value, 1, map[bool]float64{true: 1e-9, false: 1e-5}[o.Float64])
			})
		}
	})
}

// TestDependentColumns: duplicated columns, and more columns than rows, change
// the rank and nothing else where the metric is a function of the subspace.
func TestDependentColumns(t *testing.T) {
	eachBackend(t, func(t *testing.T, b Backend) {
		for _, o := range []Options{{Float64: true}, {}} {
			tolerance := map[bool]float64{true: 1e-9, false: 1e-4}[o.Float64]
			layers := layersOf(random(51), 150, 5, 4)
			x, y := layers[0], layers[1]
			plain := momentsOf(t, b, o, x, y)
			twice := momentsOf(t, b, o, columns(x, 0, 1, 2, 3, 4, 0, 3), y)
			for _, v := range []string{"mean", "mean_squared"} {
				near(t, "cca "+v, value(t, twice, "cca", v, 0, 1).Value, value(t, plain, "cca", v, 0, 1).Value, tolerance)
			}
			near(t, "neuron_layer", value(t, twice, "neuron_layer", "r", 1, 0).Value, value(t, plain, "neuron_layer", "r", 1, 0).Value, tolerance)
			v := value(t, twice, "cca", "mean", 0, 1)
			if !strings.Contains(strings.Join(v.Warnings, " "), "x has rank 5 with 7 units") {
				t.Error(v.Warnings)
			}
		}
		wide := layersOf(random(52), 10, 30, 20)
		m := momentsOf(t, b, Options{Float64: true}, wide...)
		v := value(t, m, "cca", "mean", 0, 1)
		near(t, "fewer rows than units", v.Value, 1, 1e-9)
		if !strings.Contains(strings.Join(v.Warnings, " "), "10 rows are few") {
			t.Error(v.Warnings)
		}
	})
}

// TestChance: independent Gaussians at a size of this field.
func TestChance(t *testing.T) {
	if testing.Short() {
		t.Skip("a few seconds")
	}
	b := openBLAS(t)
	r := random(53)
	x, y := single(gaussian(r, 3000, 768)), single(gaussian(r, 3000, 300))
	m := momentsOf(t, b, Options{SquaredNorms: true}, x, y)
	near(t, "cca mean", value(t, m, "cca", "mean", 0, 1).Value, .485, .003)
	near(t, "cka biased", value(t, m, "cka", "biased", 0, 1).Value, .136, .003)
	near(t, "cka debiased", value(t, m, "cka", "debiased", 0, 1).Value, 0, .003)
}

func TestUndefined(t *testing.T) {
	r := random(54)
	x := gaussian(r, 30, 3)
	constant := Matrix{Rows: 30, Cols: 2, Data64: make([]float64, 60)}
	one := gaussian(r, 30, 1)
	m := momentsOf(t, PureGo(), Options{SquaredNorms: true, Float64: true}, x, constant, one)
	ofMomentsVariants(func(metric string, v Variant) {
		for _, ij := range [][2]int{{0, 1}, {1, 0}} {
			var e *UndefinedError
			if _, err := Compute(m, metric, v.Name, ij[0], ij[1]); !errors.As(err, &e) || !strings.Contains(err.Error(), "constant") {
				t.Errorf("%s %s with a constant layer: %v", metric, v.Name, err)
			}
		}
	})
	var e *UndefinedError
	if _, err := Compute(m, "svcca", "elkheir2024", 0, 2); !errors.As(err, &e) {
		t.Errorf("svcca elkheir2024 of one unit keeps no component: %v", err)
	}
	tiny := gaussian(r, 30, 3)
	for k := range tiny.Data64 {
		tiny.Data64[k] *= 1e-25
	}
	small := momentsOf(t, PureGo(), Options{SquaredNorms: true}, x, tiny)
	if _, err := CKA(small, 0, 1, "biased"); !errors.As(err, &e) || !strings.Contains(err.Error(), "float64") {
		t.Error(err)
	}
	exact := momentsOf(t, PureGo(), Options{SquaredNorms: true, Float64: true}, x, tiny)
	near(t, "float64 of tiny numbers", value(t, exact, "neuron_neuron", "", 1, 1).Value, 1, 1e-12)
}

func TestRegistry(t *testing.T) {
	for name, want := range map[string]string{"cca": "cca", "ckas": "cka", "neuron-neuron": "neuron_neuron", "pw_cca": "pwcca", "zebra stripes": ""} {
		info, err := Lookup(name)
		var e *UnknownError
		switch {
		case name == want:
			if err != nil || info.Name != name {
				t.Error(name, err)
			}
		case !errors.As(err, &e) || e.Nearest != want:
			t.Errorf("%s: %v", name, err)
		}
	}
	info, err := Lookup("cka")
	if err != nil || info.Default().Name != "debiased" {
		t.Error(info, err)
	}
	var e *UnknownError
	if _, err := info.Variant("debiasd"); !errors.As(err, &e) || e.Nearest != "debiased" {
		t.Error(err)
	}
	if _, err := Compute(nil, "neuron_layer", "heldout_r2", 0, 1); err == nil {
		t.Error("heldout_r2 from moments alone")
	}
	if o := Needs(Variant{Name: "absolute"}); !o.CrossOnly || o.SquaredNorms {
		t.Error(o)
	}
}
