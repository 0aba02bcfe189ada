package corpus

import (
	"fmt"
	"sort"
	"strings"

	"speechsim/tokenizer"
)

// farPronunciation is the share of the phones of a word or an utterance, by edit distance to the nearest pronunciations of its words,
// from which the phones are said to be those of other words. Unrelated phones are at .8 to .9; another phone set, reductions
// and slips of the tongue stay below .6.
const farPronunciation = 0.7

// fewestPhones of a word tell whether its pronunciation is another: "a" and "the" are reduced to a phone or two.
const fewestPhones = 3

// pronounced says how the tokens of a word type are aligned.
type pronounced struct {
	word        string
	tokens, far int    // all, and those whose phones are far from the lexicon's
	file        string // of the first far one
	line        int
	example     string
}

// add adds the tokens of a later utterance.
func (p *pronounced) add(q *pronounced) {
	if p.far == 0 {
		p.file, p.line, p.example = q.file, q.line, strings.Clone(q.example)
	}
	p.tokens, p.far = p.tokens+q.tokens, p.far+q.far
}

// PhonesOf lists the labels of the phones that a word holds: those whose middle lies in it, without silences and noise.
func (a *Alignment) PhonesOf(w *Segment) []string {
	var phones []string
	from := sort.Search(len(a.Phones), func(i int) bool { return a.Phones[i].End > w.Start })
	for i := from; i < len(a.Phones) && a.Phones[i].Start < w.End; i++ {
		if p := &a.Phones[i]; !p.Silent && !p.Noise && middle(p) >= w.Start && middle(p) < w.End {
			phones = append(phones, p.Label)
		}
	}
	return phones
}

// checkPronunciations compares the phones of an utterance's words with the lexicon's, and gathers by word type how far they are.
func (v *findingList) checkPronunciations(a *Alignment, lexicon *tokenizer.Lexicon) map[string]*pronounced {
	words := map[string]*pronounced{}
	far, all := 0, 0
	line, example := 0, ""
	for i := range a.Words {
		w := &a.Words[i]
		if w.Silent || w.Noise {
			continue
		}
		aligned := a.PhonesOf(w)
		expected, ok := lexicon.Pronunciation(w.Label, tokenizer.Nearest, aligned)
		if !ok || len(aligned) == 0 {
			continue
		}
		d := tokenizer.Levenshtein(plainPhones(expected), plainPhones(aligned))
		said := func() string {
			return fmt.Sprintf("%q is aligned as %s, and the lexicon has %s", w.Label, strings.Join(aligned, " "), strings.Join(expected, " "))
		}
		if d > 0 && example == "" {
			line, example = w.Line, said()
		}
		longer := max(len(expected), len(aligned))
		far, all = far+d, all+longer
		if longer < fewestPhones {
			continue
		}
		token := &pronounced{word: WordType(w.Label), tokens: 1}
		if float64(d) >= farPronunciation*float64(longer) {
			token.far, token.file, token.line, token.example = 1, a.WordsFile, w.Line, said()
		}
		if known, ok := words[token.word]; ok {
			known.add(token)
		} else {
			words[token.word] = token
		}
	}
	if all > 0 && float64(far) >= farPronunciation*float64(all) {
		v.add(KindPronunciation, SeverityWarning, a.WordsFile, line, "%d of %d phones are not those of the words: %s", far, all, example)
	}
	return words
}

// plainPhones is how phones are compared: without stress and letter case.
func plainPhones(phones []string) []string {
	out := tokenizer.StripStresses(phones)
	for i, p := range out {
		out[i] = strings.ToUpper(p)
	}
	return out
}
