package network

import (
	"fmt"
	"slices"

	"speechsim/models/internal/onnxproto"
)

// LSTM is layer number k of a module of PyTorch, which as all of them has as many units as its input: x is
// [time, batch, units], and so is the result.
func (m Module) LSTM(x Tensor, k, units int) Tensor {
	weight := func(kind string, width ...int) Tensor {
		name := fmt.Sprintf("%s_l%d", kind, k)
		shape := append([]int{4 * units}, width...)
		read := m.Read(name, shape...)
		return m.Computed(name+".gates", append([]int{1}, shape...), func() ([]float32, error) { return gates(read) })
	}
	// ONNX wants both biases in one vector.
	ofInput, ofState := m.Read(fmt.Sprintf("bias_ih_l%d", k), 4*units), m.Read(fmt.Sprintf("bias_hh_l%d", k), 4*units)
	bias := m.Computed(fmt.Sprintf("bias_l%d", k), []int{1, 8 * units}, func() ([]float32, error) {
		a, err := gates(ofInput)
		if err != nil {
			return nil, err
		}
		b, err := gates(ofState)
		return slices.Concat(a, b), err
	})
	y := m.Op("LSTM", []Tensor{x, weight("weight_ih", units), weight("weight_hh", units), bias},
		onnxproto.Setting{Name: "hidden_size", Int: int64(units)})
	return m.Op("Squeeze", []Tensor{y, m.Ints(1)}) // of the dimension of directions
}

// gates puts the gates of an LSTM, the outermost dimension, into ONNX's order: input, output, forget, cell. PyTorch's is input,
// forget, cell, output.
func gates(read func() ([]float32, error)) ([]float32, error) {
	x, err := read()
	if err != nil {
		return nil, err
	}
	n := len(x) / 4
	return slices.Concat(x[:n], x[3*n:], x[n:2*n], x[2*n:3*n]), nil
}

// Reflected is x, [batch, channels, time], with so many samples before it, and after it as many as make its length a
// multiple of a stride; all are x, mirrored at its ends. An x that is too short for that has zeros behind it up to the length that it takes.
//
// The sample at place p is that of place |p|, and behind the end, of n samples with those zeros, of place n - 1 - |n - 1 - p|. By
// places, and not by ONNX's Pad, because that knows no x of less than the samples before it.
func (m Module) Reflected(x Tensor, before, stride int) Tensor {
	if before == 0 && stride == 1 {
		return x
	}
	length := m.Length(x, 2)
	last := m.Op("Sub", []Tensor{length, m.Int(1)})
	mirror := m.Op("Max", []Tensor{last, m.Int(before)}) // n - 1
	at := func(places Tensor) Tensor {
		inner := m.Op("Abs", []Tensor{places})
		inner = m.Op("Sub", []Tensor{mirror, m.Op("Abs", []Tensor{m.Op("Sub", []Tensor{mirror, inner})})})
		samples := m.Op("Gather", []Tensor{x, m.Op("Min", []Tensor{inner, last})}, onnxproto.Setting{Name: "axis", Int: 2})
		return m.Mul(samples, m.Cast(m.Op("Less", []Tensor{inner, length}), onnxproto.Float))
	}
	parts := []Tensor{x}
	if before > 0 {
		places := make([]int, before)
		for i := range places {
			places[i] = i - before
		}
		parts = slices.Insert(parts, 0, at(m.Ints(places...)))
	}
	if stride > 1 {
		// ONNX's Mod has the sign of the divisor.
		missing := m.Op("Mod", []Tensor{m.Op("Neg", []Tensor{length}), m.Int(stride)})
		parts = append(parts, at(m.Add(m.Range(missing), length)))
	}
	return m.Op("Concat", parts, onnxproto.Setting{Name: "axis", Int: 2})
}
