package network

import (
	"fmt"
	"math"
	"slices"

	"speechsim/models/internal/onnxproto"
)

// Linear is x W' + b: [..., in] becomes [..., out]. PyTorch keeps W as [out, in]; a MatMul wants it the other way round.
func (m Module) Linear(x Tensor, in, out int) Tensor {
	return m.Add(m.Product(x, in, out), m.Weight("bias", out))
}

// Product is a Linear without bias.
func (m Module) Product(x Tensor, in, out int) Tensor {
	return m.MatMul(x, m.Transposed("weight", out, in, m.Read("weight", out, in)))
}

// Transposed is a matrix of so many rows and columns, which are read, the other way round.
func (m Module) Transposed(name string, rows, columns int, read func() ([]float32, error)) Tensor {
	return m.Computed(name+".transposed", []int{columns, rows}, func() ([]float32, error) {
		values, err := read()
		return transposed(values, rows, columns), err
	})
}

// transposed is a matrix of so many rows and columns the other way round.
func transposed(x []float32, rows, columns int) []float32 {
	if len(x) != rows*columns {
		return x // what reads it has an error
	}
	const tile = 32 // both sides of a tile stay in the cache
	out := make([]float32, len(x))
	for i0 := 0; i0 < rows; i0 += tile {
		for j0 := 0; j0 < columns; j0 += tile {
			for i := i0; i < min(i0+tile, rows); i++ {
				row := x[i*columns : (i+1)*columns]
				for j := j0; j < min(j0+tile, columns); j++ {
					out[j*rows+i] = row[j]
				}
			}
		}
	}
	return out
}

// LayerNorm normalises the last dimension, of so many units, with the module's weight and bias, which checkpoints that were
// converted from TensorFlow (BERT's own among them) call gamma and beta.
func (m Module) LayerNorm(x Tensor, units int, epsilon float64) Tensor {
	weight, bias := "weight", "bias"
	if m.Has("gamma") {
		weight, bias = "gamma", "beta"
	}
	return m.layerNorm([]Tensor{x, m.Weight(weight, units), m.Weight(bias, units)}, epsilon)
}

// PlainNorm is a LayerNorm without weight and bias.
func (m Module) PlainNorm(x Tensor, units int, epsilon float64) Tensor {
	ones := make([]float32, units)
	for i := range ones {
		ones[i] = 1
	}
	return m.layerNorm([]Tensor{x, m.Constant(fmt.Sprintf("ones/%d", units), []int{units}, ones)}, epsilon)
}

func (m Module) layerNorm(inputs []Tensor, epsilon float64) Tensor {
	return m.Op("LayerNormalization", inputs, onnxproto.Setting{Name: "axis", Int: -1}, onnxproto.Real("epsilon", epsilon))
}

// ChannelNorm normalises each channel of x, [batch, channels, ..., time], over time: a GroupNorm with as many groups as channels.
func (m Module) ChannelNorm(x Tensor, channels int, epsilon float64) Tensor {
	return m.Op("InstanceNormalization", []Tensor{x, m.Weight("weight", channels), m.Weight("bias", channels)},
		onnxproto.Real("epsilon", epsilon))
}

// BatchNorm scales and shifts the channels of x, [batch, channels, time], as was learnt in training.
func (m Module) BatchNorm(x Tensor, channels int, epsilon float64) Tensor {
	inputs := []Tensor{x}
	for _, w := range []string{"weight", "bias", "running_mean", "running_var"} {
		inputs = append(inputs, m.Weight(w, channels))
	}
	return m.Op("BatchNormalization", inputs, onnxproto.Real("epsilon", epsilon))
}

// Conv is a convolution over time.
type Conv struct {
	In, Out     int // channels
	Kernel      int
	Stride      int // 0: 1
	Groups      int // 0: 1
	Left, Right int // zeros before and after
	Bias        bool
	// NormOfOutputs says that a weight norm has a number for each output channel; else it has one for each place of the kernel.
	NormOfOutputs bool
}

// Conv1d convolves x, [batch, in, time], with the module's weight, [out, in/groups, kernel], which may be kept in two parts.
func (m Module) Conv1d(x Tensor, c Conv) Tensor {
	return m.conv(x, c, nil)
}

// ConvRow is Conv1d of x as an image of one row, [batch, in, 1, time]: ONNX Runtime has faster code for images, which keeps
// channels in blocks.
func (m Module) ConvRow(x Tensor, c Conv) Tensor { return m.conv(x, c, []int{1}) }

// conv is a convolution whose dimensions before time are as the kernel's in before.
func (m Module) conv(x Tensor, c Conv, before []int) Tensor {
	groups, stride := max(c.Groups, 1), max(c.Stride, 1)
	if c.In%groups != 0 || c.Out%groups != 0 {
		m.Fail(fmt.Errorf("%s: %d and %d channels can't be split into %d groups", m.path, c.In, c.Out, groups))
		return x
	}
	inputs := []Tensor{x, m.convolutionWeight(c, before)}
	if c.Bias {
		inputs = append(inputs, m.Weight("bias", c.Out))
	}
	none := make([]int, len(before))
	ints := func(name string, values ...[]int) onnxproto.Setting {
		return onnxproto.Setting{Name: name, Ints: dims(slices.Concat(values...))}
	}
	return m.Op("Conv", inputs, ints("kernel_shape", before, []int{c.Kernel}), ints("strides", before, []int{stride}),
		ints("pads", none, []int{c.Left}, none, []int{c.Right}), onnxproto.Setting{Name: "group", Int: int64(groups)})
}

