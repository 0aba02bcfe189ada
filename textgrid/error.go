package textgrid

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Error is a fault at a place in a file. Line and Col count from 1, Col in
// characters (code points); both are 0 for the binary form, whose messages name
// the byte instead.
type Error struct {
	File      string
	Line, Col int
	Msg       string
}

// Error gives "file:line:col: msg", or "file: msg" where there are no lines.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// errorAt places a message at byte pos of text, which has "\n" line ends. The
// place is worked out here, once, so that the scanner need not keep columns.
func errorAt(file string, text []byte, pos int, format string, args ...any) *Error {
	before := text[:pos]
	line := 1 + bytes.Count(before, []byte{'\n'})
	start := 1 + bytes.LastIndexByte(before, '\n')
	return &Error{
		File: file,
		Line: line,
		Col:  1 + utf8.RuneCount(before[start:]),
		Msg:  fmt.Sprintf(format, args...),
	}
}

// quote shows a piece of a file in a message: on one line and never long.
func quote[T string | []byte](text T) string {
	const most = 30
	s := string(text[:min(len(text), 4*(most+1))])
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "..."
	}
	return fmt.Sprintf("%q", s)
}
