package ort

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"unsafe"

	onnx "github.com/yalue/onnxruntime_go"
)

// Input is a tensor to feed: exactly one of the data slices is set.
type Input struct {
	Name    string
	Shape   []int64
	Float32 []float32
	Int64   []int64
	Int32   []int32
	Bool    []bool
}

// Value is an output tensor, row-major.
type Value struct {
	Element Element
	Shape   []int64
	Float32 []float32 // nil when the elements are of another type
}

// Outputs are the tensors of one run, in the order of [Model.Outputs].
type Outputs struct {
	Values []Value
	memory *block
	pool   *pool
}

// Release gives the memory back: the values must not be used afterwards.
// Calling it twice is harmless.
func (o *Outputs) Release() {
	if o.memory != nil {
		o.pool.put(o.memory)
	}
	*o = Outputs{}
}

// Run feeds the inputs, one for each of the session's, and computes the outputs.
// shapes foretells the outputs' shapes: a float32 output is then written straight
// into memory that the session keeps for this and lends until Release. A shape
// that turns out wrong is an error. Where shapes (or an entry) is nil, the output
// is copied into fresh Go memory, whatever its shape and type.
//
// When ctx ends, the run stops at the next node and Run returns the context's
// error.
func (s *Session) Run(ctx context.Context, inputs []Input, shapes [][]int64) (*Outputs, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if shapes == nil {
		shapes = make([][]int64, len(s.outputs))
	}
	if len(inputs) != len(s.Inputs) || len(shapes) != len(s.outputs) {
		return nil, fmt.Errorf("a run got %d inputs and %d output shapes, the session has %d and %d",
			len(inputs), len(shapes), len(s.Inputs), len(s.outputs))
	}
	// ONNX Runtime keeps the addresses of the inputs until the tensors over them
	// are destroyed: the garbage collector has to leave them in place.
	var pin runtime.Pinner
	defer pin.Unpin()
	in := make([]onnx.Value, len(inputs))
	defer func() { destroy(in) }()
	for i := range inputs {
		var err error
		if inputs[i].Name != s.Inputs[i].Name {
			return nil, fmt.Errorf("input %d is %q, the session has %q there", i, inputs[i].Name, s.Inputs[i].Name)
		}
		if in[i], err = inputs[i].value(&pin); err != nil {
			return nil, fmt.Errorf("input %s: %w", inputs[i].Name, &Error{message(err)})
		}
	}
	out, tensors, err := s.lend(shapes)
	if err != nil {
		return nil, err
	}
	defer func() { destroy(tensors) }()
	if err := s.compute(ctx, in, tensors); err != nil {
		out.Release()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	for i, t := range tensors {
		if out.Values[i].Shape == nil {
			out.Values[i] = read(t)
		}
	}
	return out, nil
}

// compute runs the session; the entries of out that are nil are set.
func (s *Session) compute(ctx context.Context, in, out []onnx.Value) error {
	opts, err := onnx.NewRunOptions()
	if err != nil {
		return &Error{message(err)}
	}
	defer opts.Destroy()
	terminated := make(chan struct{})
	var failed error
	stop := context.AfterFunc(ctx, func() {
		failed = opts.Terminate()
		close(terminated)
	})
	err = s.session.RunWithOptions(in, out, opts)
	if !stop() { // the options must outlive a termination that is under way
		<-terminated
		err = errors.Join(err, failed)
	}
	if err != nil {
		return &Error{message(err)}
	}
	return nil
}

// lend takes memory for the outputs of known shape from the pool, and lays
// tensors over it.
func (s *Session) lend(shapes [][]int64) (*Outputs, []onnx.Value, error) {
	out := &Outputs{Values: make([]Value, len(shapes)), pool: &s.pool}
	tensors := make([]onnx.Value, len(shapes))
	total := 0
	for _, shape := range shapes {
		total += aligned(elements(shape))
	}
	if total == 0 {
		return out, tensors, nil
	}
	var err error
	if out.memory, err = s.pool.get(total); err != nil {
		return nil, nil, err
	}
	rest := out.memory.data
	for i, shape := range shapes {
		n := elements(shape)
		if n == 0 {
			continue
		}
		t, err := onnx.NewTensor(onnx.Shape(shape), rest[:n:n])
		if err != nil {
			destroy(tensors)
			out.Release()
			return nil, nil, fmt.Errorf("output %s: %w", s.outputs[i], &Error{message(err)})
		}
		tensors[i] = t
		out.Values[i] = Value{Element: Float32, Shape: slices.Clone(shape), Float32: rest[:n:n]}
		rest = rest[aligned(n):]
	}
	return out, tensors, nil
}

// elements is 0 for a shape that is not foretold.
func elements(shape []int64) int { return int(max(onnx.Shape(shape).FlattenedSize(), 0)) }

// aligned rounds up to 64 bytes: a cache line and the widest vector register.
func aligned(elements int) int {
	const step = 64 / elementSize
	return (elements + step - 1) / step * step
}

// value lays a tensor over the data, which stays pinned.
func (in *Input) value(pin *runtime.Pinner) (onnx.Value, error) {
	switch {
	case in.Float32 != nil:
		return over(pin, in.Shape, in.Float32)
	case in.Int64 != nil:
		return over(pin, in.Shape, in.Int64)
	case in.Int32 != nil:
		return over(pin, in.Shape, in.Int32)
	default:
		return over(pin, in.Shape, in.Bool)
	}
}

func over[T onnx.TensorData](pin *runtime.Pinner, shape []int64, data []T) (onnx.Value, error) {
	if len(data) > 0 {
		pin.Pin(unsafe.SliceData(data))
	}
	t, err := onnx.NewTensor(onnx.Shape(shape), data)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// read looks at an output that the library allocated. Its data is Go memory,
// which outlives the tensor.
func read(v onnx.Value) Value {
	out := Value{Shape: v.GetShape()}
	if v.GetONNXType() == onnx.ONNXTypeTensor {
		out.Element = Element(v.DataType())
	}
	if t, ok := v.(*onnx.Tensor[float32]); ok {
		out.Float32 = t.GetData()
	}
	return out
}

func destroy(values []onnx.Value) {
	for _, v := range values {
		if v != nil {
			v.Destroy()
		}
	}
}

// RunInto feeds float32 inputs and writes outputs of float64 where the caller wants them: into[i] has the elements of output
// i, of shape shapes[i].
func (s *Session) RunInto(ctx context.Context, inputs []Input, shapes [][]int64, into [][]float64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	in, out := make([]onnx.Value, len(inputs)), make([]onnx.Value, len(into))
	defer func() { destroy(in); destroy(out) }()
	var err error
	for i := range inputs {
		if in[i], err = inputs[i].value(&pin); err != nil {
			return fmt.Errorf("input %s: %w", inputs[i].Name, &Error{message(err)})
		}
	}
	for i := range into {
		if out[i], err = over(&pin, shapes[i], into[i]); err != nil {
			return fmt.Errorf("output %s: %w", s.outputs[i], &Error{message(err)})
		}
	}
	err = s.compute(ctx, in, out)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
