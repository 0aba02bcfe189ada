package npy

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
)

// Error is a file or an array that can't be read.
type Error struct {
	File   string
	Member string // of an archive, or ""
	Msg    string
}

func (e *Error) Error() string {
	if e.Member != "" {
		return fmt.Sprintf("%s:%s: %s", e.File, e.Member, e.Msg)
	}
	return fmt.Sprintf("%s: %s", e.File, e.Msg)
}

// Array is a matrix in a file: [Rows, Cols].
type Array struct {
	File       string
	Member     string // of an archive, or ""
	Rows, Cols int
	Planes     int // matrices of one shape that stand one after another in Rows: 1, more only in what [OpenPlanes] opened
	Size       int // bytes of an element: 2 (float16), 4 (float32) or 8 (float64)
	BigEndian  bool
	Fortran    bool // columns stand one after another, not rows

	stacks bool // more than one plane will do

	data []byte // of the elements alone
	file *mapping
	sum  *checksum // of an archive's member that was not unpacked, to be verified by Check
}

// Name is how the array is named on the command line: the file, and behind a
// colon the member of an archive.
func (a *Array) Name() string {
	if a.Member != "" {
		return a.File + ":" + a.Member
	}
	return a.File
}

// Type is numpy's name of the element type.
func (a *Array) Type() string { return fmt.Sprintf("float%d", 8*a.Size) }

// Bytes is the size of the elements in the file.
func (a *Array) Bytes() int { return len(a.data) }

// Close gives the memory of the file back. Views end with it.
func (a *Array) Close() error { return a.file.close() }

func (a *Array) errorf(format string, args ...any) error {
	return &Error{File: a.File, Member: a.Member, Msg: fmt.Sprintf(format, args...)}
}

// describe fills in what the header at the beginning of content says, and
// checks that the elements are there.
func (a *Array) describe(content []byte) error {
	h, err := parseHeader(content)
	if err != nil {
		return a.errorf("%v", err)
	}
	if err := a.setType(h.descr); err != nil {
		return err
	}
	a.Fortran = h.fortran
	if err := a.setShape(h.shape); err != nil {
		return err
	}
	if a.Rows > math.MaxInt/a.Cols/a.Size {
		return a.errorf("the shape %s is larger than any file", shapeText(h.shape))
	}
	want, have := a.Rows*a.Cols*a.Size, len(content)-h.size
	switch {
	case have < want:
		return a.errorf("the file is cut off: %d of the %d bytes of its %s %s array are there", have, want, shapeText(h.shape), a.Type())
	case have > want:
		return a.errorf("%d bytes stand behind the %s %s array; save each array to a file of its own", have-want, shapeText(h.shape), a.Type())
	}
	a.data = content[h.size:]
	return nil
}

func (a *Array) setType(descr string) error {
	kind := strings.TrimLeft(descr, "<>=|")
	switch kind {
	case "f2", "f4", "f8":
		a.Size = int(kind[1] - '0')
		a.BigEndian = strings.HasPrefix(descr, ">")
		return nil
	}
	if strings.HasPrefix(kind, "O") {
		return a.errorf("the array holds Python objects, which are pickled; save it as float32: numpy.save(file, numpy.stack(list).astype(\"float32\"))")
	}
	return a.errorf("the elements are %s (%q); float16, float32 and float64 can be read: numpy.save(file, x.astype(\"float32\"))", kindName(kind), descr)
}

// kindName says in words what numpy's letter means.
func kindName(kind string) string {
	names := map[byte]string{'i': "integers", 'u': "unsigned integers", 'b': "booleans", 'c': "complex numbers", 'f': "floating point numbers of another size",
		'S': "bytes", 'U': "text", 'V': "raw bytes (bfloat16, perhaps)", 'M': "dates", 'm': "durations"}
	if len(kind) > 0 && names[kind[0]] != "" {
		return names[kind[0]]
	}
	return "of an unknown type"
}

func (a *Array) setShape(shape []int) error {
	a.Planes = 1
	if len(shape) == 3 && a.stacks {
		a.Planes, shape = shape[0], shape[1:]
		switch {
		case a.Planes == 0:
			return a.errorf("the array is empty: its shape is %s", shapeText(append([]int{0}, shape...)))
		case a.Fortran && a.Planes > 1:
			return a.errorf("the array is in Fortran order, and one of three dimensions must be in C order: numpy.save(file, numpy.ascontiguousarray(x))")
		case shape[0] > math.MaxInt/a.Planes:
			return a.errorf("the shape %s is larger than any file", shapeText(append([]int{a.Planes}, shape...)))
		}
	}
	if len(shape) != 2 {
		hint := "x.reshape(-1, units)"
		if len(shape) == 3 && shape[0] == 1 {
			hint = "x[0]"
		}
		wanted := "a matrix of two dimensions is needed, [rows, units]"
		if a.stacks {
			wanted = "[frames, units] or [layers, frames, units] is needed"
		}
		return a.errorf("the array has shape %s; %s: numpy.save(file, %s)", shapeText(shape), wanted, hint)
	}
	if shape[0] == 0 || shape[1] == 0 {
		return a.errorf("the array is empty: its shape is %s", shapeText(shape))
	}
	a.Rows, a.Cols = a.Planes*shape[0], shape[1]
	return nil
}

func shapeText(shape []int) string {
	s := make([]string, len(shape))
	for i, d := range shape {
		s[i] = fmt.Sprint(d)
	}
	return "[" + strings.Join(s, ", ") + "]"
}

// Array is the name of the array itself: the member, or the file's name without
// folders and ending.
func (a *Array) Array() string {
	if a.Member != "" {
		return a.Member
	}
	return strings.TrimSuffix(filepath.Base(a.File), ".npy")
}
