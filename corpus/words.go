package corpus

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// TranscriptWords splits the transcript of u into words, in the spelling of the transcript: at blanks,
// dashes and ellipses, without the punctuation around them (TIMIT's sentences have it), but with apostrophes and with
// hyphens inside. Tokens that hold no letter or digit are left out.
func (c *Corpus) TranscriptWords(u *Utterance) []string { return splitWords(u.Text) }

func splitWords(text string) []string {
	var words []string
	for field := range strings.FieldsFuncSeq(strings.ReplaceAll(text, "--", " "), betweenWords) {
		if inBrackets(field) { // <unk>, [laughter]: a token of its own
			words = append(words, field)
			continue
		}
		w := strings.TrimFunc(field, func(r rune) bool { return !isWordRune(r) && !isApostrophe(r) })
		if strings.IndexFunc(w, isWordRune) >= 0 {
			words = append(words, unquote(w))
		}
	}
	return words
}

func betweenWords(r rune) bool { return unicode.IsSpace(r) || r == '—' || r == '…' }

// unquote removes single quotes around a word; at one side only they are apostrophes ('tis, boys').
func unquote(w string) string {
	first, n := utf8.DecodeRuneInString(w)
	last, m := utf8.DecodeLastRuneInString(w)
	if isApostrophe(first) && isApostrophe(last) {
		return w[n : len(w)-m]
	}
	return w
}

func isWordRune(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.M) }

