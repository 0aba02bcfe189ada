package npy

import (
	"encoding/binary"
	"math"
	"math/bits"
	"sync"
	"unsafe"
)

// Float is the precision that elements are read in.
type Float interface{ float32 | float64 }

// Read reads rows [from, from+n) into to, which is [n, Cols] by rows. float64
// elements read as float32 are rounded; the other way nothing is lost. Pages of
// the file that were read are given back to the system, so a program that reads
// a file from its beginning to its end needs memory for the blocks alone.
func Read[T Float](a *Array, to []T, from, n int) error {
	if err := guard(func() { read(a, to, from, n) }); err != nil {
		return a.errorf("rows %d to %d: %v", from, from+n, err)
	}
	if a.Fortran { // the system maps more of each column than was read
		forget(a.file.data, a.data)
	} else {
		forget(a.file.data, a.data[from*a.Cols*a.Size:(from+n)*a.Cols*a.Size])
	}
	return nil
}

// column returns the bytes of rows [from, from+n) of a column of a Fortran array.
func (a *Array) column(c, from, n int) []byte {
	return a.data[(c*a.Rows+from)*a.Size : (c*a.Rows+from+n)*a.Size]
}

func read[T Float](a *Array, to []T, from, n int) {
	if !a.Fortran {
		decode(to[:n*a.Cols], 1, a.data[from*a.Cols*a.Size:], a.Size, a.BigEndian)
		return
	}
	const strip = 64 // rows whose part of a column is a cache line or a few
	for r := 0; r < n; r += strip {
		k := min(strip, n-r)
		for c := range a.Cols {
			decode(to[r*a.Cols+c:(r+k-1)*a.Cols+c+1], a.Cols, a.column(c, from+r, k), a.Size, a.BigEndian)
		}
	}
}

// decode writes elements to to[0], to[step], ...
func decode[T Float](to []T, step int, from []byte, size int, bigEndian bool) {
	count := (len(to) + step - 1) / step
	from = from[:count*size]
	swapped := bigEndian != nativeBigEndian
	if !swapped && step == 1 && size == int(unsafe.Sizeof(*new(T))) {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(to))), len(from)), from)
		return
	}
	switch size {
	case 2:
		table := halves()
		for k := range count {
			b := binary.NativeEndian.Uint16(from[2*k:])
			if swapped {
				b = bits.ReverseBytes16(b)
			}
			to[k*step] = T(table[b])
		}
	case 4:
		for k := range count {
			b := binary.NativeEndian.Uint32(from[4*k:])
			if swapped {
				b = bits.ReverseBytes32(b)
			}
			to[k*step] = T(math.Float32frombits(b))
		}
	default:
		for k := range count {
			b := binary.NativeEndian.Uint64(from[8*k:])
			if swapped {
				b = bits.ReverseBytes64(b)
			}
			to[k*step] = T(math.Float64frombits(b))
		}
	}
}

var nativeBigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// halves are the values of all float16.
var halves = sync.OnceValue(func() *[1 << 16]float32 {
	var table [1 << 16]float32
	for b := range table {
		table[b] = half(uint16(b))
	}
	return &table
})

// half is the value of a float16.
func half(b uint16) float32 {
	sign, exponent, fraction := uint32(b>>15)<<31, uint32(b>>10)&31, uint32(b)&1023
	switch {
	case exponent == 31: // infinity or NaN
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	case exponent != 0:
		return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
	}
	v := float32(fraction) / (1 << 24) // subnormal, exact in float32
	if sign != 0 {
		return -v
	}
	return v
}

// View returns all elements without copying them, by rows (by columns if
// Fortran); nil where that is impossible: other elements than T, the other byte
// order, or an address that no T may have. The view ends with Close, and a
// fault of the file behind it ends the program.
func View[T Float](a *Array) []T {
	start := unsafe.Pointer(unsafe.SliceData(a.data))
	width := unsafe.Sizeof(*new(T))
	if a.Size != int(width) || a.BigEndian != nativeBigEndian || uintptr(start)%width != 0 {
		return nil
	}
	return unsafe.Slice((*T)(start), a.Rows*a.Cols)
}
