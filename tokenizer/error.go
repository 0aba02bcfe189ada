package tokenizer

import (
	"fmt"
	"strings"
)

// Error is one thing wrong in a file, with its place. It prints as
// file:line:col: message.
type Error struct {
	File string // as the caller named it
	Line int    // from 1; 0 when the whole file is meant
	Col  int    // in bytes from 1; 0 when the whole line is meant
	Msg  string // what was expected, what was found, what to do
}

// Error gives the place and the message in one line.
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// maxErrors bounds how much is said about one file: a file of the wrong kind is
// wrong on every line.
const maxErrors = 20

// Errors is everything found wrong in one file, in file order, at most 20. Each
// is an *Error; errors.As finds the first.
type Errors []*Error

// Error gives one line an error.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, x := range e {
		lines[i] = x.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.Is and errors.As look at each one.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, x := range e {
		out[i] = x
	}
	return out
}

// add appends an error and says whether there is room for another.
func (e *Errors) add(file string, line, col int, format string, args ...any) bool {
	*e = append(*e, &Error{File: file, Line: line, Col: col, Msg: fmt.Sprintf(format, args...)})
	return len(*e) < maxErrors
}

// result is nil when nothing was found, so that callers do not return a typed nil.
func (e Errors) result() error {
	if len(e) == 0 {
		return nil
	}
	return e
}
