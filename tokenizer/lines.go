package tokenizer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxLine is the longest line that is read, in bytes. The longest line of the
// published dictionaries and vocabularies is under 300 bytes; the bound keeps a
// binary file without line ends out of memory.
const maxLine = 64 << 10

// lines hands out the lines of a text file one at a time, without their line
// ends (LF or CR LF) and without a byte order mark.
type lines struct {
	file string
	r    *bufio.Reader
	n    int // number of the line handed out last, from 1
}

func newLines(r io.Reader, file string) *lines {
	return &lines{file: file, r: bufio.NewReaderSize(r, maxLine)}
}

// next returns the next line, which is valid until the next call, or io.EOF.
func (l *lines) next() ([]byte, error) {
	if l.n == 0 {
		head, _ := l.r.Peek(headLength) // what can't be read is the error of the line
		if what := standIn(head); what != "" {
			return nil, &Error{File: l.file, Line: 1, Col: 1, Msg: "found " + what}
		}
	}
	line, err := l.r.ReadSlice('\n')
	switch {
	case err == nil:
		line = line[:len(line)-1]
	case errors.Is(err, io.EOF):
		if len(line) == 0 {
			return nil, io.EOF
		}
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, &Error{File: l.file, Line: l.n + 1, Col: maxLine,
			Msg: fmt.Sprintf("expected lines of at most %d bytes, found a longer one; is this a text file?", maxLine)}
	default:
		return nil, fmt.Errorf("%s: after line %d: %w", l.file, l.n, err)
	}
	if l.n == 0 {
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	l.n++
	return bytes.TrimSuffix(line, []byte("\r")), nil
}

// headLength is how many bytes from its beginning tell what a stand-in is.
const headLength = 200

// standIn says what a text is that lies in the place of a file which was not fetched, or "".
func standIn(text []byte) string {
	text = bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), " \t\r\n"))
	for beginning, what := range map[string]string{
		"version https://git-lfs": "a Git LFS pointer, not the file that it stands for; fetch it with `git lfs pull`",
		"<!doctype html":          "a web page, probably the answer to a download that failed; download the file again",
		"<?xml ":                  "a web page, probably the answer to a download that failed; download the file again",
		"<html":                   "a web page, probably the answer to a download that failed; download the file again",
	} {
		if bytes.HasPrefix(text, []byte(beginning)) {
			return what
		}
	}
	return ""
}
