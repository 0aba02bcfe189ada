package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold is the form in which words are the same word, wherever words are looked up or compared: in lower case and Unicode's
// form NFC, with every apostrophe as ' and without the characters that can't be seen.
//
// It is lower case and not upper case because more letters are one there: i and the dotless ı of Turkish are both I. A
// capital doesn't tell its language, so that I is i, and so is İ. A capital sigma is ς at the end of a word, as Greek writes it.
func Fold(word string) string {
	if isPlain(word) {
		return word
	}
	folded := strings.Map(func(r rune) rune {
		switch {
		case r == 'İ':
			return 'i'
		case IsApostrophe(r):
			return '\''
		case isInvisible(r):
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFC.String(word))
	// The sum of an accent and a letter may have been hidden by what couldn't be seen between them.
	return norm.NFC.String(finalSigma(word, folded))
}

// isPlain says whether a word is its own folded form: most are.
func isPlain(word string) bool {
	for i := 0; i < len(word); i++ {
		if c := word[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' || c == '`' {
			return false
		}
	}
	return true
}

// finalSigma writes the last letter of a folded word as ς where it was a capital after another letter.
func finalSigma(word, folded string) string {
	stem, found := strings.CutSuffix(folded, "σ")
	if !found || !strings.HasSuffix(strings.TrimRightFunc(word, isInvisible), "Σ") {
		return folded
	}
	if last, _ := utf8.DecodeLastRuneInString(stem); !unicode.IsLetter(last) && !unicode.IsMark(last) {
		return folded
	}
	return stem + "ς"
}

// IsApostrophe knows the characters that keyboards, editors and OCR put where an apostrophe belongs.
func IsApostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', '`', '´', '′', '＇':
		return true
	}
	return false
}

// isInvisible knows the characters without width that editors and copies from web pages leave. The joiners U+200C and U+200D
// are none of them, because words of Indic scripts need them.
func isInvisible(r rune) bool {
	switch r {
	case '\u00ad', '\u200b', '\u2060', '\ufeff', '\u200e', '\u200f': // soft hyphen, zero-width space, word joiner, byte order mark, marks of direction
		return true
	}
	return false
}
