package corpus

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"speechsim/tokenizer"
)

// Word is a word of a text, in the spelling of the text, and the index of its first code point in the text.
type Word struct {
	Text string
	From int
}

// To is the index of the code point after the word's last.
func (w Word) To() int { return w.From + utf8.RuneCountInString(w.Text) }

// SplitWords finds the words of a text, such as a transcript: they end at blanks, dashes and ellipses, and are without the
// punctuation around them (TIMIT's sentences have it), but with apostrophes and with hyphens inside. What holds no letter or
// digit is no word.
func SplitWords(text string) []Word {
	words := make([]Word, 0, countWords(text)) // since a long transcript would leave as much behind in growing
	eachField(text, func(field string, at int) {
		if w, ok := fieldWord(field, at); ok {
			words = append(words, w)
		}
	})
	return words
}

func countWords(text string) (n int) {
	eachField(text, func(string, int) { n++ })
	return n
}

// eachField calls f with each stretch of text between blanks, dashes and ellipses, and the index of its first code point.
func eachField(text string, f func(field string, at int)) {
	from, at := 0, 0 // where the field begins, in bytes and in code points
	n := 0
	for i, r := range text {
		if betweenWords(r) || r == '-' && (strings.HasPrefix(text[i+1:], "-") || strings.HasSuffix(text[:i], "-")) {
			if i > from {
				f(text[from:i], at)
			}
			from, at = i+utf8.RuneLen(r), n+1
		}
		n++
	}
	if len(text) > from {
		f(text[from:], at)
	}
}

// fieldWord is the word in a field whose first code point has the index at, if it holds one.
func fieldWord(field string, at int) (Word, bool) {
	if isMarkup(field) { // a token of its own
		return Word{field, at}, true
	}
	if strings.IndexFunc(field, isWordRune) < 0 {
		return Word{}, false
	}
	outside := func(r rune) bool { return !isWordRune(r) && !tokenizer.IsApostrophe(r) }
	for {
		word := strings.TrimLeftFunc(field, outside)
		at += utf8.RuneCountInString(field[:len(field)-len(word)])
		word = strings.TrimRightFunc(word, outside)
		if field = unquote(word); field == word {
			return Word{word, at}, true
		}
		at++ // the quote
	}
}

// isMarkup tells whether a field of a text is no word that is written so: <unk>, [laughter]. Round brackets are punctuation.
func isMarkup(field string) bool { return inBrackets(field) && field[0] != '(' }

func betweenWords(r rune) bool { return unicode.IsSpace(r) || r == '—' || r == '…' }

// unquote removes single quotes around a word; at one side only they may be apostrophes ('tis, boys'), see [Places].
func unquote(w string) string {
	first, n := utf8.DecodeRuneInString(w)
	last, m := utf8.DecodeLastRuneInString(w)
	if tokenizer.IsApostrophe(first) && tokenizer.IsApostrophe(last) {
		return w[n : len(w)-m]
	}
	return w
}

func isWordRune(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.M) && !tokenizer.IsApostrophe(r)
} // ʼ is a letter to Unicode

// WordType is the form of a word label in which it is counted, looked up and compared: see [tokenizer.Fold].
func WordType(label string) string { return tokenizer.Fold(label) }

// matchKey is the form in which words are compared: lower case, letters, digits and marks only, an accent and its letter as one. So "O'Clock" is "oclock",
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
		return r
	}, tokenizer.Fold(word))
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
	opSplit // one transcript word, several aligned: their number stands in the bits above
	opJoin  // several transcript words, one aligned

	opBits = 3
)

