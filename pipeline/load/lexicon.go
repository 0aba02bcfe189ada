package load

import (
	"slices"
	"sort"
	"strings"

	"speechsim/configs"
	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/tokenizer"
)

// ReadLexicon reads the pronunciations that the config's corpus names, nil when it names none. words are those that are
// asked for, nil for all. The file may be in UTF-16, as the labels and transcripts of a corpus may.
func ReadLexicon(cfg *configs.Config, words map[string]bool) (*tokenizer.Lexicon, error) {
	l := cfg.Corpus.Lexicon
	if l == nil {
		return nil, nil
	}
	path := cfg.Path(l.File)
	text, err := corpus.ReadText(path)
	if err != nil {
		return nil, err
	}
	return tokenizer.ReadLexicon(strings.NewReader(text), path, tokenizer.LexiconOptions{StripStress: !l.Stress, Words: words})
}

// readLexicon reads the pronunciations of the words of the corpus.
func (s *Speech) readLexicon(f *Files) (err error) {
	s.Lexicon, err = ReadLexicon(f.Config, s.Vocabulary())
	return err
}

// Pronunciations gives each word type of the corpus a pronunciation: the one that the config chooses, of those
// that the lexicon has; without a lexicon the phones that are aligned to it. What is nearest or aligned may differ from
// token to token: then it is that of most, and of equals the earlier in the file, or the one that is met first.
func (s *Speech) Pronunciations(cfg *configs.Config) map[string][]string {
	choice := tokenizer.Nearest
	if l := cfg.Corpus.Lexicon; l != nil {
		choice = tokenizer.Choice(l.Choice)
	}
	tokens := map[string]map[string]int{} // type -> its pronunciation, spelt out -> tokens
	met := map[string][][]string{}        // type -> its pronunciations in the order in which they are met
	for _, r := range s.Segments["word"].Rows {
		var aligned []string
		if choice == tokenizer.Nearest {
			aligned = phonesWithin(s.Segments["phone"].Of(r.Utterance), r)
		}
		word := corpus.WordType(r.Label)
		said, ok := aligned, len(aligned) > 0
		if s.Lexicon != nil {
			said, ok = s.Lexicon.Pronunciation(word, choice, aligned)
		}
		if !ok {
			continue
		}
		if tokens[word] == nil {
			tokens[word] = map[string]int{}
		}
		spelt := strings.Join(said, " ")
		if tokens[word][spelt]++; tokens[word][spelt] == 1 {
			met[word] = append(met[word], said)
		}
	}
	chosen := map[string][]string{}
	for word, count := range tokens {
		all := met[word]
		if s.Lexicon != nil {
			all = s.Lexicon.Pronunciations(word)
		}
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
