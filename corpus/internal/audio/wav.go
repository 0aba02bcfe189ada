package audio

import (
	"encoding/binary"
	"fmt"
	"math"
)

// WAV: "RIFF" size "WAVE", then chunks of a 4-byte name, a 32-bit size and as many bytes, padded to an even number.
// Two chunks matter, "fmt " and "data"; the rest is skipped. (Multimedia Programming Interface and Data Specifications
// 1.0, IBM and Microsoft 1991; WAVE_FORMAT_EXTENSIBLE, Microsoft 2001; RF64, EBU Tech 3306.)
//
// The integers in the data chunk, which is nearly every file there is, are read by go-audio/wav (wav_integers.go). The chunks
// are read here, because the library takes float, A-law and mu-law samples for integers, calls a data chunk of unknown length
// empty, refuses RF64, counts the padding of an odd chunk as a sample, does not notice that a file is truncated, and makes room
// for what a LIST chunk promises, be it 4 GB.

// Values of the format tag that we read.
const (
	tagPCM        = 0x0001
	tagFloat      = 0x0003
	tagALaw       = 0x0006
	tagMuLaw      = 0x0007
	tagExtensible = 0xfffe
)

// unreadTags name codings that need a decoder of their own (RFC 2361).
var unreadTags = map[uint16]string{0x0002: "Microsoft ADPCM", 0x0011: "IMA ADPCM", 0x0031: "GSM 6.10", 0x0050: "MPEG audio", 0x0055: "MP3",
	0x00ff: "AAC", 0x1610: "AAC", 0x2000: "AC-3", 0x674f: "Ogg Vorbis"}

// unknownSize is what a program writes that cannot seek back to fill in the size; RF64 keeps the true one elsewhere.
const unknownSize = 0xffffffff

// openEnded tells whether a size stands for "up to the end": programs that write into a pipe put the largest number that they
// know there, 2^32 - 1 (ffmpeg), 2^31 (arecord) or 2^31 - 1, often less a header's bytes or rounded to a page, and that to whole samples of all
// channels (0x7ffff000 and a little less: sox), and in RF64 2^64 - 1, of which we keep 63 bits. So sizes within two pages of these limits are no promise.
func openEnded(size int64) bool {
	const near = 2 << 12
	return size >= 1<<31-near && size <= 1<<31+near || size > unknownSize-near && size <= unknownSize || size == math.MaxInt64
}

// The tail that turns a format tag into the sub-format of WAVE_FORMAT_EXTENSIBLE.
const subformatTail = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

// newWAV reads the chunks of a WAV file up to its samples.
func newWAV(s source) (decoder, error) {
	head, err := s.read(0, 12)
	if err != nil {
		return nil, err
	}
	w := wavReader{source: s, riffSize: int64(binary.LittleEndian.Uint32(head[4:])), size64: -1}
	for at := int64(12); ; {
		chunk, err := s.read(at, 8)
		if err != nil {
			return nil, err
		}
		if len(chunk) < 8 {
			return nil, s.errorf(at, "the file ends before a %s", w.missing())
		}
		name, size := string(chunk[:4]), int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch name {
		case "ds64":
			err = w.readDS64(at+8, size)
		case "fmt ":
			err = w.readFormat(at+8, size)
		case "data":
			if w.format == nil {
				return nil, s.errorf(at, "the data chunk comes before a fmt chunk, so its samples have no meaning")
			}
			return w.readData(at+8, size)
		}
		if err != nil {
			return nil, err
		}
		if size > s.size-at-8 {
			return nil, s.errorf(at, "the chunk %q promises %d bytes, the file has %d more; it is truncated or no WAV file", name, size, s.size-at-8)
		}
		at += 8 + size
		if size%2 == 1 && (s.beginsChunk(at+1) || !s.beginsChunk(at)) { // some programs leave the padding out
			at++
		}
	}
}

// beginsChunk tells whether a chunk seems to begin at an offset: a name of printable letters, and a size that the file can hold.
func (s source) beginsChunk(at int64) bool {
	b, err := s.read(at, 8)
	if err != nil || len(b) < 8 {
		return false
	}
	for _, c := range b[:4] {
		if c < ' ' || c > '~' {
			return false
		}
	}
	size := int64(binary.LittleEndian.Uint32(b[4:]))
	return size <= s.size-at-8 || openEnded(size)
}

// wavReader holds what the chunks before the samples said.
type wavReader struct {
	source
	riffSize int64
	size64   int64  // of the data chunk, from RF64's ds64; -1 if there is none
	format   []byte // the body of the fmt chunk; nil before it was found
	pcm      pcm
}

// missing names the first chunk that has not been seen.
func (w *wavReader) missing() string {
	if w.format == nil {
		return "fmt chunk"
	}
	return "data chunk"
}

