package network

import (
	"speechsim/models/internal/onnxproto"
)

// ConvChannelNorm is a convolution of a signal, x [batch, 1, samples], and a norm of each channel of it over time: what Conv1d of conv
// and [Module.ChannelNorm] of norm give, without padding, [batch, channels, time]. It never computes what is to be normalised.
//
// With the window of a frame and a one behind it, z(t), and the weights and the bias of channel c likewise, w(c), the convolution
// is y(c, t) = w(c)'z(t). Its mean over time and its mean square follow from the moments of the windows, S, a small matrix:
//
//	S = mean over t of z(t) z(t)'    mean(c) = w(c)'S e, where e picks the one    square(c) = w(c)'S w(c)
//
// A norm with weight g and bias b is then a convolution with other weights:
//
//	g (y - mean) / sqrt(square - mean^2 + epsilon) + b = v(c)'z(t),  v = a w + (b - a mean) e,  a = g / sqrt(square - mean^2 + epsilon)
//
// The moments are in float64, since squares of channels that hear little are small differences of large numbers, and are products
// that are written as Einsum, so that they stay so where matrix products are made in half precision. Windows are cut by a convolution whose
// weights are those of the identity.
func (m Module) ConvChannelNorm(x Tensor, conv, norm Module, c Conv, epsilon float64) Tensor {
	width := c.Kernel + 1
	cut, one := make([]float32, width*c.Kernel), make([]float32, width)
	for i := range c.Kernel {
		cut[i*c.Kernel+i] = 1
	}
	one[c.Kernel] = 1
	z := m.Op("Conv", []Tensor{x, conv.Constant(conv.name("windows"), []int{width, 1, c.Kernel}, cut), conv.Constant(conv.name("one"), []int{width}, one)},
		onnxproto.Setting{Name: "kernel_shape", Ints: []int64{int64(c.Kernel)}}, onnxproto.Setting{Name: "strides", Ints: []int64{int64(max(c.Stride, 1))}})

	product := func(text string, factors ...Tensor) Tensor {
		return m.Op("Einsum", factors, onnxproto.Setting{Name: "equation", Text: text})
	}
	double := func(x Tensor) Tensor { return m.Cast(x, onnxproto.Double) }
	z64, w := double(z), double(conv.withBias(c))
	frames := double(m.Length(z, 2))
	s := m.Op("Div", []Tensor{product("bit,bjt->bij", z64, z64), frames})
	mean := product("bi,ci->bc", m.Op("Gather", []Tensor{s, m.Int(c.Kernel)}, onnxproto.Setting{Name: "axis", Int: 2}), w)
	square := product("bci,ci->bc", product("bij,cj->bci", s, w), w)
	variance := m.Op("Sub", []Tensor{square, m.Mul(mean, mean)})
	deviation := m.Op("Sqrt", []Tensor{m.Add(variance, double(m.Number(float32(epsilon))))})
	a := m.Op("Div", []Tensor{double(norm.Weight("weight", c.Out)), deviation})
	shift := m.Op("Sub", []Tensor{double(norm.Weight("bias", c.Out)), m.Mul(a, mean)})
	onOne := double(m.Constant(conv.name("one"), []int{width}, one))
	v := m.Add(m.Mul(m.Unsqueeze(a, 2), w), m.Mul(m.Unsqueeze(shift, 2), onOne))
	return m.MatMul(m.Cast(v, onnxproto.Float), z)
}

// withBias is the weight of a convolution of a signal, [out, kernel + 1], with its bias, or 0, behind the kernel.
func (m Module) withBias(c Conv) Tensor {
	weight := m.Read("weight", c.Out, 1, c.Kernel)
	bias := func() ([]float32, error) { return make([]float32, c.Out), nil }
	if c.Bias {
		bias = m.Read("bias", c.Out)
	}
	return m.Computed("weight.bias", []int{c.Out, c.Kernel + 1}, func() ([]float32, error) {
		w, err := weight()
		if err != nil {
			return nil, err
		}
		b, err := bias()
		if err != nil {
			return nil, err
		}
		var out []float32
		for i := range c.Out {
			out = append(append(out, w[i*c.Kernel:(i+1)*c.Kernel]...), b[i])
		}
		return out, nil
	})
}
