package vectors

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxLine bounds a line, and so the memory that a file of another kind can
// take. 300 dimensions are some 3 KiB.
const maxLine = 1 << 20

const lineForm = `expected a word and its numbers ("the 0.418 0.24968 -0.41242")`

// read reads vectors as text; file is its name in errors.
func read(r io.Reader, file string, words map[string]bool, fold func(string) string) (*Vectors, error) {
	s := &scanner{file: file, vectors: newVectors(words, fold), all: words == nil}
	if err := s.scan(r); err != nil {
		return nil, err
	}
	s.vectors.dropMissing()
	return s.vectors, nil
}

// scanner reads the lines of a vector file.
type scanner struct {
	file     string
	vectors  *Vectors
	all      bool // keep every word
	line     int
	word     []byte  // of the vector that is being read, in the binary form
	promised int     // vectors, by the header; 0 without one
	blank    int     // first empty line, which only others may follow
	numeric  int     // lines from the first on whose word is a number
	fraction bool    // one of these is no whole number
	fields   []field // of the line that is being split, kept to be used again
}

// field is a part of a line, [from, to).
type field struct{ from, to int }

func (s *scanner) scan(r io.Reader) error {
	lines := bufio.NewReaderSize(r, maxLine)
	head, _ := lines.Peek(headSize) // an error comes again from the first line
	if other := otherFormat(head); other != "" {
		return wholeFile(s.file, "%s", other)
	}
	if isBinary(head) {
		return s.scanBinary(lines)
	}
	for {
		line, err := lines.ReadSlice('\n')
		s.line++
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return s.notText(line, "the line is longer than 1 MiB")
		case err != nil && err != io.EOF:
			return s.cannotRead(line, err)
		}
		if len(line) > 0 {
			if err := s.readLine(line); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return s.end()
		}
	}
}

// end checks what is known only after the last line.
func (s *scanner) end() error {
	v := s.vectors
	switch {
	case s.promised > 0 && v.lines != s.promised:
		return wholeFile(s.file, "the header promises %d vectors and the file has %d: fetch it again, or remove this line if they were chosen on purpose", s.promised, v.lines)
	case v.lines == 0:
		return wholeFile(s.file, "the file is empty: %s", lineForm)
	case s.numeric == v.lines && s.fraction:
		return s.wordless(1, v.dim+1)
	}
	return nil
}

