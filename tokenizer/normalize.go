package tokenizer

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Options says how text is prepared before it is looked up. The zero value is
// that of every uncased BERT, and of RoBERTa, to which only the last applies.
type Options struct {
	KeepCase    bool // do not lower-case
	KeepAccents bool // do not strip accents (Unicode Mn after NFD)
	KeepChinese bool // do not make each Chinese character a word of its own
	BlankFirst  bool // byte-level vocabularies: read the first word as if a blank stood before it
}

// Cased is the preparation of cased BERT models: case and accents stay.
func Cased() Options { return Options{KeepCase: true, KeepAccents: true} }

// prepared is text after normalisation. Every rune comes from exactly one code
// point of the text, which is what makes offsets possible: pos[i] is its index.
// pos never decreases.
type prepared struct {
	runes  []rune
	pos    []int
	marks  []mark // combining characters not yet in runes, see put
	places []int  // used by flush alone
}

// mark is a combining character waiting for its place in canonical order.
type mark struct {
	r      rune
	class  uint8
	at     int  // the code point it comes from
	begins bool // it is the first part of that code point, not what followed a letter
}

// prepare appends the normalised form of text, whose first code point has index
// at, and returns the index after its last one. The steps are those of BERT's
// BasicTokenizer, in the order and with the tables of Hugging Face's
// BertNormalizer: control characters out and white space to a blank; blanks round
// Chinese characters; canonical decomposition without nonspacing marks; lower
// case, one character at a time (so no final sigma).
func (p *prepared) prepare(o Options, text string, at int) int {
	p.runes, p.pos, p.marks = p.runes[:0], p.pos[:0], p.marks[:0]
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
			p.ascii(o, r, at)
		case isControl(r):
		case unicode.IsSpace(r):
			p.put(o, ' ', at)
		case !o.KeepChinese && isChinese(r):
			p.put(o, ' ', at)
			p.put(o, r, at)
			p.put(o, ' ', at)
		default:
			p.put(o, r, at)
		}
		at++
	}
	p.flush(o)
	return at
}

// ascii is the short way for nearly all of every English text.
func (p *prepared) ascii(o Options, r rune, at int) {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		r = ' '
	case r < ' ' || r == 0x7F:
		return
	case !o.KeepCase && 'A' <= r && r <= 'Z':
		r += 'a' - 'A'
	}
	p.flush(o)
	p.runes = append(p.runes, r)
	p.pos = append(p.pos, at)
}

// put decomposes one character, unless accents stay, and hands its parts on.
func (p *prepared) put(o Options, r rune, at int) {
	if o.KeepAccents {
		p.emit(o, r, at)
		return
	}
	var in, out [64]byte // the longest canonical decomposition has 4 characters
	parts := norm.NFD.Append(out[:0], utf8.AppendRune(in[:0], r)...)
	for begins := true; len(parts) > 0; begins = false {
		part, n := utf8.DecodeRune(parts)
		class := norm.NFD.Properties(parts).CCC()
		if class == 0 {
			p.flush(o)
			p.emit(o, part, at)
		} else {
			// Canonical order is decided among all marks up to the next starter.
			p.marks = append(p.marks, mark{part, class, at, begins})
		}
		parts = parts[n:]
	}
}

// flush puts the marks taken since the last starter into canonical order. Places
// stay in the order of the text whatever mark comes to stand there: each mark that
// is a code point of its own moves one on, as in Hugging Face's alignments.
func (p *prepared) flush(o Options) {
	if len(p.marks) == 0 {
		return
	}
	place := p.marks[0].at
	p.places = p.places[:0]
	for _, m := range p.marks {
		if m.begins {
			p.places = append(p.places, m.at)
		}
	}
	slices.SortStableFunc(p.marks, func(a, b mark) int { return int(a.class) - int(b.class) })
	next := 0
	for _, m := range p.marks {
		if m.begins {
			place = p.places[next]
			next++
		}
		p.emit(o, m.r, place)
	}
	p.marks = p.marks[:0]
}

// emit drops nonspacing marks and lower-cases, as the options say.
func (p *prepared) emit(o Options, r rune, at int) {
	if !o.KeepAccents && unicode.Is(unicode.Mn, r) {
		return
	}
	if !o.KeepCase {
		if r == 'İ' { // the one character that becomes two; only reached with accents kept
			p.runes = append(p.runes, 'i')
			p.pos = append(p.pos, at)
			r = '\u0307'
		}
		r = unicode.ToLower(r)
	}
	p.runes = append(p.runes, r)
	p.pos = append(p.pos, at)
}

// isControl says whether BERT drops the character: the replacement character,
// control, format and private-use characters. Unassigned code points stay.
func isControl(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co)
}

// isChinese says whether r lies in one of BERT's blocks of ideographs. The blocks
// are Hugging Face's; the first of extension E is 0x2B820 in Google's original.
func isChinese(r rune) bool {
	return 0x4E00 <= r && r <= 0x9FFF || 0x3400 <= r && r <= 0x4DBF ||
		0x20000 <= r && r <= 0x2A6DF || 0x2A700 <= r && r <= 0x2B73F ||
		0x2B740 <= r && r <= 0x2B81F || 0x2B920 <= r && r <= 0x2CEAF ||
		0xF900 <= r && r <= 0xFAFF || 0x2F800 <= r && r <= 0x2FA1F
}

// isPunctuation says whether r is a word of its own: every ASCII character that
// is no letter, digit, blank or control, and Unicode's category P.
func isPunctuation(r rune) bool {
	if r < utf8.RuneSelf {
		return '!' <= r && r <= '/' || ':' <= r && r <= '@' || '[' <= r && r <= '`' || '{' <= r && r <= '~'
	}
	return unicode.IsPunct(r)
}
