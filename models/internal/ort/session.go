package ort

/*
#include "api.h"
*/
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"sort"
	"unsafe"
)

// Options of a session.
type Options struct {
	Threads int               // intra-op threads of one Run; 0 means 1
	Config  map[string]string // session configuration entries, such as "session.intra_op.allow_spinning"
	CUDA    map[string]string // options of the CUDA execution provider; nil runs on the CPU
}

// Element is the type of a tensor's elements, numbered as in ONNX.
type Element int

// The element types that models of speech and text take and give.
const (
	Float32 Element = 1
	Int32   Element = 6
	Int64   Element = 7
	Bool    Element = 9
	Float16 Element = 10
	Float64 Element = 11
)

func (e Element) String() string {
	names := map[Element]string{Float32: "float32", Int32: "int32", Int64: "int64", Bool: "bool",
		Float16: "float16", Float64: "float64", 2: "uint8", 3: "int8", 8: "string", 16: "bfloat16"}
	if s, ok := names[e]; ok {
		return s
	}
	return fmt.Sprintf("ONNX element type %d", int(e))
}

// Info describes an input or output. Shape has -1 where a dimension depends on
// the input; it is nil where the model does not even say how many there are.
type Info struct {
	Name    string
	Element Element
	Shape   []int64
}

// Session is a model ready to run. Run may be called by several goroutines at
// once: ONNX Runtime's sessions are re-entrant and keep one copy of the weights.
type Session struct {
	lib     *Library
	ptr     unsafe.Pointer
	Inputs  []Info
	Outputs []Info
}

// Session loads the model at path or, when model is not nil, from those bytes
// (which may be let go once Session has returned).
func (l *Library) Session(path string, model []byte, o Options) (*Session, error) {
	var opts unsafe.Pointer
	if err := l.check(C.call_out(l.api, C.CreateSessionOptions, &opts)); err != nil {
		return nil, err
	}
	defer C.call_release(l.api, C.ReleaseSessionOptions, opts)
	if err := l.configure(opts, o); err != nil {
		return nil, err
	}
	s := &Session{lib: l}
	var err error
	if model != nil {
		err = l.check(C.session_from_array(l.api, l.env, unsafe.Pointer(unsafe.SliceData(model)), C.size_t(len(model)), opts, &s.ptr))
	} else {
		name := C.CString(path)
		defer C.free(unsafe.Pointer(name))
		err = l.check(C.session_from_path(l.api, l.env, name, opts, &s.ptr))
	}
	if err != nil {
		return nil, err
	}
	if s.Inputs, err = s.describe(C.SessionGetInputCount, C.SessionGetInputName, C.SessionGetInputTypeInfo); err == nil {
		s.Outputs, err = s.describe(C.SessionGetOutputCount, C.SessionGetOutputName, C.SessionGetOutputTypeInfo)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (l *Library) configure(opts unsafe.Pointer, o Options) error {
	const allOptimisations, severityError = 99, 3
	ints := []struct {
		f C.int
		v int
	}{
		{C.SetSessionGraphOptimizationLevel, allOptimisations},
		{C.SetSessionLogSeverityLevel, severityError},
		{C.SetIntraOpNumThreads, max(o.Threads, 1)},
	}
	for _, i := range ints {
		if err := l.check(C.call_int(l.api, i.f, opts, C.int(i.v))); err != nil {
			return err
		}
	}
	// The memory pattern is a plan for one input shape. Lengths differ from
	// utterance to utterance, so it would be made again and again and kept.
	if err := l.check(C.call_on(l.api, C.DisableMemPattern, opts)); err != nil {
		return err
	}
	keys, values, free := cPairs(o.Config)
	defer free()
	for i := range keys {
		if err := l.check(C.config_entry(l.api, opts, keys[i], values[i])); err != nil {
			return err
		}
	}
	if o.CUDA == nil {
		return nil
	}
	return l.configureCUDA(opts, o.CUDA)
}

func (l *Library) configureCUDA(opts unsafe.Pointer, settings map[string]string) error {
	var cuda unsafe.Pointer
	if err := l.check(C.call_out(l.api, C.CreateCUDAProviderOptions, &cuda)); err != nil {
		return err
	}
	defer C.call_release(l.api, C.ReleaseCUDAProviderOptions, cuda)
	keys, values, free := cPairs(settings)
	defer free()
	if len(keys) > 0 {
		var pin runtime.Pinner
		defer pin.Unpin()
		pin.Pin(&keys[0])
		pin.Pin(&values[0])
		if err := l.check(C.update_cuda(l.api, cuda, &keys[0], &values[0], C.size_t(len(keys)))); err != nil {
			return err
		}
	}
	return l.check(C.append_cuda(l.api, opts, cuda))
}

// cPairs copies a map's keys and values, in the order of the keys, to C.
func cPairs(m map[string]string) (keys, values []*C.char, free func()) {
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, k)
	}
	sort.Strings(names)
	for _, k := range names {
		keys = append(keys, C.CString(k))
		values = append(values, C.CString(m[k]))
	}
	return keys, values, func() {
		freeAll(keys)
		freeAll(values)
	}
}

func freeAll(list []*C.char) {
	for _, p := range list {
		C.free(unsafe.Pointer(p))
	}
}

