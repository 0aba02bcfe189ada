package tokenizer

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// BytePair is the byte-level tokenizer of GPT-2 (Radford et al. 2019) as RoBERTa uses it: text is cut into words, each with the
// blank before it; the bytes of a word are joined pair by pair, in the order in which the vocabulary learnt to. It never
// changes and may be used by any number of goroutines at once.
type BytePair struct {
	options Options
	*pairs
}

// pairs is what was read from vocab.json and merges.txt; it never changes afterwards.
type pairs struct {
	pieces  []string // by id, as in the file; "" where an id is not used
	ids     map[string]int32
	bytes   [256]int32         // ids of the pieces of one byte
	joined  map[[2]int32]joint // what two pieces that follow each other become
	special []literal          // that are never split, in the order of the alphabet
	begin   int32              // opens every input
	end     int32              // closes every input
}

// joint is what two pieces become.
type joint struct {
	piece int32
	rank  int // the lower, the earlier
}

// literal is a text that becomes one piece wherever it stands.
type literal struct {
	text   string
	id     int32
	blanks bool // blanks before it belong to it
}

// Texts that are never split, and what a blank looks like in the vocabulary.
const (
	beginOfText = "<s>"
	endOfText   = "</s>"
	blankPiece  = "Ġ"
)

// byteRunes are the characters that stand for bytes in the vocabulary: a printable character of Latin-1 for itself, and those
// from U+0100 on for the others, in their order.
var byteRunes = func() (runes [256]rune) {
	next := rune(256)
	for b := range runes {
		if r := rune(b); '!' <= r && r <= '~' || '¡' <= r && r <= '¬' || '®' <= r {
			runes[b] = r
			continue
		}
		runes[b] = next
		next++
	}
	return runes
}()

// WithOptions is the same vocabulary with another preparation of text, of which only BlankFirst applies.
func (b *BytePair) WithOptions(o Options) *BytePair { return &BytePair{o, b.pairs} }

// Options is how this tokenizer prepares text.
func (b *BytePair) Options() Options { return b.options }

// Size is one more than the highest id.
func (b *BytePair) Size() int { return len(b.pieces) }

// Piece is the text of an id as the vocabulary has it, with Ġ for a blank; empty when the id is outside the vocabulary.
func (p *pairs) Piece(id int64) string {
	if id < 0 || id >= int64(len(p.pieces)) {
		return ""
	}
	return p.pieces[id]
}

// CheckSize is [WordPiece.CheckSize].
func (b *BytePair) CheckSize(rows int) error { return checkSize(b.Size(), rows) }

// Encode turns text into the input of a model: <s>, the pieces, </s>. The words of the result are those that the tokenizer
// makes, so "it's" is two of them: it, 's. Offsets leave out the blank that a piece begins with; a character that is cut is
// covered by all of its pieces. The texts <s>, </s>, <unk>, <pad> and <mask> become those pieces wherever they stand.
// Bytes that are not UTF-8 count as one code point each and are read as the replacement character.
func (b *BytePair) Encode(text string) Encoding {
	s := b.start()
	s.text(text)
	return s.finish()
}

// byteSpeller holds the state of one Encode.
type byteSpeller struct {
	*BytePair
	out    Encoding
	next   int // index of the next word
	merger merger
}

func (b *BytePair) start() *byteSpeller {
	s := &byteSpeller{BytePair: b}
	s.piece(b.begin, -1, 0, 0)
	return s
}

func (s *byteSpeller) finish() Encoding {
	s.piece(s.end, -1, 0, 0)
	return s.out
}

// piece appends one piece of a word that covers [from, to) of the text.
func (s *byteSpeller) piece(id int32, word, from, to int) {
	s.out.IDs = append(s.out.IDs, int64(id))
	s.out.Tokens = append(s.out.Tokens, s.pieces[id])
	s.out.Words = append(s.out.Words, word)
	s.out.Offsets = append(s.out.Offsets, [2]int{from, to})
}

// word counts one word more, and returns its index.
func (s *byteSpeller) word() int {
	s.next++
	return s.next - 1
}

