package corpus

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"
)

// ctmFile is a CTM file (NIST's time-marked conversation; Kaldi's and MFA's word or phone times):
//
//	ID CHANNEL START DURATION LABEL [CONFIDENCE]
//
// in seconds, ID an utterance or a recording; lines that begin with ;; are comments. Such a file holds a whole corpus,
// so it is indexed at first use and read in pieces: memory grows with the utterances, not with their words.
type ctmFile struct {
	path    string
	symbols string // words.txt or phones.txt next to it: names for labels that are numbers; "" if there is none
	phones  bool   // strip Kaldi's position endings

	once  sync.Once
	err   error
	spans map[string][]ctmSpan
	names map[string]string // number -> symbol
}

// ctmSpan is a run of lines with one ID.
type ctmSpan struct {
	offset int64
	length int
	line   int // number of its first line
}

// maxLine bounds a line of a CTM file, against files that are something else.
const maxLine = 1 << 20

// open indexes the file once.
func (f *ctmFile) open() error {
	f.once.Do(func() {
		file, err := os.Open(f.path)
		if err != nil {
			f.err = &Error{File: f.path, Msg: "can't be read: " + reason(err)}
			return
		}
		defer file.Close()
		head := make([]byte, 2)
		if n, _ := file.ReadAt(head, 0); utf16Order(string(head[:n])) != nil { // the index is of the file's own bytes
			f.err = &Error{File: f.path, Msg: "is UTF-16, in which only smaller files are read: convert it, for example with iconv -f UTF-16 -t UTF-8"}
			return
		}
		if f.spans, f.err = indexCTM(file, f.path); f.err == nil && f.symbols != "" {
			f.names, f.err = readSymbols(f.symbols)
		}
	})
	return f.err
}

// indexCTM finds the lines of every ID.
func indexCTM(r io.Reader, path string) (map[string][]ctmSpan, error) {
	spans := map[string][]ctmSpan{}
	in := bufio.NewReaderSize(r, 1<<16)
	var offset int64
	current := ""
	var run ctmSpan
	flush := func() {
		if current != "" {
			spans[current] = append(spans[current], run)
		}
	}
	for line := 1; ; line++ {
		raw, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, &Error{File: path, Line: line, Msg: err.Error()}
		}
		if id, comment := ctmID(raw); !comment {
			if string(id) != current {
				flush()
				current, run = string(id), ctmSpan{offset: offset, line: line}
			}
			run.length = int(offset-run.offset) + len(raw)
		}
		offset += int64(len(raw))
		if err != nil {
			break
		}
	}
	flush()
	return spans, nil
}

// readLine returns the next line with its end, valid until the next call. io.EOF comes with the last one.
func readLine(in *bufio.Reader) ([]byte, error) {
	raw, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return raw, err
	}
	long := slices.Clone(raw)
	for errors.Is(err, bufio.ErrBufferFull) {
		if len(long) > maxLine {
			return nil, fmt.Errorf("a line of more than %d bytes: expected ID CHANNEL START DURATION LABEL", maxLine)
		}
		raw, err = in.ReadSlice('\n')
		long = append(long, raw...)
	}
	return long, err
}

// ctmID returns the first field of a line; comment is true for lines that hold nothing. The first line may have a byte order mark.
func ctmID(raw []byte) (id []byte, comment bool) {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	start := 0
	for start < len(raw) && isBlank(raw[start]) {
		start++
	}
	end := start
	for end < len(raw) && !isBlank(raw[end]) {
		end++
	}
	id = norm.NFC.Bytes(raw[start:end]) // as nfc
	return id, len(id) == 0 || strings.HasPrefix(string(id), ";;")
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// readSymbols reads Kaldi's "SYMBOL NUMBER" lines.
func readSymbols(path string) (map[string]string, error) {
	text, err := readText(path)
	if err != nil {
		return nil, &Error{File: path, Msg: "can't be read: " + reason(err)}
	}
	names := map[string]string{}
	eachLine(text, func(line int, s string) {
		symbol, number := cutField(s)
		if symbol == "" || err != nil {
			return
		}
		if _, bad := strconv.Atoi(number); bad != nil {
			err = &Error{File: path, Line: line, Msg: fmt.Sprintf("expected SYMBOL NUMBER, found %q", shorten(s))}
			return
		}
		names[number] = symbol
	})
	return names, err
}

// ctmSegment is one line, in seconds from the beginning of whatever the ID names.
type ctmSegment struct {
	start, end float64
	label      string
	line       int
}

// lines returns the parsed lines of one ID, in the order of the file.
func (f *ctmFile) lines(id string) ([]ctmSegment, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, &Error{File: f.path, Msg: "can't be read: " + reason(err)}
	}
	defer file.Close()
	var out []ctmSegment
	for _, span := range f.spans[id] {
		buf := make([]byte, span.length)
		if _, err := file.ReadAt(buf, span.offset); err != nil {
			return nil, &Error{File: f.path, Line: span.line, Msg: "can't be read (did the file change?): " + reason(err)}
		}
		if out, err = parseCTM(f.path, span.line, string(buf), id, out); err != nil {
			return nil, err
		}
	}
	for i := range out {
		s := &out[i]
		if name, ok := f.names[s.label]; ok {
			s.label = name
		}
		if f.phones {
			s.label = stripPosition(s.label)
		}
	}
	return out, nil
}

