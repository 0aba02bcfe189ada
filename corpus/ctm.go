package corpus

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"

	"speechsim/textgrid"
	"speechsim/tokenizer"
)

// ctmFile is a CTM file (NIST's time-marked conversation; Kaldi's and MFA's word or phone times):
//
//	ID CHANNEL START DURATION LABEL [CONFIDENCE]
//
// in seconds, ID an utterance or a recording; lines that begin with ;; are comments. Such a file holds a whole corpus,
// so it is indexed at first use and read in pieces: memory grows with the utterances (and with the symbols, where labels are
// numbers), not with their words.
type ctmFile struct {
	path    string
	symbols string // words.txt or phones.txt next to it: the symbols that numbers stand for; "" if there is none
	phones  bool   // strip Kaldi's position endings

	once  sync.Once
	err   error
	index ctmIndex
	names map[string]string // number -> symbol; nil where labels are labels
}

// ctmIndex is what one pass over a CTM file tells.
type ctmIndex struct {
	spans   map[string][]ctmSpan // by ID
	numbers map[string]bool      // the labels, if all of the file are numbers; else nil

	channel  string                  // of the first line
	several  bool                    // the lines name several channels: then the column says whose words they are
	fromZero bool                    // channels count from 0, since one has that number
	counts   map[string]channelCount // by ID
}

// channelCount says how the lines of an ID count channels.
type channelCount struct{ zero, two bool } // there is a channel 0, a channel 2

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
		head := make([]byte, 200)
		n, _ := file.ReadAt(head, 0) // what can't be read is the error of the index
		head = head[:n]
		if textgrid.UTF16Order(head) != nil { // the index is of the file's own bytes
			f.err = &Error{File: f.path, Msg: "is UTF-16, in which only smaller files are read: convert it, for example with iconv -f UTF-16 -t UTF-8"}
			return
		}
		if what := textgrid.StandIn(head); what != "" { // of which no line would be an utterance's
			f.err = &Error{File: f.path, Msg: "is " + what}
			return
		}
		if f.index, f.err = indexCTM(file, f.path); f.err == nil && f.symbols != "" && len(f.index.numbers) > 0 {
			f.names, f.err = readSymbols(f.symbols)
		}
		if f.err == nil {
			f.names, f.err = f.index.symbolNumbers(f.names, f.path, f.symbols)
		}
	})
	return f.err
}

// symbolNumbers returns the names of numbers if the labels of the file are numbers of these symbols, and nil if they are labels themselves: SAMPA has
// the vowels 2 and 9, and words may be digits. Where all labels are numbers, but neither all numbers nor all symbols of the table,
// the table is not that of the file, and either reading would be wrong.
func (x *ctmIndex) symbolNumbers(names map[string]string, path, table string) (map[string]string, error) {
	symbols := map[string]bool{}
	for _, symbol := range names {
		symbols[symbol] = true
	}
	lacking, allSymbols := "", true
	for _, label := range slices.Sorted(maps.Keys(x.numbers)) {
		if names[label] == "" && lacking == "" {
			lacking = label
		}
		allSymbols = allSymbols && symbols[label]
	}
	switch {
	case len(names) == 0 || allSymbols:
		return nil, nil
	case lacking != "":
		return nil, &Error{File: path, Msg: fmt.Sprintf("all labels are numbers, and %s has no symbol of the number %s: is it the table of another file?", table, lacking)}
	}
	return names, nil
}

// channelNumber is the number, from 1, of a channel that a line names. A and B are the sides of a call, as are 1 and 2.
func (x *ctmIndex) channelNumber(name string) (int, error) {
	if side := sideNumber(name); side > 0 {
		return side, nil
	}
	n, err := strconv.Atoi(name)
	if x.fromZero {
		n++
	}
	if err != nil || n < 1 {
		return 0, fmt.Errorf("expected a channel, A, B or a number, found %q", shorten(name))
	}
	return n, nil
}

