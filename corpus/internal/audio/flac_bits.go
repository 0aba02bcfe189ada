package audio

import (
	"encoding/binary"
	"math/bits"
)

// bitReader takes numbers of any width from bytes, the most significant bit first. It never fails at once: after the
// end it gives zeros and sets short, which is looked at once a partition and not once a bit. That is half of FLAC's speed.
type bitReader struct {
	buf   []byte
	pos   int    // of the next byte to take into acc
	acc   uint64 // bits taken and not yet given, at the top; below them may stand bits of buf[pos], which are taken again
	n     uint   // how many bits of acc are taken
	short bool   // more was asked for than there is
}

// fill takes bytes until acc holds at least 56 bits or the bytes end.
func (r *bitReader) fill() {
	if r.pos+8 <= len(r.buf) {
		r.acc |= binary.BigEndian.Uint64(r.buf[r.pos:]) >> r.n
		r.pos += int((63 - r.n) >> 3)
		r.n |= 56
		return
	}
	for r.n <= 56 && r.pos < len(r.buf) {
		r.acc |= uint64(r.buf[r.pos]) << (56 - r.n)
		r.pos++
		r.n += 8
	}
}

// unsigned gives the next n <= 32 bits.
func (r *bitReader) unsigned(n uint) uint64 {
	if r.n < n {
		if r.fill(); r.n < n {
			r.short = true
			r.acc, r.n = 0, 0
			return 0
		}
	}
	v := r.acc >> (64 - n)
	r.acc <<= n
	r.n -= n
	return v
}

// signed gives the next n <= 33 bits as two's complement.
func (r *bitReader) signed(n uint) int64 {
	switch {
	case n == 0:
		return 0
	case n == 33: // the difference of two 32-bit channels
		high := r.unsigned(1)
		return int64((high<<32|r.unsigned(32))<<31) >> 31
	}
	return int64(r.unsigned(n)<<(64-n)) >> (64 - n)
}

// unary counts the zeros before the next one.
func (r *bitReader) unary() uint64 {
	var count uint64
	for {
		r.fill()
		if r.n == 0 {
			r.short = true
			return 0
		}
		zeros := uint(bits.LeadingZeros64(r.acc))
		if zeros < r.n {
			r.acc <<= zeros + 1
			r.n -= zeros + 1
			return count + uint64(zeros)
		}
		count += uint64(r.n)
		r.acc, r.n = r.acc<<r.n, 0
	}
}

// rice gives Rice-coded numbers of parameter k: the quotient in unary, k bits of remainder, the sign folded into the last
// bit. The state is kept in local variables, because this loop is most of the time that FLAC takes.
func (r *bitReader) rice(dst []int64, k uint) {
	buf, pos, acc, n := r.buf, r.pos, r.acc, r.n
	for i := range dst {
		if pos+8 <= len(buf) {
			acc |= binary.BigEndian.Uint64(buf[pos:]) >> (n & 63)
			pos += int((63 - n) >> 3)
			n |= 56
		}
		zeros := uint(bits.LeadingZeros64(acc))
		if used := zeros + 1 + k; used <= n {
			acc <<= (zeros + 1) & 63
			v := uint64(zeros)<<(k&63) | acc>>1>>((63-k)&63)
			acc <<= k & 63
			n -= used
			dst[i] = int64(v>>1) ^ -int64(v&1)
			continue
		}
		r.pos, r.acc, r.n = pos, acc, n
		v := r.unary() << k
		v |= r.unsigned(k)
		if r.short {
			return
		}
		dst[i] = int64(v>>1) ^ -int64(v&1)
		pos, acc, n = r.pos, r.acc, r.n
	}
	r.pos, r.acc, r.n = pos, acc, n
}

// bytes is how many bytes have been given, the last one perhaps in part.
func (r *bitReader) bytes() int { return r.pos - int(r.n/8) }
