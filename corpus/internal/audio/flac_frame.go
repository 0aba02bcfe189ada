package audio

import (
	"errors"
	"fmt"
	"math/bits"
)

// errShort is the error of a frame that goes on after the bytes at hand.
var errShort = errors.New("the frame goes on after the bytes at hand")

// streamInfo is FLAC's STREAMINFO block.
type streamInfo struct {
	minBlock, maxBlock int // samples
	maxFrame           int // bytes, 0 unknown
	rate               int // Hz
	channels, bits     int
	samples            int64 // per channel, 0 unknown
	md5                [16]byte
}

// frameHeader is what a frame says about itself.
type frameHeader struct {
	variable bool  // number counts samples, not frames
	number   int64 // of the frame or of its first sample
	block    int   // samples per channel
	stereo   int   // independent, or how a channel of two is derived from the other
	size     int   // bytes of the header
}

// How the two channels of a frame are stored.
const (
	independent = iota
	leftSide    // left, left - right
	sideRight   // left - right, right
	midSide     // (left + right) / 2, left - right
)

// parseFrameHeader reads the header of a frame from its first bytes and holds it against the stream's (RFC 9639, 9.1).
func parseFrameHeader(b []byte, info *streamInfo) (h frameHeader, err error) {
	if len(b) < 6 {
		return h, errShort
	}
	if b[0] != 0xff || b[1]&^1 != 0xf8 {
		return h, fmt.Errorf("expected the beginning of a frame (ff f8 or ff f9), found %02x %02x", b[0], b[1])
	}
	h.variable = b[1]&1 == 1
	r := bitReader{buf: b, pos: 2}
	blockCode, rateCode := r.unsigned(4), r.unsigned(4)
	channelCode, bitsCode, reserved := int(r.unsigned(4)), r.unsigned(3), r.unsigned(1)
	h.number = codedNumber(&r)
	h.block = blockSize(blockCode, &r)
	rate := frameRate(rateCode, info.rate, &r)
	h.size = r.bytes()
	sum := uint8(r.unsigned(8))
	if r.short {
		return h, errShort
	}
	if got := crc8(b[:h.size]); got != sum {
		return h, fmt.Errorf("the frame header is damaged: its checksum is %02x, expected %02x", got, sum)
	}
	h.size++

	channels := channelCode + 1
	if channelCode >= 8 {
		channels, h.stereo = 2, channelCode-7
	}
	width := [8]int{info.bits, 8, 12, -1, 16, 20, 24, 32}[bitsCode]
	switch {
	case reserved != 0 || channelCode > 10 || width < 0 || h.block == 0 || rate == 0 || h.number < 0:
		return h, errors.New("the frame header has a reserved value")
	case channels != info.channels:
		return h, fmt.Errorf("expected a frame of %d channels, as the file's header says, found %d", info.channels, channels)
	case width != info.bits:
		return h, fmt.Errorf("expected a frame of %d bits, as the file's header says, found %d", info.bits, width)
	case rate != info.rate:
		return h, fmt.Errorf("expected a frame of %d Hz, as the file's header says, found %d", info.rate, rate)
	}
	return h, nil
}

// codedNumber reads a number of up to 36 bits in the manner of UTF-8; -1 if it is none.
func codedNumber(r *bitReader) int64 {
	first := uint8(r.unsigned(8))
	ones := bits.LeadingZeros8(^first)
	if ones == 0 {
		return int64(first)
	}
	if ones == 1 || ones == 8 {
		return -1
	}
	v := int64(first & (0x7f >> ones))
	for range ones - 1 {
		next := r.unsigned(8)
		if next>>6 != 2 {
			return -1
		}
		v = v<<6 | int64(next&0x3f)
	}
	return v
}

// blockSize is the number of samples that a code stands for, 0 if it is reserved.
func blockSize(code uint64, r *bitReader) int {
	switch {
	case code == 0:
		return 0
	case code == 1:
		return 192
	case code <= 5:
		return 576 << (code - 2)
	case code == 6:
		return int(r.unsigned(8)) + 1
	case code == 7:
		return int(r.unsigned(16)) + 1
	}
	return 256 << (code - 8)
}

