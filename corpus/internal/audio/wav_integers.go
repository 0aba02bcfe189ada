package audio

import (
	"errors"
	"io"
	"strings"

	goaudio "github.com/go-audio/audio"
	"github.com/go-audio/wav"
)

// wavIntegers is a WAV file of integer samples of 1 to 4 bytes, which go-audio/wav reads.
type wavIntegers struct {
	pcm
	format [16]byte // the fmt chunk, as far as the library knows it
}

// bufferSamples is how many samples are converted at a time.
const bufferSamples = 1 << 14

// decode reads the samples [from, to); to < 0 is the end.
func (w *wavIntegers) decode(from, to int64) ([][]float32, []Finding, error) {
	if to < 0 {
		to = w.header.Samples
	}
	channels, width := w.header.Channels, w.coding.bytes
	out := make([][]float32, channels)
	for c := range out {
		out[c] = make([]float32, to-from)
	}
	stride := int64(channels * width)
	start := w.offset + from*stride
	d, err := w.library(io.NewSectionReader(w.r, start, (to-from)*stride))
	if err != nil {
		return nil, nil, err
	}
	zero, scale := 0, 1/float64(int64(1)<<(8*width-1))
	if width == 1 {
		zero = 128
	}
	buf := &goaudio.IntBuffer{Data: make([]int, channels*max(1, bufferSamples/channels))}
	for at := 0; at < len(out[0]); {
		n, err := d.PCMBuffer(buf)
		if err != nil {
			return nil, nil, &Error{File: w.path, Offset: start + int64(at)*stride, Msg: "reading: " + err.Error(), Err: err}
		}
		if n /= channels; n == 0 {
			return nil, nil, w.errorf(start+int64(at)*stride, "the file became shorter while it was read")
		}
		for c := range out {
			x := out[c][at : at+n]
			for i := range x {
				// The 64 largest of 32 bits would round to 1, as in scale32.
				x[i] = min(float32(float64(buf.Data[i*channels+c]-zero)*scale), 1-1.0/(1<<24))
			}
		}
		at += n
	}
	return out, w.notes, nil
}

// library is the library's decoder of these samples. It is given the two chunks that it needs and none of the
// others, of which it believes too much.
func (w *wavIntegers) library(samples io.Reader) (*wav.Decoder, error) {
	d := wav.NewDecoder(strings.NewReader("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + string(w.format[:]) + "data\x00\x00\x00\x00"))
	if err := d.FwdToPCM(); err != nil || d.PCMChunk == nil {
		return nil, w.errorf(-1, "go-audio/wav does not read the format: %v", errors.Join(err, d.Err()))
	}
	d.PCMChunk.R = samples
	d.BitDepth = uint16(8 * w.coding.bytes) // 12 or 20 bits lie left-justified in 2 or 3 bytes
	return d, nil
}
