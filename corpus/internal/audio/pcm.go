package audio

import (
	"encoding/binary"
	"fmt"
	"math"
)

// pcm is a file whose samples lie uncompressed, interleaved by channel: SPHERE, and WAV that go-audio/wav does not read, once their
// headers are read.
type pcm struct {
	source
	header Info
	coding coding
	offset int64 // of the first sample
	notes  []Finding
}

// coding is how one sample is stored.
type coding struct {
	name  string // as in Info.Encoding
	bytes int
	// convert writes the samples found in b at every stride bytes. It is called for thousands at a time, so the choice
	// of the coding costs nothing.
	convert func(dst []float32, b []byte, stride int)
}

func (p *pcm) info() Info { return p.header }

func (p *pcm) verify() error { return nil } // the header was held against the size already

// blockBytes is how much of a file is converted at a time: enough for few system calls, little enough for the cache.
const blockBytes = 1 << 17

// decode reads the samples [from, to); to < 0 is the end.
func (p *pcm) decode(from, to int64) ([][]float32, []Finding, error) {
	if to < 0 {
		to = p.header.Samples
	}
	stride := p.coding.bytes * p.header.Channels
	out := make([][]float32, p.header.Channels)
	for c := range out {
		out[c] = make([]float32, to-from)
	}
	block := int64(max(1, blockBytes/stride))
	for at := from; at < to; at += block {
		n := min(block, to-at)
		b, err := p.read(p.offset+at*int64(stride), int(n)*stride)
		if err != nil {
			return nil, nil, err
		}
		if len(b) < int(n)*stride {
			return nil, nil, p.errorf(p.offset+at*int64(stride), "the file became shorter while it was read")
		}
		for c := range out {
			p.coding.convert(out[c][at-from:at-from+n], b[c*p.coding.bytes:], stride)
		}
	}
	return out, p.notes, nil
}

// integers is the coding of two's complement integers of 1 to 4 bytes.
func integers(bytes int, bigEndian bool) coding {
	order, suffix := binary.ByteOrder(binary.LittleEndian), "le"
	if bigEndian {
		order, suffix = binary.BigEndian, "be"
	}
	c := coding{name: fmt.Sprintf("pcm_s%d%s", 8*bytes, suffix), bytes: bytes}
	switch bytes {
	case 1:
		c.name = "pcm_s8"
		c.convert = func(dst []float32, b []byte, stride int) {
			for i := range dst {
				dst[i] = float32(int8(b[i*stride])) / (1 << 7)
			}
		}
	case 2:
		c.convert = func(dst []float32, b []byte, stride int) {
			for i := range dst {
				dst[i] = float32(int16(order.Uint16(b[i*stride:]))) / (1 << 15)
			}
		}
		if !bigEndian { // nearly every file there is: without the call through the interface it is three times as fast
			c.convert = func(dst []float32, b []byte, stride int) {
				for i := range dst {
					dst[i] = float32(int16(binary.LittleEndian.Uint16(b[i*stride:]))) / (1 << 15)
				}
			}
		}
	case 3:
		first, last := 0, 2
		if bigEndian {
			first, last = 2, 0
		}
		c.convert = func(dst []float32, b []byte, stride int) {
			for i := range dst {
				s := b[i*stride : i*stride+3]
				dst[i] = float32(int32(s[first])|int32(s[1])<<8|int32(int8(s[last]))<<16) / (1 << 23)
			}
		}
	case 4:
		c.convert = func(dst []float32, b []byte, stride int) {
			for i := range dst {
				dst[i] = scale32(int32(order.Uint32(b[i*stride:])))
			}
		}
	}
	return c
}

// scale32 maps 32-bit integers to [-1, 1). The 64 largest would round to 1 in float32; they become its predecessor.
func scale32(v int32) float32 {
	return min(float32(v)/(1<<31), 1-1.0/(1<<24))
}

var float32le = coding{name: "float32le", bytes: 4, convert: func(dst []float32, b []byte, stride int) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[i*stride:]))
	}
}}

var float64le = coding{name: "float64le", bytes: 8, convert: func(dst []float32, b []byte, stride int) {
	for i := range dst {
		dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(b[i*stride:])))
	}
}}

// mulaw and alaw are the two codings of ITU-T G.711, expanded to 16 bits as its reference code does.
var (
	mulaw = companded("mulaw", func(u uint8) int {
		u = ^u
		v := (int(u&0x0f)<<3+0x84)<<(u>>4&7) - 0x84
		if u&0x80 != 0 {
			return -v
		}
		return v
	})
	alaw = companded("alaw", func(u uint8) int {
		u ^= 0x55
		v := int(u&0x0f)<<4 + 8
		if segment := u >> 4 & 7; segment > 0 {
			v = (v + 0x100) << (segment - 1)
		}
		if u&0x80 == 0 {
			return -v
		}
		return v
	})
)

// companded makes the coding of a function from a byte to 16 bits.
func companded(name string, expand func(uint8) int) coding {
	var table [256]float32
	for i := range table {
		table[i] = float32(expand(uint8(i))) / (1 << 15)
	}
	return coding{name: name, bytes: 1, convert: func(dst []float32, b []byte, stride int) {
		for i := range dst {
			dst[i] = table[b[i*stride]]
		}
	}}
}
