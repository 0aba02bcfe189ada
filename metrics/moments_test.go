package metrics

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// reference are second moments by their definition, in two passes.
type reference struct {
	mean    [][]float64
	scatter func(i, j, u, v int) float64
	norm    func(i, j int) float64 // Σ x_t y_t of squared norms about the mean
}

func referenceOf(layers []Matrix) reference {
	n := layers[0].Rows
	var centred [][][]float64 // layer, unit, row
	var norms [][]float64
	r := reference{}
	for _, x := range layers {
		units, means, norm := make([][]float64, x.Cols), make([]float64, x.Cols), make([]float64, n)
		for u := range x.Cols {
			for t := range n {
				means[u] += at(x, t, u) / float64(n)
			}
			for t := range n {
				d := at(x, t, u) - means[u]
				units[u] = append(units[u], d)
				norm[t] += d * d
			}
		}
		centred, norms, r.mean = append(centred, units), append(norms, norm), append(r.mean, means)
	}
	dot := func(a, b []float64) float64 {
		s := 0.0
		for t := range a {
			s += a[t] * b[t]
		}
		return s
	}
	r.scatter = func(i, j, u, v int) float64 { return dot(centred[i][u], centred[j][v]) }
	r.norm = func(i, j int) float64 { return dot(norms[i], norms[j]) }
	return r
}

// agrees fails unless the moments are those of the layers, relative to the
// standard deviations.
func agrees(t *testing.T, name string, m *Moments, layers []Matrix, tolerance float64) {
	t.Helper()
	want := referenceOf(layers)
	if m.N() != layers[0].Rows {
		t.Fatalf("%s: %d rows, want %d", name, m.N(), layers[0].Rows)
	}
	for _, p := range m.Pairs() {
		for _, ij := range [][2]int{p, {p[1], p[0]}} {
			i, j := ij[0], ij[1]
			got, err := m.scatter(i, j)
			if err != nil {
				t.Fatal(err)
			}
			for u := range got.Rows {
				for v := range got.Cols {
					scale := math.Sqrt(want.scatter(i, i, u, u) * want.scatter(j, j, v, v))
					if d := math.Abs(got.At(u, v) - want.scatter(i, j, u, v)); !(d <= tolerance*scale) {
						t.Fatalf("%s: layers %d %d, units %d %d: %g, want %g", name, i, j, u, v, got.At(u, v), want.scatter(i, j, u, v))
					}
				}
			}
			if m.norms {
				_, _, xy, err := m.rowNorms(i, j)
				if err != nil {
					t.Fatal(err)
				}
				if !(math.Abs(xy-want.norm(i, j)) <= 10*tolerance*want.norm(i, j)) {
					t.Fatalf("%s: norms of layers %d %d: %g, want %g", name, i, j, xy, want.norm(i, j))
				}
			}
		}
	}
	for i, x := range layers {
		for u, mean := range m.Mean(i) {
			sd := math.Sqrt(want.scatter(i, i, u, u) / float64(x.Rows))
			if d := math.Abs(mean - want.mean[i][u]); !(d <= 10*tolerance*sd+1e-15*math.Abs(mean)) {
				t.Fatalf("%s: mean of unit %d of layer %d: %g, want %g", name, u, i, mean, want.mean[i][u])
			}
		}
	}
}

// layersOf are layers of several widths with offsets and unequal scales.
func layersOf(r *rand.Rand, n int, dims ...int) []Matrix {
	x := gaussian(r, n, dims[0])
	layers := []Matrix{x}
	for _, d := range dims[1:] {
		layers = append(layers, mixed(r, x, d, 1))
	}
	for _, x := range layers {
		for u := range x.Cols {
			scale, offset := math.Exp(r.NormFloat64()), 10*r.NormFloat64()
			for t := range n {
				x.Data64[t*x.Stride+u] = scale*x.Data64[t*x.Stride+u] + offset
			}
		}
	}
	return layers
}

func TestMomentsAgreeWithDefinition(t *testing.T) {
	eachBackend(t, func(t *testing.T, b Backend) {
		layers := layersOf(random(1), 300, 7, 3, 12, 1)
		for _, o := range []Options{
			{},
			{SquaredNorms: true},
			{Pairs: [][2]int{{0, 1}, {3, 2}}, SquaredNorms: true},
			{Pairs: [][2]int{{0, 2}, {0, 3}, {1, 2}, {1, 3}}, CrossOnly: true},
		} {
			o.Float64 = true
			agrees(t, "float64", momentsOf(t, b, o, layers...), layers, 1e-13)
			o.Float64 = false
			agrees(t, "float32", momentsOf(t, b, o, layers...), layers, 1e-6)
			f32 := []Matrix{}
			for _, x := range layers {
				f32 = append(f32, single(x))
			}
			agrees(t, "float32 data", momentsOf(t, b, o, f32...), f32, 1e-6)
		}
	})
}

