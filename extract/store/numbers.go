package store

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"
)

// Numbers is the form in which rows are stored.
type Numbers string

// Forms of numbers. Float16 takes half the space: values are rounded to 11 significant bits, and end at 65504.
const (
	Float32 Numbers = "float32"
	Float16 Numbers = "float16"
)

// Size is the number of bytes of one value.
func (n Numbers) Size() int {
	if n == Float16 {
		return 2
	}
	return 4
}

// Kind is what the name of an entry of rows begins with: rows, or rows16.
func (n Numbers) Kind(of string) string {
	if n == Float16 {
		return of + "16"
	}
	return of
}

// descr is numpy's name of the form.
func (n Numbers) descr() string { return fmt.Sprintf("<f%d", n.Size()) }

// RangeError is a finite value that float16 can't hold.
type RangeError struct {
	Index int // among the values that were to be stored
	Value float32
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("%g is beyond %d, the largest number of float16: store float32 (store: {numbers: float32})", e.Value, largestHalf)
}

// Bytes are the values as they are stored: little-endian. float32 shares the memory of x. A finite value beyond the range of
// float16 is a [RangeError]; NaN and infinities stay what they are.
func (n Numbers) Bytes(x []float32) ([]byte, error) {
	if n != Float16 {
		return floatBytes(x), nil
	}
	out := make([]byte, 2*len(x))
	for i, v := range x {
		if v > largestHalf && v <= math.MaxFloat32 || v < -largestHalf && v >= -math.MaxFloat32 {
			return nil, &RangeError{i, v}
		}
		binary.LittleEndian.PutUint16(out[2*i:], toHalf(v))
	}
	return out, nil
}

// read fills x with the values that read gives the bytes of.
func (n Numbers) read(x []float32, read func([]byte) error) error {
	b := floatBytes(x)
	if n != Float16 {
		return read(b)
	}
	// The halves are read into the upper half of x's own memory, and each value is widened before its place is written over.
	halves := b[len(b)/2:]
	if err := read(halves); err != nil {
		return err
	}
	for i := range x {
		x[i] = fromHalf(binary.LittleEndian.Uint16(halves[2*i:]))
	}
	return nil
}

// floatBytes views float32s as the bytes of a little-endian file. The program runs on little-endian machines only; see
// init.
func floatBytes(x []float32) []byte {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x))
}
func init() {
	probe := []float32{1}
	if binary.LittleEndian.Uint32(floatBytes(probe)) != math.Float32bits(1) {
		panic("extract: the activation store needs a little-endian machine")
	}
}
