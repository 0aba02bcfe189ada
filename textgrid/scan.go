package textgrid

import (
	"bytes"
)

// tokenKind tells the things apart that Praat's text reader sees in a file.
type tokenKind int

const (
	tokenEnd    tokenKind = iota
	tokenNumber           // 0.25
	tokenString           // "label"
	tokenFlag             // <exists>
)

// token is a free-standing piece of the text form.
type token struct {
	kind    tokenKind
	pos     int    // of its first byte
	line    int    // from 1
	text    []byte // without quotes or angle brackets
	doubled bool   // text of a string has doubled quotes, to be halved
}

// scanner cuts the text form into tokens, in one pass. Praat's rule: what counts
// are the free-standing numbers, strings and flags; every other word ("xmin",
// "=", "[1]:") is a comment, and so is the rest of a line after a free-standing
// "!". Hence the long and the short form are one language.
type scanner struct {
	file string
	data []byte // UTF-8, "\n" line ends, no NUL
	pos  int
	line int // of pos, from 1
}

// isSpace is indexed by a byte: true for what separates words.
var isSpace = [256]bool{' ': true, '\t': true, '\n': true}

// next returns the next token; at the end of the data one of kind tokenEnd.
func (s *scanner) next() (token, *Error) {
	data := s.data
	for s.pos < len(data) {
		c := data[s.pos]
		switch {
		case c == '\n':
			s.line++
			s.pos++
		case c == ' ' || c == '\t':
			s.pos++
		case c == '"':
			return s.quoted()
		case c == '<':
			return s.flag()
		case startsNumber(data[s.pos:]):
			start := s.pos
			s.skipWord()
			return token{kind: tokenNumber, pos: start, line: s.line, text: data[start:s.pos]}, nil
		case c == '!':
			s.skipLine()
		default:
			s.skipWord()
		}
	}
	return token{kind: tokenEnd, pos: s.pos, line: s.line}, nil
}

func (s *scanner) skipWord() {
	for s.pos < len(s.data) && !isSpace[s.data[s.pos]] {
		s.pos++
	}
}

func (s *scanner) skipLine() {
	n := bytes.IndexByte(s.data[s.pos:], '\n')
	if n < 0 {
		n = len(s.data) - s.pos
	}
	s.pos += n
}

// startsNumber is Praat's rule, and a point before a digit.
func startsNumber(word []byte) bool {
	switch c := word[0]; {
	case '0' <= c && c <= '9', c == '-', c == '+':
		return true
	case c == '.':
		return len(word) > 1 && '0' <= word[1] && word[1] <= '9'
	}
	return false
}

// quoted reads a string, which may run over several lines. A quote within it is
// doubled.
func (s *scanner) quoted() (token, *Error) {
	t := token{kind: tokenString, pos: s.pos, line: s.line}
	end := s.pos + 1
	for {
		n := bytes.IndexByte(s.data[end:], '"')
		if n < 0 {
			return t, errorAt(s.file, s.data, t.pos, "the string that begins here has no closing quote; the file is cut short, or a quote is missing")
		}
		end += n
		if end+1 >= len(s.data) || s.data[end+1] != '"' {
			break
		}
		t.doubled = true
		end += 2
	}
	t.text = s.data[t.pos+1 : end]
	s.pos = end + 1
	if s.pos < len(s.data) && !isSpace[s.data[s.pos]] {
		return t, errorAt(s.file, s.data, s.pos, "expected a space or a new line after the string %s, found %s; a quote inside a string is written twice", quote(t.text), quote(s.word(s.pos)))
	}
	s.line += bytes.Count(t.text, []byte{'\n'})
	return t, nil
}

// flag reads <exists> or <absent>.
func (s *scanner) flag() (token, *Error) {
	t := token{kind: tokenFlag, pos: s.pos, line: s.line}
	word := s.word(s.pos)
	if n := bytes.IndexByte(word, '>'); n != len(word)-1 {
		return t, errorAt(s.file, s.data, s.pos, "expected a flag such as <exists>, found %s", quote(word))
	}
	t.text = word[1 : len(word)-1]
	s.pos += len(word)
	return t, nil
}

// word is what stands at pos up to the next space.
func (s *scanner) word(pos int) []byte {
	end := pos
	for end < len(s.data) && !isSpace[s.data[end]] {
		end++
	}
	return s.data[pos:end]
}
