package pickled

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// source is a stretch of a file that is read from its beginning to its end.
type source struct {
	r        *bufio.Reader
	pos, end int64
}

func newSource(r io.ReaderAt, pos, end int64) *source {
	return &source{bufio.NewReader(io.NewSectionReader(r, pos, end-pos)), pos, end}
}

// bytes reads n bytes. A length that the rest of the stretch cannot hold is refused before anything is allocated.
func (s *source) bytes(n uint64) ([]byte, error) {
	if n > uint64(s.end-s.pos) {
		return nil, fmt.Errorf("%d bytes should follow, but %d are left", n, s.end-s.pos)
	}
	b := make([]byte, n)
	_, err := io.ReadFull(s.r, b)
	s.pos += int64(n)
	return b, err
}

// uint reads an unsigned number of so many bytes.
func (s *source) uint(size int) (uint64, error) {
	var b [8]byte
	piece, err := s.bytes(uint64(size))
	copy(b[:], piece)
	return binary.LittleEndian.Uint64(b[:]), err
}

// text reads a string whose length comes first, as a number of so many bytes.
func (s *source) text(size int) (string, error) {
	n, err := s.uint(size)
	if err != nil {
		return "", err
	}
	b, err := s.bytes(n)
	return string(b), err
}

// line reads to the end of a line, which holds a name.
func (s *source) line() (string, error) {
	var b []byte
	for {
		c, err := s.uint(1)
		if err != nil {
			return "", err
		}
		if c == '\n' {
			return string(b), nil
		}
		if b = append(b, byte(c)); len(b) > maxGlobal {
			return "", fmt.Errorf("a name has more than %d characters", maxGlobal)
		}
	}
}
