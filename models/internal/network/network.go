// Package network writes neural networks as ONNX graphs, module by module as PyTorch has them: a module has a path
// ("encoder.layers.0.attention.q_proj"), which is the name of its weights in a checkpoint and the scope of its nodes in the
// graph, where the program finds layers by it.
//
//	n := network.New(source)
//	x := n.Input("input_values", onnxproto.Float, -1, -1)
//	block := n.Module("encoder.layers.0")
//	y := block.Module("attention.q_proj").Linear(x, 768, 768)
//	y = block.Module("layer_norm").LayerNorm(y, 768, 1e-5)
//	n.Output("hidden_states.1", y, -1, -1, 768)
//	builder, err := n.Builder() // and onnxproto.Builder.Write writes it
//
// A file of this package has the operations of modules (modules.go), what all transformers share (attention.go) and the
// plain operations (this file). Weights come from a [Source]; a weight that is missing or has another shape than the
// network is an error that names it. The first error is kept until [Network.Builder], so that a network reads as a formula.
package network

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"speechsim/models/internal/onnxproto"
)

// Opset is the version of ONNX's operations that graphs use: the first with LayerNormalization, and before an
// operation of attention, which would hide its probabilities.
const Opset = 17

// Source gives the weights of a network.
type Source interface {
	// Has says whether there is a tensor of that name.
	Has(name string) bool
	// Weight sees that there is a tensor of that name and shape, and returns what reads its numbers.
	Weight(name string, shape []int) (read func() ([]float32, error), err error)
}

// Tensor is the name of a tensor in the graph. "" is an optional input that is left out.
type Tensor string

// Network is a graph that grows.
type Network struct {
	source  Source
	nodes   []onnxproto.Operation
	ports   []func(*onnxproto.Builder) // inputs and outputs
	weights []onnxproto.Weight
	ints    map[string]Tensor // constants of integers, by their values
	names   map[string]int    // how often a name was given
	outputs map[Tensor]Tensor // tensors that are called otherwise as outputs of the graph
	err     error
}

// New begins a network whose weights come from a source.
func New(source Source) *Network {
	return &Network{source: source, ints: map[string]Tensor{}, names: map[string]int{}, outputs: map[Tensor]Tensor{}}
}

// Fail keeps an error for [Network.Builder], unless there is one already.
func (n *Network) Fail(err error) {
	if n.err == nil {
		n.err = err
	}
}

// Input adds an input. Negative dimensions depend on what is fed.
func (n *Network) Input(name string, element int, shape ...int) Tensor {
	n.ports = append(n.ports, func(b *onnxproto.Builder) { b.Input(name, element, dims(shape)...) })
	n.names[name]++
	return Tensor(name)
}

// Output gives a tensor of float32 out under a name of its own.
func (n *Network) Output(name string, x Tensor, shape ...int) {
	if _, twice := n.outputs[x]; twice {
		x = n.Module("outputs").Op("Identity", []Tensor{x})
	}
	n.outputs[x] = Tensor(name)
	n.ports = append(n.ports, func(b *onnxproto.Builder) { b.Output(name, onnxproto.Float, dims(shape)...) })
}

// Builder is the graph, or the first error.
func (n *Network) Builder() (*onnxproto.Builder, error) {
	if n.err != nil {
		return nil, n.err
	}
	b := new(onnxproto.Builder)
	for _, port := range n.ports {
		port(b)
	}
	for _, o := range n.nodes {
		o.Inputs, o.Outputs = n.renamed(o.Inputs), n.renamed(o.Outputs)
		b.Add(o)
	}
	for _, w := range n.weights {
		b.Weight(w)
	}
	for _, text := range slices.Sorted(maps.Keys(n.ints)) {
		addInts(b, n.ints[text], text)
	}
	return b, nil
}

// renamed are tensors as they are called in the graph.
func (n *Network) renamed(list []string) []string {
	out := slices.Clone(list)
	for i, name := range out {
		if other, ok := n.outputs[Tensor(name)]; ok {
			out[i] = string(other)
		}
	}
	return out
}

func dims(shape []int) []int64 {
	out := make([]int64, len(shape))
	for i, d := range shape {
		out[i] = int64(d)
	}
	return out
}

// unique is a name that no tensor has yet.
func (n *Network) unique(name string) string {
	n.names[name]++
	if k := n.names[name]; k > 1 {
		return n.unique(name + "_" + strconv.Itoa(k-1))
	}
	return name
}

// Ints is a constant vector of integers.
func (n *Network) Ints(values ...int) Tensor {
	text := make([]string, len(values))
	for i, v := range values {
		text[i] = strconv.Itoa(v)
	}
	return n.integers(strings.Join(text, ","), "ints/")
}

// Int is a constant integer without dimensions.
func (n *Network) Int(value int) Tensor { return n.integers("="+strconv.Itoa(value), "int/") }

func (n *Network) integers(text, scope string) Tensor {
	t, ok := n.ints[text]
	if !ok {
		t = Tensor(scope + strings.TrimPrefix(text, "="))
		n.ints[text] = t
	}
	return t
}

