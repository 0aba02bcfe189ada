package textgrid

import "bytes"

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
	line int   // of pos, from 1
	tok  token // the last one that next found
}

// class sorts bytes by what they begin when they follow a space.
type class uint8

const (
	word class = iota // which is a comment
	digit
	sign
	point
	quoteMark
	bracket
	comment
	space // and from here on: what ends a word
	newLine
)

var classes = [256]class{
	' ': space, '\t': space, '\n': newLine,
	'0': digit, '1': digit, '2': digit, '3': digit, '4': digit,
	'5': digit, '6': digit, '7': digit, '8': digit, '9': digit,
	'-': sign, '+': sign, '.': point,
	'"': quoteMark, '<': bracket, '!': comment,
}

func isSpace(c byte) bool { return classes[c] >= space }

// indentation is what most bytes of the long form are.
const indentation = "        "

// next puts the next token into tok; at the end of the data one of kind tokenEnd.
func (s *scanner) next() *Error {
	data := s.data
	for pos := s.pos; pos < len(data); {
		switch classes[data[pos]] {
		case space:
			if len(data)-pos >= len(indentation) && string(data[pos:pos+len(indentation)]) == indentation {
				pos += len(indentation)
				continue
			}
			pos++
		case newLine:
			s.line++
			pos++
		case digit, sign:
			s.numeral(pos)
			return nil
		case point:
			// Praat takes .5 for a comment; no file can mean that.
			if pos+1 < len(data) && classes[data[pos+1]] == digit {
				s.numeral(pos)
				return nil
			}
			pos = s.wordEnd(pos)
		case quoteMark:
			return s.quoted(pos)
		case bracket:
			return s.flag(pos)
		case comment:
			pos = s.lineEnd(pos)
		default:
			pos = s.wordEnd(pos)
		}
	}
	s.pos = len(data)
	s.tok = token{kind: tokenEnd, pos: s.pos, line: s.line}
	return nil
}

// numeral reads from pos to the next space what begins like a number.
func (s *scanner) numeral(pos int) {
	s.pos = s.wordEnd(pos)
	s.tok = token{kind: tokenNumber, pos: pos, line: s.line, text: s.data[pos:s.pos]}
}

// quoted reads a string, which may run over several lines. A quote within it is
// doubled.
func (s *scanner) quoted(pos int) *Error {
	doubled := false
	end := pos + 1
	for {
		n := bytes.IndexByte(s.data[end:], '"')
		if n < 0 {
			return errorAt(s.file, s.data, pos, "the string that begins here has no closing quote; the file is cut short, or a quote is missing")
		}
		end += n
		if end+1 >= len(s.data) || s.data[end+1] != '"' {
			break
		}
		doubled = true
		end += 2
	}
	text := s.data[pos+1 : end]
	s.tok = token{kind: tokenString, pos: pos, line: s.line, text: text, doubled: doubled}
	s.line += bytes.Count(text, []byte{'\n'})
	s.pos = end + 1
	if s.pos < len(s.data) && !isSpace(s.data[s.pos]) {
		return errorAt(s.file, s.data, s.pos, "expected a space or a new line after the string %s, found %s; a quote inside a string is written twice",
			quote(text), quote(s.data[s.pos:s.wordEnd(s.pos)]))
	}
	return nil
}

// flag reads <exists> or <absent>.
func (s *scanner) flag(pos int) *Error {
	s.pos = s.wordEnd(pos)
	text := s.data[pos:s.pos]
	if n := bytes.IndexByte(text, '>'); n != len(text)-1 {
		return errorAt(s.file, s.data, pos, "expected a flag such as <exists>, found %s", quote(text))
	}
	s.tok = token{kind: tokenFlag, pos: pos, line: s.line, text: text[1 : len(text)-1]}
	return nil
}

// wordEnd is where the next space after pos stands, or the end of the data.
func (s *scanner) wordEnd(pos int) int {
	for i, c := range s.data[pos:] {
		if isSpace(c) {
			return pos + i
		}
	}
	return len(s.data)
}

// lineEnd is where the next new line after pos stands, or the end of the data.
func (s *scanner) lineEnd(pos int) int {
	if n := bytes.IndexByte(s.data[pos:], '\n'); n >= 0 {
		return pos + n
	}
	return len(s.data)
}
