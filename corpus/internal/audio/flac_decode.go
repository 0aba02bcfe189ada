package audio

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"hash"
	"slices"
)

// decode returns the samples [from, to), or all when to < 0. Decoding all of a file compares the MD5 sum of its samples too.
func (f *flacFile) decode(from, to int64) ([][]float32, []Finding, error) {
	f.ahead = soundBytes
	declared := f.stream.samples
	end := to
	if to < 0 && declared > 0 {
		end = declared
	}
	out := make([][]float32, f.stream.channels)
	// The declared length is not believed as far as memory goes: speech takes more than 1/16 byte a sample.
	guess := max(0, min(end-from, 16*f.size/int64(len(out))+1<<12))
	for c := range out {
		out[c] = make([]float32, 0, guess)
	}
	var sum *checksum
	if from == 0 && to < 0 && f.stream.md5 != [16]byte{} {
		sum = newChecksum(f.stream.bits)
	}
	at, sample, err := f.seek(from)
	if err != nil {
		return nil, nil, err
	}
	for (end < 0 || sample < end) && at < f.size {
		h, size, err := f.frame(at)
		if err == errShort {
			return nil, nil, f.truncated(sample)
		} else if err != nil {
			return nil, nil, f.frameError(at, sample, err)
		}
		if p := f.position(h); p != sample {
			return nil, nil, f.errorf(at, "expected the frame of sample %d, found that of %d; a part of the file is missing or there twice", sample, p)
		}
		block := int64(h.block)
		if end >= 0 {
			block = min(block, end-sample)
		}
		if int64(len(out[0])+h.block)*int64(len(out)) > f.budget {
			return nil, nil, f.errorf(at, "the file decodes to more samples than is believed of %d bytes", f.size)
		}
		skip := min(max(0, from-sample), block)
		for c, x := range f.frames.samples {
			out[c] = appendScaled(out[c], x[skip:block], f.stream.bits)
		}
		if sum != nil {
			sum.add(f.frames.samples, int(block))
		}
		at += int64(size)
		sample += int64(h.block)
	}
	if sample < end {
		return nil, nil, f.truncated(sample)
	}
	if sum != nil && sum.sum() != f.stream.md5 {
		return nil, nil, f.errorf(-1, "the MD5 sum of the decoded samples is not the one in the header; the file was damaged or edited, encode it again")
	}
	return out, f.surplus(at, sample, to), nil
}

// frameError is the error of a frame that cannot be decoded, or read.
func (f *flacFile) frameError(at, sample int64, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return f.errorf(at, "after sample %d: %v", sample, err)
}

// truncated is the error of a file that ends too early.
func (f *flacFile) truncated(sample int64) error {
	if f.stream.samples == 0 {
		return f.errorf(f.size, "the file ends inside a frame, after sample %d; it is truncated", sample)
	}
	return f.errorf(f.size, "the header promises %d samples, the file ends after %d; it is truncated", f.stream.samples, sample)
}

// surplus notes what follows the declared samples when all were asked for.
func (f *flacFile) surplus(at, sample, to int64) []Finding {
	if to >= 0 {
		return nil
	}
	if over := sample - f.stream.samples; f.stream.samples > 0 && over > 0 {
		return []Finding{{Warning, "length", fmt.Sprintf("the last frame has %d samples more than the header declares", over)}}
	}
	if rest := f.size - at; rest > 0 {
		return []Finding{{Warning, "length", fmt.Sprintf("%d bytes follow the %d samples that the header declares", rest, f.stream.samples)}}
	}
	return nil
}

// appendScaled appends samples of the given number of bits, scaled to [-1, 1).
func appendScaled(dst []float32, x []int64, bits int) []float32 {
	if bits > 24 {
		for _, v := range x {
			dst = append(dst, scale32(int32(v<<(32-bits))))
		}
		return dst
	}
	scale := 1 / float32(int64(1)<<(bits-1))
	for _, v := range x {
		dst = append(dst, float32(v)*scale)
	}
	return dst
}

