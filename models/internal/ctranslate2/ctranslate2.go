// Package ctranslate2 reads the variables of a model.bin, in which CTranslate2, and so faster-whisper, keeps a model.
//
//	f, err := ctranslate2.Open("model.bin")
//	f.Names()                                    // encoder/conv1/bias, encoder/conv1/weight, ...
//	f.Float32("encoder/conv1/weight")            // reads this variable alone
//	f.Value("encoder/num_heads")                 // int64(6)
//
// # The format
//
// As python/ctranslate2/specs/model_spec.py writes it and src/models/model.cc reads it, little-endian: uint32 version,
// string specification, uint32 revision; uint32 number of variables, each a string name, uint8 rank, uint32 dimensions, uint8
// type, uint32 bytes, and the data; uint32 number of aliases, each two strings, the alias and the variable's name. A string is
// a uint16 length, which counts the final NUL, and its bytes.
//
// # Quantised weights
//
// Variables of int8 and int16 whose scale is the variable NAME_scale are x / scale (src/ops/dequantize_cpu.cc), one scale for all
// of int16 and one a row of int8. A row is what one index of the first dimension selects: the converter takes a
// convolution's weights as a matrix of [out, in * width]. Float32 gives x / scale, and Names does not list the
// scales, so weights are the same in whatever form they are kept, but for the rounding.
package ctranslate2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"speechsim/models/internal/elements"
	"speechsim/models/internal/lfs"
)

// Versions of the format that are laid out as above. Models of Whisper have version 6.
const oldestVersion, newestVersion = 4, 6

// Limits, far above those of real models, so that a hostile file cannot ask for all memory.
const (
	maxVariables = 1 << 16 // also of aliases
	maxName      = 1024
	maxRank      = 8
)

// types are the types of variables by their number in the file.
var types = []*elements.Type{elements.Float32, elements.Int8, elements.Int16, elements.Int32, elements.Float16, elements.BFloat16}

// File is an open model. Its methods may be called from several goroutines.
type File struct {
	path      string
	r         io.ReaderAt
	close     func() error
	spec      string
	revision  int
	variables map[string]*variable
}

type variable struct {
	element *elements.Type
	shape   []int
	count   int
	offset  int64
}

// IsModel says whether a file begins as a model of CTranslate2 does, or is a Git LFS pointer, which [Open] complains of.
func IsModel(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [4]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return false
	}
	return head[0] > 0 && head[0] < 0x80 && head[1] == 0 && head[2] == 0 && head[3] == 0 || string(head[:]) == lfs.Start[:len(head)]
}

// Open reads what a model.bin says of its variables, and none of their data.
func Open(path string) (*File, error) {
	f, size, err := elements.Open(path)
	if err != nil {
		return nil, err
	}
	m, err := read(f, size)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	m.path, m.close = path, f.Close
	return m, nil
}

// read reads a model of so many bytes.
func read(r io.ReaderAt, size int64) (*File, error) {
	s := &source{r: r, size: size}
	version := s.uint(4)
	if s.err == nil && (version < oldestVersion || version > newestVersion) {
		return nil, fmt.Errorf("is no model.bin of CTranslate2 whose format has version %d to %d: the file's first number is %d", oldestVersion, newestVersion, version)
	}
	f := &File{r: r, spec: s.text(), revision: int(s.uint(4)), variables: map[string]*variable{}}
	n := s.uint(4)
	if s.err == nil && n > maxVariables {
		return nil, fmt.Errorf("should have %d variables, more than %d: the file is damaged", n, maxVariables)
	}
	for i := range n {
		name := s.text()
		v, err := s.variable()
		if s.err != nil {
			return nil, fmt.Errorf("variable %d of %d%s: %w", i+1, n, called(name), s.err)
		}
		if err == nil && f.variables[name] != nil {
			err = errors.New("is there twice")
		}
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", quote(name), err)
		}
		f.variables[name] = v
	}
	if err := f.readAliases(s); err != nil {
		return nil, err
	}
	return f, nil
}

// readAliases reads the other names of variables. The scale of a variable is that of its alias as well.
func (f *File) readAliases(s *source) error {
	n := s.uint(4)
	if s.err == nil && n > maxVariables {
		return fmt.Errorf("should have %d aliases, more than %d: the file is damaged", n, maxVariables)
	}
	for range n {
		alias, name := s.text(), s.text()
		if s.err != nil {
			break
		}
		v := f.variables[name]
		if v == nil {
			return fmt.Errorf("variable %s should be the same as %s, which is not there", quote(alias), quote(name))
		}
		if f.variables[alias] != nil {
			return fmt.Errorf("variable %s: is there twice", quote(alias))
		}
		f.variables[alias] = v
		if scale := f.variables[name+scaleSuffix]; scale != nil && f.variables[alias+scaleSuffix] == nil {
			f.variables[alias+scaleSuffix] = scale
		}
	}
	if s.err != nil {
		return fmt.Errorf("the aliases at the end: %w", s.err)
	}
	return nil
}

// Spec is the kind of model, "WhisperSpec", and the revision of its variables' names.
func (f *File) Spec() (name string, revision int) { return f.spec, f.revision }

// Names are the names of all variables and aliases, sorted, without the scales of quantised ones.
func (f *File) Names() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(f.variables)), func(name string) bool {
		weight, isScale := strings.CutSuffix(name, scaleSuffix)
		return isScale && f.variables[weight] != nil && f.scale(weight) != nil
	})
}

// Shape is the shape of a variable, outermost dimension first; empty for a single number.
func (f *File) Shape(name string) ([]int, error) {
	v, err := f.variable(name)
	if err != nil {
		return nil, err
	}
	return slices.Clone(v.shape), nil
}

