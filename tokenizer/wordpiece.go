package tokenizer

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// maxWordRunes is BERT's limit: a longer word, counted after normalisation, is
// [UNK] as a whole.
const maxWordRunes = 100

// WordPiece is BERT's tokenizer: a vocabulary and how text is prepared for it. It
// never changes and may be used by any number of goroutines at once.
type WordPiece struct {
	vocabulary *vocabulary
	options    Options
}

// WithOptions is the same vocabulary with another preparation of text, for
// example [Cased] for bert-base-cased.
func (w *WordPiece) WithOptions(o Options) *WordPiece {
	return &WordPiece{vocabulary: w.vocabulary, options: o}
}

// Options is how this tokenizer prepares text.
func (w *WordPiece) Options() Options { return w.options }

// Encode turns text into the input of a BERT model: [CLS], the pieces, [SEP]. The
// words of the result are those that BERT makes, so "it's" is three of them: it,
// ', s. The offsets say which pieces stand for a stretch of the text. The literal texts
// [UNK], [CLS], [SEP], [PAD] and [MASK], in that case, become those pieces
// wherever they stand. Bytes that are not UTF-8 count as one code point each and
// are dropped.
func (w *WordPiece) Encode(text string) Encoding {
	s := newSpeller(w, len(text)/4)
	s.text(text)
	return s.finish()
}

// speller holds the state of one Encode.
type speller struct {
	*WordPiece
	*scratch
	out  Encoding
	next int // index of the next word
}

// scratch is what a speller needs and an Encoding does not keep.
type scratch struct {
	prepared prepared
	bytes    []byte // of the word being looked up
	ends     []int  // ends[i] is where its i-th rune begins in bytes; one more than runes
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// newSpeller starts an encoding of about n pieces.
func newSpeller(w *WordPiece, n int) *speller {
	n += 2
	s := &speller{WordPiece: w, scratch: scratches.Get().(*scratch), out: Encoding{
		IDs:     make([]int64, 0, n),
		Tokens:  make([]string, 0, n),
		Words:   make([]int, 0, n),
		Offsets: make([][2]int, 0, n),
	}}
	s.piece(w.vocabulary.cls, -1, 0, 0)
	return s
}

func (s *speller) finish() Encoding {
	s.piece(s.vocabulary.sep, -1, 0, 0)
	scratches.Put(s.scratch)
	return s.out
}

// piece appends one piece of a word that covers [from, to) of the text.
func (s *speller) piece(id int32, word, from, to int) {
	s.out.IDs = append(s.out.IDs, int64(id))
	s.out.Tokens = append(s.out.Tokens, s.vocabulary.pieces[id])
	s.out.Words = append(s.out.Words, word)
	s.out.Offsets = append(s.out.Offsets, [2]int{from, to})
}

// text spells one string, cutting it at special literals first.
func (s *speller) text(text string) {
	at := 0
	for {
		i, literal := s.vocabulary.findSpecial(text)
		if literal == "" {
			s.plain(text, at)
			return
		}
		at = s.plain(text[:i], at)
		s.piece(s.vocabulary.first[literal], s.wordIndex(), at, at+len(literal))
		at += len(literal)
		text = text[i+len(literal):]
	}
}

// wordIndex counts one more word.
func (s *speller) wordIndex() int {
	s.next++
	return s.next - 1
}

// findSpecial gives the first special literal of text and where it begins.
func (v *vocabulary) findSpecial(text string) (int, string) {
	for i := 0; ; i++ {
		bracket := strings.IndexByte(text[i:], '[')
		if bracket < 0 {
			return 0, ""
		}
		i += bracket
		for _, literal := range v.special {
			if strings.HasPrefix(text[i:], literal) {
				return i, literal
			}
		}
	}
}

// plain spells text without special literals, whose first code point has index at,
// and returns the index after its last.
func (s *speller) plain(text string, at int) int {
	end := s.prepared.prepare(s.options, text, at)
	runes := s.prepared.runes
	for i := 0; i < len(runes); {
		j := i + 1
		switch {
		case unicode.IsSpace(runes[i]):
			i = j
			continue
		case !isPunctuation(runes[i]):
			for j < len(runes) && !unicode.IsSpace(runes[j]) && !isPunctuation(runes[j]) {
				j++
			}
		}
		s.spell(runes[i:j], s.prepared.pos[i:j], s.wordIndex())
		i = j
	}
	return end
}

// spell looks a word up by greedy longest match from its left: the longest piece
// that begins it, then the longest "##" piece that continues it. A word that cannot
// be finished is one [UNK].
func (s *speller) spell(runes []rune, pos []int, word int) {
	v := s.vocabulary
	begun := len(s.out.IDs)
	n := len(runes)
	if n <= maxWordRunes {
		s.bytes, s.ends = s.bytes[:0], s.ends[:0]
		for _, r := range runes {
			s.ends = append(s.ends, len(s.bytes))
			s.bytes = utf8.AppendRune(s.bytes, r)
		}
		s.ends = append(s.ends, len(s.bytes))
		keys, longest := v.first, v.firstRunes
		for from := 0; ; {
			to := min(n, from+longest)
			id, ok := int32(0), false
			for ; to > from; to-- {
				if id, ok = keys[string(s.bytes[s.ends[from]:s.ends[to]])]; ok {
					break
				}
			}
			if !ok {
				break
			}
			s.piece(id, word, pos[from], pos[to-1]+1)
			if from = to; from == n {
				return
			}
			keys, longest = v.later, v.laterRunes
		}
	}
	s.out.truncate(begun)
	s.piece(v.unk, word, pos[0], pos[n-1]+1)
}