// MatchWords matches the words of a transcript with the word segments of an alignment by edit distance, never by
// position. The result has one entry an aligned segment: the index of its transcript word, or -1 for silence, for a
// segment with no counterpart, and for one that stands where the transcript has another word.
//
// Words are equal if they are so without regard to case, hyphens and apostrophes. Where the aligner cut one word in several
// ("twenty-one": "twenty", "one"), all segments get its index; where it joined several ("every one": "everyone"), the
// segment gets the index of the first; see [Places]. <unk> in the place of a word gets that word's index; Segment.Noise
// tells that the aligner did not know it.
//
// Beyond 64 million pairs of words only the neighbourhood of the diagonal is searched.
func MatchWords(transcript []Word, aligned []Segment) []int {
	match := make([]int, len(aligned))
	var spoken []int // indices of aligned segments that are not silent
	for i := range aligned {
		match[i] = -1
		if !aligned[i].Silent {
			spoken = append(spoken, i)
		}
	}
	m := newMatcher(transcript, aligned, spoken)
	for j, t := range m.run(maxCells) {
		match[spoken[j]] = t
	}
	return match
}

// Unaligned returns the indices of the transcript's words that no segment stands for, given what MatchWords returned for
// the two. Words that the aligner joined are not among them.
func Unaligned(transcript []Word, aligned []Segment, match []int) []int {
	used := make([]bool, len(transcript))
	for i, t := range match {
		if t < 0 {
			continue
		}
		for n := range joined(transcript[t:], aligned[i].Label) {
			used[t+n] = true
		}
	}
	var out []int
	for t := range used {
		if !used[t] {
			out = append(out, t)
		}
	}
	return out
}

// Places returns for each aligned segment the code points [from, to) of the transcript that it stands for, given what
// MatchWords returned for the two; from = to where the transcript has no such word. A word that the aligner cut is cut in the
// same way, and words that it joined are one stretch. Of the apostrophes and hyphens at its ends a place has those of the
// label: with the labels "'tis", "the", "boys'", "well", "known" and "house", the words of "'Tis the boys' well-known 'house'"
// are 'Tis, the, boys', well, known and house.
func Places(transcript []Word, aligned []Segment, match []int) [][2]int {
	places := make([][2]int, len(aligned))
	before := -1 // the segment before, of those that stand for a word
	var rest Word
	for i, t := range match {
		if t < 0 {
			continue
		}
		label := aligned[i].Label
		first, last := transcript[t], transcript[t+joined(transcript[t:], label)-1]
		if before >= 0 && match[before] == t {
			rest = rest.after(letters(aligned[before].Label))
			places[before][1] = rest.From
			if endsInMark(aligned[before].Label) {
				places[before][1] += marksBefore(rest.Text)
			}
			first, last = rest, rest
		}
		rest = first
		from, to := first.From, last.To()
		if !beginsWithMark(label) {
			from += marksBefore(first.Text)
		}
		if !endsInMark(label) {
			to -= marksAfter(last.Text)
		}
		places[i] = [2]int{from, max(from, to)}
		before = i
	}
	return places
}

// after is what follows the first n letters of a word.
func (w Word) after(n int) Word {
	end := 0
	for i, r := range w.Text {
		if !isWordRune(r) {
			continue
		}
		if n <= 0 {
			break
		}
		n -= letters(string(r))
		end = i + utf8.RuneLen(r)
	}
	return Word{w.Text[end:], w.From + utf8.RuneCountInString(w.Text[:end])}
}

// isMark tells whether a character of a word is no letter: an apostrophe, a hyphen.
func isMark(r rune) bool { return !isWordRune(r) }

func beginsWithMark(label string) bool { return strings.IndexFunc(label, isMark) == 0 }

func endsInMark(label string) bool {
	last, _ := utf8.DecodeLastRuneInString(label)
	return isMark(last)
}

// marksBefore counts the marks before the first letter of a word, marksAfter those after the last.
func marksBefore(word string) int {
	return utf8.RuneCountInString(word) - utf8.RuneCountInString(strings.TrimLeftFunc(word, isMark))
}

func marksAfter(word string) int {
	return utf8.RuneCountInString(word) - utf8.RuneCountInString(strings.TrimRightFunc(word, isMark))
}

// letters counts the letters, digits and marks of a word, whatever the Unicode form of its accents.
func letters(word string) (n int) {
	for _, r := range norm.NFD.String(word) {
		if isWordRune(r) {
			n++
		}
	}
	return n
}

