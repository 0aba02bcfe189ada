package layers

import (
	"fmt"
	"strconv"
	"strings"

	"speechsim/models/internal/onnxproto"
)

// convolutionList is where the modules of convolutional layers stand.
const convolutionList = "conv_layers/"

// Convolutions finds the convolutional layers of a speech model: modules named
// .../conv_layers/0, 1, ... They are called cnn.1, cnn.2, ... and run at rates of
// their own. Their tensors are [1, channels, frames].
func (x *Graph) Convolutions() []Output {
	modules := map[int]string{}
	for _, scope := range x.scopes {
		at := strings.Index(scope+"/", convolutionList)
		if at < 0 || at > 0 && scope[at-1] != '/' {
			continue
		}
		number, _, _ := strings.Cut(scope[at+len(convolutionList):], "/")
		if k, err := strconv.Atoi(number); err == nil {
			modules[k] = scope[:at] + convolutionList + number
		}
	}
	var out []Output
	steps := oneSample
	for k := 0; k < len(modules); k++ {
		module, ok := modules[k]
		if !ok {
			return nil
		}
		tensor := x.moduleOutput(module)
		if tensor == "" || !steps.through(x.convolutionIn(module)) {
			return nil
		}
		out = append(out, Output{Name: fmt.Sprintf("cnn.%d", k+1), Tensor: tensor, Steps: steps, ChannelsFirst: true})
	}
	return out
}

// convolutionIn is the one convolution in a module, nil if there is none.
func (x *Graph) convolutionIn(module string) *onnxproto.Node {
	for i := range x.Nodes {
		if x.Nodes[i].Op == "Conv" && within(x.scopes[i], module) {
			return &x.Nodes[i]
		}
	}
	return nil
}

// Steps says which samples the frames of a layer see: frame i those from
// Hop*i - Before on, and Window + Before + After of them, where as many as Before
// and After of all are padding.
type Steps struct {
	Hop, Window   int // Window: samples of the utterance that one frame takes
	Before, After int // padding, in samples
}

// oneSample is what the frames of a waveform see.
var oneSample = Steps{Hop: 1, Window: 1}

// Centre is the middle of what the first frame sees.
func (s Steps) Centre() int { return (s.Window+s.Before+s.After)/2 - s.Before }

// Padded says whether frames see padding.
func (s Steps) Padded() bool { return s.Before != 0 || s.After != 0 }

// through adds a convolution. It is false where that is not one-dimensional, or pads
// so much that a frame takes no sample at all.
func (s *Steps) through(n *onnxproto.Node) bool {
	if n == nil {
		return false
	}
	k, _ := n.Attribute("kernel_shape")
	pads, _ := n.Attribute("pads")
	automatic, _ := n.Attribute("auto_pad")
	dimensions := len(k.Ints)
	isRow := dimensions == 2 && k.Ints[0] == 1 // an image of one row is a signal
	if dimensions != 1 && !isRow || automatic.Text != "" && automatic.Text != "NOTSET" && automatic.Text != "VALID" {
		return false
	}
	sizes := [...]int{int(k.Ints[dimensions-1]), last(n, "strides", dimensions), last(n, "dilations", dimensions)}
	before, after := 0, 0
	if len(pads.Ints) == 2*dimensions {
		before, after = int(pads.Ints[dimensions-1]), int(pads.Ints[2*dimensions-1])
	}
	const most = 1 << 20 // bounds what a broken file may say
	for _, size := range sizes {
		if size < 1 || size > most || before < 0 || after < 0 || before > most || after > most {
			return false
		}
	}
	kernel, stride, dilation := sizes[0], sizes[1], sizes[2]
	s.Window += ((kernel-1)*dilation - before - after) * s.Hop
	s.Before += before * s.Hop
	s.After += after * s.Hop
	s.Hop *= stride
	return s.Hop <= most && s.Window >= 1 && s.Window <= 1<<24
}

// last is the attribute's number for the last of so many dimensions, 1 where it is not given.
func last(n *onnxproto.Node, name string, dimensions int) int {
	a, _ := n.Attribute(name)
	if len(a.Ints) != dimensions {
		return 1
	}
	return int(a.Ints[dimensions-1])
}

// Steps reads those of a waveform model off its convolutions: those that come before the first matrix product, unless that is a part of one.
func (x *Graph) Steps() (s Steps, ok bool) {
	s = oneSample
	for i := range x.Nodes {
		switch n := &x.Nodes[i]; {
		case (n.Op == "MatMul" || n.Op == "Gemm") && !strings.Contains(x.scopes[i], convolutionList):
			return s, true
		case n.Op == "Conv" && !s.through(n):
			return Steps{}, false
		}
	}
	return Steps{}, false
}

// WidestConvolution is how many numbers the widest of the convolutions before the first matrix product gives for each frame of the last of
// them; 0 where there are none, or of more dimensions than time.
func (x *Graph) WidestConvolution() float64 {
	channels := map[string]int64{}
	for _, w := range x.Initializers {
		if len(w.Dims) > 0 {
			channels[w.Name] = w.Dims[0]
		}
	}
	s, widest := oneSample, 0.0 // numbers a sample
	for i := range x.Nodes {
		n := &x.Nodes[i]
		if (n.Op == "MatMul" || n.Op == "Gemm") && !strings.Contains(x.scopes[i], convolutionList) {
			break
		}
		if n.Op != "Conv" {
			continue
		}
		if !s.through(n) || len(n.Inputs) < 2 {
			return 0
		}
		widest = max(widest, float64(channels[n.Inputs[1]])/float64(s.Hop))
	}
	return widest * float64(s.Hop)
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
