package audio

import (
	"encoding/binary"
)

// FLAC (RFC 9639): "fLaC", metadata blocks of which the first is STREAMINFO, then frames of a few thousand samples, each with
// its number and a checksum.
//
// mewkiz/flac is the oracle in the tests. It is not used here because it decodes at a quarter of this speed, which would be
// half of what a run may spend outside the models; prints a line to the log for every frame of 24 kHz audio; cannot
// begin in the middle of a file without decoding all of it; and does not know the 32 bits that FLAC has since 2022.
//
//	flac.go         the file: metadata and what is believed of them
//	flac_decode.go  a range of samples: where to begin, what to hold against the header
//	flac_frame.go   one frame
//	flac_bits.go    bits and Rice codes

// maxMetadata bounds the number of metadata blocks. Real files have a handful.
const maxMetadata = 1 << 12

// A FLAC file can promise, and truly hold, 50 000 times its size in samples, as long as they are all equal. Refused
// is what needs more than maxExpansion bytes of float32 a byte of file (speech needs 4 to 10) and does not fit into a
// constant 64 MiB either (17 minutes of digital silence at 16 kHz).
const (
	maxExpansion  = 20
	freeExpansion = 64 << 20
)

// flacFile is a FLAC file whose metadata have been read.
type flacFile struct {
	source
	stream streamInfo
	first  int64       // byte offset of the first frame
	base   frameHeader // of the first frame: positions are counted from its number
	budget int64       // samples, of all channels together, that are decoded at most

	window   []byte // the part of the file that was read last
	ahead    int    // how much is read at a time
	windowAt int64
	frames   frameDecoder
}

// newFLAC reads the metadata.
func newFLAC(s source) (*flacFile, error) {
	f := &flacFile{source: s, ahead: headerBytes, budget: (freeExpansion + maxExpansion*s.size) / 4}
	at, err := f.skipID3()
	if err != nil {
		return nil, err
	}
	at += 4
	for n := 0; ; n++ {
		head, err := f.bytes(at, 4)
		if err != nil {
			return nil, err
		}
		if len(head) < 4 || n == maxMetadata {
			return nil, s.errorf(at, "the file ends inside the FLAC metadata")
		}
		kind, last, size := head[0]&0x7f, head[0]>>7 == 1, int64(binary.BigEndian.Uint32(head)&0xffffff)
		if size > s.size-at-4 {
			return nil, s.errorf(at, "a FLAC metadata block promises %d bytes, the file has %d more; it is truncated", size, s.size-at-4)
		}
		if n == 0 {
			if kind != 0 || size < 34 {
				return nil, s.errorf(at, "expected FLAC's STREAMINFO of 34 bytes, found a block of type %d with %d bytes", kind, size)
			}
			if err := f.readStreamInfo(at + 4); err != nil {
				return nil, err
			}
		}
		at += 4 + size
		if last {
			break
		}
	}
	f.first = at
	f.frames.info = &f.stream
	return f, f.readFirst()
}

// skipID3 returns where "fLaC" stands: at the beginning, or after an ID3 tag, which some taggers put there.
func (f *flacFile) skipID3() (int64, error) {
	b, err := f.bytes(0, 10)
	if err != nil {
		return 0, err
	}
	var at int64
	if string(b[:3]) == "ID3" && len(b) == 10 {
		at = 10 + int64(b[6]&0x7f)<<21 + int64(b[7]&0x7f)<<14 + int64(b[8]&0x7f)<<7 + int64(b[9]&0x7f)
	}
	if b, err = f.bytes(at, 4); err != nil {
		return 0, err
	}
	if string(b) != "fLaC" {
		return 0, f.errorf(at, "expected fLaC after an ID3 tag, found %q; if this is MP3, convert it to FLAC, for example with ffmpeg", b)
	}
	return at, nil
}

// readStreamInfo reads and judges the STREAMINFO block.
func (f *flacFile) readStreamInfo(at int64) error {
	b, err := f.bytes(at, 34)
	if err != nil {
		return err
	}
	be := binary.BigEndian
	packed := be.Uint64(b[10:]) // 20 bits of rate, 3 of channels - 1, 5 of bits - 1, 36 of samples
	f.stream = streamInfo{
		minBlock: int(be.Uint16(b)), maxBlock: int(be.Uint16(b[2:])),
		maxFrame: int(be.Uint32(b[6:]) & 0xffffff),
		rate:     int(packed >> 44), channels: int(packed>>41&7) + 1, bits: int(packed>>36&31) + 1,
		samples: int64(packed & (1<<36 - 1)),
		md5:     [16]byte(b[18:34]),
	}
	if s := &f.stream; s.rate < minRate || s.rate > maxRate {
		return f.errorf(at+10, "expected a sampling rate of %d to %d Hz, found %d", minRate, maxRate, s.rate)
	} else if s.bits < 4 {
		return f.errorf(at+12, "expected 4 to 32 bits a sample, found %d", s.bits)
	} else if s.samples*int64(s.channels) > f.budget {
		return f.errorf(at+13, "the header promises %d samples of %d channels, more than is believed of a file of %d bytes", s.samples, s.channels, f.size)
	}
	return nil
}

// readFirst reads the header of the first frame. A file may have none: FLAC of no samples is valid.
func (f *flacFile) readFirst() error {
	if f.first == f.size {
		if n := f.stream.samples; n > 0 {
			return f.errorf(f.first, "the header promises %d samples, the file ends before the first; it is truncated", n)
		}
		return nil
	}
	b, err := f.bytes(f.first, 16)
	if err != nil {
		return err
	}
	if f.base, err = parseFrameHeader(b, &f.stream); err != nil {
		return f.errorf(f.first, "%v", err)
	}
	return nil
}

func (f *flacFile) info() Info {
	s := &f.stream
	i := Info{Format: "flac", Encoding: "flac", Rate: s.rate, Channels: s.channels, Bits: s.bits, Samples: s.samples}
	if s.samples == 0 {
		i.Samples = -1
	}
	return i
}

// How much of the file is read at a time: for the header, a page; for sound, enough for few system calls.
const headerBytes, soundBytes = 1 << 12, 1 << 17

// bytes returns n bytes of the file, fewer at its end. They are valid until the next call.
func (f *flacFile) bytes(at int64, n int) ([]byte, error) {
	n = int(max(0, min(int64(n), f.size-at)))
	if at < f.windowAt || at+int64(n) > f.windowAt+int64(len(f.window)) {
		size := int(min(int64(max(n, f.ahead)), f.size-at))
		if cap(f.window) < size {
			f.window = make([]byte, size)
		}
		f.window, f.windowAt = f.window[:size], at
		if got, err := f.r.ReadAt(f.window, at); got < size {
			f.window = f.window[:0]
			return nil, &Error{File: f.path, Offset: at, Msg: "reading: " + err.Error(), Err: err}
		}
	}
	start := int(at - f.windowAt)
	return f.window[start : start+n], nil
}

// frame decodes the frame at a byte offset and returns its header and size. The error is errShort if the file ends inside it.
func (f *flacFile) frame(at int64) (frameHeader, int, error) {
	// Nearly every frame is at most as large as its samples stored as they are; for the rest the guess is doubled.
	s := &f.stream
	for want := s.maxBlock*s.channels*(s.bits+1)/8 + 64; ; want *= 2 {
		b, err := f.bytes(at, want)
		if err != nil {
			return frameHeader{}, 0, err
		}
		h, size, err := f.frames.decode(b)
		if err != errShort || at+int64(len(b)) >= f.size {
			return h, size, err
		}
	}
}