// TestAnySplitAnyOrder is the property that everything rests on: rows may come
// in any blocks, in any number of parts that are merged in any order.
func TestAnySplitAnyOrder(t *testing.T) {
	eachBackend(t, func(t *testing.T, b Backend) {
		for seed := range uint64(20) {
			r := random(seed)
			layers := layersOf(r, 80+r.IntN(200), 6, 4, 9)
			for _, double := range []bool{true, false} {
				o := Options{SquaredNorms: true, Float64: double}
				var parts []*Moments
				for range 1 + r.IntN(4) {
					parts = append(parts, emptyFor(t, b, o, layers...))
				}
				for from := 0; from < layers[0].Rows; {
					to := min(from+r.IntN(60), layers[0].Rows)
					part := parts[r.IntN(len(parts))]
					if err := part.Add(context.Background(), slice(layers, from, to)); err != nil {
						t.Fatal(err)
					}
					from = to
				}
				r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
				whole := parts[0]
				for _, p := range parts[1:] {
					if err := whole.Merge(p); err != nil {
						t.Fatal(err)
					}
				}
				tolerance := 1e-6
				if double {
					tolerance = 1e-12
				}
				agrees(t, "merged", whole, layers, tolerance)
				if len(parts) > 1 { // and taking a part away again
					rest := whole.Clone()
					if err := rest.Sub(parts[1]); err != nil {
						t.Fatal(err)
					}
					if err := rest.Merge(parts[1]); err != nil {
						t.Fatal(err)
					}
					agrees(t, "subtracted", rest, layers, 10*tolerance)
				}
			}
		}
	})
}

// state lists every bit that moments hold.
func state(t *testing.T, m *Moments) []byte {
	t.Helper()
	var b bytes.Buffer
	if n, err := m.WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Fatal(n, err)
	}
	return b.Bytes()
}

func TestWorkersChangeNoBit(t *testing.T) {
	eachBackend(t, func(t *testing.T, b Backend) {
		r := random(3)
		layers := layersOf(r, 2500, 40, 12, 12, 30)
		for i := range layers {
			layers[i] = single(layers[i])
		}
		layers[1] = byUnit(layers[1])
		var first []byte
		for _, workers := range []int{1, 2, 8} {
			m := momentsOf(t, b, Options{SquaredNorms: true, Workers: workers}, layers...)
			if first == nil {
				first = state(t, m)
			} else if !bytes.Equal(first, state(t, m)) {
				t.Errorf("%d workers give other bits than one", workers)
			}
		}
	})
}

func TestLayoutsAndOrientations(t *testing.T) {
	b := PureGo()
	r := random(4)
	layers := layersOf(r, 257, 12, 12, 12, 12)
	want := momentsOf(t, b, Options{Float64: true}, layers...)
	for name, change := range map[string]func(i int, x Matrix) Matrix{
		"all by unit":  func(_ int, x Matrix) Matrix { return byUnit(x) },
		"some by unit": func(i int, x Matrix) Matrix { return map[bool]Matrix{true: byUnit(x), false: x}[i%2 == 0] },
		"padded": func(_ int, x Matrix) Matrix {
			p := Matrix{Rows: x.Rows, Cols: x.Cols, Stride: x.Cols + 5, Data64: make([]float64, x.Rows*(x.Cols+5))}
			for t := range x.Rows {
				copy(p.Data64[t*p.Stride:], x.Data64[t*x.Stride:][:x.Cols])
			}
			return p
		},
		"no stride": func(_ int, x Matrix) Matrix { x.Stride = 0; return x },
	} {
		var changed []Matrix
		for i, x := range layers {
			changed = append(changed, change(i, x))
		}
		got := momentsOf(t, b, Options{Float64: true}, changed...)
		for _, p := range want.Pairs() {
			near(t, name, value(t, got, "neuron_neuron", "signed", p[0], p[1]).Value, value(t, want, "neuron_neuron", "signed", p[0], p[1]).Value, 1e-13)
		}
	}
}

