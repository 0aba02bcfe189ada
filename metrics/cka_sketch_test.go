package metrics

import (
	"bytes"
	"context"
	"math"
	"slices"
	"testing"
)

// falling are rows whose variance falls with the unit as that of trained layers does with the component, about an offset.
func falling(seed uint64, rows, units int) Matrix {
	x := gaussian(random(seed), rows, units)
	for k := range x.Data64 {
		x.Data64[k] = 7 + x.Data64[k]/math.Sqrt(float64(1+k%units))
	}
	return x
}

// pilotOf are the moments of rows that directions are found from.
func pilotOf(t testing.TB, b Backend, layers []Matrix) *Moments {
	t.Helper()
	var dims []int
	for _, x := range layers {
		dims = append(dims, x.Cols)
	}
	m, err := OwnMoments(b, dims, Options{})
	if err == nil && layers[0].Rows > 0 {
		err = m.Add(context.Background(), layers)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// sketchedMap is sketched CKA of layers for some pairs.
func sketchedMap(t *testing.T, b Backend, layers []Matrix, pairs [][2]int, seed uint64, o Options) []Value {
	t.Helper()
	ctx := context.Background()
	p, err := NewProjections(pilotOf(t, b, slice(layers, 0, min(layers[0].Rows, 400))), nil, seed, 2)
	if err != nil {
		t.Fatal(err)
	}
	o.Pairs, o.SquaredNorms = pairs, true
	var dims []int
	for _, x := range layers {
		dims = append(dims, ProjectedUnits(x.Cols))
	}
	m, err := NewMoments(b, dims, o)
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < layers[0].Rows; from += 300 {
		rows, err := p.Project(ctx, slice(layers, from, min(from+300, layers[0].Rows)))
		if err == nil {
			err = m.Add(ctx, rows)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var out []Value
	for _, c := range pairs {
		v, err := Compute(m, "cka", "sketched", c[0], c[1])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// TestSketchedCKA: over draws of the directions the value has the mean of debiased CKA, and the standard error that it states.
func TestSketchedCKA(t *testing.T) {
	x := falling(1, 400, 320)
	layers := []Matrix{x, mixed(random(2), x, 250, .5), falling(3, 400, 260), mixed(random(4), x, 40, .2)}
	pairs := [][2]int{{0, 1}, {2, 1}, {0, 2}, {3, 0}}
	exact := momentsOf(t, PureGo(), Options{SquaredNorms: true, Float64: true}, layers...)
	b, seeds := openBLAS(t), simulations(200, 40)
	values := make([][]Value, seeds)
	for seed := range values {
		values[seed] = sketchedMap(t, b, layers, pairs, uint64(seed), Options{})
	}
	for c, p := range pairs {
		want := value(t, exact, "cka", "debiased", p[0], p[1]).Value
		bias, square, stated := 0.0, 0.0, 0.0
		for _, v := range values {
			off, se := v[c].Value-want, *v[c].Approximation
			bias, square, stated = bias+off/float64(seeds), square+off*off/float64(seeds), stated+se*se/float64(seeds)
		}
		spread := math.Sqrt(square)
		t.Logf("%v: %.4f, error %.1e, stated %.1e, bias %.1e", p, want, spread, math.Sqrt(stated), bias)
		if math.Abs(bias) > 4*spread/math.Sqrt(float64(seeds))+1e-5 {
			t.Errorf("%v: biased by %.2g, with errors of %.2g", p, bias, spread)
		}
		if ratio := math.Sqrt(stated) / spread; ratio < .7 || ratio > 1.4 {
			t.Errorf("%v: a standard error of %.2g is stated, and errors are %.2g", p, math.Sqrt(stated), spread)
		}
	}
}

// TestSketchedNarrow: layers of fewer units than there are directions are not approximated.
func TestSketchedNarrow(t *testing.T) {
	layers := []Matrix{falling(1, 500, 30), falling(2, 500, 191), mixed(random(4), falling(1, 500, 30), 50, .2)}
	exact := momentsOf(t, PureGo(), Options{SquaredNorms: true, Float64: true}, layers...)
	eachBackend(t, func(t *testing.T, b Backend) {
		pairs := [][2]int{{0, 1}, {0, 2}, {1, 1}}
		for c, v := range sketchedMap(t, b, layers, pairs, 1, Options{Float64: true}) {
			near(t, "value", v.Value, value(t, exact, "cka", "debiased", pairs[c][0], pairs[c][1]).Value, 1e-12)
			near(t, "error", *v.Approximation, 0, 0)
		}
	})
}

// TestProjections: directions are written and read; they do not depend on workers or on other layers; layers of fewer components than
// directions are projected without loss.
func TestProjections(t *testing.T) {
	ctx, b := context.Background(), openBLAS(t)
	rank := mixed(random(5), gaussian(random(6), 90, 20), 300, 0)
	layers := []Matrix{single(falling(1, 90, 400)), single(falling(2, 90, 60)), single(rank)}
	p, err := NewProjections(pilotOf(t, b, layers), []int{4, 5, 6}, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := p.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	read, err := ReadProjections(&file, b, []int{400, 60, 300}, 1)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := NewProjections(pilotOf(t, b, layers[2:]), []int{6}, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := p.Project(ctx, layers)
	again, err2 := read.Project(ctx, layers)
	one, err3 := alone.Project(ctx, layers[2:])
	if err != nil || err2 != nil || err3 != nil {
		t.Fatal(err, err2, err3)
	}
	for i := range rows {
		if !slices.Equal(rows[i].Data, again[i].Data) {
			t.Errorf("layer %d: projected otherwise after reading", i)
		}
	}
	if !slices.Equal(rows[2].Data, one[0].Data) {
		t.Error("the directions of a layer depend on other layers")
	}
	if rows[1].Cols != 60 || rows[0].Cols != ProjectedUnits(400) {
		t.Error(rows[0].Cols, rows[1].Cols)
	}
	for r := 1; r < 90; r++ { // distances are kept
		of := func(x Matrix) (d float64) {
			for u := range x.Cols {
				v := float64(x.Data[r*x.Stride+u]) - float64(x.Data[u])
				d += v * v
			}
			return d
		}
		if a, b := of(layers[2]), of(rows[2]); math.Abs(a-b) > 1e-4*a {
			t.Fatalf("row %d: distance %g, projected %g", r, a, b)
		}
	}
	layers[0].Data[2*400+7] = float32(math.NaN())
	if _, err := p.Project(ctx, layers); err == nil {
		t.Error("NaN was projected")
	}
	if _, err := NewProjections(pilotOf(t, b, slice(layers, 0, 0)), nil, 1, 1); err == nil {
		t.Error("directions of no rows")
	}
	if _, err := ReadProjections(bytes.NewReader(nil), b, []int{400}, 1); err == nil {
		t.Error("read from nothing")
	}
}

// TestNullMemory: the rows of a sketch are most of what its null takes, and all of that is counted.
func TestNullMemory(t *testing.T) {
	const rows = 100
	pairs := [][2]int{{0, 2}, {1, 2}}
	sketch, moments := rows*3*(4*SketchWidth+8), 2*8*SketchWidth*SketchWidth+rows*3*4*SketchWidth
	if got := NullMemory(rows, 3, pairs); got != int64(sketch+moments) {
		t.Errorf("%d bytes, want %d and %d", got, sketch, moments)
	}
	if more := NullMemory(rows+BlockRows, 3, pairs) - NullMemory(BlockRows, 3, pairs); more != int64(sketch) {
		t.Errorf("%d bytes for %d rows more, want %d", more, rows, sketch)
	}
}
