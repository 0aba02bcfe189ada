// Package elements decodes the numbers of checkpoints to float32. It knows how a number is stored, not where: packages
// weights, pickled and ctranslate2 find the bytes of a tensor, this one reads them piece by piece, so that no more than the result
// is held.
package elements

import (
	"encoding/binary"
	"io"
	"math"
)

// Type is how a number is stored, little-endian.
type Type struct {
	Name   string
	Size   int // bytes
	decode func(dst []float32, src []byte, step int)
}

var little = binary.LittleEndian

// The types of numbers. What float32 cannot hold is rounded to it: float64 and integers beyond 2^24.
var (
	Float64  = &Type{"float64", 8, each(func(b []byte) float32 { return float32(math.Float64frombits(little.Uint64(b))) })}
	Float32  = &Type{"float32", 4, decodeFloat32}
	Float16  = &Type{"float16", 2, decodeFloat16}
	BFloat16 = &Type{"bfloat16", 2, decodeBFloat16}
	Int64    = &Type{"int64", 8, each(func(b []byte) float32 { return float32(int64(little.Uint64(b))) })}
	Int32    = &Type{"int32", 4, each(func(b []byte) float32 { return float32(int32(little.Uint32(b))) })}
	Int16    = &Type{"int16", 2, each(func(b []byte) float32 { return float32(int16(little.Uint16(b))) })}
	Int8     = &Type{"int8", 1, each(func(b []byte) float32 { return float32(int8(b[0])) })}
	Uint64   = &Type{"uint64", 8, each(func(b []byte) float32 { return float32(little.Uint64(b)) })}
	Uint32   = &Type{"uint32", 4, each(func(b []byte) float32 { return float32(little.Uint32(b)) })}
	Uint16   = &Type{"uint16", 2, each(func(b []byte) float32 { return float32(little.Uint16(b)) })}
	Uint8    = &Type{"uint8", 1, each(func(b []byte) float32 { return float32(b[0]) })}
	Bool     = &Type{"bool", 1, each(func(b []byte) float32 { return float32(min(b[0], 1)) })}
)

// each decodes elements one by one. The types in which weights are kept have loops of their own, which take a fraction of
// the time.
func each(element func([]byte) float32) func([]float32, []byte, int) {
	return func(dst []float32, src []byte, step int) {
		for i := range dst {
			dst[i] = element(src[i*step:])
		}
	}
}

func decodeFloat32(dst []float32, src []byte, step int) {
	for i := range dst {
		dst[i] = math.Float32frombits(little.Uint32(src[i*step:]))
	}
}

func decodeFloat16(dst []float32, src []byte, step int) {
	for i := range dst {
		dst[i] = half(little.Uint16(src[i*step:]))
	}
}

func decodeBFloat16(dst []float32, src []byte, step int) {
	for i := range dst {
		dst[i] = math.Float32frombits(uint32(little.Uint16(src[i*step:])) << 16)
	}
}

// half is the value of a float16, exactly.
func half(h uint16) float32 {
	const scale = 0x1p112 // 127 - 15: the difference of the biases, which also makes subnormal numbers normal
	sign, magnitude := uint32(h&0x8000)<<16, uint32(h&0x7fff)<<13
	if magnitude >= 0x7c00<<13 { // infinity or NaN
		return math.Float32frombits(sign | magnitude | 0xff<<23)
	}
	return math.Float32frombits(sign | math.Float32bits(math.Float32frombits(magnitude)*scale))
}

// Window is the most bytes that are read at a time.
const Window = 1 << 20

// Read fills dst with the numbers that begin at an offset of r.
func (t *Type) Read(r io.ReaderAt, offset int64, dst []float32) error {
	buffer := make([]byte, min(len(dst)*t.Size, Window))
	for len(dst) > 0 {
		n := min(len(dst), len(buffer)/t.Size)
		piece := buffer[:n*t.Size]
		if err := ReadFull(r, offset, piece); err != nil {
			return err
		}
		t.Decode(dst[:n], piece, t.Size)
		dst, offset = dst[n:], offset+int64(len(piece))
	}
	return nil
}

// Decode fills dst with numbers of src that stand step bytes apart.
func (t *Type) Decode(dst []float32, src []byte, step int) { t.decode(dst, src, step) }

// ReadFull fills dst with the bytes at an offset of r; [io.ErrUnexpectedEOF] where there are fewer.
func ReadFull(r io.ReaderAt, offset int64, dst []byte) error {
	n, err := r.ReadAt(dst, offset)
	if n == len(dst) {
		return nil
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Count is the number of elements of a shape; false where it is beyond limit or a size is negative.
func Count(shape []int, limit int64) (int64, bool) {
	n := int64(1)
	for _, size := range shape {
		if size < 0 {
			return 0, false
		}
		if size == 0 {
			n = 0
		}
	}
	for _, size := range shape {
		if n > 0 && int64(size) > limit/n {
			return 0, false
		}
		n *= int64(size)
	}
	return n, true
}