func TestLargeOffset(t *testing.T) {
	r := random(5)
	x := gaussian(r, 3000, 5)
	y := mixed(r, x, 4, 1)
	shifted := gaussian(r, 3000, 5)
	for k := range shifted.Data64 {
		shifted.Data64[k] = x.Data64[k] + 1e4
	}
	f32 := single(shifted)
	for k, v := range f32.Data { // the same rounding without the offset
		x.Data64[k] = float64(v) - 1e4
	}
	want := momentsOf(t, PureGo(), Options{SquaredNorms: true, Float64: true}, x, y)
	got := momentsOf(t, PureGo(), Options{SquaredNorms: true}, f32, single(y))
	for _, variant := range []string{"biased", "debiased"} {
		near(t, "cka "+variant, value(t, got, "cka", variant, 0, 1).Value, value(t, want, "cka", variant, 0, 1).Value, 1e-6)
	}
	near(t, "neuron", value(t, got, "neuron_neuron", "", 0, 1).Value, value(t, want, "neuron_neuron", "", 0, 1).Value, 1e-6)
}

func TestDeadUnits(t *testing.T) {
	r := random(6)
	x, y := gaussian(r, 100, 4), gaussian(r, 100, 3)
	for row := range 100 {
		x.Data64[row*4+2] = 1.1e4 / 3
	}
	for _, o := range []Options{{Float64: true}, {}} {
		m := emptyFor(t, PureGo(), o, x, y)
		other := m.Empty()
		for from := 0; from < 100; from += 10 {
			if err := map[bool]*Moments{true: m, false: other}[from < 50].Add(context.Background(), slice([]Matrix{x, y}, from, from+10)); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Merge(other); err != nil {
			t.Fatal(err)
		}
		if dead := m.DeadUnits(0); !slices.Equal(dead, []int{2}) {
			t.Errorf("dead units %v, want [2]", dead)
		}
		v := value(t, m, "neuron_neuron", "absolute", 1, 0)
		if v.DX != 3 || v.DY != 3 || len(v.Warnings) != 1 || !strings.Contains(v.Warnings[0], "1 of the 4 units of y") {
			t.Errorf("%+v", v)
		}
		for _, match := range v.Match {
			if match.Y == 2 {
				t.Error("matched a dead unit")
			}
		}
	}
}

// TestUnitThatDiesBySubtraction: a unit that varies in one group only is dead
// without that group, although subtraction leaves rounding behind.
func TestUnitThatDiesBySubtraction(t *testing.T) {
	r := random(7)
	x, y := gaussian(r, 60, 3), gaussian(r, 60, 2)
	for row := range 40 {
		x.Data64[row*3+1] = 0.3
	}
	ctx := context.Background()
	rest := emptyFor(t, PureGo(), Options{}, x, y)
	group := rest.Empty()
	if err := errors.Join(rest.Add(ctx, slice([]Matrix{x, y}, 0, 40)), group.Add(ctx, slice([]Matrix{x, y}, 40, 60))); err != nil {
		t.Fatal(err)
	}
	whole := rest.Clone()
	if err := errors.Join(whole.Merge(group), whole.Sub(group)); err != nil {
		t.Fatal(err)
	}
	if dead := whole.DeadUnits(0); !slices.Equal(dead, []int{1}) {
		t.Errorf("dead units %v, want [1]", dead)
	}
	near(t, "the rest", value(t, whole, "neuron_neuron", "", 1, 0).Value, value(t, rest, "neuron_neuron", "", 1, 0).Value, 1e-7)
}

func TestBadRows(t *testing.T) {
	ctx := context.Background()
	r := random(8)
	x, y := single(gaussian(r, 9, 3)), single(gaussian(r, 9, 2))
	m := emptyFor(t, PureGo(), Options{SquaredNorms: true}, x, y)
	if err := m.Add(ctx, []Matrix{x, y}); err != nil {
		t.Fatal(err)
	}
	before := state(t, m)
	with := func(v float32, columns bool) []Matrix {
		bad := y
		bad.Data = slices.Clone(y.Data)
		bad.Data[5*2+1] = v
		if columns {
			bad = byUnit(bad)
		}
		return []Matrix{x, bad}
	}
	for _, columns := range []bool{false, true} {
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			var e *NonFiniteError
			if err := m.Add(ctx, with(float32(v), columns)); !errors.As(err, &e) || e.Layer != 1 || e.Row != 5 || e.Unit != 1 {
				t.Errorf("%v: %v", v, err)
			}
		}
	}
	var e *RangeError
	if err := m.Add(ctx, with(1e30, false)); !errors.As(err, &e) || e.Layer != 1 {
		t.Errorf("1e30: %v", err)
	}
	for name, rows := range map[string][]Matrix{
		"layers":  {x},
		"units":   {y, y},
		"rows":    {x, y.rows(0, 8)},
		"stride":  {x, {Rows: 9, Cols: 2, Stride: 1, Data: y.Data}},
		"short":   {x, {Rows: 9, Cols: 2, Data: y.Data[:17]}},
		"two":     {x, {Rows: 9, Cols: 2, Data: y.Data, Data64: make([]float64, 18)}},
		"missing": {x, {}},
	} {
		if err := m.Add(ctx, rows); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := m.Add(cancelled, []Matrix{x, y}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := m.Add(ctx, []Matrix{x.rows(0, 0), y.rows(0, 0)}); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(before, state(t, m)) {
		t.Error("a refused block changed the moments")
	}
}

func TestTooFewRows(t *testing.T) {
	r := random(9)
	x, y := gaussian(r, 4, 3), gaussian(r, 4, 2)
	for n := range 4 {
		m := momentsOf(t, PureGo(), Options{SquaredNorms: true}, slice([]Matrix{x, y}, 0, n)...)
		for metric, least := range map[string]int{"cka debiased": 4, "cka biased": 2, "neuron_neuron absolute": 2, "attention pearson": 2} {
			name := strings.Fields(metric)
			_, err := Compute(m, name[0], name[1], 0, 1)
			var e *UndefinedError
			if n < least && (!errors.As(err, &e) || e.Metric != name[0]) || n >= least && err != nil {
				t.Errorf("%s of %d rows: %v", metric, n, err)
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	r := random(10)
	layers := layersOf(r, 50, 5, 2, 3)
	for _, o := range []Options{{}, {Float64: true, SquaredNorms: true}, {CrossOnly: true, Pairs: [][2]int{{2, 0}}}} {
		m := momentsOf(t, PureGo(), o, layers...)
		whole := state(t, m)
		back, err := ReadMoments(bytes.NewReader(whole), PureGo(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(state(t, back), whole) {
			t.Error("other bits came back")
		}
		if err := back.Merge(m); err != nil || back.N() != 100 {
			t.Error("what came back can't be merged:", err)
		}
		for cut := range whole {
			if _, err := ReadMoments(bytes.NewReader(whole[:cut]), PureGo(), Options{}); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("cut at %d of %d: %v", cut, len(whole), err)
			}
		}
		for at := range whole {
			changed := slices.Clone(whole)
			changed[at] ^= 0x10
			if _, err := ReadMoments(bytes.NewReader(changed), PureGo(), Options{}); err == nil {
				t.Fatalf("byte %d changed, and nobody noticed", at)
			}
		}
		if _, err := ReadMoments(bytes.NewReader(append(slices.Clone(whole), 0)), PureGo(), Options{}); err == nil {
			t.Error("a longer file is read")
		}
	}
}

func FuzzReadMoments(f *testing.F) {
	r := random(11)
	m, _ := NewMoments(PureGo(), []int{2, 1}, Options{SquaredNorms: true})
	if err := m.Add(context.Background(), layersOf(r, 9, 2, 1)); err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(rounded(f, m))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ReadMoments(bytes.NewReader(data), PureGo(), Options{})
		if err != nil {
			return
		}
		if !bytes.Equal(state(t, m), data) && !bytes.Equal(rounded(t, m), data) {
			t.Error("read, and written otherwise")
		}
	})
}

// rounded is what WriteRounded writes.
func rounded(t testing.TB, m *Moments) []byte {
	t.Helper()
	var b bytes.Buffer
	if n, err := m.WriteRounded(&b); err != nil || n != int64(b.Len()) {
		t.Fatal(n, err)
	}
	return b.Bytes()
}

// TestRounded: a rounded file has the size that is foretold, which is half or less, and gives the values that float32 products give.
func TestRounded(t *testing.T) {
	r := random(41)
	layers := layersOf(r, 150, 70, 60, 20)
	for _, o := range []Options{{SquaredNorms: true}, {SquaredNorms: true, Float64: true}, {CrossOnly: true}} {
		o.Pairs = [][2]int{{0, 1}, {1, 2}, {0, 2}}
		m := momentsOf(t, PureGo(), o, layers...)
		data := rounded(t, m)
		memory, err := MemoryOf(m.dims, o)
		if more := int64(len(data)) - memory.File; err != nil || more < 0 || more > 300 {
			t.Errorf("%+v: %d bytes, foretold are %d (%v)", o, len(data), memory.File, err)
		}
		if whole := int64(len(state(t, m))); !o.Float64 && int64(len(data)) > whole*11/20 {
			t.Errorf("%+v: %d bytes rounded, %d as they are", o, len(data), whole)
		}
		back, err := ReadMoments(bytes.NewReader(data), PureGo(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(rounded(t, back), data) {
			t.Errorf("%+v: rounded twice is another", o)
		}
		if !o.CrossOnly {
			agrees(t, "rounded", back, layers, map[bool]float64{true: 1e-13, false: 1e-6}[o.Float64])
		}
		if o.Float64 && !bytes.Equal(state(t, back), state(t, m)) {
			t.Error("products in double precision are rounded")
		}
	}
}

// TestMergeFrom: merging from a file gives every bit that merging what it holds does.
func TestMergeFrom(t *testing.T) {
	r := random(42)
	layers := layersOf(r, 120, 60, 12, 12, 230, 205)
	for _, o := range []Options{{SquaredNorms: true}, {SquaredNorms: true, Float64: true, Workers: 3}, {CrossOnly: true}, {Pairs: [][2]int{{0, 3}, {3, 4}}, SquaredNorms: true}} {
		merged, streamed := emptyFor(t, PureGo(), o, layers...), emptyFor(t, PureGo(), o, layers...)
		for from, to := range map[int]int{0: 40, 40: 41, 41: 80, 80: 120} { // in any order
			data := rounded(t, momentsOf(t, PureGo(), o, slice(layers, from, to)...))
			part, err := ReadMoments(bytes.NewReader(data), PureGo(), Options{})
			if err := errors.Join(err, merged.Merge(part), streamed.MergeFrom(bytes.NewReader(data))); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(state(t, merged), state(t, streamed)) {
			t.Errorf("%+v: another sum", o)
		}
		data := rounded(t, momentsOf(t, PureGo(), o, slice(layers, 0, 9)...))
		data[len(data)-9] ^= 1
		if err := streamed.MergeFrom(bytes.NewReader(data)); err == nil || !strings.Contains(err.Error(), "checksum") {
			t.Errorf("a damaged file: %v", err)
		}
		if _, err := streamed.WriteTo(io.Discard); err == nil {
			t.Error("what a damaged file was added to is written")
		}
	}
}

func TestMergeRefusesOthers(t *testing.T) {
	r := random(12)
	layers := layersOf(r, 20, 3, 2)
	m := momentsOf(t, PureGo(), Options{}, layers...)
	for _, o := range []Options{{SquaredNorms: true}, {CrossOnly: true}, {Pairs: [][2]int{{0, 0}}}} {
		if err := m.Merge(momentsOf(t, PureGo(), o, layers...)); err == nil {
			t.Errorf("merged with %+v", o)
		}
	}
	if _, err := CKA(momentsOf(t, PureGo(), Options{CrossOnly: true}, layers...), 0, 1, "biased"); err == nil || !strings.Contains(err.Error(), "CrossOnly") {
		t.Error(err)
	}
	if _, err := CKA(momentsOf(t, PureGo(), Options{Pairs: [][2]int{{0, 0}}}, layers...), 0, 1, "biased"); err == nil {
		t.Error("a pair that was not kept has a value")
	}
}

// TestReset: moments whose rows were taken away are as good as new ones, in the same memory.
func TestReset(t *testing.T) {
	r := random(31)
	first, second := layersOf(r, 90, 5, 4), layersOf(r, 70, 5, 4)
	m := momentsOf(t, PureGo(), Options{SquaredNorms: true}, first...)
	if _, err := CKA(m, 0, 1, "debiased"); err != nil { // fills the caches
		t.Fatal(err)
	}
	m.Reset()
	if m.N() != 0 {
		t.Errorf("%d rows are left", m.N())
	}
	if err := m.Add(context.Background(), second); err != nil {
		t.Fatal(err)
	}
	if want := momentsOf(t, PureGo(), Options{SquaredNorms: true}, second...); !bytes.Equal(state(t, m), state(t, want)) {
		t.Error("what was there before is still felt")
	}
}
