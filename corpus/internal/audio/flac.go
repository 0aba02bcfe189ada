package audio

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/mewkiz/flac"
)

// flacFile is a FLAC file whose header was read.
type flacFile struct {
	source
	stream *flac.Stream
}

func newFLAC(s source) (f *flacFile, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = s.errorf(-1, "FLAC header: %v", r)
		}
	}()
	st, err := flac.New(bufio.NewReaderSize(io.NewSectionReader(s.r, 0, s.size), 1<<16))
	if err != nil {
		return nil, s.errorf(-1, "FLAC header: %v", err)
	}
	if st.Info.SampleRate < minRate || st.Info.SampleRate > maxRate {
		return nil, s.errorf(-1, "expected a sampling rate of %d to %d Hz, found %d", minRate, maxRate, st.Info.SampleRate)
	}
	return &flacFile{s, st}, nil
}

func (f *flacFile) info() Info {
	i := f.stream.Info
	n := int64(i.NSamples)
	if n == 0 {
		n = -1
	}
	return Info{Format: "flac", Encoding: "flac", Rate: int(i.SampleRate), Channels: int(i.NChannels), Bits: int(i.BitsPerSample), Samples: n}
}

func (f *flacFile) decode(from, to int64) (out [][]float32, notes []Finding, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = f.errorf(-1, "FLAC: %v", r)
		}
	}()
	info := f.info()
	out = make([][]float32, info.Channels)
	scale := 1 / float32(int64(1)<<(info.Bits-1))
	var at int64
	for to < 0 || at < to {
		fr, err := f.stream.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			if fr.BitsPerSample == 0 {
				fr.BitsPerSample = uint8(info.Bits)
			}
			err = fr.Parse()
		}
		if err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				return nil, nil, f.errorf(f.size, "the header promises %d samples, the file ends after %d; it is truncated", info.Samples, at)
			}
			return nil, nil, f.errorf(-1, "FLAC after sample %d: %v", at, err)
		}
		if len(fr.Subframes) != info.Channels {
			return nil, nil, f.errorf(-1, "FLAC frame of %d channels, expected %d", len(fr.Subframes), info.Channels)
		}
		n := int64(fr.BlockSize)
		for c, sub := range fr.Subframes {
			for i, v := range sub.Samples {
				if k := at + int64(i); k >= from && (to < 0 || k < to) {
					out[c] = append(out[c], float32(v)*scale)
				}
			}
		}
		at += n
	}
	if info.Samples >= 0 && at < info.Samples && (to < 0 || at < to) {
		return nil, nil, f.errorf(f.size, "the header promises %d samples, the file ends after %d; it is truncated", info.Samples, at)
	}
	if to < 0 && info.Samples >= 0 && at > info.Samples {
		notes = append(notes, Finding{Warning, "length", fmt.Sprintf("%d samples were decoded, the header declares %d", at, info.Samples)})
	}
	return out, notes, nil
}