// parseCTM appends the segments of the lines of one ID; the first of them is line number first of the file.
func parseCTM(path string, first int, text, id string, out []ctmSegment) ([]ctmSegment, error) {
	var err error
	eachLine(text, func(n int, s string) {
		if err != nil {
			return
		}
		line := first + n - 1
		if got, comment := ctmID([]byte(s)); comment || string(got) != id {
			return
		}
		fields := strings.Fields(s)
		if len(fields) < 5 {
			err = &Error{File: path, Line: line, Msg: fmt.Sprintf("expected ID CHANNEL START DURATION LABEL, found %d fields: %q", len(fields), shorten(s))}
			return
		}
		start, err1 := parseSeconds(fields[2])
		duration, err2 := parseSeconds(fields[3])
		switch {
		case err1 != nil:
			err = &Error{File: path, Line: line, Msg: fmt.Sprintf("expected the start in seconds, found %q", shorten(fields[2]))}
		case err2 != nil || duration < 0:
			err = &Error{File: path, Line: line, Msg: fmt.Sprintf("expected the duration in seconds, found %q", shorten(fields[3]))}
		default:
			if bad := checkUTF8(path, line, s); bad != nil {
				err = bad.err()
				return
			}
			out = append(out, ctmSegment{start: start, end: start + duration, label: fields[4], line: line})
		}
	})
	return out, err
}

// parseSeconds reads a finite time that no recording exceeds.
func parseSeconds(s string) (float64, error) {
	x, err := strconv.ParseFloat(s, 64)
	if err == nil && !(x >= -maxSeconds && x <= maxSeconds) {
		err = strconv.ErrRange
	}
	return x, err
}

// stripPosition removes Kaldi's word position from a phone: AH0_I is AH0.
func stripPosition(phone string) string {
	if n := len(phone) - 2; n > 0 && phone[n] == '_' && strings.IndexByte("BIES", phone[n+1]) >= 0 {
		return phone[:n]
	}
	return phone
}

// ctmFiles finds words.ctm (or ctm) and phones.ctm in a folder.
func ctmFiles(dir string) (words, phones *ctmFile) {
	exists := func(name string) string {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
		return ""
	}
	for _, name := range []string{"words.ctm", "ctm"} {
		if path := exists(name); path != "" && words == nil {
			words = &ctmFile{path: path, symbols: exists("words.txt")}
		}
	}
	if path := exists("phones.ctm"); path != "" {
		phones = &ctmFile{path: path, symbols: exists("phones.txt"), phones: true}
	}
	return words, phones
}

// alignCTM fills a from the CTM files. Lines under the utterance's ID count from the beginning of the utterance, lines
// under its recording's ID from the beginning of the recording: of those, the utterance gets what has its middle in it.
func (c *Corpus) alignCTM(u *Utterance, a *Alignment) error {
	found := false
	read := func(path string) ([]Segment, error) {
		if path == "" {
			return nil, nil
		}
		f := c.ctm[path]
		if err := f.open(); err != nil {
			return nil, err
		}
		id, shift := u.ID, 0.0
		if _, ok := f.spans[id]; !ok && !u.whole() {
			id, shift = u.Recording, u.From
		}
		lines, err := f.lines(id)
		if err != nil {
			return nil, err
		}
		var out []Segment
		for _, l := range lines {
			if id != u.ID {
				if middle := (l.start + l.end) / 2; middle < u.From || u.To > 0 && middle >= u.To {
					continue
				}
			}
			s := Segment{Index: len(out), Label: l.label, Start: l.start - shift, End: l.end - shift, Line: l.line}
			if id != u.ID { // a segment may begin a rounding error before its utterance
				s.Start = max(s.Start, 0)
			}
			s.From, s.To = c.samples(s.Start), c.samples(s.End)
			a.End = max(a.End, s.End)
			out = append(out, s)
			found = true
		}
		return out, nil
	}
	var err error
	if a.Words, err = read(u.WordsFile); err != nil {
		return err
	}
	if a.Phones, err = read(u.PhonesFile); err != nil {
		return err
	}
	if !found {
		file := u.WordsFile
		if file == "" {
			file = u.PhonesFile
		}
		return &noAlignment{file, fmt.Sprintf("no alignment for %s: no line begins with its ID or its recording's", u.ID)}
	}
	return nil
}

// noAlignment is the error of an absent alignment; Error is that of a broken one.
type noAlignment struct{ file, msg string }

func (e *noAlignment) Error() string { return place(e.file, 0, 0) + e.msg }