// frameRate is the sampling rate that a code stands for, 0 if it is reserved.
func frameRate(code uint64, stream int, r *bitReader) int {
	switch code {
	case 0:
		return stream
	case 12:
		return int(r.unsigned(8)) * 1000
	case 13:
		return int(r.unsigned(16))
	case 14:
		return int(r.unsigned(16)) * 10
	case 15:
		return 0
	}
	return [...]int{88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000}[code-1]
}

// frameDecoder decodes frames into memory that it uses again.
type frameDecoder struct {
	info    *streamInfo
	scratch []int64
	samples [][]int64 // [channels, block] of the last frame. 64 bits, since the difference of two 32-bit channels has 33
}

// decode reads the frame at the beginning of b and returns its header and its size in bytes.
func (d *frameDecoder) decode(b []byte) (frameHeader, int, error) {
	h, err := parseFrameHeader(b, d.info)
	if err != nil {
		return h, 0, err
	}
	if need := h.block * d.info.channels; cap(d.scratch) < need {
		d.scratch = make([]int64, need)
	}
	r := bitReader{buf: b, pos: h.size}
	d.samples = d.samples[:0]
	for c := range d.info.channels {
		width := d.info.bits
		if h.stereo == sideRight && c == 0 || (h.stereo == leftSide || h.stereo == midSide) && c == 1 {
			width++
		}
		x := d.scratch[c*h.block : (c+1)*h.block]
		if err := subframe(&r, x, width); err != nil {
			return h, 0, err
		}
		d.samples = append(d.samples, x)
	}
	size := r.bytes()
	if size+2 > len(b) {
		return h, 0, errShort
	}
	if got, want := crc16(b[:size]), uint16(b[size])<<8|uint16(b[size+1]); got != want {
		return h, 0, fmt.Errorf("the frame is damaged: its checksum is %04x, expected %04x", got, want)
	}
	if h.stereo != independent {
		separate(h.stereo, d.samples[0], d.samples[1])
	}
	for _, x := range d.samples {
		if !fits(x, d.info.bits) {
			return h, 0, fmt.Errorf("the frame decodes to samples of more than %d bits", d.info.bits)
		}
	}
	return h, size + 2, nil
}

// separate turns the two stored channels into left and right.
func separate(stereo int, a, b []int64) {
	for i, v := range a {
		switch stereo {
		case leftSide:
			b[i] = v - b[i]
		case sideRight:
			a[i] = v + b[i]
		case midSide:
			// The bit that the mean lost is that of the difference: a sum and a difference are both even or both odd.
			v = v<<1 | b[i]&1
			a[i], b[i] = (v+b[i])>>1, (v-b[i])>>1
		}
	}
}

// fits tells whether all samples are integers of the given number of bits. Predictions of a file that was made to mislead
// may lead anywhere.
func fits(x []int64, bits int) bool {
	var magnitude int64
	for _, v := range x {
		magnitude |= v ^ v>>63 // v, or -v-1 if it is negative
	}
	return magnitude>>(bits-1) == 0
}

// subframe decodes one channel of a frame into x (RFC 9639, 9.2).
func subframe(r *bitReader, x []int64, width int) error {
	head := r.unsigned(8) // a zero, 6 bits of kind, a flag
	wasted := 0
	if head&1 != 0 {
		wasted = int(min(r.unary(), 64)) + 1
	}
	width -= wasted
	kind := int(head >> 1)
	var err error
	switch {
	case r.short:
		return errShort
	case width < 1:
		return fmt.Errorf("a subframe wastes %d bits, more than a sample has", wasted)
	case kind == 0:
		v := r.signed(uint(width))
		for i := range x {
			x[i] = v
		}
	case kind == 1:
		for i := range x {
			x[i] = r.signed(uint(width))
		}
	case kind >= 8 && kind <= 12:
		err = fixed(r, x, width, kind-8)
	case kind >= 32 && kind < 64:
		err = linear(r, x, width, kind-31)
	default:
		return fmt.Errorf("a subframe is of the reserved kind %d", kind)
	}
	if r.short {
		return errShort
	}
	if wasted > 0 {
		for i := range x {
			x[i] <<= wasted
		}
	}
	return err
}