// joined is how many of the words, from the first on, the label is when they are written together: 1 where it is none of that.
func joined(words []Word, label string) int {
	rest := transcriptKey(label)
	for n, w := range words[:min(maxParts, len(words))] {
		key := transcriptKey(w.Text)
		var ok bool
		if rest, ok = strings.CutPrefix(rest, key); !ok || key == "" {
			break
		}
		if rest == "" {
			return n + 1
		}
	}
	return 1
}

// transcriptKey is matchKey, but keeps apart what that would make one: <the> and "the", "&" and "%".
func transcriptKey(w string) string {
	if isMarkup(w) {
		return strings.ToLower(w)
	}
	if key := matchKey(w); key != "" {
		return key
	}
	return w // "&" is not "%"
}

// maxParts is how many words may be written as one, as in state-of-the-art and one-hundred-and-twenty-five.
const maxParts = 6

// matcher aligns the words of a transcript with those of an alignment. Words are numbers, equal for equal keys, because
// the search compares each with each.
type matcher struct {
	text, spoken                   []int32
	textCompounds, spokenCompounds compounds
	unknown                        []bool // of spoken words: <unk>
}

// compounds are the places in a list of words where several, written together, are another word of the transcript or the alignment.
type compounds struct {
	all   []compound // by last word
	begin []int32    // where those that end with word i begin in all; one more than words
}

type compound struct{ number, parts int32 }

// of are those that end with word i.
func (c compounds) of(i int) []compound { return c.all[c.begin[i]:c.begin[i+1]] }

// within are those of words [from, to).
func (c compounds) within(from, to int) compounds { return compounds{c.all, c.begin[from : to+1]} }

func newMatcher(transcript []Word, aligned []Segment, spoken []int) *matcher {
	numbers := map[string]int32{}
	var keys []string // by number: a key is kept once, however often its word comes
	number := func(word string) int32 {
		key := transcriptKey(word)
		n, ok := numbers[key]
		if !ok {
			n = int32(len(keys))
			numbers[key] = n
			keys = append(keys, key)
		}
		return n
	}
	m := &matcher{text: make([]int32, len(transcript)), spoken: make([]int32, len(spoken)), unknown: make([]bool, len(spoken))}
	for i, w := range transcript {
		m.text[i] = number(w.Text)
	}
	for j, i := range spoken {
		m.unknown[j] = isUnknown(aligned[i].Label)
		m.spoken[j] = number(aligned[i].Label)
	}
	longest := 0
	for _, key := range keys {
		longest = max(longest, len(key))
	}
	find := func(words []int32) (c compounds) {
		c.begin = make([]int32, 1, len(words)+1)
		var whole []byte
		for last := range words {
			for first := last - 1; first >= 0 && last-first < maxParts; first-- {
				whole = whole[:0]
				for _, w := range words[first : last+1] {
					whole = append(whole, keys[w]...)
				}
				if len(whole) > longest {
					break
				}
				if n, ok := numbers[string(whole)]; ok {
					c.all = append(c.all, compound{n, int32(last - first + 1)})
				}
			}
			c.begin = append(c.begin, int32(len(c.all)))
		}
		return c
	}
	m.textCompounds, m.spokenCompounds = find(m.text), find(m.spoken)
	return m
}

// run returns for every spoken word the index of its transcript word or -1. What is equal at both ends needs no search,
// which is nearly everything in nearly every utterance.
func (m *matcher) run(cells int) []int {
	match := make([]int, len(m.spoken))
	for i := range match {
		match[i] = -1
	}
	lo := 0
	for lo < len(m.text) && lo < len(m.spoken) && m.text[lo] == m.spoken[lo] {
		match[lo] = lo
		lo++
	}
	n, k := len(m.text), len(m.spoken)
	for n > lo && k > lo && m.text[n-1] == m.spoken[k-1] {
		n, k = n-1, k-1
		match[k] = n
	}
	if n == lo || k == lo {
		return match
	}
	inner := matcher{text: m.text[lo:n], spoken: m.spoken[lo:k], textCompounds: m.textCompounds.within(lo, n), spokenCompounds: m.spokenCompounds.within(lo, k), unknown: m.unknown[lo:k]}
	for j, t := range inner.search(cells) {
		if t >= 0 {
			match[lo+j] = lo + t
		}
	}
	return match
}

