// Package ort opens ONNX Runtime's shared library at run time and calls the
// two dozen functions of its C API that this program needs.
//
// It exists beside the ready-made Go wrapper for one reason: outputs. The
// wrapper copies every output tensor into Go memory (163 MB for ten seconds of
// audio through a base model, all layers and attention maps), here a [Value] is
// read where ONNX Runtime wrote it and given back with [Value.Release].
//
//	lib, err := ort.Open("lib/libonnxruntime.so.1.31.1")
//	s, err := lib.Session("model.onnx", nil, ort.Options{Threads: 1})
//	out, err := s.Run(ctx, []ort.Input{{Name: "x", Shape: []int64{1, 3}, Float32: x}}, []string{"y"})
//	defer out[0].Release()
//	y := out[0].Float32()
package ort

/*
#cgo linux LDFLAGS: -ldl
#include <dlfcn.h>
#include "api.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unsafe"
)

// Library is ONNX Runtime, opened. It holds the process's one environment and
// stays open until the process ends: ONNX Runtime starts threads that outlive
// its sessions, so closing the library under them is not safe.
type Library struct {
	path    string
	version string
	api     C.Api
	env     unsafe.Pointer
	memory  unsafe.Pointer // describes CPU memory, for input tensors
	strings unsafe.Pointer // allocator of the strings the API returns
}

// opened keeps the libraries of this process by path: opening one twice gives
// the same Library, because there is one environment a process.
var opened struct {
	sync.Mutex
	byPath map[string]*Library
}

// Open opens the shared library at path. A bare file name is looked up by the
// system's loader, a name with a slash is taken as it stands.
func Open(path string) (*Library, error) {
	opened.Lock()
	defer opened.Unlock()
	if l := opened.byPath[path]; l != nil {
		return l, nil
	}
	l, err := open(path)
	if err != nil {
		return nil, err
	}
	if opened.byPath == nil {
		opened.byPath = map[string]*Library{}
	}
	opened.byPath[path] = l
	return l, nil
}

func open(path string) (*Library, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	handle := C.dlopen(name, C.RTLD_NOW|C.RTLD_LOCAL)
	if handle == nil {
		return nil, errors.New(C.GoString(C.dlerror()))
	}
	symbol := C.CString("OrtGetApiBase")
	defer C.free(unsafe.Pointer(symbol))
	base := C.dlsym(handle, symbol)
	if base == nil {
		C.dlclose(handle)
		return nil, errors.New("this library is not ONNX Runtime: it has no OrtGetApiBase")
	}
	l := &Library{path: path, version: C.GoString(C.base_version(base))}
	l.api = C.base_api(base, C.API_VERSION)
	if l.api == nil {
		C.dlclose(handle)
		return nil, fmt.Errorf("this is ONNX Runtime %s, 1.%d or newer is needed", l.version, int(C.API_VERSION))
	}
	id := C.CString("speechsim")
	defer C.free(unsafe.Pointer(id))
	const severityError = 3
	if err := l.check(C.create_env(l.api, severityError, id, &l.env)); err != nil {
		return nil, err
	}
	if err := l.check(C.call_on(l.api, C.DisableTelemetryEvents, l.env)); err != nil {
		return nil, err
	}
	if err := l.check(C.cpu_memory_info(l.api, &l.memory)); err != nil {
		return nil, err
	}
	if err := l.check(C.call_out(l.api, C.GetAllocatorWithDefaultOptions, &l.strings)); err != nil {
		return nil, err
	}
	return l, nil
}

// Path is the name the library was opened under.
func (l *Library) Path() string { return l.path }

// Version is ONNX Runtime's own, such as "1.31.1".
func (l *Library) Version() string { return l.version }

// Providers lists the execution providers that this build of ONNX Runtime
// holds, such as "CPUExecutionProvider". Whether one can start on this machine
// shows only when a session asks for it.
func (l *Library) Providers() ([]string, error) {
	var names **C.char
	var n C.int
	if err := l.check(C.available_providers(l.api, &names, &n)); err != nil {
		return nil, err
	}
	var out []string
	for _, p := range unsafe.Slice(names, int(n)) {
		out = append(out, C.GoString(p))
	}
	return out, l.check(C.release_providers(l.api, names, n))
}

// Code is ONNX Runtime's classification of an error.
type Code int

// The codes that callers tell apart.
const (
	Fail            Code = 1
	InvalidArgument Code = 2
	NoSuchFile      Code = 3
	InvalidProtobuf Code = 7
	NotImplemented  Code = 9
	InvalidGraph    Code = 10
)

// Error is a failure that ONNX Runtime reports.
type Error struct {
	Code Code
	Msg  string // one line
}

func (e *Error) Error() string { return e.Msg }

// check turns a status into an error and releases it.
func (l *Library) check(s C.Status) error {
	if s == nil {
		return nil
	}
	defer C.call_release(l.api, C.ReleaseStatus, unsafe.Pointer(s))
	msg := strings.Join(strings.Fields(C.GoString(C.error_message(l.api, s))), " ")
	return &Error{Code: Code(C.error_code(l.api, s)), Msg: msg}
}
