package layers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Convolutions finds the convolutional layers of a speech model: modules named
// .../conv_layers/0, 1, ... They are called cnn.1, cnn.2, ... and run at rates of
// their own. Their tensors are [1, channels, frames].
func (x *Graph) Convolutions() []Output {
	const list = "conv_layers/"
	modules := map[int]string{}
	for _, scope := range x.scopes {
		at := strings.Index(scope+"/", list)
		if at < 0 || at > 0 && scope[at-1] != '/' {
			continue
		}
		number, _, _ := strings.Cut(scope[at+len(list):], "/")
		if k, err := strconv.Atoi(number); err == nil {
			modules[k] = scope[:at] + list + number
		}
	}
	var out []Output
	hop, window := 1, 1
	for k := 0; k < len(modules); k++ {
		module, ok := modules[k]
		if !ok {
			return nil
		}
		kernel, stride, ok := x.convolutionIn(module)
		tensor := x.moduleOutput(module)
		if !ok || tensor == "" || hop > 1<<20 || window > 1<<24 {
			return nil
		}
		window += (kernel - 1) * hop
		hop *= stride
		out = append(out, Output{Name: fmt.Sprintf("cnn.%d", k+1), Tensor: tensor, Hop: hop, Window: window, ChannelsFirst: true})
	}
	return out
}

// convolutionIn reads kernel and stride of the one convolution in a module.
func (x *Graph) convolutionIn(module string) (kernel, stride int, ok bool) {
	for i := range x.Nodes {
		if x.Nodes[i].Op == "Conv" && within(x.scopes[i], module) {
			return x.convolution(i)
		}
	}
	return 0, 0, false
}

// convolution reads kernel and stride of a node; ok if it is a convolution over
// time: of one dimension, or of images of one row.
func (x *Graph) convolution(i int) (kernel, stride int, ok bool) {
	n := &x.Nodes[i]
	k, _ := n.Attribute("kernel_shape")
	s, _ := n.Attribute("strides")
	if len(s.Ints) == 0 {
		s.Ints = slices.Repeat([]int64{1}, len(k.Ints))
	}
	if len(k.Ints) == 2 && len(s.Ints) == 2 && k.Ints[0] == 1 && s.Ints[0] == 1 {
		k.Ints, s.Ints = k.Ints[1:], s.Ints[1:]
	}
	if len(k.Ints) != 1 || len(s.Ints) != 1 {
		return 0, 0, false
	}
	kernel, stride = int(k.Ints[0]), int(s.Ints[0])
	return kernel, stride, kernel >= 1 && stride >= 1
}

// Steps reads hop and window of a waveform model off its convolutions: those
// that come before the first matrix product.
func (x *Graph) Steps() (hop, window int) {
	hop, window = 1, 1
	for i := range x.Nodes {
		switch op := x.Nodes[i].Op; {
		case op == "MatMul" || op == "Gemm":
			return hop, window
		case op != "Conv":
			continue
		}
		kernel, stride, ok := x.convolution(i)
		if !ok || hop > 1<<20 || window > 1<<24 {
			return 0, 0
		}
		window += (kernel - 1) * hop
		hop *= stride
	}
	return 0, 0
}

// GroupNorm reports whether the model normalises over time, which ONNX does with
// InstanceNormalization (torch) or GroupNormalization.
func (x *Graph) GroupNorm() bool {
	for i := range x.Nodes {
		if op := x.Nodes[i].Op; op == "InstanceNormalization" || op == "GroupNormalization" {
			return true
		}
	}
	return false
}
