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
//	read 0.65 R EH1 D                Kaldi's lexiconp.txt, MFA dictionaries:
//	read 0.65 0.2 1.0 1.0 R EH1 D    decimal numbers before the phones are left out
//
// Empty lines are skipped. A line that is not UTF-8 is taken as Latin-1, because
// CMUdict 0.7b spells one word (DÉJÀ) that way. Wrong lines are collected and
// returned together as [Errors] when the rest has been scanned; an error of yield
// ends the scan at once and is returned, with the file's name if it is an [*Error].
func ScanLexicon(r io.Reader, file string, yield func(Pronunciation) error) error {
	var wrong Errors
	in := newLines(r, file)
	var fields, phones []string
	for {
		line, err := in.next()
		if errors.Is(err, io.EOF) {
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
		phones = phonesOf(phones[:0], fields)
		if len(phones) == 0 {
			if !wrong.add(file, in.n, 1, "expected a word and its phones, found the word %q alone; "+
				"add its phones or delete the line", clip(fields[0])) {
				return wrong
			}
			continue
		}
		err = yield(Pronunciation{Word: withoutVariant(fields[0]), Phones: phones, Line: in.n})
		if placed := (*Error)(nil); errors.As(err, &placed) && placed.File == "" {
			placed.File = file
		}
		if err != nil {
			return err
		}
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

// appendFields cuts a line at blanks.
func appendFields(fields []string, text string) []string {
	for {
		text = strings.TrimLeft(text, blanks)
		if text == "" {
			return fields
		}
		end := strings.IndexAny(text, blanks)
		if end < 0 {
			return append(fields, text)
		}
		fields, text = append(fields, text[:end]), text[end:]
	}
}

// phonesOf appends the phones among a line's fields: what stands after the word and
// any probabilities, up to a comment.
func phonesOf(phones, fields []string) []string {
	for _, field := range fields[1:] {
		if field[0] == '#' {
			break
		}
		if len(phones) == 0 && isProbability(field) {
			continue
		}
		phones = append(phones, field)
	}
	return phones
}

// isProbability wants a decimal point, because SAMPA has phones such as 2 and 9.
func isProbability(field string) bool {
	if !strings.Contains(field, ".") {
		return false
	}
	_, err := strconv.ParseFloat(field, 64)
	return err == nil
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
