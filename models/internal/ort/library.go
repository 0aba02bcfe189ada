// Package ort runs ONNX models through github.com/yalue/onnxruntime_go. It adds
// what that library leaves to its callers:
//
//   - Outputs are written into lent memory. Left to itself the library copies
//     every output into fresh Go memory (163 MB for ten seconds of audio through
//     a base model, all layers and attention maps); an output whose shape the
//     caller foretells is written where it is read. See [Session.Run].
//   - A run ends with its context, and any number of runs may share a session.
//   - Errors are one line, without the names of C functions.
//
// An example, for a model with an input x and an output y:
//
//	lib, err := ort.Open("lib/libonnxruntime.so.1.31.1")
//	s, err := lib.Session(ort.Model{Path: "model.onnx", Inputs: []ort.Info{{Name: "x"}}, Outputs: []string{"y"}}, ort.Options{})
//	out, err := s.Run(ctx, []ort.Input{{Name: "x", Shape: []int64{1, 3}, Float32: x}}, [][]int64{{1, 768}})
//	defer out.Release()
//	y := out.Values[0].Float32
package ort

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	onnx "github.com/yalue/onnxruntime_go"
)

// Library is ONNX Runtime, opened. It holds the process's one environment and
// stays open until the process ends: ONNX Runtime starts threads that outlive
// its sessions, so closing the library under them is not safe.
type Library struct{ path string }

// opened is the library of this process, nil before the first [Open].
var opened struct {
	sync.Mutex
	library *Library
}

// Open opens the shared library at path. A bare file name is looked up by the
// system's loader, a name with a slash is taken as it stands. A process uses one
// library: opening it again gives the same Library, opening another is an error.
func Open(path string) (*Library, error) {
	opened.Lock()
	defer opened.Unlock()
	if l := opened.library; l != nil {
		if !sameFile(l.path, path) {
			return nil, fmt.Errorf("this process already uses the ONNX Runtime in %s", l.path)
		}
		return l, nil
	}
	onnx.SetSharedLibraryPath(path)
	if err := onnx.InitializeEnvironment(onnx.WithLogLevelError()); err != nil {
		return nil, openError(path, err)
	}
	if err := onnx.DisableTelemetry(); err != nil {
		return nil, &Error{message(err)}
	}
	opened.library = &Library{path}
	return opened.library, nil
}

func sameFile(a, b string) bool {
	if a == b {
		return true
	}
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

func openError(path string, err error) error {
	msg := message(err)
	switch {
	case strings.HasPrefix(msg, "Error looking up OrtGetApiBase"):
		return errors.New("this library is not ONNX Runtime: it has no OrtGetApiBase")
	case strings.HasPrefix(msg, "Error setting ORT API base"):
		return errors.New("this ONNX Runtime is too old: 1.24 or newer is needed")
	}
	return errors.New(strings.TrimPrefix(msg, fmt.Sprintf("Error loading ONNX shared library %q: ", path)))
}

// Path is the name the library was opened under.
func (l *Library) Path() string { return l.path }

// Version is ONNX Runtime's own, such as "1.31.1".
func (l *Library) Version() string { return onnx.GetVersion() }

// Providers lists the execution providers that this build of ONNX Runtime
// holds, out of those that a [Session] can use. Whether one can start on this
// machine shows only when a session asks for it.
func (l *Library) Providers() []string {
	list := []string{"CPUExecutionProvider"}
	// A build without CUDA refuses to make its options.
	if cuda, err := onnx.NewCUDAProviderOptions(); err == nil {
		cuda.Destroy()
		list = append([]string{"CUDAExecutionProvider"}, list...)
	}
	return list
}

// Error is a failure that ONNX Runtime reports.
type Error struct{ Msg string } // one line

func (e *Error) Error() string { return e.Msg }

// MissingOperation reports whether a session was refused because this build of
// ONNX Runtime has no code for an operation, or for its element type.
func (e *Error) MissingOperation() bool {
	return strings.Contains(e.Msg, "Could not find an implementation") || strings.Contains(e.Msg, "NOT_IMPLEMENTED")
}

// message is what the innermost error says, in one line: the outer ones name
// steps of the library.
func message(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}
