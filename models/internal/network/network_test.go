package network

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"speechsim/models/internal/onnxproto"
	"speechsim/models/internal/ort"
)

// table is a source of weights by name, with shapes.
type table map[string]weight

type weight struct {
	shape  []int
	values []float32
}

func (t table) Has(name string) bool { _, ok := t[name]; return ok }

func (t table) Weight(name string, shape []int) (func() ([]float32, error), error) {
	w, ok := t[name]
	if !ok {
		return nil, fmt.Errorf("no tensor %q", name)
	}
	if !slices.Equal(w.shape, shape) {
		return nil, fmt.Errorf("tensor %q has shape %v, not %v", name, w.shape, shape)
	}
	return func() ([]float32, error) { return slices.Clone(w.values), nil }, nil
}

// compute runs a network of one input x, [1, n, units], and returns its outputs.
func compute(t *testing.T, n *Network, x []float32, units int, outputs ...string) []ort.Value {
	t.Helper()
	b, err := n.Builder()
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob("../../../lib/libonnxruntime*.so*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append([]string{os.Getenv("SPEECHSIM_ONNXRUNTIME")}, found...) {
		if file == "" {
			continue
		}
		path, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		l, err := ort.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.Session(ort.Model{Bytes: b.Bytes(Opset), Inputs: []ort.Info{{Name: "x", Element: ort.Float32}}, Outputs: outputs}, ort.Options{})
		if err != nil {
			t.Fatal(err)
		}
		out, err := s.Run(context.Background(), []ort.Input{{Name: "x", Shape: []int64{1, int64(len(x) / units), int64(units)}, Float32: x}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return out.Values
	}
	t.Skip("ONNX Runtime was not found in SPEECHSIM_ONNXRUNTIME or lib")
	return nil
}

// near says whether numbers are what formulas say, to single precision.
func near(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	for i, w := range want {
		if math.Abs(float64(got[i])-w) > 1e-6*(1+math.Abs(w)) {
			t.Errorf("%s: number %d is %g, want %g", what, i, got[i], w)
		}
	}
}

func TestActivations(t *testing.T) {
	x := []float32{-3, -1, -0.1, 0, 0.5, 2}
	tanhGelu := func(x float64) float64 {
		return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	}
	formulas := map[string]func(float64) float64{
		"gelu":     func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) },
		"gelu_new": tanhGelu, "gelu_pytorch_tanh": tanhGelu, "gelu_fast": tanhGelu,
		"relu": func(x float64) float64 { return max(x, 0) },
		"silu": func(x float64) float64 { return x / (1 + math.Exp(-x)) }, "swish": func(x float64) float64 { return x / (1 + math.Exp(-x)) },
		"tanh": math.Tanh,
		"elu":  func(x float64) float64 { return max(x, 0) + math.Expm1(min(x, 0)) },
	}
	for name, f := range formulas {
		n := New(table{})
		in := n.Input("x", onnxproto.Float, -1, -1, 1)
		n.Output("y", n.Module("m").Activation(name, in), -1, -1, 1)
		want := make([]float64, len(x))
		for i, v := range x {
			want[i] = f(float64(v))
		}
		near(t, name, compute(t, n, x, 1, "y")[0].Float32, want)
	}
	n := New(table{})
	n.Module("m").Activation("sine", n.Input("x", onnxproto.Float, -1))
	if _, err := n.Builder(); err == nil || !strings.Contains(err.Error(), `activation "sine" is not known (known: elu, gelu`) {
		t.Errorf("an unknown activation: %v", err)
	}
}

// Attention by the formula, with a mask that leaves the last key out, and the same tensor given out twice.
func TestAttention(t *testing.T) {
	x := []float32{1, 0, 0.5, -1, 0, 2, 1, 1, -1, 0.5, 0, 1} // 3 frames of 4 units, 2 heads of 2
	n := New(table{})
	in := n.Input("x", onnxproto.Float, -1, -1, 4)
	m := n.Module("encoder.layers.0.attention")
	real := m.Op("Less", []Tensor{m.Range(m.Length(in, 1)), m.Int(2)})
	context, probabilities := m.Attention(in, in, in, 2, 4, m.Keys(m.Unsqueeze(real, 0), 2))
	n.Output("context", context, -1, -1, 4)
	n.Output("probabilities", probabilities, -1, 2, -1, -1)
	n.Output("again", context, -1, -1, 4)
	got := compute(t, n, x, 4, "context", "probabilities", "again")
	var wantMaps, wantContext = make([]float64, 0, 18), make([]float64, 12)
	for h := range 2 {
		part := func(frame, unit int) float64 { return float64(x[4*frame+2*h+unit]) }
		for q := range 3 {
			var e [2]float64
			for k := range e {
				e[k] = math.Exp((part(q, 0)*part(k, 0) + part(q, 1)*part(k, 1)) / math.Sqrt2)
			}
			p := [3]float64{e[0] / (e[0] + e[1]), e[1] / (e[0] + e[1]), 0}
			wantMaps = append(wantMaps, p[:]...)
			for unit := range 2 {
				wantContext[4*q+2*h+unit] = p[0]*part(0, unit) + p[1]*part(1, unit)
			}
		}
	}
	near(t, "probabilities", got[1].Float32, wantMaps)
	near(t, "context", got[0].Float32, wantContext)
	near(t, "again", got[2].Float32, wantContext)
}

