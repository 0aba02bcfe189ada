package corpus

import (
	"fmt"
	"strings"
)

// encodingAdvice says how to convert text that is not UTF-8: from the encoding that its bytes look like, and from which others
// if that gives no words. A wrong advice makes text that is accepted and has other words.
func encodingAdvice(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		return "it has NUL bytes, as UTF-16 without a byte order mark has: convert the file, for example with iconv -f UTF-16LE -t UTF-8 (or UTF-16BE)"
	}
	names := likelyEncodings(s)
	advice := fmt.Sprintf("convert the file, for example with iconv -f %s -t UTF-8", names[0])
	if len(names) > 1 {
		advice += ", and look at the words: it could also be " + strings.Join(names[1:], ", ")
	}
	return advice
}

// likelyEncodings are the encodings that text may be in, the likeliest first.
func likelyEncodings(s string) []string {
	b := countBytes(s)
	switch {
	case b.shiftJIS > 1 && 3*b.shiftJIS > b.pairs:
		return []string{"SHIFT_JIS"}
	case b.high < 4 || b.high <= b.latin:
		switch {
		case b.central > 0 && b.control == 0:
			return []string{"ISO-8859-2", "CP1250"}
		case b.central > 0:
			return []string{"CP1250"}
		case b.control > 0: // of LATIN1, these are control characters, which no text has
			return []string{"CP1252", "CP1250"}
		}
		return []string{"LATIN1"}
	case b.high == 2*b.pairs && 3*b.kana > b.pairs:
		return []string{"EUC-JP"}
	case b.high == 2*b.pairs && b.hangul == b.pairs:
		return []string{"EUC-KR", "GB18030"}
	case b.high == 2*b.pairs && 2*b.han > b.pairs:
		return []string{"GB18030", "EUC-KR", "KOI8-R"}
	case b.cyrillic == b.high && 2*b.late > b.high:
		return []string{"CP1251", "KOI8-R"}
	case b.cyrillic == b.high:
		return []string{"KOI8-R", "CP1251"}
	case b.high < 2*b.pairs && b.control == 0:
		return []string{"BIG5", "GB18030", "SHIFT_JIS"}
	}
	return []string{"GB18030", "BIG5", "SHIFT_JIS", "EUC-KR", "CP1251", "KOI8-R"}
}

// byteCounts is what tells encodings apart. East Asian ones have pairs of bytes, the first of which is not ASCII.
type byteCounts struct {
	latin   int // letters of ASCII
	high    int // bytes beyond ASCII
	control int // of these, 0x80 to 0x9f: characters in Windows' encodings, control characters in ISO's
	central int // signs such as ± and ³ of Western encodings between two letters: in Central European ones they are letters

	cyrillic, late int // bytes that are Cyrillic letters in CP1251 and KOI8-R; those that are small in CP1251 and capitals in KOI8-R

	pairs                       int
	shiftJIS, kana, hangul, han int // pairs that are kana of Shift-JIS and of EUC-JP, common Hangul of EUC-KR, common ideographs of GB18030
}

func countBytes(s string) (b byteCounts) {
	at := func(i int) byte {
		if i < 0 || i >= len(s) {
			return 0
		}
		return s[i]
	}
	within := func(c byte, from, to byte) bool { return from <= c && c <= to }
	isLatin := func(c byte) bool { return within(c|0x20, 'a', 'z') }
	second := false // of a pair
	for i := range len(s) {
		c, next := s[i], at(i+1)
		isSecond := second
		second = false
		if c < 0x80 {
			if isLatin(c) {
				b.latin++
			}
			continue
		}
		b.high++
		if c < 0xa0 {
			b.control++
		}
		if strings.IndexByte("\xa3\xb1\xb3\xb6\xb9\xbc\xbf", c) >= 0 && isLatin(at(i-1)) && isLatin(next) {
			b.central++
		}
		if c >= 0xc0 || strings.IndexByte("\xa3\xa8\xb3\xb8", c) >= 0 {
			b.cyrillic++
		}
		if c >= 0xe0 {
			b.late++
		}
		if isSecond || next < 0x40 {
			continue
		}
		second = true
		b.pairs++
		switch {
		case c == 0x82 && within(next, 0x9f, 0xf1), c == 0x83 && within(next, 0x40, 0x96):
			b.shiftJIS++
		case within(c, 0xa4, 0xa5) && next > 0xa0:
			b.kana++
		}
		if within(c, 0xb0, 0xc8) && next > 0xa0 {
			b.hangul++
		}
		if within(c, 0xb0, 0xd7) && next > 0xa0 {
			b.han++
		}
	}
	return b
}