// maxCells bounds the table of back-pointers (a byte each).
const maxCells = 64 << 20

// band is the part of each row of the table that is searched: all of it, or a stripe along the diagonal.
type band struct{ n, k, width int }

// at returns the first and the last column of row i.
func (b band) at(i int) (first, last int) {
	first = min(max(int(float64(i)/float64(b.n)*float64(b.k))-b.width/2, 0), b.k+1-b.width)
	return first, first + b.width - 1
}

// search fills the table of the edit distance: row i and column j are the cheapest way to match the first i words of the
// transcript with the first j spoken words.
func (m *matcher) search(cells int) []int {
	n, k := len(m.text), len(m.spoken)
	b := band{n, k, k + 1}
	if b.width > cells/(n+1) {
		b.width = min(max(cells/(n+1), 16), k+1)
	}
	const infinite = int32(1 << 30)
	ops := make([]byte, (n+1)*b.width)
	var rows [maxParts + 1][]int32 // the last ones, because joining looks that far back
	for r := range rows {
		rows[r] = make([]int32, k+1)
	}
	for i := 0; i <= n; i++ {
		row, above := rows[i%len(rows)], rows[(i+len(rows)-1)%len(rows)]
		first, last := b.at(i)
		// The next rows look a little beyond the band of this one.
		_, later := b.at(min(i+maxParts, n))
		for j := max(first-maxParts, 0); j < first; j++ {
			row[j] = infinite
		}
		for j := last + 1; j <= later; j++ {
			row[j] = infinite
		}
		var endHere []compound // words of the transcript
		if i > 0 {
			endHere = m.textCompounds.of(i - 1)
		}
		for j := first; j <= last; j++ {
			best, op := infinite, byte(0)
			if i == 0 && j == 0 {
				best = 0
			}
			if i > 0 && j > 0 {
				text, spoken := m.text[i-1], m.spoken[j-1]
				d := above[j-1]
				switch {
				case text == spoken:
					op = opMatch
				case m.unknown[j-1]:
					d, op = d+costUnknown, opUnknown
				default:
					d, op = d+costSubstitute, opSubstitute
				}
				best = d
				for _, whole := range m.spokenCompounds.of(j - 1) {
					if at := j - int(whole.parts); whole.number == text && at >= 0 && above[at] < best {
						best, op = above[at], opSplit+byte(whole.parts)<<opBits
					}
				}
				for _, whole := range endHere {
					if at := i - int(whole.parts); whole.number == spoken && at >= 0 && rows[at%len(rows)][j-1] < best {
						best, op = rows[at%len(rows)][j-1], opJoin+byte(whole.parts)<<opBits
					}
				}
			}
			if i > 0 && above[j]+costSkip < best {
				best, op = above[j]+costSkip, opSkipTranscript
			}
			if j > first && row[j-1]+costSkip < best {
				best, op = row[j-1]+costSkip, opSkipAligned
			}
			row[j] = min(best, infinite)
			ops[i*b.width+j-first] = op
		}
	}
	return m.trace(ops, b)
}

// trace follows the back-pointers from the end.
func (m *matcher) trace(ops []byte, b band) []int {
	match := make([]int, len(m.spoken))
	for j := range match {
		match[j] = -1
	}
	for i, j := len(m.text), len(m.spoken); i > 0 || j > 0; {
		first, _ := b.at(i)
		if j < first {
			return match // no path inside the band; what is matched so far stays
		}
		op := ops[i*b.width+j-first]
		parts := int(op >> opBits)
		switch op & (1<<opBits - 1) {
		case opMatch, opUnknown:
			i, j = i-1, j-1
			match[j] = i
		case opSubstitute:
			i, j = i-1, j-1
		case opSplit:
			i, j = i-1, j-parts
			for k := range parts {
				match[j+k] = i
			}
		case opJoin:
			i, j = i-parts, j-1
			match[j] = i
		case opSkipTranscript:
			i--
		case opSkipAligned:
			j--
		default:
			return match
		}
	}
	return match
}