func TestModules(t *testing.T) {
	source := table{
		"a.weight": {[]int{2, 3}, []float32{1, 2, 3, 4, 5, 6}}, "a.bias": {[]int{2}, []float32{10, 20}},
		"c.weight_g": {[]int{1, 1, 2}, []float32{2, 3}}, "c.weight_v": {[]int{2, 1, 2}, []float32{3, 0, 4, 5}}, "c.bias": {[]int{2}, []float32{0, 1}},
	}
	n := New(source)
	x := n.Input("x", onnxproto.Float, -1, -1, 3)
	n.Output("linear", n.Module("a").Linear(x, 3, 2), -1, -1, 2)
	n.Output("product", n.Module("a").Product(x, 3, 2), -1, -1, 2)
	n.Output("norm", n.Module("b").PlainNorm(x, 3, 0), -1, -1, 3)
	first := n.Module("c").Op("Slice", []Tensor{x, n.Ints(0), n.Ints(1), n.Ints(2)})
	n.Output("conv", n.Module("c").Conv1d(n.Module("c").Transpose(first, 0, 2, 1), Conv{In: 1, Out: 2, Kernel: 2, Left: 1, Bias: true}), -1, 2, -1)
	got := compute(t, n, []float32{1, 0, -1, 2, 2, 5}, 3, "linear", "product", "norm", "conv")
	near(t, "linear", got[0].Float32, []float64{8, 18, 31, 68})
	near(t, "product", got[1].Float32, []float64{-2, -2, 21, 48})
	near(t, "norm", got[2].Float32, []float64{math.Sqrt(1.5), 0, -math.Sqrt(1.5), -math.Sqrt(0.5), -math.Sqrt(0.5), math.Sqrt2})
	// The weights of the convolution are g v / |v| at each place: (3, 4)/5 2 and (0, 5)/5 3. Its input is 0, 1, 2.
	near(t, "conv", got[3].Float32, []float64{0, 1.2, 1 + 3, 1.6 + 6 + 1})
}

func TestFirstErrorIsKept(t *testing.T) {
	failure := errors.New("the first")
	n := New(table{"a.weight": {[]int{2, 2}, nil}})
	x := n.Input("x", onnxproto.Float, -1, -1, 3)
	n.Module("a").Linear(x, 3, 2)
	n.Fail(failure)
	if _, err := n.Builder(); err == nil || err.Error() != `tensor "a.weight" has shape [2 2], not [2 3]` {
		t.Errorf("%v", err)
	}
	n = New(table{})
	n.Module("a").Attention(x, x, x, 3, 4, Keys{})
	if _, err := n.Builder(); err == nil || !strings.Contains(err.Error(), "a: a width of 4 can't be split into 3 heads") {
		t.Errorf("%v", err)
	}
}

// What is mirrored at the ends; a signal that is too short for it has zeros behind it.
func TestReflected(t *testing.T) {
	tests := []struct {
		x              []float32
		before, stride int
		want           []float64
	}{
		{[]float32{0, 1, 2, 3, 4}, 2, 2, []float64{2, 1, 0, 1, 2, 3, 4, 3}},
		{[]float32{0, 1, 2, 3, 4}, 0, 1, []float64{0, 1, 2, 3, 4}},
		{[]float32{0, 1, 2, 3, 4}, 0, 4, []float64{0, 1, 2, 3, 4, 3, 2, 1}},
		{[]float32{1, 2}, 3, 1, []float64{0, 0, 2, 1, 2}},
		{[]float32{1}, 4, 4, []float64{0, 0, 0, 0, 1, 0, 0, 0}},
	}
	for _, tt := range tests {
		n := New(table{})
		in := n.Input("x", onnxproto.Float, -1, -1, 1)
		m := n.Module("m")
		n.Output("y", m.Transpose(m.Reflected(m.Transpose(in, 0, 2, 1), tt.before, tt.stride), 0, 2, 1), -1, -1, 1)
		near(t, fmt.Sprint(tt.x), compute(t, n, tt.x, 1, "y")[0].Float32, tt.want)
	}
}
