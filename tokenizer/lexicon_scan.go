package tokenizer

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Pronunciation is one line of a lexicon.
type Pronunciation struct {
	Word   string   // as in the file, without the number of a variant: READ for READ(1)
	Phones []string // at least one; valid until the next line is scanned
	Line   int      // from 1
}

// ScanLexicon reads a pronunciation lexicon line by line and hands each
// pronunciation to yield, in file order; file names it in errors. One reader serves
// the formats in use, which differ in nothing that could be confused:
//
//	;;; a comment                    CMUdict 0.7b
//	READ  R EH1 D                    a word and its phones, between blanks or tabs
//	READ(1)  R IY1 D                 another pronunciation of READ
//	aalborg AO1 L B AO0 R G # place  a comment at the end (newer CMUdict)
//	READ	R IY1 D                  LibriSpeech: a word stands on several lines
//	READ 2 R IY1 D                   NLTK's cmudict counts the pronunciations of a word
//	read 1 R EH1 D                   Kaldi's lexiconp.txt and MFA: a probability, in any spelling
//	read 1 0.2 1.0 1.0 R EH1 D       MFA dictionaries, Kaldi's lexiconp_silprob.txt: four numbers
//
// Numbers before the phones are left out: those in columns that hold a number on every
// line of the file, and on any line those in decimals (0.65, 1e-05), with what stands before
// them, and the rest of MFA's four. Other numbers are phones, as 2 and 9 are in SAMPA. Where most lines, but
// not all, have a 0 or 1 there, it may be either, and that is an error.
//
// Empty lines are skipped. A line that is not UTF-8 is taken as Latin-1, because
// CMUdict 0.7b spells one word (DÉJÀ) that way. Wrong lines are collected and
// returned together as [Errors] when the rest has been scanned; an error of yield
// ends the scan at once and is returned, with the file's name if it is an [*Error].
func ScanLexicon(r io.Reader, file string, yield func(Pronunciation) error) error {
	var wrong Errors
	r = &sticky{r: r}
	read := new(bytes.Buffer)
	columns := numberColumns(newLines(io.TeeReader(r, read), file))
	in := newLines(io.MultiReader(read, r), file)
	var fields, phones []string
	var undecided probabilities
	for {
		line, err := in.next()
		if errors.Is(err, io.EOF) {
			undecided.judge(&wrong, file)
			return wrong.result()
		}
		if err != nil {
			return err
		}
		if i := bytes.IndexByte(line, 0); i >= 0 {
			wrong.add(file, in.n, i+1, "expected text, found a zero byte; is this a pronunciation lexicon in UTF-8?")
			return wrong
		}
		fields = appendFields(fields[:0], decode(line))
		if len(fields) == 0 || strings.HasPrefix(fields[0], ";;;") {
			continue
		}
		phones = phonesOf(phones[:0], fields, columns)
		if len(phones) == 0 {
			if !wrong.add(file, in.n, 1, "expected a word and its phones, found the word %q alone; "+
				"add its phones or delete the line", clip(fields[0])) {
				return wrong
			}
			continue
		}
		undecided.note(in.n, fields[0], phones)
		err = yield(Pronunciation{Word: withoutVariant(fields[0]), Phones: phones, Line: in.n})
		if placed := (*Error)(nil); errors.As(err, &placed) && placed.File == "" {
			placed.File = file
		}
		if err != nil {
			return err
		}
	}
}

// probabilities counts the lines that seem to have one among their phones.
type probabilities struct {
	lines, with int
	without     int    // the first line that has none
	word        string // its word
}

func (p *probabilities) note(line int, word string, phones []string) {
	p.lines++
	if len(phones) > 1 && (phones[0] == "0" || phones[0] == "1") {
		p.with++
	} else if p.without == 0 {
		p.without, p.word = line, word
	}
}

// judge refuses a file that most likely has probabilities, of which lines lack one: they would be phones of all its other words.
func (p *probabilities) judge(wrong *Errors, file string) {
	if p.without > 0 && 2*p.with > p.lines {
		wrong.add(file, p.without, 1, "%d of %d lines have a number before the phones, and that of %q has none: is it a probability? "+
			"Write one on every line, or none", p.with, p.lines, clip(p.word))
	}
}

