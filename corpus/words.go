package corpus

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"speechsim/tokenizer"
)

// TranscriptWords splits the transcript of u into words, in the spelling of the transcript: at blanks,
// dashes and ellipses, without the punctuation around them (TIMIT's sentences have it), but with apostrophes and with
// hyphens inside. Tokens that hold no letter or digit are left out.
func (c *Corpus) TranscriptWords(u *Utterance) []string { return splitWords(u.Text) }

func splitWords(text string) []string {
	text = strings.ReplaceAll(text, "--", " ")
	n := 0 // counted first, since a long transcript would leave as much behind in growing
	for range strings.FieldsFuncSeq(text, betweenWords) {
		n++
	}
	words := make([]string, 0, n)
	for field := range strings.FieldsFuncSeq(text, betweenWords) {
		if inBrackets(field) { // <unk>, [laughter]: a token of its own
			words = append(words, field)
			continue
		}
		w := strings.TrimFunc(field, func(r rune) bool { return !isWordRune(r) && !tokenizer.IsApostrophe(r) })
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
	if tokenizer.IsApostrophe(first) && tokenizer.IsApostrophe(last) {
		return w[n : len(w)-m]
	}
	return w
}

func isWordRune(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.M) }

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
	opSplit // one transcript word, two aligned
	opJoin  // two transcript words, one aligned
)

// MatchWords matches the words of a transcript with the word segments of an alignment by edit distance, never by
// position. The result has one entry an aligned segment: the index of its transcript word, or -1 for silence, for a
// segment with no counterpart, and for one that stands where the transcript has another word.
//
// Words are equal if they are so without regard to case, hyphens and apostrophes. Where the aligner cut one word in two
// ("twenty-one": "twenty", "one"), both segments get its index; where it joined two ("every one": "everyone"), the
// segment gets the index of the first. <unk> in the place of a word gets that word's index; Segment.Noise tells
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
	m := newMatcher(transcript, aligned, spoken)
	for j, t := range m.run(maxCells) {
		match[spoken[j]] = t
	}
	return match
}

// Unaligned returns the indices of the transcript's words that no segment stands for, given what MatchWords returned for
// the two. The second of two words that the aligner joined is not among them.
func Unaligned(transcript []string, aligned []Segment, match []int) []int {
	used := make([]bool, len(transcript))
	for i, t := range match {
		if t < 0 {
			continue
		}
		used[t] = true
		if t+1 < len(transcript) && joined(transcriptKey(aligned[i].Label), transcriptKey(transcript[t]), transcriptKey(transcript[t+1])) {
			used[t+1] = true
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

// transcriptKey is matchKey, but keeps apart what that would make one: <the> and "the", "&" and "%".
func transcriptKey(w string) string {
	if inBrackets(w) {
		return strings.ToLower(w)
	}
	if key := matchKey(w); key != "" {
		return key
	}
	return w // "&" is not "%"
}

// matcher aligns the words of a transcript with those of an alignment. Words are numbers, equal for equal keys, because
// the search compares each with each.
type matcher struct {
	text, spoken []int32
	textJoin     []int32 // textJoin[i]: the number of words i-1 and i of the transcript written together, or none
	spokenJoin   []int32 // the same for spoken words
	unknown      []bool  // of spoken words: <unk>
}

// none is the number of a word that nobody uses.
const none = int32(-1)

func newMatcher(transcript []string, aligned []Segment, spoken []int) *matcher {
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
		m.text[i] = number(w)
	}
	for j, i := range spoken {
		m.unknown[j] = isUnknown(aligned[i].Label)
		m.spoken[j] = number(aligned[i].Label)
	}
	var pair []byte
	join := func(words []int32) []int32 {
		out := make([]int32, len(words))
		for i := range words {
			out[i] = none
			if i == 0 || keys[words[i-1]] == "" || keys[words[i]] == "" {
				continue
			}
			pair = append(append(pair[:0], keys[words[i-1]]...), keys[words[i]]...)
			if n, ok := numbers[string(pair)]; ok {
				out[i] = n
			}
		}
		return out
	}
	m.textJoin, m.spokenJoin = join(m.text), join(m.spoken)
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
	inner := matcher{text: m.text[lo:n], spoken: m.spoken[lo:k], textJoin: m.textJoin[lo:n], spokenJoin: m.spokenJoin[lo:k], unknown: m.unknown[lo:k]}
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
	var rows [3][]int32 // the last three, because joining looks two rows back
	for r := range rows {
		rows[r] = make([]int32, k+1)
	}
	for i := 0; i <= n; i++ {
		row, above, above2 := rows[i%3], rows[(i+2)%3], rows[(i+1)%3]
		first, last := b.at(i)
		// The next two rows look a little beyond the band of this one.
		_, later := b.at(min(i+2, n))
		for j := max(first-2, 0); j < first; j++ {
			row[j] = infinite
		}
		for j := last + 1; j <= later; j++ {
			row[j] = infinite
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
				if j > 1 && m.spokenJoin[j-1] == text && above[j-2] < best {
					best, op = above[j-2], opSplit
				}
				if i > 1 && m.textJoin[i-1] == spoken && above2[j-1] < best {
					best, op = above2[j-1], opJoin
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
		switch ops[i*b.width+j-first] {
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
		default:
			return match
		}
	}
	return match
}

// joined reports whether a and b written together are whole.
func joined(whole, a, b string) bool {
	return len(whole) == len(a)+len(b) && a != "" && b != "" && whole[:len(a)] == a && whole[len(a):] == b
}
