package models

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// Vectors are static word vectors, such as GloVe's.
type Vectors struct {
	dim     int
	entries int
	words   map[string][]float32
}

// Dim is the length of every vector.
func (v *Vectors) Dim() int { return v.dim }

// Len is the number of words that were kept; Entries that of the file.
func (v *Vectors) Len() int { return len(v.words) }

// Entries is the number of words in the file.
func (v *Vectors) Entries() int { return v.entries }

// Vector returns the vector of a word, exactly as spelled; false if the file
// has none. The slice must not be changed.
func (v *Vectors) Vector(word string) ([]float32, bool) {
	x, ok := v.words[word]
	return x, ok
}

// OpenVectors reads word vectors in GloVe's text form, one line a word: the word
// and its numbers, with single spaces between. A first line with the two counts
// (word2vec's form) is skipped. The file may be compressed (.gz) or in an
// archive (.zip; "glove.6B.zip#glove.6B.300d.txt" names one of several).
//
// The file is read once from front to end and only the words in the set are
// kept, so memory grows with the set, not with the file; nil keeps all. Every
// line must have the length of the first; a word that occurs twice with
// different numbers is an error. Mistakes are of type *Error with the line.
func OpenVectors(path string, words map[string]bool) (*Vectors, error) {
	r, err := openText(path)
	if err != nil {
		return nil, err
	}
	v, err := ReadVectors(r, path, words)
	if closeErr := r.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("%s: %w", path, closeErr)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// maxVectorLine bounds one line; 300 numbers take some 3 kB.
const maxVectorLine = 1 << 20

// ReadVectors is [OpenVectors] for an open text; file names it in errors.
func ReadVectors(r io.Reader, file string, words map[string]bool) (*Vectors, error) {
	p := vectorReader{file: file, want: words, v: &Vectors{words: map[string][]float32{}}, lines: map[string]int{}}
	in := bufio.NewReaderSize(r, maxVectorLine)
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, &Error{file, p.line + 1, 0, fmt.Sprintf("the line is longer than %d bytes: this is not a file of word vectors", maxVectorLine)}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: after line %d: %w", file, p.line, err)
		}
		if len(line) > 0 {
			p.line++
			if err := p.add(bytes.TrimRight(line, " \r\n")); err != nil {
				return nil, err
			}
		}
		if err != nil {
			break
		}
	}
	if p.v.entries == 0 {
		return nil, &Error{file, 1, 0, "there are no vectors in it; a line is: WORD NUMBER NUMBER ..."}
	}
	return p.v, nil
}

type vectorReader struct {
	file  string
	want  map[string]bool
	v     *Vectors
	line  int
	lines map[string]int // of the words kept
}

func (p *vectorReader) fail(format string, args ...any) error {
	return &Error{p.file, p.line, 0, fmt.Sprintf(format, args...)}
}

// add takes one line in.
func (p *vectorReader) add(line []byte) error {
	if len(line) == 0 {
		return nil
	}
	spaces := bytes.Count(line, []byte{' '})
	if p.v.dim == 0 {
		if p.line == 1 && isCounts(line) {
			return nil
		}
		if spaces == 0 {
			return p.fail("a word and its numbers were expected, found %q", shorten(line))
		}
		p.v.dim = spaces
	}
	p.v.entries++
	at := bytes.IndexByte(line, ' ')
	switch {
	case spaces < p.v.dim:
		return p.fail("%q has %d numbers, the words before have %d: the file is damaged or cut off", shorten(line), spaces, p.v.dim)
	case spaces > p.v.dim: // a few of GloVe's words hold spaces themselves
		at = nthLast(line, p.v.dim)
	}
	if p.want != nil && !p.want[string(line[:at])] {
		return nil
	}
	word := string(line[:at])
	x, err := p.numbers(word, line[at+1:])
	if err != nil {
		return err
	}
	if before, ok := p.v.words[word]; ok {
		for i := range x {
			if x[i] != before[i] {
				return p.fail("%q was on line %d already, with other numbers: which is meant?", word, p.lines[word])
			}
		}
		return nil
	}
	p.v.words[word], p.lines[word] = x, p.line
	return nil
}

func (p *vectorReader) numbers(word string, text []byte) ([]float32, error) {
	x := make([]float32, 0, p.v.dim)
	for field := range bytes.SplitSeq(text, []byte{' '}) {
		f, err := strconv.ParseFloat(string(field), 32)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, p.fail("number %d of %q is %q: a finite number was expected", len(x)+1, word, shorten(field))
		}
		x = append(x, float32(f))
	}
	return x, nil
}

// isCounts recognises word2vec's first line: the numbers of words and of
// dimensions.
func isCounts(line []byte) bool {
	fields := bytes.Fields(line)
	if len(fields) != 2 {
		return false
	}
	for _, f := range fields {
		if n, err := strconv.Atoi(string(f)); err != nil || n <= 0 {
			return false
		}
	}
	return true
}

// nthLast is the place of the n-th space from the end.
func nthLast(line []byte, n int) int {
	at := len(line)
	for ; n > 0; n-- {
		at = bytes.LastIndexByte(line[:at], ' ')
	}
	return at
}

func shorten(b []byte) string {
	const most = 40
	if len(b) > most {
		return string(b[:most]) + "..."
	}
	return string(b)
}

// Write writes the words that were kept, sorted, in GloVe's text form and with
// all their digits: what a cache of a large file holds.
func (v *Vectors) Write(w io.Writer) error {
	words := make([]string, 0, len(v.words))
	for word := range v.words {
		words = append(words, word)
	}
	sort.Strings(words)
	out := bufio.NewWriter(w)
	var line []byte
	for _, word := range words {
		line = append(line[:0], word...)
		for _, x := range v.words[word] {
			line = strconv.AppendFloat(append(line, ' '), float64(x), 'g', -1, 32)
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

// stackedReader closes what lies below it too.
type stackedReader struct {
	io.Reader
	closers []io.Closer
}

func (s stackedReader) Close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// openText opens a file, unpacking it by its extension.
func openText(path string) (io.ReadCloser, error) {
	file, entry, _ := strings.Cut(path, "#")
	switch strings.ToLower(filepath.Ext(file)) {
	case ".zip":
		return openZipEntry(file, entry)
	case ".gz":
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s is not a gzip file: %w", file, err), f.Close())
		}
		return stackedReader{z, []io.Closer{z, f}}, nil
	}
	return os.Open(path)
}

// openZipEntry opens the entry of that name, or the only text there is.
func openZipEntry(file, entry string) (io.ReadCloser, error) {
	z, err := zip.OpenReader(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%s is not a zip file: %w", file, err)
	}
	var matching []*zip.File
	var names []string
	for _, f := range z.File {
		if f.FileInfo().IsDir() {
			continue
		}
		names = append(names, f.Name)
		if entry == f.Name || entry == "" && strings.HasSuffix(f.Name, ".txt") {
			matching = append(matching, f)
		}
	}
	if len(matching) != 1 {
		what := "has no entry " + strconv.Quote(entry)
		if entry == "" {
			what = fmt.Sprintf("has %d text files", len(matching))
		}
		return nil, errors.Join(fmt.Errorf("%s %s: write %s#NAME with one of %s", file, what, file, strings.Join(names, ", ")), z.Close())
	}
	r, err := matching[0].Open()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s#%s: %w", file, matching[0].Name, err), z.Close())
	}
	return stackedReader{r, []io.Closer{r, z}}, nil
}