// addInts adds the constant that integers made of a text.
func addInts(b *onnxproto.Builder, name Tensor, text string) {
	single, isSingle := strings.CutPrefix(text, "=")
	var values []int64
	for _, part := range strings.Split(single, ",") {
		v, _ := strconv.ParseInt(part, 10, 64) // it was printed by integers
		values = append(values, v)
	}
	if isSingle {
		b.Int64(string(name), values[0])
	} else {
		b.Int64s(string(name), values...)
	}
}

// Number is a constant without dimensions.
func (n *Network) Number(value float32) Tensor {
	return n.Constant("number/"+strconv.FormatFloat(float64(value), 'g', -1, 32), nil, []float32{value})
}

// Constant adds numbers under a name; a second constant of that name is taken to be the same.
func (n *Network) Constant(name string, shape []int, values []float32) Tensor {
	return n.weight(name, shape, func() ([]float32, error) { return values, nil })
}

// weight adds a weight, once.
func (n *Network) weight(name string, shape []int, values func() ([]float32, error)) Tensor {
	if n.names[name]++; n.names[name] == 1 {
		n.weights = append(n.weights, onnxproto.Weight{Name: name, Shape: dims(shape), Values: values})
	}
	return Tensor(name)
}

// Module is a part of a network: the scope of nodes and the beginning of the names of weights.
type Module struct {
	*Network
	path string
}

// Module is the part at a path.
func (n *Network) Module(path string) Module { return Module{n, path} }

// Module is a part of this part.
func (m Module) Module(name string) Module { return Module{m.Network, m.path + "." + name} }

// name is that of a tensor of the module in a checkpoint.
func (m Module) name(tensor string) string { return m.path + "." + tensor }

// Has says whether the checkpoint has a tensor of the module.
func (m Module) Has(tensor string) bool { return m.source.Has(m.name(tensor)) }

// Read asks for a tensor of the module, which is to have a shape; nil after an error.
func (m Module) Read(tensor string, shape ...int) func() ([]float32, error) {
	read, err := m.source.Weight(m.name(tensor), shape)
	if err != nil {
		m.Fail(err)
	}
	return read
}

// Weight is a tensor of the module as it stands in the checkpoint.
func (m Module) Weight(tensor string, shape ...int) Tensor {
	return m.weight(m.name(tensor), shape, m.Read(tensor, shape...))
}

// Computed is a weight that is computed from tensors of the module when the model is written; word names it.
func (m Module) Computed(word string, shape []int, values func() ([]float32, error)) Tensor {
	return m.weight(m.name(word), shape, values)
}

// Op adds an operation of ONNX with one output.
func (m Module) Op(op string, inputs []Tensor, settings ...onnxproto.Setting) Tensor {
	return m.Of("", op, inputs, settings...)
}

// Of adds an operation of a domain.
func (m Module) Of(domain, op string, inputs []Tensor, settings ...onnxproto.Setting) Tensor {
	name := m.unique("/" + strings.ReplaceAll(m.path, ".", "/") + "/" + op)
	in := make([]string, len(inputs))
	for i, t := range inputs {
		in[i] = string(t)
	}
	m.nodes = append(m.nodes, onnxproto.Operation{Op: op, Domain: domain, Name: name, Inputs: in, Outputs: []string{name}, Settings: settings})
	return Tensor(name)
}

// Add is x + y.
func (m Module) Add(x, y Tensor) Tensor { return m.Op("Add", []Tensor{x, y}) }

// Mul is x y, element by element.
func (m Module) Mul(x, y Tensor) Tensor { return m.Op("Mul", []Tensor{x, y}) }

// MatMul is the product of matrices.
func (m Module) MatMul(x, y Tensor) Tensor { return m.Op("MatMul", []Tensor{x, y}) }

// Transpose puts the dimensions of x into another order.
func (m Module) Transpose(x Tensor, order ...int) Tensor {
	return m.Op("Transpose", []Tensor{x}, onnxproto.Setting{Name: "perm", Ints: dims(order)})
}

// Reshape gives x another shape: 0 keeps the dimension at that place, -1 takes what is left.
func (m Module) Reshape(x Tensor, shape ...int) Tensor {
	return m.Op("Reshape", []Tensor{x, m.Ints(shape...)})
}

// Cast converts x to an element type.
func (m Module) Cast(x Tensor, element int) Tensor {
	return m.Op("Cast", []Tensor{x}, onnxproto.Setting{Name: "to", Int: int64(element)})
}

// Unsqueeze gives x dimensions of 1 at the places.
func (m Module) Unsqueeze(x Tensor, places ...int) Tensor {
	return m.Op("Unsqueeze", []Tensor{x, m.Ints(places...)})
}

// Length is the size of x along a dimension, as an integer without dimensions.
func (m Module) Length(x Tensor, dimension int) Tensor {
	return m.Op("Gather", []Tensor{m.Op("Shape", []Tensor{x}), m.Int(dimension)})
}

// Range is the vector 0, 1, ..., n - 1 of integers.
func (m Module) Range(n Tensor) Tensor { return m.Op("Range", []Tensor{m.Int(0), n, m.Int(1)}) }
