package ort

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"
)

// library opens ONNX Runtime, or skips the test where it is not installed.
func library(t *testing.T) *Library {
	t.Helper()
	places := []string{os.Getenv("SPEECHSIM_ONNXRUNTIME")}
	found, err := filepath.Glob("../../../lib/libonnxruntime*.so*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(places, found...) {
		if file == "" {
			continue
		}
		path, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		l, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	t.Skip("ONNX Runtime was not found in SPEECHSIM_ONNXRUNTIME or lib")
	return nil
}

func session(t *testing.T, model []byte, outputs ...string) *Session {
	t.Helper()
	s, err := library(t).Session(Model{Bytes: model, Inputs: []Info{{"x", Float32}}, Outputs: outputs}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func feed(x ...float32) []Input {
	return []Input{{Name: "x", Shape: []int64{1, int64(len(x))}, Float32: x}}
}

func TestForetoldOutputsLieInLentMemory(t *testing.T) {
	s := session(t, signs(), "neg", "abs", "whole")
	shapes := [][]int64{{1, 3}, {1, 3}, nil}
	var addresses []*float32
	for range 3 {
		out, err := s.Run(context.Background(), feed(1, -2, 3), shapes)
		if err != nil {
			t.Fatal(err)
		}
		neg, abs, whole := out.Values[0], out.Values[1], out.Values[2]
		if !slices.Equal(neg.Float32, []float32{-1, 2, -3}) || !slices.Equal(abs.Float32, []float32{1, 2, 3}) {
			t.Errorf("neg is %v, abs is %v", neg.Float32, abs.Float32)
		}
		if !slices.Equal(abs.Shape, []int64{1, 3}) || abs.Element != Float32 {
			t.Errorf("abs is %v of shape %v", abs.Element, abs.Shape)
		}
		if whole.Element != Int64 || whole.Float32 != nil || !slices.Equal(whole.Shape, []int64{2}) {
			t.Errorf("whole is %+v", whole)
		}
		memory := out.memory.data
		if &neg.Float32[0] != &memory[0] || &abs.Float32[0] != &memory[16] || cap(neg.Float32) != 3 {
			t.Error("the outputs do not lie in the lent block, 64 bytes apart")
		}
		addresses = append(addresses, &neg.Float32[0])
		out.Release()
		out.Release()
	}
	if addresses[0] != addresses[1] || addresses[1] != addresses[2] {
		t.Errorf("three runs were lent %v", addresses)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestOutputsOfUnknownShape(t *testing.T) {
	s := session(t, signs(), "abs")
	out, err := s.Run(context.Background(), feed(1, -2, 3), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	v := out.Values[0]
	if out.memory != nil || !slices.Equal(v.Float32, []float32{1, 2, 3}) || !slices.Equal(v.Shape, []int64{1, 3}) {
		t.Errorf("abs is %+v", v)
	}
	out.Release()
}

// Outputs may be read after the session is closed, until they are released.
func TestOutputsOutliveTheSession(t *testing.T) {
	s := session(t, signs(), "abs")
	out, err := s.Run(context.Background(), feed(1, -2, 3), [][]int64{{1, 3}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := out.Values[0].Float32; !slices.Equal(got, []float32{1, 2, 3}) {
		t.Errorf("abs is %v", got)
	}
	out.Release()
	if len(s.pool.idle) != 0 {
		t.Error("a closed session keeps memory")
	}
}

func TestRunErrors(t *testing.T) {
	s := session(t, signs(), "abs")
	defer s.Close()
	y := feed(1, 2)
	y[0].Name = "y"
	small := feed(1, 2)
	small[0].Float32 = []float32{1}
	integers := []Input{{Name: "x", Shape: []int64{1, 2}, Int64: []int64{1, 2}}}
	tests := []struct {
		name   string
		inputs []Input
		shape  []int64
		want   string
	}{
		{"wrong length foretold", feed(1, 2), []int64{1, 3}, "{1,3}"},
		{"wrong rank foretold", feed(1, 2), []int64{2}, "Invalid rank for output: abs"},
		{"another name", y, nil, `input 0 is "y", the session has "x" there`},
		{"too little data", small, nil, "input x: "},
		{"another type", integers, nil, "tensor(int64)"},
		{"no input", nil, nil, "0 inputs and 1 output shapes, the session has 1 and 1"},
	}
	for _, tt := range tests {
		_, err := s.Run(context.Background(), tt.inputs, [][]int64{tt.shape})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q in it", tt.name, err, tt.want)
		}
	}
	if s.pool.lent != 0 {
		t.Errorf("failed runs keep %d elements", s.pool.lent)
	}
}

func TestRunIsConcurrent(t *testing.T) {
	s := session(t, signs(), "neg", "abs")
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 60 {
				n := 1 + (worker*7919+i*104729)%50_000
				x := make([]float32, n)
				for k := range x {
					x[k] = -float32(worker + 1)
				}
				out, err := s.Run(context.Background(), feed(x...), [][]int64{{1, int64(n)}, {1, int64(n)}})
				if err != nil {
					t.Error(err)
					return
				}
				for _, v := range out.Values {
					if slices.Max(v.Float32) != float32(worker+1) || slices.Min(v.Float32) != float32(worker+1) {
						t.Errorf("%d elements of %d came out as %v to %v", n, -worker-1, slices.Min(v.Float32), slices.Max(v.Float32))
					}
				}
				out.Release()
			}
		})
	}
	group.Wait()
	if s.pool.lent != 0 || s.pool.kept > s.pool.peak {
		t.Errorf("after all runs %d elements are lent, %d kept; the peak was %d", s.pool.lent, s.pool.kept, s.pool.peak)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	const n = 1 << 18
	s := session(t, chain(4000), "y") // several seconds
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	for range 2 { // the second context has ended before its run
		if _, err := s.Run(ctx, feed(make([]float32, n)...), [][]int64{{1, n}}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
		}
	}
	if s.pool.lent != 0 {
		t.Errorf("stopped runs keep %d elements", s.pool.lent)
	}
}

func TestSessionErrors(t *testing.T) {
	l := library(t)
	var missing graph
	const bfloat16 = 16
	missing.input("x", bfloat16)
	missing.node("Neg", "x", "y")
	missing.output("y", bfloat16)
	tests := []struct {
		name    string
		model   Model
		missing bool
	}{
		{"no model", Model{Bytes: []byte("not a model")}, false},
		{"no file", Model{Path: "nope.onnx"}, false},
		{"an operation without code", Model{Bytes: missing.file()}, true},
	}
	for _, tt := range tests {
		tt.model.Inputs, tt.model.Outputs = []Info{{"x", Float32}}, []string{"y"}
		_, err := l.Session(tt.model, Options{})
		var e *Error
		if !errors.As(err, &e) || strings.Contains(e.Msg, "\n") || e.MissingOperation() != tt.missing {
			t.Errorf("%s: error %v", tt.name, err)
		}
	}
	if _, err := l.Session(Model{Bytes: signs()}, Options{}); err == nil {
		t.Error("a session without outputs was made")
	}
	if slices.Contains(l.Providers(), "CUDAExecutionProvider") {
		return
	}
	_, err := l.Session(Model{Bytes: signs(), Inputs: []Info{{"x", Float32}}, Outputs: []string{"abs"}}, Options{CUDA: map[string]string{}})
	if err == nil || !strings.Contains(err.Error(), "CUDA") {
		t.Errorf("CUDA in a build without: error %v", err)
	}
}

func TestOpenTwice(t *testing.T) {
	l := library(t)
	again, err := Open(filepath.Dir(l.Path()) + "/../" + filepath.Base(filepath.Dir(l.Path())) + "/" + filepath.Base(l.Path()))
	if err != nil || again != l {
		t.Errorf("opening the library again: %v", err)
	}
	if _, err := Open("/another.so"); err == nil || !strings.Contains(err.Error(), l.Path()) {
		t.Errorf("opening another library: %v", err)
	}
	if l.Version() == "" || !slices.Contains(l.Providers(), "CPUExecutionProvider") {
		t.Errorf("version %q, providers %v", l.Version(), l.Providers())
	}
}

func TestOpenErrors(t *testing.T) {
	tests := []struct{ msg, want string }{
		{`Error looking up OrtGetApiBase in "l.so": `, "not ONNX Runtime"},
		{"Error setting ORT API base: 2", "1.24 or newer"},
		{`Error loading ONNX shared library "l.so": l.so: no such file`, "l.so: no such file"},
	}
	for _, tt := range tests {
		err := openError("l.so", errors.Join(errors.New(tt.msg)))
		if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "Error") {
			t.Errorf("%q became %q", tt.msg, err)
		}
	}
}

func TestBlocksAreAligned(t *testing.T) {
	var p pool
	b, err := p.get(5)
	if err != nil {
		t.Fatal(err)
	}
	if uintptr(unsafe.Pointer(&b.data[0]))%64 != 0 {
		t.Error("a block is not aligned to 64 bytes")
	}
	p.put(b)
	if err := p.close(); err != nil {
		t.Error(err)
	}
}