// decode is the line as a string, from UTF-8 or else from Latin-1.
func decode(line []byte) string {
	if utf8.Valid(line) {
		return string(line)
	}
	var s strings.Builder
	for _, b := range line {
		s.WriteRune(rune(b))
	}
	return s.String()
}

// blanks are what stands between fields: no exotic space inside a word or an IPA
// phone is a boundary.
const blanks = " \t\r"

// appendFields cuts a line at blanks, and takes exotic spaces off around the fields.
func appendFields(fields []string, text string) []string {
	for text != "" {
		field, rest := text, ""
		if end := strings.IndexAny(text, blanks); end >= 0 {
			field, rest = text[:end], text[end+1:]
		}
		if field = TrimLabel(field); field != "" {
			fields = append(fields, field)
		}
		text = rest
	}
	return fields
}

// sticky is a reader that fails again where it failed once, so that a scan of what was read before ends in the same error.
type sticky struct {
	r   io.Reader
	err error
}

func (s *sticky) Read(p []byte) (n int, err error) {
	if s.err == nil {
		n, s.err = s.r.Read(p)
	}
	return n, s.err
}

// numberColumns is how many numbers stand between the word and its phones on every line: none, one or four. Only all lines
// together tell, because 1 is a probability in Kaldi's files and a phone in X-SAMPA. It stops at the first line
// without a number, and at what can't be read, which the scan reports.
func numberColumns(in *lines) int {
	const all = 4
	columns := all
	var fields []string
	for first := true; columns > 0; {
		line, err := in.next()
		if err != nil {
			break
		}
		fields = appendFields(fields[:0], decode(line))
		if len(fields) == 0 || strings.HasPrefix(fields[0], ";;;") {
			continue
		}
		columns = min(columns, leadingNumbers(fields[1:]))
		if first && columns > 0 {
			// Probabilities are at most 1, and NLTK counts from 1: more is a phone, in a file of a few words.
			if x, _ := strconv.ParseFloat(fields[1], 64); x > 1 {
				return 0
			}
			first = false
		}
	}
	if columns < all {
		columns = min(columns, 1) // a second number that is not MFA's is a phone of a few words
	}
	return columns
}

// leadingNumbers counts the numbers that fields begin with.
func leadingNumbers(fields []string) int {
	for i, field := range fields {
		if !isNumber(field) {
			return i
		}
	}
	return len(fields)
}

// isNumber leaves out what ParseFloat takes as well and a phone may be called: inf, nan.
func isNumber(field string) bool {
	if strings.Trim(field, "+-.0123456789eE") != "" {
		return false
	}
	_, err := strconv.ParseFloat(field, 64)
	return err == nil
}

// phonesOf appends the phones among a line's fields: what stands after the word and any numbers, up to a comment.
// columns is what numberColumns says.
func phonesOf(phones, fields []string, columns int) []string {
	from := 1 + columns
	numbers, decimal := leadingNumbers(fields[1:]), 0
	for i := from; i <= numbers; i++ {
		if strings.ContainsAny(fields[i], ".eE") { // no phone is written so
			decimal, from = i, i+1
		}
	}
	if decimal > 0 && decimal <= 4 && numbers >= 4 {
		from = 5 // of MFA's four numbers those after the decimal may be whole
	}
	for _, field := range fields[min(from, len(fields)):] {
		if field[0] == '#' {
			break
		}
		phones = append(phones, field)
	}
	return phones
}

// withoutVariant takes the number of a variant off a word: READ(1) is READ.
func withoutVariant(word string) string {
	open := strings.LastIndexByte(word, '(')
	if open <= 0 || open+2 >= len(word) || word[len(word)-1] != ')' {
		return word
	}
	for _, digit := range []byte(word[open+1 : len(word)-1]) {
		if digit < '0' || digit > '9' {
			return word
		}
	}
	return word[:open]
}

// clip shortens a word for a message.
func clip(word string) string {
	const most = 40
	if utf8.RuneCountInString(word) <= most {
		return word
	}
	return string([]rune(word)[:most]) + "..."
}