// isApostrophe knows the characters that keyboards, editors and OCR put where an apostrophe belongs.
func isApostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', '`', '´', '′', '＇':
		return true
	}
	return false
}

// matchKey is the form in which words are compared: lower case, letters, digits and marks only. So "O'Clock" is "oclock",
// "twenty-one" is "twentyone", and two words written as one are the concatenation of their keys.
func matchKey(word string) string {
	plain := true
	for i := 0; i < len(word); i++ {
		if c := word[i]; c < 'a' || c > 'z' {
			plain = false
			break
		}
	}
	if plain {
		return word
	}
	return strings.Map(func(r rune) rune {
		if !isWordRune(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, word)
}

// Costs of the edit distance. A substitution costs less than a deletion and an insertion, so that a misheard word
// does not shift its neighbours; <unk> for a word is nearly free, because that is what aligners write for a word outside
// their dictionary; what is joined or split is free.
const (
	costUnknown    = 1
	costSubstitute = 6
	costSkip       = 4 // a transcript word that was not aligned, or an aligned word that is not in the transcript
)

// Operations of the edit distance, as they stand in the back-pointers.
const (
	opMatch = iota + 1
	opUnknown
	opSubstitute
	opSkipTranscript
	opSkipAligned
	opSplit // one transcript word, two aligned
	opJoin  // two transcript words, one aligned
)

// MatchWords matches the words of a transcript with the word segments of an alignment by edit distance, never by
// position. The result has one entry an aligned segment: the index of its transcript word, or -1 for silence, for a
// segment with no counterpart, and for one that stands where the transcript has another word.
//
// Words are equal if they are so without regard to case, hyphens and apostrophes. Where the aligner cut one word in two
// ("twenty-one": "twenty", "one"), both segments get its index; where it joined two ("every one": "everyone"), the
// segment gets the index of the first. <unk> in the place of a word gets that word's index; Segment.NotWord tells
// that the aligner did not know it.
//
// Beyond 64 million pairs of words only the neighbourhood of the diagonal is searched.
func MatchWords(transcript []string, aligned []Segment) []int {
	match := make([]int, len(aligned))
	var spoken []int // indices of aligned segments that are not silent
	for i := range aligned {
		match[i] = -1
		if !aligned[i].Silent {
			spoken = append(spoken, i)
		}
	}
	m := matcher{text: make([]string, len(transcript)), heard: make([]string, len(spoken)), unknown: make([]bool, len(spoken))}
	for i, w := range transcript {
		m.text[i] = transcriptKey(w)
	}
	for j, i := range spoken {
		m.unknown[j] = isUnknown(aligned[i].Label)
		m.heard[j] = transcriptKey(aligned[i].Label)
	}
	for j, t := range m.run() {
		match[spoken[j]] = t
	}
	return match
}

// transcriptKey is matchKey, but keeps apart what that would make one: <the> and "the", "&" and "%".
func transcriptKey(w string) string {
	if inBrackets(w) {
		return strings.ToLower(strings.TrimSpace(w))
	}
	if key := matchKey(w); key != "" {
		return key
	}
	return w // "&" is not "%"
}

// matcher aligns the keys of a transcript with the keys of what was heard.
type matcher struct {
	text, heard []string
	unknown     []bool
}

// run returns for every heard word the index of its transcript word or -1. What is equal at both ends needs no search,
// which is nearly everything in nearly every utterance.
func (m *matcher) run() []int {
	match := make([]int, len(m.heard))
	for i := range match {
		match[i] = -1
	}
	lo := 0
	for lo < len(m.text) && lo < len(m.heard) && m.text[lo] == m.heard[lo] {
		match[lo] = lo
		lo++
	}
	n, k := len(m.text), len(m.heard)
	for n > lo && k > lo && m.text[n-1] == m.heard[k-1] {
		n, k = n-1, k-1
		match[k] = n
	}
	if n == lo || k == lo {
		return match
	}
	inner := matcher{text: m.text[lo:n], heard: m.heard[lo:k], unknown: m.unknown[lo:k]}
	for j, t := range inner.search() {
		if t >= 0 {
			match[lo+j] = lo + t
		}
	}
	return match
}

// maxCells bounds the table of back-pointers (a byte each).
const maxCells = 64 << 20

// search fills the table of the edit distance over transcript (rows) and heard (columns) words, each row from column
// first(i) on and width columns wide.
func (m *matcher) search() []int {
	n, k := len(m.text), len(m.heard)
	width := k + 1
	if (n+1)*width > maxCells || (n+1)*width < 0 {
		width = max(maxCells/(n+1), 16)
	}
	first := func(i int) int { // the band follows the diagonal
		return min(max(int(float64(i)/float64(n)*float64(k))-width/2, 0), k+1-width)
	}
	const infinite = 1 << 30
	ops := make([]byte, (n+1)*width)
	// The last three rows of costs, because joining looks two rows back. Each has its own first column.
	var rows [3][]int
	for r := range rows {
		rows[r] = make([]int, width)
	}
	cost := func(i, j int) int {
		if i < 0 || j < first(i) || j >= first(i)+width {
			return infinite
		}
		return rows[i%3][j-first(i)]
	}
	for i := 0; i <= n; i++ {
		row := rows[i%3]
		for x := range row {
			j := first(i) + x
			if i == 0 && j == 0 {
				row[x] = 0
				continue
			}
			best, op := infinite, byte(0)
			try := func(c int, o byte) {
				if c < best {
					best, op = c, o
				}
			}
			if i > 0 && j > 0 {
				switch d := cost(i-1, j-1); {
				case m.text[i-1] == m.heard[j-1]:
					try(d, opMatch)
				case m.unknown[j-1]:
					try(d+costUnknown, opUnknown)
				default:
					try(d+costSubstitute, opSubstitute)
				}
				if j > 1 && joined(m.text[i-1], m.heard[j-2], m.heard[j-1]) {
					try(cost(i-1, j-2), opSplit)
				}
				if i > 1 && joined(m.heard[j-1], m.text[i-2], m.text[i-1]) {
					try(cost(i-2, j-1), opJoin)
				}
			}
			if i > 0 {
				try(cost(i-1, j)+costSkip, opSkipTranscript)
			}
			if x > 0 && j > 0 {
				try(row[x-1]+costSkip, opSkipAligned)
			}
			row[x] = best
			ops[i*width+x] = op
		}
	}
	return m.trace(ops, width, first)
}

// trace follows the back-pointers from the end.
func (m *matcher) trace(ops []byte, width int, first func(int) int) []int {
	match := make([]int, len(m.heard))
	for j := range match {
		match[j] = -1
	}
	for i, j := len(m.text), len(m.heard); i > 0 || j > 0; {
		switch ops[i*width+j-first(i)] {
		case opMatch, opUnknown:
			i, j = i-1, j-1
			match[j] = i
		case opSubstitute:
			i, j = i-1, j-1
		case opSplit:
			i, j = i-1, j-2
			match[j], match[j+1] = i, i
		case opJoin:
			i, j = i-2, j-1
			match[j] = i
		case opSkipTranscript:
			i--
		case opSkipAligned:
			j--
		default: // a cell that no path reaches: the band was too narrow
			return match
		}
	}
	return match
}

// joined reports whether a and b written together are whole.
func joined(whole, a, b string) bool {
	return len(whole) == len(a)+len(b) && a != "" && b != "" && whole[:len(a)] == a && whole[len(a):] == b
}
