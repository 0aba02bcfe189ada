package vectors

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"unicode/utf8"

	"speechsim/models/internal/lfs"
)

// word2vec's binary form: the header "3000000 300" as in its text form, then for
// each vector the word, a blank and its numbers as little-endian float32. The
// original program writes a line end behind them, gensim none.

// headSize is how much of a file shows its form.
const headSize = 4096

// isBinary says whether a file that begins so is in word2vec's binary form: behind
// a header, what should be a word and its numbers is no text.
func isBinary(head []byte) bool {
	header, rest, ok := bytes.Cut(head, []byte{'\n'})
	fields := bytes.Fields(header)
	if !ok || len(fields) != 2 || !allDigits(fields[0]) || !allDigits(fields[1]) {
		return false
	}
	line, _, whole := bytes.Cut(bytes.TrimLeft(rest, "\n"), []byte{'\n'})
	if !whole && len(head) == headSize {
		line = line[:len(line)-utf8.UTFMax] // its last character may be cut in two
	}
	// A damaged text, or one in another encoding, still has its numbers.
	return !isText(line) && !slices.ContainsFunc(bytes.Fields(line), isFraction)
}

// isText says whether there is nothing in a line but characters and blanks.
func isText(line []byte) bool {
	control := func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' }
	return utf8.Valid(line) && !bytes.ContainsFunc(line, control)
}

// scanBinary reads word2vec's binary form.
func (s *scanner) scanBinary(r *bufio.Reader) error {
	s.line = 1
	header, err := r.ReadSlice('\n')
	if err != nil {
		return s.cannotRead(header, err)
	}
	if err := s.readHeader(header, s.split(trimBlanks(header))); err != nil {
		return err
	}
	v := s.vectors
	numbers := make([]byte, 4*v.dim)
	for ; v.lines < s.promised; v.lines++ {
		if err := s.readWord(r); err != nil {
			return err
		}
		out := s.row(s.word)
		if _, err := io.ReadFull(r, numbers); err != nil {
			return s.endsIn(err)
		}
		for i := range out {
			x := math.Float32frombits(binary.LittleEndian.Uint32(numbers[4*i:]))
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				return wholeFile(s.file, "%s has %v as number %d: a vector must have finite numbers", s.vector(), x, i+1)
			}
			out[i] = x
		}
	}
	rest, err := io.ReadAll(io.LimitReader(r, 2))
	switch {
	case err != nil:
		return s.cannotRead(nil, err)
	case len(bytes.Trim(rest, "\r\n")) > 0:
		return wholeFile(s.file, "the header promises %d vectors of %d numbers, and the file goes on after them: it was damaged, or has another form; fetch it again", s.promised, v.dim)
	}
	return nil
}

// readWord reads the word of the next vector.
func (s *scanner) readWord(r *bufio.Reader) error {
	word, err := r.ReadSlice(' ')
	s.word = append(s.word[:0], bytes.Trim(word, " \n")...)
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return wholeFile(s.file, "%s is longer than 1 MiB: the file was damaged, or has another form than word2vec's", s.vector())
	case err != nil:
		return s.endsIn(err)
	case len(s.word) == 0:
		return wholeFile(s.file, "%s is no word: the file was damaged, or has another form than word2vec's", s.vector())
	}
	return nil
}

// vector names the vector that is being read.
func (s *scanner) vector() string {
	return fmt.Sprintf("vector %d of %d (%s)", s.vectors.lines+1, s.promised, quoteField(s.word))
}

// endsIn says in which vector a binary file ends too early, or that it cannot be read.
func (s *scanner) endsIn(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return wholeFile(s.file, "the file ends in %s: it was cut short; fetch it again", s.vector())
	}
	return s.cannotRead(nil, err)
}

// otherFormat recognises by its first bytes what is given in place of word vectors.
func otherFormat(head []byte) string {
	switch {
	case lfs.IsPointer(head):
		return "the file is " + lfs.InPlaceOf("vectors")
	case bytes.HasPrefix(head, []byte("\xba\x16\x4f\x2f")):
		return "the file is a model of fastText (.bin): take its vectors as text (.vec), from the same page"
	case isUTF16(head):
		return "the file is in UTF-16: convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8"
	case len(head) > 1 && head[0] == 0x80 && 2 <= head[1] && head[1] <= 5:
		return "the file is a Python pickle, as gensim's save writes: write the vectors with gensim's save_word2vec_format"
	case bytes.HasPrefix(head, []byte("\x93NUMPY")):
		return "the file is a NumPy array, which has no words: write the vectors with gensim's save_word2vec_format"
	}
	return ""
}

// isUTF16 knows UTF-16 by its byte order mark, or by the zero bytes of two letters.
func isUTF16(head []byte) bool {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return true
	}
	zero := func(i int) bool { return head[i] == 0 }
	return len(head) >= 4 && zero(0) == zero(2) && zero(1) == zero(3) && zero(0) != zero(1)
}