func (s *scanner) readLine(line []byte) error {
	if s.line == 1 {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	line = trimBlanks(line)
	if len(line) == 0 {
		if s.blank == 0 {
			s.blank = s.line
		}
		return nil
	}
	if s.blank > 0 {
		return &Error{s.file, s.blank, 1, "the line is empty and others follow: " + lineForm}
	}
	if at := bytes.IndexByte(line, 0); at >= 0 {
		return s.notText(line[:at], "a zero byte")
	}
	v := s.vectors
	if v.dim == 0 {
		if header, err := s.begin(line); header || err != nil {
			return err
		}
	}
	v.lines++

	word, numbers := simpleLine(line, v.dim)
	if numbers == 0 {
		var err error
		if word, numbers, err = s.splitLine(line); err != nil {
			return err
		}
	}
	if s.numeric == v.lines-1 && isNumber(word) {
		s.numeric++
		s.fraction = s.fraction || isFraction(word)
	}
	if out := s.row(word); out != nil {
		return s.readNumbers(line, numbers, out)
	}
	return nil
}

// row is where the numbers of a word go, nil where they are not wanted: no one asked for it, or it was read before.
func (s *scanner) row(word []byte) []float32 {
	v := s.vectors
	word = norm.NFC.Bytes(word)
	switch row, asked := v.rows[string(word)]; {
	case !asked && !s.all:
		return nil
	case asked && row != wanted:
		v.duplicates++
		return nil
	}
	v.rows[string(word)] = v.held
	return v.add()
}

// begin learns the dimension from the first line, and whether that is a header.
func (s *scanner) begin(line []byte) (header bool, err error) {
	if !utf8.Valid(line) {
		return false, s.notText(line[:validPrefix(line)], "bytes that are not UTF-8")
	}
	f := s.split(line)
	if len(f) == 2 && allDigits(f[0].of(line)) && allDigits(f[1].of(line)) {
		return true, s.readHeader(line, f)
	}
	dim := 0
	for dim < len(f)-1 && isNumber(f[len(f)-1-dim].of(line)) {
		dim++
	}
	if dim == 0 {
		return false, s.errorAt(line, f[len(f)-1].from, "%s, found %s", lineForm, quoteField(line))
	}
	// Of "the 0.1 x 0.3" only the last field would be taken for numbers. A fraction
	// among what would be the word shows that it is a slip.
	word := f[:len(f)-dim]
	for i := 1; i < len(word)-1; i++ {
		if isFraction(word[i].of(line)) {
			bad := word[len(word)-1]
			return false, s.errorAt(line, bad.from, "expected a number, found %s", quoteField(bad.of(line)))
		}
	}
	s.vectors.dim = dim
	return false, nil
}

// readHeader reads word2vec's "400000 300".
func (s *scanner) readHeader(line []byte, f []field) error {
	count, err := strconv.Atoi(string(f[0].of(line)))
	if err != nil || count == 0 {
		return s.errorAt(line, f[0].from, "the header promises %s vectors: expected a number above 0", f[0].of(line))
	}
	dim, err := strconv.Atoi(string(f[1].of(line)))
	if err != nil || dim == 0 || dim > maxLine/2 {
		return s.errorAt(line, f[1].from, "the header says that vectors have %s numbers: expected 1 to %d", f[1].of(line), maxLine/2)
	}
	s.promised, s.vectors.dim = count, dim
	return nil
}

// simpleLine takes a line apart that has a word without blanks, and one blank
// between fields: nearly all lines, and in most of them nothing but the blanks need
// be looked at. numbers is where the numbers begin, 0 if the line is not simple.
func simpleLine(line []byte, dim int) (word []byte, numbers int) {
	if bytes.Count(line, []byte{' '}) != dim {
		return nil, 0
	}
	end := bytes.IndexByte(line, ' ')
	word = line[:end]
	if end == 0 || bytes.IndexByte(word, '\t') >= 0 {
		return nil, 0
	}
	return word, end + 1
}

// splitLine takes any line apart: the last dim fields are the numbers.
func (s *scanner) splitLine(line []byte) (word []byte, numbers int, err error) {
	dim := s.vectors.dim
	f := s.split(line)
	switch found := len(f) - 1; {
	case found == dim-1 && isFraction(f[0].of(line)):
		return nil, 0, s.wordless(s.line, len(f))
	case found == dim+1 && s.numeric == s.vectors.lines-1 && s.fraction && s.promised == 0:
		return nil, 0, s.wordless(1, dim+1) // the first line's first number was taken for its word
	case found < dim:
		return nil, 0, s.count(line, len(line), found)
	case found > dim && isFraction(f[found-dim].of(line)):
		return nil, 0, s.count(line, f[dim+1].from, found)
	}
	f = f[:len(f)-dim]
	end := f[len(f)-1].to
	return line[f[0].from:end], end + 1, nil
}

// readNumbers reads the numbers from position at to the end of the line.
func (s *scanner) readNumbers(line []byte, at int, out []float32) error {
	for i := range out {
		for at < len(line) && isBlank(line[at]) {
			at++
		}
		if at >= len(line) {
			return s.count(line, len(line), i)
		}
		end := at + 1
		for end < len(line) && !isBlank(line[end]) {
			end++
		}
		x, ok := parseFloat32(line[at:end])
		if !ok {
			return s.notNumber(line, field{at, end})
		}
		out[i] = x
		at = end
	}
	if at < len(line) {
		return s.count(line, at+1, len(s.split(line))-1)
	}
	return nil
}

// split finds the fields of a line. They are valid until the next call.
func (s *scanner) split(line []byte) []field {
	s.fields = s.fields[:0]
	for at := 0; at < len(line); {
		from := at
		for at < len(line) && !isBlank(line[at]) {
			at++
		}
		if at > from {
			s.fields = append(s.fields, field{from, at})
		}
		at++
	}
	return s.fields
}

func (f field) of(line []byte) []byte { return line[f.from:f.to] }

// isBlank says whether b separates fields. Only these two do: glove.twitter has
// words such as U+0085, which Unicode counts among the spaces.
func isBlank(b byte) bool { return b == ' ' || b == '\t' }

// trimBlanks cuts the line end, and the blank that word2vec writes before it.
func trimBlanks(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	line = bytes.TrimSuffix(line, []byte{'\r'})
	for len(line) > 0 && isBlank(line[len(line)-1]) {
		line = line[:len(line)-1]
	}
	return line
}

// errorAt is an error at byte pos of the line that is being read.
func (s *scanner) errorAt(line []byte, pos int, format string, args ...any) error {
	return &Error{s.file, s.line, 1 + utf8.RuneCount(line[:pos]), fmt.Sprintf(format, args...)}
}

func (s *scanner) count(line []byte, pos, found int) error {
	source := "line 1"
	if s.promised > 0 {
		source = "the header says"
	}
	return s.errorAt(line, pos, "expected a word and %d numbers (as %s), found %d after the word", s.vectors.dim, source, found)
}

func (s *scanner) notNumber(line []byte, f field) error {
	text := string(f.of(line))
	_, err := strconv.ParseFloat(text, 32)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return s.errorAt(line, f.from, "%s is too large for a 32 bit number", quoteField(text))
	case err == nil:
		return s.errorAt(line, f.from, "found %s: a vector must have finite numbers", quoteField(text))
	}
	return s.errorAt(line, f.from, "expected a number, found %s", quoteField(text))
}

// wordless is the error of a line that has numbers alone.
func (s *scanner) wordless(line, numbers int) error {
	return &Error{s.file, line, 1, fmt.Sprintf("the line has %d numbers and no word before them: give it its word, or delete it (and correct a header's number of vectors)", numbers)}
}

func (s *scanner) notText(before []byte, what string) error {
	return s.errorAt(before, len(before), "%s: the file is not text; expected GloVe's text form or word2vec's binary one, also in .gz or .zip", what)
}

// cannotRead says where a file ended that is damaged.
func (s *scanner) cannotRead(line []byte, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return err // of the file system: says itself what failed, and where
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return s.errorAt(line, len(line), "the compressed file ends here, before its end: it was cut short; fetch it again")
	}
	return s.errorAt(line, len(line), "cannot uncompress what follows (%v): the file is damaged; fetch it again", err)
}

// validPrefix is the number of bytes before the first that is not UTF-8.
func validPrefix(b []byte) int {
	n := 0
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// quoteField shows a piece of a file in a message: on one line and never long.
func quoteField[T string | []byte](text T) string {
	const most = 30
	s := string(text[:min(len(text), 4*(most+1))])
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "..."
	}
	return strconv.Quote(s)
}
