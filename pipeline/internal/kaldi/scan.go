package kaldi

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scanner reads an archive from a place on.
type scanner struct {
	file *os.File
	r    *bufio.Reader
	at   int64 // bytes before what is read next
	size int64 // of the file

	ended bool // the blank behind the last word was the end of a line
}

var errCut = errors.New("the archive is cut off")

func open(file string, at int64) (*scanner, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, plain(file, err)
	case !info.Mode().IsRegular(): // a pipe would be waited for
		return nil, fmt.Errorf("%s: is not a file", file)
	case at > info.Size():
		return nil, fmt.Errorf("%s: byte %d is past the end of the archive, which has %d", file, at, info.Size())
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, plain(file, err)
	}
	if _, err = f.Seek(at, io.SeekStart); err != nil {
		f.Close()
		return nil, plain(file, err)
	}
	return &scanner{file: f, r: bufio.NewReaderSize(f, 1<<16), at: at, size: info.Size()}, nil
}

func (s *scanner) close() { s.file.Close() }

func (s *scanner) next() (byte, error) {
	b, err := s.r.ReadByte()
	if err == nil {
		s.at++
	}
	return b, err
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// longest bounds keys, numbers and names of types.
const longest = 4096

// word skips blanks and reads what stands before the next one, which is consumed; io.EOF where nothing is left. line says whether
// the word is the first of its line.
func (s *scanner) word() (text string, line bool, err error) {
	var word []byte
	line, s.ended = s.ended, false
	for {
		b, err := s.next()
		switch {
		case err == io.EOF && len(word) > 0:
			return string(word), line, nil
		case err != nil:
			return "", false, err
		case isBlank(b) && len(word) > 0:
			s.ended = b == '\n'
			return string(word), line, nil
		case isBlank(b):
			line = line || b == '\n'
		default:
			if word = append(word, b); len(word) > longest {
				return "", false, errors.New("a name or number has no end: this is no archive of Kaldi")
			}
		}
	}
}

// key reads the name of the next utterance.
func (s *scanner) key() (string, error) {
	key, _, err := s.word()
	if err == nil && (!utf8.ValidString(key) || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' })) {
		err = errors.New("that is no name of an utterance: this is no archive of Kaldi")
	}
	return key, err
}

// skip passes over a matrix and returns its shape.
func (s *scanner) skip() (rows, cols int, err error) {
	h, err := s.header()
	if err != nil {
		return 0, 0, err
	}
	if h.kind == text {
		_, rows, cols, err = s.readText()
		return rows, cols, err
	}
	n, err := s.r.Discard(int(h.bytes()))
	s.at += int64(n)
	if err != nil {
		return 0, 0, errCut
	}
	return h.rows, h.cols, nil
}

// matrix reads a matrix.
func (s *scanner) matrix() (x []float32, rows, cols int, err error) {
	h, err := s.header()
	if err != nil {
		return nil, 0, 0, err
	}
	if h.kind == text {
		return s.readText()
	}
	data := make([]byte, h.bytes())
	if _, err := io.ReadFull(s.r, data); err != nil {
		return nil, 0, 0, errCut
	}
	x = make([]float32, h.rows*h.cols)
	h.decode(x, data)
	return x, h.rows, h.cols, nil
}

// text stands for the kind of a matrix that is written in digits.
const text = "["

// header is what stands before the numbers of a matrix.
type header struct {
	kind       string // FM, DM, CM, CM2, CM3 or text
	rows, cols int
	min, span  float32 // of a compressed matrix
}

// refused names what archives may hold beside matrices.
var refused = map[string]string{"FV": "a vector of floats", "DV": "a vector of doubles", "SM": "a sparse matrix", "SV": "a sparse vector"}

func (s *scanner) header() (h header, err error) {
	start, _ := s.r.Peek(2) // what can't be read is too short
	if len(start) < 2 {
		return h, errCut
	}
	if string(start) != "\x00B" {
		word, _, err := s.word()
		if err == nil && word != text {
			err = fmt.Errorf("expected [ or a binary matrix, found %q: this is no archive of matrices", word)
		}
		return header{kind: text}, err
	}
	s.r.Discard(2) // they were peeked at
	s.at += 2
	if start, err = s.r.Peek(1); err == nil && start[0] == 4 {
		return h, errors.New("it holds integers, such as an alignment; a matrix of floats is needed")
	}
	if h.kind, _, err = s.word(); err != nil {
		return h, errCut
	}
	switch h.kind {
	case "FM", "DM":
		var b [10]byte
		if err := s.fill(b[:]); err != nil {
			return h, err
		}
		if b[0] != 4 || b[5] != 4 {
			return h, errors.New("the size of the matrix is not written as Kaldi writes it")
		}
		h.rows, h.cols = int(int32(binary.LittleEndian.Uint32(b[1:]))), int(int32(binary.LittleEndian.Uint32(b[6:])))
	case "CM", "CM2", "CM3":
		var b [16]byte
		if err := s.fill(b[:]); err != nil {
			return h, err
		}
		h.min, h.span = math.Float32frombits(binary.LittleEndian.Uint32(b[:])), math.Float32frombits(binary.LittleEndian.Uint32(b[4:]))
		h.rows, h.cols = int(int32(binary.LittleEndian.Uint32(b[8:]))), int(int32(binary.LittleEndian.Uint32(b[12:])))
	default:
		what := refused[h.kind]
		if what == "" {
			what = fmt.Sprintf("%q, which is not known", h.kind)
		}
		return h, fmt.Errorf("it holds %s; a matrix is needed, [frames, units]", what)
	}
	switch {
	case h.rows < 0 || h.cols < 0:
		return h, fmt.Errorf("the matrix claims to be [%d, %d]", h.rows, h.cols)
	case h.rows == 0 || h.cols == 0:
		return h, errors.New("the matrix is empty")
	case int64(h.rows) > (s.size-s.at)/int64(h.cols) || h.bytes() > s.size-s.at:
		return h, fmt.Errorf("the archive is cut off: %d bytes are left for a matrix of [%d, %d]", s.size-s.at, h.rows, h.cols)
	}
	return h, nil
}

func (s *scanner) fill(b []byte) error {
	n, err := io.ReadFull(s.r, b)
	s.at += int64(n)
	if err != nil {
		return errCut
	}
	return nil
}

// bytes is the size of the numbers.
func (h header) bytes() int64 {
	n := int64(h.rows) * int64(h.cols)
	switch h.kind {
	case "FM":
		return 4 * n
	case "DM":
		return 8 * n
	case "CM2":
		return 2 * n
	case "CM":
		return n + 8*int64(h.cols)
	}
	return n
}

// decode turns the bytes of a matrix into numbers; those of a compressed one as CompressedMatrix does (compressed-matrix.cc).
func (h header) decode(x []float32, data []byte) {
	little := binary.LittleEndian
	switch h.kind {
	case "FM":
		for i := range x {
			x[i] = math.Float32frombits(little.Uint32(data[4*i:]))
		}
	case "DM":
		for i := range x {
			x[i] = float32(math.Float64frombits(little.Uint64(data[8*i:])))
		}
	case "CM2":
		for i := range x {
			x[i] = h.level(little.Uint16(data[2*i:]))
		}
	case "CM3":
		for i := range x {
			x[i] = h.min + h.span*(1.0/255)*float32(data[i])
		}
	case "CM":
		h.decodeColumns(x, data)
	}
}

// level is the value of 16 bits.
func (h header) level(v uint16) float32 { return h.min + h.span*(1.0/65535)*float32(v) }

// decodeColumns decodes a matrix by columns: first four levels of each, between which its bytes lie.
func (h header) decodeColumns(x []float32, data []byte) {
	values := data[8*h.cols:]
	for c := range h.cols {
		var p [4]float32 // the column's smallest value, its quartiles, its largest
		for k := range p {
			p[k] = h.level(binary.LittleEndian.Uint16(data[8*c+2*k:]))
		}
		for r, v := range values[c*h.rows : (c+1)*h.rows] {
			at := &x[r*h.cols+c]
			switch v := float32(v); {
			case v <= 64:
				*at = p[0] + (p[1]-p[0])*v/64
			case v <= 192:
				*at = p[1] + (p[2]-p[1])*(v-64)/128
			default:
				*at = p[2] + (p[3]-p[2])*(v-192)/63
			}
		}
	}
}

// readText reads the rows of a matrix in digits, a line each, up to the closing bracket.
func (s *scanner) readText() (x []float32, rows, cols int, err error) {
	n := 0 // numbers of this row
	endRow := func() error {
		if n == 0 {
			return nil
		}
		if cols == 0 {
			cols = n
		}
		if rows++; n != cols {
			return fmt.Errorf("row %d (counted from 0) has %d numbers and those before it have %d", rows-1, n, cols)
		}
		n = 0
		return nil
	}
	for {
		word, line, err := s.word()
		if err != nil {
			return nil, 0, 0, errCut
		}
		if line {
			if err := endRow(); err != nil {
				return nil, 0, 0, err
			}
		}
		number, ends := strings.CutSuffix(word, "]")
		if number != "" {
			v, err := strconv.ParseFloat(number, 32)
			if err != nil && !errors.Is(err, strconv.ErrRange) {
				return nil, 0, 0, fmt.Errorf("row %d (counted from 0): %q is not a number", rows, number)
			}
			x = append(x, float32(v))
			n++
		}
		if ends {
			if err := endRow(); err != nil {
				return nil, 0, 0, err
			}
			if rows == 0 {
				return nil, 0, 0, errors.New("the matrix is empty")
			}
			return x, rows, cols, nil
		}
	}
}
