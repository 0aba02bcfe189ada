package textgrid

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
)

const (
	textMagic   = "ooTextFile"
	binaryMagic = "ooBinaryFile"
	// headerBytes is where the header must have shown itself, in any encoding.
	headerBytes = 512
	// largestHint bounds what a file's declared size may reserve.
	largestHint = 1 << 24
)

// ReadFile reads the TextGrid at path, in any form; see Read.
func ReadFile(path string) (*TextGrid, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	hint := 0
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		hint = int(min(info.Size(), largestHint))
	}
	return read(f, path, hint)
}

// Read reads a TextGrid in any of Praat's forms: long or short text (UTF-8 with
// or without a byte order mark, UTF-16 of either byte order; lines that end in
// LF, CR or CRLF) or binary. The form is seen from the content. The name of the
// file serves only for messages.
//
// Faults are of type *Error. Memory is bounded by the length of the input,
// whatever numbers stand in it. A count in the text form that is too small is
// tolerated and noted in Warnings: everything that is there is read, where Praat
// fails or, in the last tier, quietly drops the rest. A count that is too large is
// a fault, as in Praat, because a file that was cut short looks just so.
func Read(r io.Reader, file string) (*TextGrid, error) {
	return read(r, file, 0)
}

func read(r io.Reader, file string, hint int) (*TextGrid, error) {
	data, err := readAll(r, hint)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, []byte(binaryMagic)) {
		return readBinary(data, file)
	}
	text, fault := decode(data, file)
	if fault != nil {
		return nil, fault
	}
	return readText(text, file)
}

// readAll reads to the end, but stops early when what has come is not the
// beginning of a TextGrid: a path may point at gigabytes of something else.
func readAll(r io.Reader, hint int) ([]byte, error) {
	data := make([]byte, 0, max(hint+1, headerBytes))
	seen := false
	for {
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
		if !seen && len(data) >= headerBytes {
			if !hasHeader(data[:headerBytes]) {
				return data[:headerBytes], nil
			}
			seen = true
		}
		if len(data) == cap(data) {
			data = slices.Grow(data, len(data))
		}
	}
}

// hasHeader looks for the mark of a Praat file in any encoding: the NUL bytes of
// UTF-16 are left out.
func hasHeader(head []byte) bool {
	plain := strings.ReplaceAll(string(head), "\x00", "")
	return strings.HasPrefix(plain, binaryMagic) || strings.Contains(plain, textMagic)
}