// note adds what a line says of channels and labels.
func (x *ctmIndex) note(id string, raw []byte) {
	_, rest := ctmField(raw)
	channel, rest := ctmField(rest)
	_, rest = ctmField(rest)
	_, rest = ctmField(rest)
	label, _ := ctmField(rest)
	if len(label) == 0 {
		return // a broken line, which is told when it is read
	}
	if x.channel == "" {
		x.channel = string(channel)
	}
	x.several = x.several || string(channel) != x.channel
	if zero, two := string(channel) == "0", string(channel) == "2"; zero || two {
		n := x.counts[id]
		x.counts[id] = channelCount{n.zero || zero, n.two || two}
		x.fromZero = x.fromZero || zero
	}
	switch {
	case x.numbers == nil:
	case !isNumber(label):
		x.numbers = nil
	case !x.numbers[string(label)]:
		x.numbers[string(label)] = true
	}
}

func isNumber(label []byte) bool {
	for _, c := range label {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// indexCTM finds the lines of every ID, and what the columns of channels and labels hold.
func indexCTM(r io.Reader, path string) (ctmIndex, error) {
	x := ctmIndex{spans: map[string][]ctmSpan{}, numbers: map[string]bool{}, counts: map[string]channelCount{}}
	in := bufio.NewReaderSize(r, 1<<16)
	var offset int64
	current := ""
	var run ctmSpan
	flush := func() {
		if current != "" {
			x.spans[current] = append(x.spans[current], run)
		}
	}
	for line := 1; ; line++ {
		raw, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return ctmIndex{}, &Error{File: path, Line: line, Msg: err.Error()}
		}
		if id, comment := ctmID(raw); !comment {
			if string(id) != current {
				flush()
				current, run = string(id), ctmSpan{offset: offset, line: line}
			}
			run.length = int(offset-run.offset) + len(raw)
			x.note(current, raw)
		}
		offset += int64(len(raw))
		if err != nil {
			break
		}
	}
	flush()
	return x, x.checkCounts(path)
}

// checkCounts refuses a file of which some recordings count channels from 0 and others from 1: which 1 is the first?
func (x *ctmIndex) checkCounts(path string) error {
	var zero, one string
	for _, id := range slices.Sorted(maps.Keys(x.counts)) {
		switch n := x.counts[id]; {
		case n.zero:
			zero = id
		case n.two:
			one = id
		}
	}
	if zero != "" && one != "" {
		return &Error{File: path, Msg: fmt.Sprintf("the channels of %s count from 0, those of %s from 1: number them in one way", oneLine(zero), oneLine(one))}
	}
	return nil
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
	id, _ = ctmField(bytes.TrimPrefix(raw, []byte("\ufeff")))
	return norm.NFC.Bytes(id), len(id) == 0 || strings.HasPrefix(string(id), ";;") // as nfc
}

// ctmField returns the first field of a line, and what follows it.
func ctmField(raw []byte) (field, rest []byte) {
	start := 0
	for start < len(raw) && isBlank(raw[start]) {
		start++
	}
	end := start
	for end < len(raw) && !isBlank(raw[end]) {
		end++
	}
	return raw[start:end], raw[end:]
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
	start, end     float64
	channel, label string
	trimmed        bool // see Segment
	line           int
}

// lines returns the parsed lines of one ID, in the order of the file.
func (f *ctmFile) lines(id string) ([]ctmSegment, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, &Error{File: f.path, Msg: "can't be read: " + reason(err)}
	}
	defer file.Close()
	var out []ctmSegment
	for _, span := range f.index.spans[id] {
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
		var fields []string // cut at blanks of ASCII alone, as the index is
		for rest := []byte(s); len(fields) < 5; {
			var field []byte
			if field, rest = ctmField(rest); len(field) == 0 {
				break
			}
			fields = append(fields, string(field))
		}
		if len(fields) < 5 {
			err = &Error{File: path, Line: line, Msg: fmt.Sprintf("expected ID CHANNEL START DURATION LABEL, found %s: %q", plural(len(fields), "field"), shorten(s))}
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
			label := tokenizer.TrimLabel(fields[4])
			out = append(out, ctmSegment{start: start, end: start + duration, channel: fields[1], label: label, trimmed: label != fields[4], line: line})
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

// alignCTM fills a from the CTM files.
func (c *Corpus) alignCTM(u *Utterance, a *Alignment) error {
	var err error
	if a.Words, err = c.readCTM(u, u.WordsFile); err != nil {
		return err
	}
	if a.Phones, err = c.readCTM(u, u.PhonesFile); err != nil {
		return err
	}
	for _, tier := range [][]Segment{a.Words, a.Phones} {
		for i := range tier {
			a.End = max(a.End, tier[i].End)
		}
	}
	if len(a.Words)+len(a.Phones) == 0 {
		file := u.WordsFile
		if file == "" {
			file = u.PhonesFile
		}
		return &noAlignment{file, fmt.Sprintf("no alignment for %s: no line begins with its ID, and none with its recording's is of its time and channel", u.ID)}
	}
	return nil
}

// readCTM reads the lines of u in a CTM file. Lines under the utterance's ID count from the beginning of the utterance,
// lines under its recording's ID from the beginning of the recording: of those, the utterance gets what has its middle in
// it and, where the file names several channels, what is of its own. An utterance of no channel, or of the mean of all, gets
// the words of all. Lines under the ID of the call that the recording is a side of are read in the same way, and only those of its side.
func (c *Corpus) readCTM(u *Utterance, path string) ([]Segment, error) {
	if path == "" {
		return nil, nil
	}
	f := c.ctm[path]
	if err := f.open(); err != nil {
		return nil, err
	}
	id, cut := c.ctmSource(f, u)
	shift := 0.0
	if cut {
		shift = u.From
	}
	side := 0
	switch {
	case u.Side != "" && id == u.Call && id != u.Recording:
		side, _ = strconv.Atoi(u.Side)
	case id == u.Recording && f.index.several:
		side, _ = strconv.Atoi(cmp.Or(u.Channel, u.Side, c.Spec.Audio.Channel))
	}
	lines, err := f.lines(id)
	if err != nil {
		return nil, err
	}
	var out []Segment
	for _, l := range lines {
		if middle := (l.start + l.end) / 2; cut && (middle < u.From || u.To > 0 && middle >= u.To) {
			continue
		}
		if side > 0 {
			n, err := f.index.channelNumber(l.channel)
			if err != nil {
				return nil, &Error{File: path, Line: l.line, Msg: err.Error()}
			}
			if n != side {
				continue
			}
		}
		s := Segment{Index: len(out), Label: l.label, Trimmed: l.trimmed, Start: l.start - shift, End: l.end - shift, Line: l.line}
		if cut { // a segment may begin a rounding error before its utterance
			s.Start = max(s.Start, 0)
		}
		s.From, s.To = c.samples(s.Start), c.samples(s.End)
		out = append(out, s)
	}
	return out, nil
}

// ctmSource is the ID whose lines u reads, "" if there are none. ofRecording says that their times count from the recording's
// beginning.
//
// An ID may be an utterance's and a recording's. Its lines are the recording's if the other utterances of the recording
// have no lines but these, and the utterance's if one of them has its own.
func (c *Corpus) ctmSource(f *ctmFile, u *Utterance) (id string, ofRecording bool) {
	has := func(id string) bool {
		_, ok := f.index.spans[id]
		return ok
	}
	others := c.sharers[u.ID]
	switch {
	case has(u.ID) && (len(others) == 0 || slices.ContainsFunc(others, has)):
		return u.ID, false
	case slices.ContainsFunc(c.sharers[u.Recording], has):
		return "", false
	}
	if u.Call != "" && !has(u.Recording) {
		return u.Call, true
	}
	return u.Recording, true
}

// noAlignment is the error of an absent alignment; Error is that of a broken one.
type noAlignment struct{ file, msg string }

func (e *noAlignment) Error() string { return place(e.file, 0, 0) + e.msg }