// convolutionWeight is the weight of a convolution, [out, in, kernel] with dimensions of 1 before the kernel. PyTorch's weight norm
// keeps it as a direction v and a norm g, under the names of either of its two versions.
func (m Module) convolutionWeight(c Conv, before []int) Tensor {
	own := []int{c.Out, c.In / max(c.Groups, 1), c.Kernel}
	shape := slices.Concat(own[:2], before, own[2:])
	for _, names := range [][2]string{{"weight_g", "weight_v"}, {"parametrizations.weight.original0", "parametrizations.weight.original1"}} {
		if !m.Has(names[0]) {
			continue
		}
		ofG, part := []int{1, 1, c.Kernel}, func(i int) int { return i % c.Kernel }
		if c.NormOfOutputs {
			ofG, part = []int{c.Out, 1, 1}, func(i int) int { return i / (own[1] * c.Kernel) }
		}
		g, v := m.Read(names[0], ofG...), m.Read(names[1], own...)
		return m.Computed("weight", shape, func() ([]float32, error) { return normed(g, v, part) })
	}
	return m.Computed("weight", shape, m.Read("weight", own...))
}

// normed is g v / |v|, with a norm for each part of v; part is that of a number of v by its place.
func normed(readG, readV func() ([]float32, error), part func(int) int) ([]float32, error) {
	g, err := readG()
	if err != nil {
		return nil, err
	}
	v, err := readV()
	if err != nil {
		return nil, err
	}
	squares := make([]float64, len(g))
	for i, x := range v {
		squares[part(i)] += float64(x) * float64(x)
	}
	for i := range v {
		k := part(i)
		v[i] = float32(float64(v[i]) * float64(g[k]) / math.Sqrt(squares[k]))
	}
	return v, nil
}

// Pointwise is a convolution of x, [batch, time, in], with a kernel of one: a product, with the weight kept as [out, in, 1]. Of
// its outputs it makes those from the first on, so many.
func (m Module) Pointwise(x Tensor, in, out, first, count int) Tensor {
	read := m.Read("weight", out, in, 1)
	w := m.Computed(fmt.Sprintf("weight.transposed.%d", first), []int{in, count}, func() ([]float32, error) {
		values, err := read()
		if err != nil {
			return nil, err
		}
		return transposed(values[first*in:(first+count)*in], count, in), nil
	})
	return m.MatMul(x, w)
}

// Patches cuts x, [batch, rows, columns], into squares of a size and makes so many units of each, [batch, patches, units]: those of the
// first rows come first. What is left of a last square is left out.
func (m Module) Patches(x Tensor, size, units int, bias bool) Tensor {
	inputs := []Tensor{m.Unsqueeze(x, 1), m.Weight("weight", units, 1, size, size)}
	if bias {
		inputs = append(inputs, m.Weight("bias", units))
	}
	square := []int64{int64(size), int64(size)}
	y := m.Op("Conv", inputs, onnxproto.Setting{Name: "kernel_shape", Ints: square}, onnxproto.Setting{Name: "strides", Ints: square})
	return m.Transpose(m.Reshape(y, 0, units, -1), 0, 2, 1)
}

// Embedding looks integers up in the module's table, [rows, units].
func (m Module) Embedding(ids Tensor, rows, units int) Tensor {
	return m.Op("Gather", []Tensor{m.Weight("weight", rows, units), ids})
}

// Activation is an activation function by its name in config.json.
func (m Module) Activation(name string, x Tensor) Tensor {
	switch name {
	case "gelu", "gelu_python":
		return m.Gelu(x)
	case "relu":
		return m.Op("Relu", []Tensor{x})
	case "tanh":
		return m.Op("Tanh", []Tensor{x})
	case "elu":
		return m.Op("Elu", []Tensor{x})
	case "silu", "swish":
		return m.Mul(x, m.Op("Sigmoid", []Tensor{x}))
	case "gelu_new", "gelu_pytorch_tanh", "gelu_fast":
		return m.tanhGelu(x)
	}
	m.Fail(fmt.Errorf("activation %q is not known (known: elu, gelu, gelu_new, relu, silu, tanh)", name))
	return x
}

// Gelu is x/2 (1 + erf(x / sqrt 2)), in the form that ONNX Runtime takes for one operation.
func (m Module) Gelu(x Tensor) Tensor {
	erf := m.Op("Erf", []Tensor{m.Op("Div", []Tensor{x, m.Number(math.Sqrt2)})})
	return m.Mul(m.Mul(x, m.Add(erf, m.Number(1))), m.Number(0.5))
}

// tanhGelu is the approximation x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
func (m Module) tanhGelu(x Tensor) Tensor {
	cube := m.Mul(m.Mul(x, x), x)
	inner := m.Mul(m.Add(x, m.Mul(cube, m.Number(0.044715))), m.Number(float32(math.Sqrt(2/math.Pi))))
	return m.Mul(m.Mul(x, m.Number(0.5)), m.Add(m.Op("Tanh", []Tensor{inner}), m.Number(1)))
}
