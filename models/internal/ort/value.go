package ort

/*
#include "api.h"
*/
import "C"

import (
	"errors"
	"unsafe"
)

// Value is an output tensor in ONNX Runtime's memory.
type Value struct {
	Element Element
	Shape   []int64
	lib     *Library
	ptr     unsafe.Pointer
	data    unsafe.Pointer
}

func (v *Value) read() error {
	l := v.lib
	var tensor C.int
	if err := l.check(C.call_enum(l.api, C.IsTensor, v.ptr, &tensor)); err != nil {
		return err
	}
	if tensor == 0 {
		return errors.New("is not a tensor")
	}
	var info unsafe.Pointer
	if err := l.check(C.call_get(l.api, C.GetTensorTypeAndShape, v.ptr, &info)); err != nil {
		return err
	}
	defer C.call_release(l.api, C.ReleaseTensorTypeAndShapeInfo, info)
	var err error
	if v.Element, v.Shape, err = l.elementAndShape(info); err != nil {
		return err
	}
	return l.check(C.call_get(l.api, C.GetTensorMutableData, v.ptr, &v.data))
}

// Len is the number of elements.
func (v *Value) Len() int {
	n := 1
	for _, d := range v.Shape {
		n *= int(d)
	}
	return n
}

// Float32 views the elements, row-major; nil when they are of another type.
// The slice is valid until Release.
func (v *Value) Float32() []float32 {
	if v.Element != Float32 || v.data == nil {
		return nil
	}
	return unsafe.Slice((*float32)(v.data), v.Len())
}

// Release gives the memory back. Calling it twice is harmless.
func (v *Value) Release() {
	if v.ptr != nil {
		C.call_release(v.lib.api, C.ReleaseValue, v.ptr)
		v.ptr, v.data = nil, nil
	}
}
