package network

import (
	"math"
	"math/rand/v2"
	"testing"

	"speechsim/models/internal/onnxproto"
)

// A convolution with the norm in it is the convolution and then the norm, by the formula, also where a channel hears next to nothing of a
// signal that is far from zero.
func TestConvChannelNorm(t *testing.T) {
	const kernel, stride, channels, length, epsilon = 10, 5, 4, 403, 1e-5
	r := rand.New(rand.NewPCG(1, 2))
	draw := func(n int) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(r.NormFloat64())
		}
		return out
	}
	weight, bias, g, b, x := draw(channels*kernel), draw(channels), draw(channels), draw(channels), draw(length)
	for i := range kernel { // the last channel takes differences, and the signal hardly changes
		weight[3*kernel+i] = [2]float32{0.1, -0.1}[i%2]
	}
	for i := range x {
		x[i] = 30 + 0.01*x[i] + float32(math.Sin(float64(i)/40))
	}
	frames := (length-kernel)/stride + 1
	want := make([]float64, frames*channels)
	for c := range channels {
		var sum, squares float64
		y := make([]float64, frames)
		for f := range y {
			y[f] = float64(bias[c])
			for k := range kernel {
				y[f] += float64(weight[c*kernel+k]) * float64(x[f*stride+k])
			}
			sum += y[f]
		}
		mean := sum / float64(frames)
		for _, v := range y {
			squares += (v - mean) * (v - mean)
		}
		for f, v := range y {
			want[f*channels+c] = float64(g[c])*(v-mean)/math.Sqrt(squares/float64(frames)+epsilon) + float64(b[c])
		}
	}
	n := New(table{
		"m.conv.weight": {[]int{channels, 1, kernel}, weight}, "m.conv.bias": {[]int{channels}, bias},
		"m.norm.weight": {[]int{channels}, g}, "m.norm.bias": {[]int{channels}, b},
	})
	in := n.Input("x", onnxproto.Float, -1, -1, 1)
	m := n.Module("m")
	y := m.ConvChannelNorm(m.Transpose(in, 0, 2, 1), m.Module("conv"), m.Module("norm"), Conv{In: 1, Out: channels, Kernel: kernel, Stride: stride, Bias: true}, epsilon)
	n.Output("y", m.Transpose(y, 0, 2, 1), -1, -1, channels)
	got := compute(t, n, x, 1, "y")[0].Float32
	if len(got) != len(want) {
		t.Fatalf("%d numbers, want %d", len(got), len(want))
	}
	for i, v := range got {
		if math.Abs(float64(v)-want[i]) > 1e-4*(1+math.Abs(want[i])) {
			t.Fatalf("frame %d, channel %d: %g, want %g", i/channels, i%channels, v, want[i])
		}
	}
}
