package audio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
)

// FLAC (RFC 9639): "fLaC", metadata blocks of which the first is STREAMINFO, then frames of a few thousand samples, each with
// its number and a checksum. The metadata and the frames are parsed and decoded by mewkiz/flac. What stands here is what it
// leaves to its caller: whether the frames are those of this file, all of them, in order, and of a believable length; where
// to begin for a range; and how long a file is, and whether it is whole, without decoding it.
//
//	flac.go        the file, and its frames one by one
//	flac_decode.go a range of samples
//	flac_find.go   frames in the middle and at the end of a file
//	flac_log.go    the library's log lines

// A FLAC file can promise, and truly hold, 50 000 times its size in samples, as long as they are all equal. Refused
// is what needs more than maxExpansion bytes of float32 a byte of file (speech needs 4 to 10) and does not fit into a
// constant 64 MiB either (17 minutes of digital silence at 16 kHz).
const (
	maxExpansion  = 20
	freeExpansion = 64 << 20
)

// maxFLACBits is the widest sample that mewkiz/flac knows; the format goes up to 32 since 2022.
const maxFLACBits = 24

// flacFile is a FLAC file whose metadata have been read.
type flacFile struct {
	source
	stream *meta.StreamInfo
	first  int64        // byte offset of the first frame
	base   frame.Header // of the first frame: positions are counted from its number
	blocks bool         // frames are numbered by blocks of one size, not by samples
	budget int64        // samples, of all channels together, that are decoded at most
}

// newFLAC reads the metadata and the header of the first frame.
func newFLAC(s source) (*flacFile, error) {
	silenceFLAC()
	f := &flacFile{source: s, budget: (freeExpansion + maxExpansion*s.size) / 4}
	at, err := s.skipID3()
	if err != nil {
		return nil, err
	}
	// The library parses the first block whatever it is, and would make room for a picture of 128 MiB.
	head, err := s.read(at+4, 4)
	if err != nil {
		return nil, err
	}
	if string(head) != "\x00\x00\x00\x22" && string(head) != "\x80\x00\x00\x22" {
		return nil, s.errorf(at+4, "expected FLAC's STREAMINFO of 34 bytes, found a block that begins with % x", head)
	}
	r := f.frames(at, headerBytes)
	stream, err := flac.New(r.Reader)
	if ended(err) {
		return nil, s.errorf(s.size, "the file ends inside the FLAC metadata; it is truncated")
	} else if err != nil {
		return nil, &Error{File: s.path, Offset: at, Msg: "FLAC metadata: " + err.Error(), Err: err}
	}
	f.stream, f.first = stream.Info, r.offset()
	if err := f.judge(at + 8); err != nil {
		return nil, err
	}
	return f, f.readFirst(r)
}

// skipID3 returns where "fLaC" stands: at the beginning, or after an ID3 tag, which some taggers put there.
func (s source) skipID3() (int64, error) {
	b, err := s.read(0, 10)
	if err != nil {
		return 0, err
	}
	var at int64
	if len(b) == 10 && string(b[:3]) == "ID3" {
		at = 10 + int64(b[6]&0x7f)<<21 + int64(b[7]&0x7f)<<14 + int64(b[8]&0x7f)<<7 + int64(b[9]&0x7f)
	}
	if b, err = s.read(at, 4); err != nil {
		return 0, err
	}
	if name := sniff(b); at > 0 && strings.Contains(name, "convert") {
		return 0, s.errorf(at, "expected fLaC after an ID3 tag, found %s", name)
	} else if string(b) != "fLaC" {
		return 0, s.errorf(at, "expected fLaC after an ID3 tag, found %q; if this is MP3, convert it to FLAC, for example with ffmpeg", b)
	}
	return at, nil
}

// judge tells whether STREAMINFO, which stands at a byte offset, can be believed.
func (f *flacFile) judge(at int64) error {
	s := f.stream
	if s.SampleRate < minRate || s.SampleRate > maxRate {
		return f.errorf(at+10, "expected a sampling rate of %d to %d Hz, found %d", minRate, maxRate, s.SampleRate)
	} else if s.BitsPerSample < 4 || s.BitsPerSample > maxFLACBits {
		return f.errorf(at+12, "expected 4 to %d bits a sample, found %d; convert the file, for example with `sox IN -b %d OUT`", maxFLACBits, s.BitsPerSample, maxFLACBits)
	} else if int64(s.NSamples)*int64(s.NChannels) > f.budget {
		return f.errorf(at+13, "the header promises %d samples of %d channels, more than is believed of a file of %d bytes", s.NSamples, s.NChannels, f.size)
	}
	return nil
}

