package pipeline

import (
	"slices"
	"sort"
	"strings"

	"speechsim/configs"
	"speechsim/extract"
	"speechsim/tokenizer"
)

// loadLexicon reads the pronunciations that the config's corpus names, nil when it names none. words are those that are
// asked for, nil for all.
func loadLexicon(cfg *configs.Config, words map[string]bool) (*tokenizer.Lexicon, error) {
	l := cfg.Corpus.Lexicon
	if l == nil {
		return nil, nil
	}
	return tokenizer.LoadLexicon(cfg.Path(l.File), tokenizer.LexiconOptions{StripStress: !l.Stress, Words: words})
}

// pronunciations gives each word type of the corpus, in lower case, the pronunciation that the config chooses, of those that
// the lexicon has. The nearest one of a type is the nearest for most of its tokens, the earlier in the file of two.
func (p *Plan) pronunciations() map[string][]string {
	choice := tokenizer.Choice(p.Config.Corpus.Lexicon.Choice)
	tokens := map[string]map[string]int{} // type -> its pronunciation, spelt out -> tokens
	for _, r := range p.candidates["word"].Rows {
		var aligned []string
		if choice == tokenizer.Nearest {
			aligned = phonesWithin(p.candidates["phone"].Of(r.Utterance), r)
		}
		word := strings.ToLower(r.Label)
		if said, ok := p.lexicon.Pronunciation(word, choice, aligned); ok {
			if tokens[word] == nil {
				tokens[word] = map[string]int{}
			}
			tokens[word][strings.Join(said, " ")]++
		}
	}
	chosen := map[string][]string{}
	for word, count := range tokens {
		all := p.lexicon.Pronunciations(word)
		chosen[word] = slices.MaxFunc(all, func(a, b []string) int { return count[strings.Join(a, " ")] - count[strings.Join(b, " ")] })
	}
	return chosen
}

// phonesWithin are the labels of the phones whose middle lies in a word.
func phonesWithin(phones []extract.Row, word extract.Row) []string {
	var out []string
	from := sort.Search(len(phones), func(i int) bool { return phones[i].To > word.From })
	for i := from; i < len(phones) && phones[i].From < word.To; i++ {
		if m := (phones[i].From + phones[i].To) / 2; m >= word.From && m < word.To {
			out = append(out, phones[i].Label)
		}
	}
	return out
}
