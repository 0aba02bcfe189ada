package tokenizer

import (
	"fmt"
	"io"
	"strings"
)

// Lexicon holds the pronunciations of words, as lists of phones in file order.
// Words are found in any letter case. It never changes and may be used by any
// number of goroutines at once.
type Lexicon struct {
	words   map[string]chain // by upper-case word
	entries []entry          // in file order
	arena   []uint16         // the phones of all entries, as numbers
	names   []string         // what the numbers mean
}

// chain is where a word's entries begin and end.
type chain struct{ first, last int32 }

// entry is one pronunciation. Numbers instead of slices of strings keep a
// dictionary of 200 000 words at a few bytes a phone.
type entry struct {
	from   int32 // where its phones begin in the arena
	phones uint16
	next   int32 // the word's next entry, 0 when there is none
}

// LexiconOptions says what is kept of a lexicon.
type LexiconOptions struct {
	StripStress bool            // AH0 and AH1 become AH, see [StripStress]
	Words       map[string]bool // keep only these words, in any letter case; nil keeps all
}

// ReadLexicon reads a pronunciation lexicon; file names it in errors. The formats and
// errors are those of [ScanLexicon]; the errors of the whole file are returned at
// once, and then no lexicon.
func ReadLexicon(r io.Reader, file string, o LexiconOptions) (*Lexicon, error) {
	var wanted map[string]bool
	if o.Words != nil {
		wanted = make(map[string]bool, len(o.Words))
		for word, want := range o.Words {
			if want {
				wanted[Fold(word)] = true
			}
		}
	}
	l := &Lexicon{words: map[string]chain{}}
	numbers := map[string]uint16{}
	err := ScanLexicon(r, file, func(p Pronunciation) error {
		word := Fold(p.Word)
		if wanted != nil && !wanted[word] {
			return nil
		}
		return l.add(word, p, numbers, o.StripStress)
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// maxPhones bounds the phone inventory. The largest in use (phones by position and
// stress of several languages) have a few hundred; a text that is no lexicon has
// as many "phones" as words.
const maxPhones = 4096

func (l *Lexicon) add(word string, p Pronunciation, numbers map[string]uint16, strip bool) error {
	e := entry{from: int32(len(l.arena)), phones: uint16(len(p.Phones))}
	for _, phone := range p.Phones {
		if strip {
			phone = StripStress(phone)
		}
		number, ok := numbers[phone]
		if !ok {
			if len(l.names) == maxPhones {
				return &Error{Line: p.Line, Col: 1, Msg: fmt.Sprintf(
					"expected at most %d different phones, found more: is this a pronunciation lexicon?", maxPhones)}
			}
			phone = strings.Clone(phone)
			number = uint16(len(l.names))
			numbers[phone] = number
			l.names = append(l.names, phone)
		}
		l.arena = append(l.arena, number)
	}
	i := int32(len(l.entries))
	l.entries = append(l.entries, e)
	c, ok := l.words[word]
	if ok {
		l.entries[c.last].next = i
	} else {
		word, c.first = strings.Clone(word), i
	}
	c.last = i
	l.words[word] = c
	return nil
}

// Len is the number of different words.
func (l *Lexicon) Len() int { return len(l.words) }

// Has says whether the lexicon has a word.
func (l *Lexicon) Has(word string) bool {
	_, ok := l.words[Fold(word)]
	return ok
}

// Pronunciations gives all pronunciations of a word in file order, nil when the
// lexicon lacks it. The slices are the caller's.
func (l *Lexicon) Pronunciations(word string) [][]string {
	c, ok := l.words[Fold(word)]
	if !ok {
		return nil
	}
	var all [][]string
	for i := c.first; ; i = l.entries[i].next {
		all = append(all, l.phones(i))
		if i == c.last {
			return all
		}
	}
}

// phones spells out one entry.
func (l *Lexicon) phones(i int32) []string {
	e := l.entries[i]
	out := make([]string, e.phones)
	for j, number := range l.arena[e.from : int(e.from)+int(e.phones)] {
		out[j] = l.names[number]
	}
	return out
}

// Choice says which of several pronunciations of a word is taken.
type Choice string

const (
	First   Choice = "first"   // the first in the file: the commonest in CMUdict
	Last    Choice = "last"    // the last in the file, as in Bolaños (2024)
	Nearest Choice = "nearest" // the nearest to the phones that were aligned
)

// Pronunciation gives the chosen pronunciation of a word; ok is false when the
// lexicon lacks it. Nearest needs the phones that an alignment gives the word:
// it takes the pronunciation with the smallest [Levenshtein] distance to them, stress
// and letter case aside, then the smallest with stress, then the earliest in the
// file. Without aligned phones Nearest is First.
func (l *Lexicon) Pronunciation(word string, choice Choice, aligned []string) (phones []string, ok bool) {
	c, ok := l.words[Fold(word)]
	switch {
	case !ok:
		return nil, false
	case choice == Last:
		return l.phones(c.last), true
	case choice == Nearest && len(aligned) > 0 && c.first != c.last:
		return nearest(l.Pronunciations(word), aligned), true
	}
	return l.phones(c.first), true
}

// nearest is the candidate with the smallest distance to the aligned phones.
func nearest(candidates [][]string, aligned []string) []string {
	full := upper(aligned)
	plain := StripStresses(full)
	best, bestPlain, bestFull := 0, 0, 0
	for i, candidate := range candidates {
		candidate = upper(candidate)
		byPlain := Levenshtein(StripStresses(candidate), plain)
		byFull := Levenshtein(candidate, full)
		if i == 0 || byPlain < bestPlain || byPlain == bestPlain && byFull < bestFull {
			best, bestPlain, bestFull = i, byPlain, byFull
		}
	}
	return candidates[best]
}

func upper(phones []string) []string {
	out := make([]string, len(phones))
	for i, phone := range phones {
		out[i] = strings.ToUpper(phone)
	}
	return out
}