func (s *Session) describe(count, name, info C.int) ([]Info, error) {
	l := s.lib
	var n C.size_t
	if err := l.check(C.call_size(l.api, count, s.ptr, &n)); err != nil {
		return nil, err
	}
	out := make([]Info, n)
	for i := range out {
		var text *C.char
		if err := l.check(C.name_at(l.api, name, s.ptr, C.size_t(i), l.strings, &text)); err != nil {
			return nil, err
		}
		out[i].Name = C.GoString(text)
		if err := l.check(C.allocator_free(l.api, l.strings, unsafe.Pointer(text))); err != nil {
			return nil, err
		}
		var typ unsafe.Pointer
		if err := l.check(C.call_at(l.api, info, s.ptr, C.size_t(i), &typ)); err != nil {
			return nil, err
		}
		err := l.tensorInfo(typ, &out[i])
		C.call_release(l.api, C.ReleaseTypeInfo, typ)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// tensorInfo reads a type; one that is no tensor leaves Element at 0.
func (l *Library) tensorInfo(typ unsafe.Pointer, into *Info) error {
	var tensor unsafe.Pointer // belongs to typ
	if err := l.check(C.call_get(l.api, C.CastTypeInfoToTensorInfo, typ, &tensor)); err != nil || tensor == nil {
		return err
	}
	var err error
	into.Element, into.Shape, err = l.elementAndShape(tensor)
	return err
}

func (l *Library) elementAndShape(info unsafe.Pointer) (Element, []int64, error) {
	var e C.int
	if err := l.check(C.call_enum(l.api, C.GetTensorElementType, info, &e)); err != nil {
		return 0, nil, err
	}
	var rank C.size_t
	if err := l.check(C.call_size(l.api, C.GetDimensionsCount, info, &rank)); err != nil {
		return 0, nil, err
	}
	if rank == 0 {
		return Element(e), nil, nil
	}
	shape := make([]int64, rank)
	err := l.check(C.dimensions(l.api, info, (*C.int64_t)(&shape[0]), rank))
	return Element(e), shape, err
}

// Close releases the session. No Run may be under way.
func (s *Session) Close() {
	if s.ptr != nil {
		C.call_release(s.lib.api, C.ReleaseSession, s.ptr)
		s.ptr = nil
	}
}

// Input is a tensor to feed: exactly one of the data slices is set.
type Input struct {
	Name    string
	Shape   []int64
	Float32 []float32
	Int64   []int64
	Int32   []int32
	Bool    []bool
}

// memory returns the first element's address, the size in bytes and the type.
func (in *Input) memory() (unsafe.Pointer, int, Element) {
	switch {
	case in.Float32 != nil:
		return unsafe.Pointer(unsafe.SliceData(in.Float32)), 4 * len(in.Float32), Float32
	case in.Int64 != nil:
		return unsafe.Pointer(unsafe.SliceData(in.Int64)), 8 * len(in.Int64), Int64
	case in.Int32 != nil:
		return unsafe.Pointer(unsafe.SliceData(in.Int32)), 4 * len(in.Int32), Int32
	default:
		return unsafe.Pointer(unsafe.SliceData(in.Bool)), len(in.Bool), Bool
	}
}

// Run feeds the inputs and computes the named outputs, in that order. When ctx
// ends, the run stops at the next node and Run returns the context's error.
// Every Value returned has to be released.
func (s *Session) Run(ctx context.Context, inputs []Input, outputs []string) ([]Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l := s.lib
	var opts unsafe.Pointer
	if err := l.check(C.call_out(l.api, C.CreateRunOptions, &opts)); err != nil {
		return nil, err
	}
	defer C.call_release(l.api, C.ReleaseRunOptions, opts)
	terminated := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		C.call_on(l.api, C.RunOptionsSetTerminate, opts)
		close(terminated)
	})
	// The options must outlive a termination that is under way.
	defer func() {
		if !stop() {
			<-terminated
		}
	}()

	var pin runtime.Pinner
	defer pin.Unpin()
	in := make([]unsafe.Pointer, len(inputs))
	names := make([]*C.char, 0, len(inputs)+len(outputs))
	defer func() { freeAll(names) }()
	defer func() {
		for _, v := range in {
			if v != nil {
				C.call_release(l.api, C.ReleaseValue, v)
			}
		}
	}()
	for i := range inputs {
		names = append(names, C.CString(inputs[i].Name))
		data, size, element := inputs[i].memory()
		if data != nil {
			pin.Pin(data)
		}
		shape := inputs[i].Shape
		err := l.check(C.tensor_over(l.api, l.memory, data, C.size_t(size),
			(*C.int64_t)(unsafe.SliceData(shape)), C.size_t(len(shape)), C.int(element), &in[i]))
		if err != nil {
			return nil, fmt.Errorf("input %s: %w", inputs[i].Name, err)
		}
	}
	for _, name := range outputs {
		names = append(names, C.CString(name))
	}
	out := make([]unsafe.Pointer, len(outputs))
	inNames, outNames := names[:len(inputs)], names[len(inputs):]
	err := l.check(C.run(l.api, s.ptr, opts, unsafe.SliceData(inNames), unsafe.SliceData(in), C.size_t(len(in)),
		unsafe.SliceData(outNames), C.size_t(len(out)), unsafe.SliceData(out)))
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	return l.values(outputs, out)
}

// values reads type and shape of every output; on an error it releases all.
func (l *Library) values(names []string, ptrs []unsafe.Pointer) ([]Value, error) {
	out := make([]Value, len(ptrs))
	var failed error
	for i, p := range ptrs {
		out[i] = Value{lib: l, ptr: p}
		if err := out[i].read(); err != nil && failed == nil {
			failed = fmt.Errorf("output %s: %w", names[i], err)
		}
	}
	if failed != nil {
		for i := range out {
			out[i].Release()
		}
		return nil, failed
	}
	return out, nil
}