// readFirst reads the header of the first frame. A file may have none: FLAC of no samples is valid.
func (f *flacFile) readFirst(r *frameReader) error {
	fr, err := f.header(r)
	switch {
	case err == nil:
		f.base = fr.Header
		f.blocks = fr.HasFixedBlockSize && !f.countsSamples(fr, r)
	case err == io.EOF && f.stream.NSamples > 0:
		return f.errorf(f.first, "the header promises %d samples, the file ends before the first; it is truncated", f.stream.NSamples)
	case err != io.EOF:
		return &Error{File: f.path, Offset: f.first, Msg: "the first frame: " + err.Error(), Err: err}
	}
	return nil
}

// countsSamples tells whether the frames' numbers are those of samples although the first frame, whose header was read from r,
// says that they are those of blocks. So did encoders write blocks of several sizes before FLAC 1.2 had a bit to tell the two
// apart. STREAMINFO's two block sizes differ in such files; but some encoders count a short last block among them, so that the
// number of the second frame decides.
func (f *flacFile) countsSamples(first *frame.Frame, r *frameReader) bool {
	if f.stream.BlockSizeMin == f.stream.BlockSizeMax || body(first) != nil {
		return false
	}
	second, err := f.header(r)
	return err == nil && second.Num-first.Num == uint64(first.BlockSize)
}

func (f *flacFile) info() Info {
	s := f.stream
	i := Info{Format: "flac", Encoding: "flac", Rate: int(s.SampleRate), Channels: int(s.NChannels), Bits: int(s.BitsPerSample), Samples: int64(s.NSamples)}
	if s.NSamples == 0 {
		i.Samples = -1
	}
	return i
}

// How much of the file is read at a time: for the header, a page; for sound, enough for few system calls.
const headerBytes, soundBytes = 1 << 12, 1 << 17

// frameReader reads a file from some place on. The library takes it byte by byte, and no more than belongs to a frame.
type frameReader struct {
	*bufio.Reader
	file *io.SectionReader
}

// frames reads from a byte offset, so many bytes at a time.
func (f *flacFile) frames(at int64, size int) *frameReader {
	file := io.NewSectionReader(f.r, 0, f.size)
	file.Seek(at, io.SeekStart) // sets a number, cannot fail
	return &frameReader{bufio.NewReaderSize(file, size), file}
}

// offset is the place in the file of the next byte.
func (r *frameReader) offset() int64 {
	at, _ := r.file.Seek(0, io.SeekCurrent)
	return at - int64(r.Buffered())
}

// header parses the header of a frame and holds it against the file's. The error is io.EOF if there is no byte more.
func (f *flacFile) header(r io.Reader) (fr *frame.Frame, err error) {
	defer recovered(&err)
	if fr, err = frame.New(r); err != nil {
		return nil, err
	}
	// Zero says "as in STREAMINFO", which a frame of the library's does not know.
	if fr.BitsPerSample == 0 {
		fr.BitsPerSample = f.stream.BitsPerSample
	}
	if fr.SampleRate == 0 {
		fr.SampleRate = f.stream.SampleRate
	}
	s := f.stream
	if fr.Channels.Count() != int(s.NChannels) || fr.BitsPerSample != s.BitsPerSample || fr.SampleRate != s.SampleRate {
		return nil, fmt.Errorf("expected a frame of %d channels, %d bits, %d Hz, as the file's header says, found %d channels, %d bits, %d Hz",
			s.NChannels, s.BitsPerSample, s.SampleRate, fr.Channels.Count(), fr.BitsPerSample, fr.SampleRate)
	}
	if fr.BlockSize == 0 { // 65536, which FLAC forbids and 16 bits do not hold
		return nil, errors.New("a frame has a reserved block size")
	}
	return fr, nil
}

// body decodes the frame whose header was read.
func body(fr *frame.Frame) (err error) {
	defer recovered(&err)
	return fr.Parse()
}

// recovered makes an error of a panic inside the library. It was found to have none (fuzzing), but it indexes and makes
// room by what the file says, and one damaged file must not end a run over thousands.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("mewkiz/flac panicked: %v", p)
	}
}

// ended tells whether an error is that of a file that ends.
func ended(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }

// position is the first sample of a frame, counted from the first frame of the file: files cut out of longer ones keep
// the numbers that they had.
func (f *flacFile) position(h frame.Header) int64 {
	n := int64(h.Num) - int64(f.base.Num)
	if f.blocks {
		n *= int64(f.base.BlockSize)
	}
	return n
}