// Float32 reads a variable, row-major, whatever its type; a quantised one as x / scale.
func (f *File) Float32(name string) ([]float32, error) {
	v, err := f.variable(name)
	if err != nil {
		return nil, err
	}
	values, err := f.values(name, v)
	if err != nil {
		return nil, fmt.Errorf("%s: variable %s: %w", f.path, quote(name), err)
	}
	return values, nil
}

// Value is the number that a variable without dimensions holds, int64 or float64, and whether there is one of that name.
func (f *File) Value(name string) (any, bool) {
	v := f.variables[name]
	if v == nil || len(v.shape) > 0 {
		return nil, false
	}
	values, err := v.read(f.r)
	switch {
	case err != nil:
		return nil, false
	case v.isFloat():
		return float64(values[0]), true
	}
	return int64(values[0]), true
}

// Close closes the file.
func (f *File) Close() error { return f.close() }

func (f *File) variable(name string) (*variable, error) {
	if v := f.variables[name]; v != nil {
		return v, nil
	}
	return nil, fmt.Errorf("%s: there is no variable %s", f.path, quote(name))
}

const scaleSuffix = "_scale"

// scale is what a variable was multiplied by, nil if it is not quantised.
func (f *File) scale(name string) *variable {
	if v := f.variables[name]; v.element != elements.Int8 && v.element != elements.Int16 {
		return nil
	}
	return f.variables[name+scaleSuffix]
}

func (f *File) values(name string, v *variable) ([]float32, error) {
	scale := f.scale(name)
	if scale == nil {
		if !v.isFloat() && len(v.shape) > 0 && strings.HasSuffix(name, "weight") {
			return nil, fmt.Errorf("its %s have no scale %s: weights of this quantisation are not read", v.element.Name, quote(name+scaleSuffix))
		}
		return v.read(f.r)
	}
	if !scale.isFloat() || scale.count == 0 || scale.count != 1 && (len(v.shape) == 0 || scale.count != v.shape[0]) {
		return nil, fmt.Errorf("its scale has shape %v of %s, expected one number, or one for each of its rows: %v", scale.shape, scale.element.Name, v.shape)
	}
	scales, err := scale.read(f.r)
	if err != nil {
		return nil, err
	}
	values, err := v.read(f.r)
	if err != nil {
		return nil, err
	}
	row := v.count / len(scales)
	for i, s := range scales {
		factor := 1 / s // as CTranslate2 does
		if !(factor > 0) || math.IsInf(float64(factor), 0) {
			return nil, fmt.Errorf("the scale of row %d is %g", i, s)
		}
		for k := range values[i*row : (i+1)*row] {
			values[i*row+k] *= factor
		}
	}
	return values, nil
}

func (v *variable) isFloat() bool {
	return v.element == elements.Float32 || v.element == elements.Float16 || v.element == elements.BFloat16
}

func (v *variable) read(r io.ReaderAt) ([]float32, error) {
	out := make([]float32, v.count)
	return out, v.element.Read(r, v.offset, out)
}

// source reads what stands before the data. After a fault it gives zeros, and err says what it was.
type source struct {
	r         io.ReaderAt
	pos, size int64
	err       error
}

func (s *source) bytes(n int) []byte {
	if s.err == nil && int64(n) > s.size-s.pos {
		s.err = fmt.Errorf("%d bytes should follow at byte %d, but the file ends at %d: it is cut short, get it again", n, s.pos, s.size)
	}
	b := make([]byte, n)
	if s.err == nil {
		s.err = elements.ReadFull(s.r, s.pos, b)
		s.pos += int64(n)
	}
	if s.err != nil {
		clear(b)
	}
	return b
}

func (s *source) uint(size int) uint32 {
	var b [4]byte
	copy(b[:], s.bytes(size))
	return binary.LittleEndian.Uint32(b[:])
}

func (s *source) text() string {
	n := s.uint(2)
	if s.err == nil && (n == 0 || n > maxName) {
		s.err = fmt.Errorf("a name of %d bytes at byte %d: the file is damaged", n, s.pos)
	}
	if s.err != nil {
		return ""
	}
	name, end := strings.CutSuffix(string(s.bytes(int(n))), "\x00")
	if s.err == nil && !end {
		s.err = fmt.Errorf("the name before byte %d does not end as names do: the file is damaged", s.pos)
	}
	return name
}

// variable reads what is said of a variable, and steps over its data.
func (s *source) variable() (*variable, error) {
	rank := s.uint(1)
	if s.err == nil && rank > maxRank {
		return nil, fmt.Errorf("has %d dimensions, more than %d", rank, maxRank)
	}
	v := &variable{}
	for range rank {
		v.shape = append(v.shape, int(s.uint(4)))
	}
	number, size := s.uint(1), int64(s.uint(4))
	if s.err != nil {
		return nil, s.err
	}
	if int(number) >= len(types) {
		return nil, fmt.Errorf("is of type %d, only 0 to %d are known", number, len(types)-1)
	}
	v.element = types[number]
	n, ok := elements.Count(v.shape, size)
	if !ok || n*int64(v.element.Size) != size {
		return nil, fmt.Errorf("its shape %v of %s does not take %d bytes, which the file says it has", v.shape, v.element.Name, size)
	}
	if size > s.size-s.pos {
		return nil, fmt.Errorf("has %d bytes from byte %d on, but the file ends at %d: it is cut short, get it again", size, s.pos, s.size)
	}
	v.count, v.offset = int(n), s.pos
	s.pos += size
	return v, nil
}

// called is how an error that may come before the name is known tells it.
func called(name string) string {
	if name == "" {
		return ""
	}
	return " (" + quote(name) + ")"
}

// quote makes text of a file fit for one line of an error.
func quote(s string) string {
	const most = 100
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strconv.Quote(s)
}