// text spells a text, cutting it at special literals first.
func (s *byteSpeller) text(text string) {
	for at := 0; ; {
		i, l := s.findLiteral(text)
		before := text[:i]
		if l.blanks {
			before = strings.TrimRightFunc(before, unicode.IsSpace)
		}
		at = s.plain(before, at)
		if l.text == "" {
			return
		}
		to := at + utf8.RuneCountInString(text[len(before):i]) + utf8.RuneCountInString(l.text)
		s.piece(l.id, s.word(), at, to)
		at, text = to, text[i+len(l.text):]
	}
}

// findLiteral gives the first special literal of text and where it begins; the end of the text and none if there is none.
func (p *pairs) findLiteral(text string) (int, literal) {
	first, found := len(text), literal{}
	for _, l := range p.special {
		// Of two that begin at one place, the longer one stands later in the alphabet.
		if i := strings.Index(text, l.text); i >= 0 && (i < first || i == first && strings.HasPrefix(l.text, found.text)) {
			first, found = i, l
		}
	}
	return first, found
}

// plain spells text without special literals, whose first code point has index at, and returns the index after its last.
func (s *byteSpeller) plain(text string, at int) int {
	runes := []rune(text)
	end := at + len(runes)
	if s.options.BlankFirst && len(runes) > 0 && !unicode.IsSpace(runes[0]) {
		runes = append([]rune{' '}, runes...)
		at--
	}
	for len(runes) > 0 {
		n := wordLength(runes)
		s.spell(runes[:n], s.word(), at)
		runes, at = runes[n:], at+n
	}
	return end
}

// contractions are words of their own.
var contractions = [][]rune{[]rune("'s"), []rune("'t"), []rune("'re"), []rune("'ve"), []rune("'m"), []rune("'ll"), []rune("'d")}

// wordLength is the number of runes in the first word, of at least one: a contraction; letters, digits or other characters, each
// with one blank before them; or white space, of which the last character is left to the word that follows.
func wordLength(runes []rune) int {
	for _, c := range contractions {
		if len(runes) >= len(c) && string(runes[:len(c)]) == string(c) {
			return len(c)
		}
	}
	at := 0
	if runes[0] == ' ' && len(runes) > 1 {
		at = 1
	}
	if kind := kindOf(runes[at]); kind != space {
		for at < len(runes) && kindOf(runes[at]) == kind {
			at++
		}
		return at
	}
	at = 0
	for at < len(runes) && kindOf(runes[at]) == space {
		at++
	}
	if at > 1 && at < len(runes) {
		at--
	}
	return at
}

// Kinds of characters, of which a word has one.
const (
	other = iota
	letter
	digit
	space
)

func kindOf(r rune) int {
	switch {
	case unicode.IsLetter(r):
		return letter
	case unicode.IsNumber(r):
		return digit
	case unicode.IsSpace(r):
		return space
	}
	return other
}

// spell joins the bytes of a word, whose first code point has index at.
func (s *byteSpeller) spell(runes []rune, word, at int) {
	c := &s.merger
	c.reset()
	var ends []int // of each rune, in bytes
	var buffer [utf8.UTFMax]byte
	n := 0
	for _, r := range runes {
		for _, b := range buffer[:utf8.EncodeRune(buffer[:], r)] {
			c.add(s.bytes[b])
			n++
		}
		ends = append(ends, n)
	}
	c.join(s.joined)
	runeAt := func(byteAt int) int { return sort.SearchInts(ends, byteAt+1) }
	for i := 0; i >= 0; i = c.links[i].next {
		l := c.links[i]
		piece := s.pieces[l.piece]
		from, to := at+runeAt(i), at+runeAt(i+l.bytes-1)+1
		from = min(from+countBlanks(piece, strings.CutPrefix), to)
		to = max(to-countBlanks(piece, strings.CutSuffix), from)
		s.piece(l.piece, word, from, to)
	}
}

// countBlanks counts the blanks at one end of a piece.
func countBlanks(piece string, cut func(s, blank string) (string, bool)) (n int) {
	for {
		rest, ok := cut(piece, blankPiece)
		if !ok {
			return n
		}
		piece, n = rest, n+1
	}
}
