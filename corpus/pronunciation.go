package corpus

import (
	"fmt"
	"sort"
	"strings"

	"speechsim/tokenizer"
)

// farPronunciation is the share of an utterance's phones, by edit distance to the nearest pronunciations of its words, from
// which the phones are said to be those of other words. Unrelated phones are at .8 to .9; another phone set, reductions
// and slips of the tongue stay below .6.
const farPronunciation = 0.7

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

// checkPronunciations compares the phones of an utterance's words with the lexicon's.
func (v *findingList) checkPronunciations(a *Alignment, lexicon *tokenizer.Lexicon) {
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
		if d > 0 && example == "" {
			line, example = w.Line, fmt.Sprintf("%q is aligned as %s, and the lexicon has %s", w.Label, strings.Join(aligned, " "), strings.Join(expected, " "))
		}
		far, all = far+d, all+max(len(expected), len(aligned))
	}
	if all > 0 && float64(far) >= farPronunciation*float64(all) {
		v.add(KindPronunciation, SeverityWarning, a.WordsFile, line, "%d of %d phones are not those of the words: %s", far, all, example)
	}
}

// plainPhones is how phones are compared: without stress and letter case.
func plainPhones(phones []string) []string {
	out := tokenizer.StripStresses(phones)
	for i, p := range out {
		out[i] = strings.ToUpper(p)
	}
	return out
}