// readDS64 reads the 64-bit sizes of RF64.
func (w *wavReader) readDS64(at, size int64) error {
	b, err := w.read(at, 16)
	if err != nil {
		return err
	}
	if size < 16 || len(b) < 16 {
		return w.errorf(at, "the ds64 chunk has %d bytes, expected at least 16", min(size, int64(len(b))))
	}
	w.riffSize = int64(binary.LittleEndian.Uint64(b) &^ (1 << 63))
	w.size64 = int64(binary.LittleEndian.Uint64(b[8:]) &^ (1 << 63))
	return nil
}

// readFormat reads the fmt chunk.
func (w *wavReader) readFormat(at, size int64) error {
	b, err := w.read(at, int(min(size, 40)))
	if err != nil {
		return err
	}
	if len(b) < 16 {
		return w.errorf(at, "the fmt chunk has %d bytes, expected at least 16", len(b))
	}
	le := binary.LittleEndian
	tag, channels, rate := le.Uint16(b), int(le.Uint16(b[2:])), int64(le.Uint32(b[4:]))
	align, bits := int(le.Uint16(b[12:])), int(le.Uint16(b[14:]))
	if tag == tagExtensible {
		if len(b) < 40 || string(b[26:40]) != subformatTail {
			return w.errorf(at, "the fmt chunk is of the extensible kind without a sub-format that we know")
		}
		tag = le.Uint16(b[24:])
	}
	if channels < 1 || channels > maxChannels {
		return w.errorf(at+2, "expected 1 to %d channels, found %d", maxChannels, channels)
	}
	if rate < minRate || rate > maxRate {
		return w.errorf(at+4, "expected a sampling rate of %d to %d Hz, found %d", minRate, maxRate, rate)
	}
	// A sample of 12 or 20 bits lies left-justified in whole bytes, so that only their number matters.
	c, ok := wavCoding(tag, (bits+7)/8)
	if !ok {
		name := fmt.Sprintf("of format 0x%04x with %d bits", tag, bits)
		if known := unreadTags[tag]; known != "" {
			name = known
		}
		return w.errorf(at, "the samples are %s and cannot be read; convert the file to 16-bit PCM, for example with sox or ffmpeg", name)
	}
	if align != c.bytes*channels {
		return w.errorf(at+12, "expected %d bytes for %d channels of %d bits, found a block alignment of %d", c.bytes*channels, channels, bits, align)
	}
	w.format = b
	w.pcm = pcm{source: w.source, coding: c,
		header: Info{Format: "wav", Encoding: c.name, Rate: int(rate), Channels: channels, Bits: bits}}
	return nil
}

// wavCoding is the coding of a format tag and a number of bytes a sample. Integers are left to wavIntegers.
func wavCoding(tag uint16, bytes int) (coding, bool) {
	switch {
	case tag == tagPCM && bytes == 1:
		return coding{name: "pcm_u8", bytes: 1}, true // unlike all wider ones, offset binary
	case tag == tagPCM && bytes >= 2 && bytes <= 4:
		return coding{name: fmt.Sprintf("pcm_s%dle", 8*bytes), bytes: bytes}, true
	case tag == tagFloat && bytes == 4:
		return float32le, true
	case tag == tagFloat && bytes == 8:
		return float64le, true
	case tag == tagALaw && bytes == 1:
		return alaw, true
	case tag == tagMuLaw && bytes == 1:
		return mulaw, true
	}
	return coding{}, false
}

// readData believes the size of the data chunk if the file can hold it.
func (w *wavReader) readData(at, size int64) (decoder, error) {
	p, left := w.pcm, w.source.size-at
	stride := int64(p.coding.bytes * p.header.Channels)
	if size == unknownSize && w.size64 >= 0 {
		size = w.size64
	}
	if size > left && openEnded(size) || size < left && (size == 0 || openEnded(size)) && w.riffSize != w.source.size-8 {
		// Written by a program that could not seek back, or died before it did: the samples go on to the end, which may come
		// after more bytes than the size. In a file whose own size is right, the size is true: other chunks follow.
		p.notes = append(p.notes, Finding{Warning, "length", fmt.Sprintf("the header does not tell the length; the %d bytes up to the end of the file were taken", left)})
		size = left
	}
	if size > left {
		return nil, w.errorf(at, "the header promises %d bytes of samples, the file has %d; it is truncated", size, left)
	}
	if odd := size % stride; odd != 0 {
		p.notes = append(p.notes, Finding{Warning, "length", fmt.Sprintf("the last %d bytes are no whole sample of %d bytes and were left out", odd, stride)})
	}
	p.offset = at
	p.header.Samples = size / stride
	if p.coding.convert == nil {
		return &wavIntegers{p, [16]byte(w.format)}, nil
	}
	return &p, nil
}