// position is the first sample of a frame, counted from the first frame of the file: files cut out of longer ones keep
// the numbers that they had.
func (f *flacFile) position(h frameHeader) int64 {
	if h.variable {
		return h.number - f.base.number
	}
	return (h.number - f.base.number) * int64(f.base.block)
}

// seekBytes is the stretch of a file that is decoded rather than searched.
const seekBytes = 1 << 16

// seek returns the byte offset and first sample of a frame that begins not after the wanted sample. It halves the file
// and looks for the next frame, so that a segment of an hour's recording costs some tens of frames.
func (f *flacFile) seek(want int64) (at, sample int64, err error) {
	at, high := f.first, f.size
	for want > 0 && high-at > seekBytes {
		middle := at + (high-at)/2
		found, h, _, err := f.nextFrame(middle, high)
		if err != nil {
			return 0, 0, err
		}
		if p := f.position(h); found < 0 || p > want || p <= sample {
			high = middle
		} else {
			at, sample = found, p
		}
	}
	return at, sample, nil
}

// maxCandidates is how many byte sequences that look like a frame and are none are tried in one search. In sound there
// is about one in 10 MB; more means that someone made the file to keep us busy.
const maxCandidates = 16

// nextFrame finds the first whole frame that begins in [at, limit); found is -1 if there is none.
func (f *flacFile) nextFrame(at, limit int64) (found int64, h frameHeader, size int, err error) {
	for tried := 0; at < limit && tried < maxCandidates; at++ {
		b, err := f.bytes(at, int(min(limit-at, headerBytes)))
		if err != nil {
			return -1, h, 0, err
		}
		i := bytes.IndexByte(b, 0xff)
		if i < 0 {
			at += int64(len(b)) - 1
			continue
		}
		at += int64(i)
		if b, err = f.bytes(at, 16); err != nil {
			return -1, h, 0, err
		}
		if h, err = parseFrameHeader(b, &f.stream); err != nil || h.variable != f.base.variable {
			continue
		}
		if h, size, err = f.frame(at); err == nil {
			return at, h, size, nil
		}
		tried++
	}
	return -1, h, 0, nil
}

// maxTailFrames bounds what verify decodes. Two are usual; the shortest blocks in use make it some tens.
const maxTailFrames = 1 << 10

// verify looks at the last frames. They tell whether the file is whole, and how long it is where the header does not.
func (f *flacFile) verify() error {
	if f.first == f.size {
		return nil
	}
	s := &f.stream
	tail := s.maxFrame
	if tail == 0 {
		tail = s.maxBlock * s.channels * (s.bits + 1) / 8
	}
	// Two frames, so that one that was cut has a whole one before it.
	at := max(f.first, f.size-2*int64(min(tail, 1<<20))-64)
	end := int64(-1)
	for range maxTailFrames {
		found, h, size, err := f.nextFrame(at, f.size)
		if err != nil {
			return err
		}
		if found < 0 {
			break
		}
		end = f.position(h) + int64(h.block)
		at = found + int64(size)
	}
	switch {
	case end < 0: // something else than frames is at the end, a tag perhaps; decoding will tell
	case s.samples > 0 && end < s.samples:
		return f.truncated(end)
	case s.samples == 0 && at == f.size:
		s.samples = end
	}
	return nil
}

// checksum is the MD5 sum of samples as FLAC defines it: interleaved, little endian, in whole bytes.
type checksum struct {
	hash  hash.Hash
	width int // bytes a sample
	buf   []byte
}

func newChecksum(bits int) *checksum {
	return &checksum{hash: md5.New(), width: (bits + 7) / 8}
}

// add takes the first n samples of each channel.
func (s *checksum) add(channels [][]int64, n int) {
	stride := s.width * len(channels)
	s.buf = slices.Grow(s.buf[:0], n*stride)[:n*stride]
	for c, x := range channels {
		for b := range s.width { // a plane of bytes at a time: twice as fast as sample by sample
			shift, at := 8*b, c*s.width+b
			for _, v := range x[:n] {
				s.buf[at] = byte(v >> shift)
				at += stride
			}
		}
	}
	s.hash.Write(s.buf)
}

func (s *checksum) sum() [16]byte { return [16]byte(s.hash.Sum(nil)) }
