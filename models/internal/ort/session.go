package ort

import (
	"cmp"
	"errors"
	"fmt"

	onnx "github.com/yalue/onnxruntime_go"
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
	Float32 Element = onnx.TensorElementDataTypeFloat
	Int32   Element = onnx.TensorElementDataTypeInt32
	Int64   Element = onnx.TensorElementDataTypeInt64
	Bool    Element = onnx.TensorElementDataTypeBool
	Float16 Element = onnx.TensorElementDataTypeFloat16
	Float64 Element = onnx.TensorElementDataTypeDouble
)

func (e Element) String() string {
	names := map[Element]string{Float32: "float32", Int32: "int32", Int64: "int64", Bool: "bool",
		Float16: "float16", Float64: "float64", 2: "uint8", 3: "int8", 8: "string", 16: "bfloat16"}
	return cmp.Or(names[e], fmt.Sprintf("ONNX element type %d", int(e)))
}

// Info describes an input.
type Info struct {
	Name    string
	Element Element
}

// Model says what to load: the file at Path or, when Bytes is not nil, those
// bytes (which may be let go once Session has returned); all of the graph's
// inputs, in the order in which Run gets them; and the outputs to compute.
type Model struct {
	Path    string
	Bytes   []byte
	Inputs  []Info
	Outputs []string // each once
}

// Session is a model ready to run. Run may be called by several goroutines at
// once: ONNX Runtime's sessions are re-entrant and keep one copy of the weights.
type Session struct {
	Inputs  []Info
	outputs []string
	session *onnx.DynamicAdvancedSession
	pool    pool
}

// Session loads a model.
func (l *Library) Session(m Model, o Options) (*Session, error) {
	if len(m.Inputs) == 0 || len(m.Outputs) == 0 {
		return nil, errors.New("a model needs inputs and outputs")
	}
	opts, err := onnx.NewSessionOptions()
	if err != nil {
		return nil, &Error{message(err)}
	}
	defer opts.Destroy()
	if err := configure(opts, o); err != nil {
		return nil, &Error{message(err)}
	}
	s := &Session{Inputs: m.Inputs, outputs: m.Outputs}
	names := make([]string, len(m.Inputs))
	for i, in := range m.Inputs {
		names[i] = in.Name
	}
	if m.Bytes != nil {
		s.session, err = onnx.NewDynamicAdvancedSessionWithONNXData(m.Bytes, names, m.Outputs, opts)
	} else {
		s.session, err = onnx.NewDynamicAdvancedSession(m.Path, names, m.Outputs, opts)
	}
	if err != nil {
		return nil, &Error{message(err)}
	}
	trim() // the file as it was read
	return s, nil
}

func configure(opts *onnx.SessionOptions, o Options) error {
	err := errors.Join(
		opts.SetGraphOptimizationLevel(onnx.GraphOptimizationLevelEnableAll),
		opts.SetLogSeverityLevel(onnx.LoggingLevelError),
		opts.SetIntraOpNumThreads(max(o.Threads, 1)),
		// The memory pattern is a plan for one input shape. Lengths differ from
		// utterance to utterance, so it would be made again and again and kept.
		opts.SetMemPattern(false),
	)
	for key, value := range o.Config {
		err = errors.Join(err, opts.AddSessionConfigEntry(key, value))
	}
	if err != nil || o.CUDA == nil {
		return err
	}
	cuda, err := onnx.NewCUDAProviderOptions()
	if err != nil {
		return err
	}
	defer cuda.Destroy()
	if err := cuda.Update(o.CUDA); err != nil {
		return err
	}
	return opts.AppendExecutionProviderCUDA(cuda)
}

// Close releases the session. No Run may be under way; outputs that are still
// held stay valid until their Release.
func (s *Session) Close() error {
	err := errors.Join(s.session.Destroy(), s.pool.close())
	trim()
	return err
}