// fixed decodes a subframe that is predicted by a polynomial of the given order.
func fixed(r *bitReader, x []int64, width, order int) error {
	if err := residual(r, x, width, order); err != nil {
		return err
	}
	switch order {
	case 1:
		for i := 1; i < len(x); i++ {
			x[i] += x[i-1]
		}
	case 2:
		for i := 2; i < len(x); i++ {
			x[i] += 2*x[i-1] - x[i-2]
		}
	case 3:
		for i := 3; i < len(x); i++ {
			x[i] += 3*(x[i-1]-x[i-2]) + x[i-3]
		}
	case 4:
		for i := 4; i < len(x); i++ {
			x[i] += 4*(x[i-1]+x[i-3]) - 6*x[i-2] - x[i-4]
		}
	}
	return nil
}

// linear decodes a subframe that is predicted by coefficients of its own.
func linear(r *bitReader, x []int64, width, order int) error {
	if err := warmUp(r, x, width, order); err != nil {
		return err
	}
	precision := uint(r.unsigned(4)) + 1
	shift := r.signed(5)
	if precision == 16 || shift < 0 {
		return errors.New("a subframe has a reserved precision or a negative shift of its coefficients")
	}
	var coefficients [32]int64 // the last is that of the sample just before, so that they run with the samples
	c := coefficients[:order]
	for i := range c {
		c[order-1-i] = r.signed(precision)
	}
	if err := residualCode(r, x, order); err != nil {
		return err
	}
	for i := order; i < len(x); i++ {
		past := x[i-order : i : i]
		past = past[:len(c)]
		var sum int64
		for j, v := range c {
			sum += v * past[j]
		}
		x[i] += sum >> uint(shift)
	}
	return nil
}

// residual reads the samples before the first prediction, then what the predictions missed.
func residual(r *bitReader, x []int64, width, order int) error {
	if err := warmUp(r, x, width, order); err != nil {
		return err
	}
	return residualCode(r, x, order)
}

// warmUp reads the first samples of a subframe, which nothing predicts.
func warmUp(r *bitReader, x []int64, width, order int) error {
	if order > len(x) {
		return fmt.Errorf("a subframe of %d samples is predicted from %d", len(x), order)
	}
	for i := range order {
		x[i] = r.signed(uint(width))
	}
	return nil
}

// residualCode reads the differences to the predictions: partitions of equal length, each with a Rice parameter.
func residualCode(r *bitReader, x []int64, order int) error {
	method := r.unsigned(2)
	if method > 1 {
		return fmt.Errorf("a subframe has the reserved residual coding %d", method)
	}
	parameterBits := 4 + uint(method)
	escape := uint64(1)<<parameterBits - 1
	partitions := 1 << r.unsigned(4)
	length := len(x) / partitions
	if length*partitions != len(x) || length < order {
		return fmt.Errorf("a subframe of %d samples predicted from %d cannot have %d partitions", len(x), order, partitions)
	}
	for p := range partitions {
		part := x[max(p*length, order) : (p+1)*length]
		if k := r.unsigned(parameterBits); k < escape {
			r.rice(part, uint(k))
		} else {
			width := uint(r.unsigned(5))
			for i := range part {
				part[i] = r.signed(width)
			}
		}
		if r.short {
			return errShort
		}
	}
	return nil
}

// The tables of FLAC's two checksums: CRC-8 of the polynomial x^8+x^2+x+1 and CRC-16 of x^16+x^15+x^2+1.
var crc8Table, crc16Table = func() (t8 [256]uint8, t16 [256]uint16) {
	for i := range t8 {
		c8, c16 := uint8(i), uint16(i)<<8
		for range 8 {
			c8 = c8<<1 ^ c8>>7*0x07
			c16 = c16<<1 ^ c16>>15*0x8005
		}
		t8[i], t16[i] = c8, c16
	}
	return
}()

func crc8(b []byte) (c uint8) {
	for _, v := range b {
		c = crc8Table[c^v]
	}
	return c
}

func crc16(b []byte) (c uint16) {
	for _, v := range b {
		c = c<<8 ^ crc16Table[uint8(c>>8)^v]
	}
	return c
}
