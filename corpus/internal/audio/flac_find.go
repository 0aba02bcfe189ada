package audio

import (
	"bytes"

	"github.com/mewkiz/flac/frame"
)

// FLAC has no index that can be relied on. But every frame begins with 15 bits that are always the same, has a checksum of its
// header and one of all of it, and knows its place in the sound, so that a frame can be found from any byte of the file.
//
// (The library's own Seek wants a table of seek points. Where the file has none it decodes all of the file to make one, and
// where it has one it believes it; and to find it, it parses all metadata, pictures too.)

// maxCandidates is how many byte sequences that look like a frame's header and begin no frame are tried in one search. In sound
// there is about one in 10 MB; more means that someone made the file to keep us busy.
const maxCandidates = 16

// findFrame finds the first whole frame in b, a part of the file; its bytes are b[begin:end]. It is nil if there is none.
func (f *flacFile) findFrame(b []byte) (fr *frame.Frame, begin, end int) {
	sync := []byte{0xff, 0xf9}
	if f.base.HasFixedBlockSize {
		sync[1] = 0xf8
	}
	for tried := 0; tried < maxCandidates; begin++ {
		i := bytes.Index(b[begin:], sync)
		if i < 0 {
			break
		}
		begin += i
		r := bytes.NewReader(b[begin:])
		fr, err := f.header(r)
		if err != nil {
			continue
		}
		if body(fr) == nil {
			return fr, begin, len(b) - r.Len()
		}
		tried++
	}
	return nil, 0, 0
}

// seekBytes is the stretch of a file that is decoded rather than searched.
const seekBytes = 1 << 16

// frameBytes guesses the size of the largest frame: as the header says, or that of samples stored as they are.
func (f *flacFile) frameBytes() int {
	s := f.stream
	size := int(s.FrameSizeMax)
	if size == 0 {
		size = int(s.BlockSizeMax) * int(s.NChannels) * int(s.BitsPerSample+1) / 8
	}
	return min(size, 1<<20) + 64
}

// seek returns the byte offset and first sample of a frame that begins not after the wanted sample. It halves the file
// and looks for the next frame, so that a segment of an hour's recording costs some tens of frames.
func (f *flacFile) seek(want int64) (at, sample int64, err error) {
	at, high := f.first, f.size
	for want > 0 && high-at > seekBytes {
		middle := at + (high-at)/2
		b, err := f.read(middle, 2*f.frameBytes()) // the rest of one frame and a whole one
		if err != nil {
			return 0, 0, err
		}
		fr, begin, _ := f.findFrame(b)
		if fr == nil || f.position(fr.Header) > want || f.position(fr.Header) <= sample {
			high = middle
		} else {
			at, sample = middle+int64(begin), f.position(fr.Header)
		}
	}
	return at, sample, nil
}

// verify looks at the last frames. They tell whether the file is whole, and how long it is where the header does not.
func (f *flacFile) verify() error {
	// Two frames, so that one that was cut has a whole one before it.
	b, err := f.read(max(f.first, f.size-2*int64(f.frameBytes())), 2*f.frameBytes())
	if err != nil {
		return err
	}
	s, end := f.stream, int64(-1)
	for {
		fr, _, n := f.findFrame(b)
		if fr == nil {
			break
		}
		end = f.position(fr.Header) + int64(fr.BlockSize)
		b = b[n:]
	}
	switch {
	case end < 0: // something else than frames is at the end, a tag perhaps; decoding will tell
	case s.NSamples > 0 && end < int64(s.NSamples):
		return f.truncated(end)
	case s.NSamples == 0 && len(b) == 0:
		s.NSamples = uint64(end)
	}
	return nil
}
