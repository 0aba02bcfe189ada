package audio

import (
	"crypto/md5"
	"fmt"
	"io"
)

// decode returns the samples [from, to), or all when to < 0. Decoding all of a file compares the MD5 sum of its samples too.
func (f *flacFile) decode(from, to int64) ([][]float32, []Finding, error) {
	declared := int64(f.stream.NSamples)
	end := to
	if to < 0 && declared > 0 {
		end = declared
	}
	out := make([][]float32, f.stream.NChannels)
	// The declared length is not believed as far as memory goes: speech takes more than 1/16 byte a sample.
	guess := max(0, min(end-from, 16*f.size/int64(len(out))+1<<12))
	for c := range out {
		out[c] = make([]float32, 0, guess)
	}
	at, sample, err := f.seek(from)
	if err != nil {
		return nil, nil, err
	}
	r, sum := f.frames(at, soundBytes), md5.New()
	for end < 0 || sample < end {
		at = r.offset()
		fr, err := f.header(r)
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, nil, f.frameError(at, sample, err)
		}
		if p := f.position(fr.Header); p != sample {
			return nil, nil, f.errorf(at, "expected the frame of sample %d, found that of %d; a part of the file is missing or there twice", sample, p)
		}
		if err := body(fr); err != nil {
			return nil, nil, f.frameError(at, sample, err)
		}
		block := int64(fr.BlockSize)
		if end >= 0 {
			block = min(block, end-sample)
		}
		if (int64(len(out[0]))+block)*int64(len(out)) > f.budget {
			return nil, nil, f.errorf(at, "the file decodes to more samples than is believed of %d bytes", f.size)
		}
		skip := min(max(0, from-sample), block)
		for c, sub := range fr.Subframes {
			sub.Samples = sub.Samples[:block]
			if out[c], err = appendScaled(out[c], sub.Samples[skip:], f.stream.BitsPerSample); err != nil {
				return nil, nil, f.frameError(at, sample, err)
			}
		}
		if from == 0 && to < 0 && f.stream.MD5sum != [16]byte{} {
			fr.Hash(sum)
		}
		sample += int64(fr.BlockSize)
	}
	if sample < end {
		return nil, nil, f.truncated(sample)
	}
	if from == 0 && to < 0 && f.stream.MD5sum != [16]byte{} && [16]byte(sum.Sum(nil)) != f.stream.MD5sum {
		return nil, nil, f.errorf(-1, "the MD5 sum of the decoded samples is not the one in the header; the file was damaged or edited, encode it again")
	}
	return out, f.surplus(r.offset(), sample, to), nil
}

// frameError is the error of a frame that cannot be decoded, or read.
func (f *flacFile) frameError(at, sample int64, err error) error {
	if ended(err) {
		return f.truncated(sample)
	}
	return &Error{File: f.path, Offset: at, Msg: fmt.Sprintf("the frame after sample %d: %v", sample, err), Err: err}
}

// truncated is the error of a file that ends too early.
func (f *flacFile) truncated(sample int64) error {
	if f.stream.NSamples == 0 {
		return f.errorf(f.size, "the file ends inside a frame, after sample %d; it is truncated", sample)
	}
	return f.errorf(f.size, "the header promises %d samples, the file ends after %d; it is truncated", f.stream.NSamples, sample)
}

// surplus notes what follows the declared samples when all were asked for.
func (f *flacFile) surplus(at, sample, to int64) []Finding {
	declared := int64(f.stream.NSamples)
	if to >= 0 || declared == 0 {
		return nil
	}
	if over := sample - declared; over > 0 {
		return []Finding{{Warning, "length", fmt.Sprintf("the last frame has %d samples more than the header declares", over)}}
	}
	if rest := f.size - at; rest > 0 {
		return []Finding{{Warning, "length", fmt.Sprintf("%d bytes follow the %d samples that the header declares", rest, declared)}}
	}
	return nil
}

// appendScaled appends integers of the given number of bits, scaled to [-1, 1). Predictions of a file that was made to
// mislead may lead anywhere.
func appendScaled(dst []float32, x []int32, bits uint8) ([]float32, error) {
	limit := int32(1) << (bits - 1)
	scale := 1 / float32(limit)
	for _, v := range x {
		if v < -limit || v >= limit {
			return nil, fmt.Errorf("it decodes to samples of more than %d bits", bits)
		}
		dst = append(dst, float32(v)*scale)
	}
	return dst, nil
}
