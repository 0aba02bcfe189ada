// Package npz reads the arrays that numpy's savez writes: references of models.
package npz

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Array is one array, row-major. Floats holds float32 and float64, Ints the
// integer types and booleans; the other is nil.
type Array struct {
	Shape  []int
	Floats []float32
	Ints   []int64
}

// maxArray bounds the elements of one array, so that a damaged header cannot ask
// for all memory.
const maxArray = 1 << 28

// Read reads all arrays of the archive at path, by name.
func Read(path string) (map[string]Array, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		if errors.Is(err, zip.ErrFormat) {
			return nil, fmt.Errorf("%s is not an .npz archive", path)
		}
		return nil, err
	}
	defer z.Close()
	out := map[string]Array{}
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue
		}
		a, err := readEntry(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, f.Name, err)
		}
		out[name] = a
	}
	return out, nil
}

func readEntry(f *zip.File) (Array, error) {
	r, err := f.Open()
	if err != nil {
		return Array{}, err
	}
	a, err := ReadArray(r)
	return a, errors.Join(err, r.Close())
}

var (
	descr   = regexp.MustCompile(`'descr':\s*'([<|=>]?)([a-z])(\d+)'`)
	fortran = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	shape   = regexp.MustCompile(`'shape':\s*\(([\d\s,]*)\)`)
)

// ReadArray reads one array in numpy's .npy form, versions 1 to 3.
func ReadArray(r io.Reader) (Array, error) {
	head := make([]byte, 10)
	if _, err := io.ReadFull(r, head); err != nil {
		return Array{}, fmt.Errorf("is not an .npy array: %w", err)
	}
	if string(head[:6]) != "\x93NUMPY" {
		return Array{}, errors.New("is not an .npy array: it does not begin with \\x93NUMPY")
	}
	size := int(binary.LittleEndian.Uint16(head[8:]))
	if head[6] >= 2 {
		more := make([]byte, 2)
		if _, err := io.ReadFull(r, more); err != nil {
			return Array{}, err
		}
		size |= int(binary.LittleEndian.Uint16(more)) << 16
	}
	if size > 1<<20 {
		return Array{}, fmt.Errorf("the header has %d bytes", size)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return Array{}, fmt.Errorf("the header is cut off: %w", err)
	}
	return readBody(r, string(text))
}

func readBody(r io.Reader, header string) (Array, error) {
	d, f, s := descr.FindStringSubmatch(header), fortran.FindStringSubmatch(header), shape.FindStringSubmatch(header)
	if d == nil || f == nil || s == nil {
		return Array{}, fmt.Errorf("the header %q is not understood", header)
	}
	if d[1] == ">" || f[1] == "True" {
		return Array{}, errors.New("only little-endian arrays in C order are read")
	}
	var a Array
	n := 1
	for field := range strings.SplitSeq(s[1], ",") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		size, err := strconv.Atoi(field)
		if err != nil || size > maxArray || size > 0 && n > maxArray/size {
			return Array{}, fmt.Errorf("the shape (%s) is too large", s[1])
		}
		a.Shape = append(a.Shape, size)
		n *= size
	}
	width, err := strconv.Atoi(d[3])
	if err != nil || width < 1 || width > 8 {
		return Array{}, fmt.Errorf("elements of type %s%s are not read", d[2], d[3])
	}
	data, err := io.ReadAll(io.LimitReader(r, int64(n*width)+1))
	if err != nil {
		return Array{}, err
	}
	if len(data) != n*width {
		return Array{}, fmt.Errorf("the shape (%s) takes %d bytes, there are %d", s[1], n*width, len(data))
	}
	return a, a.decode(data, n, d[2]+d[3])
}

// decode turns the bytes of n elements into numbers.
func (a *Array) decode(data []byte, n int, kind string) error {
	little := binary.LittleEndian
	integers := map[string]func([]byte) int64{
		"i8": func(b []byte) int64 { return int64(little.Uint64(b)) },
		"i4": func(b []byte) int64 { return int64(int32(little.Uint32(b))) },
		"i2": func(b []byte) int64 { return int64(int16(little.Uint16(b))) },
		"i1": func(b []byte) int64 { return int64(int8(b[0])) },
		"u1": func(b []byte) int64 { return int64(b[0]) },
		"b1": func(b []byte) int64 { return int64(b[0]) },
	}
	floats := map[string]func([]byte) float32{
		"f8": func(b []byte) float32 { return float32(math.Float64frombits(little.Uint64(b))) },
		"f4": func(b []byte) float32 { return math.Float32frombits(little.Uint32(b)) },
	}
	width := int(kind[1] - '0')
	if get := floats[kind]; get != nil {
		a.Floats = make([]float32, n)
		for i := range n {
			a.Floats[i] = get(data[i*width:])
		}
		return nil
	}
	if get := integers[kind]; get != nil {
		a.Ints = make([]int64, n)
		for i := range n {
			a.Ints[i] = get(data[i*width:])
		}
		return nil
	}
	return fmt.Errorf("elements of type %s are not read", kind)
}
