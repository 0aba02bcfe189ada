package corpus

import (
	"fmt"
	"strings"
	"unicode"

	"speechsim/tokenizer"
)

// IsSilence reports whether a label of a word or phone tier stands for no speech, in any letter case: the empty label,
// sil, sp and <eps> (MFA, Kaldi), h#, pau and epi (TIMIT), and what else tokenizer.IsSilence knows; and spn and nsn,
// which aligners give to noise, and BAS's <p:>. <unk> is not silence: somebody speaks there, see [Segment.Noise].
func IsSilence(label string) bool {
	if label = tokenizer.TrimLabel(label); len(label) > 32 {
		return false // longer than any such label
	}
	if tokenizer.IsSilence(label) {
		return true
	}
	switch strings.ToLower(label) {
	case "spn", "nsn", "<p:>", "<silence>", "<spn>":
		return true
	}
	return false
}

func inBrackets(label string) bool {
	if len(label) < 2 {
		return false
	}
	switch label[:1] + label[len(label)-1:] {
	case "<>", "[]", "{}", "()":
		return true
	}
	return false
}

// isUnknown reports whether label stands for a word that the aligner did not know.
func isUnknown(label string) bool {
	switch strings.ToLower(label) {
	case "<unk>", "[unk]", "<unknown>", "<oov>":
		return true
	}
	return false
}

// classify says which segments of the two tiers are silence, and which noise.
func (c *Corpus) classify(a *Alignment) {
	for i := range a.Words {
		s := &a.Words[i]
		s.Silent = c.silentWord(s.Label)
		s.Noise = !s.Silent && inBrackets(s.Label)
	}
	for i := range a.Phones {
		s := &a.Phones[i]
		s.Silent = IsSilence(s.Label) || c.silence[strings.ToLower(s.Label)]
		s.Noise = !s.Silent && (inBrackets(s.Label) || tokenizer.IsNoise(s.Label))
	}
}

// silentWord says whether a label of a word tier is silence. "pau", "sil" and "sp" may be words of a language: they are if the
// Spec names labels of silence and does not name them. "silence" is a word unless it is named.
func (c *Corpus) silentWord(label string) bool {
	switch {
	case c.silence[strings.ToLower(label)]:
		return true
	case mayBeWord(label):
		return IsSilence(label) && len(c.silence) == 0 && !strings.EqualFold(label, "silence")
	}
	return IsSilence(label)
}

// mayBeWord says whether a label is of letters alone.
func mayBeWord(label string) bool {
	return label != "" && strings.IndexFunc(label, func(r rune) bool { return !unicode.IsLetter(r) }) < 0
}

// LabelUse is what labels of a tier are taken for that are not plain words or phones.
type LabelUse struct {
	Tier  string `json:"tier"`  // word or phone
	As    string `json:"as"`    // silence, noise, word (a usual label of silence that the corpus does not name), trimmed
	Label string `json:"label"` // in lower case
}

// uses counts the labels of an alignment that the rules above are about.
func (a *Alignment) uses() map[LabelUse]int {
	n := map[LabelUse]int{}
	for name, segments := range map[string][]Segment{"word": a.Words, "phone": a.Phones} {
		for i := range segments {
			s := &segments[i]
			use := LabelUse{Tier: name, Label: strings.ToLower(s.Label)}
			switch {
			case s.Silent:
				use.As = "silence"
			case s.Noise:
				use.As = "noise"
			case name == "word" && IsSilence(s.Label): // a phone is left as sil by a fold of TIMIT
				use.As = "word"
			}
			if use.As != "" {
				n[use]++
			}
			if s.Trimmed {
				use.As = "trimmed"
				n[use]++
			}
		}
	}
	return n
}

// foldPhones writes TIMIT's labels in the set of Spec.Phones. The glottal stop, which has no class in the smaller sets,
// is left out; the others keep their Index, and Silent as it was for the label in the file: closures become sil in the
// set of 39 and stay speech.
func (c *Corpus) foldPhones(v *findingList, a *Alignment) {
	if c.Spec.Phones == "" {
		return
	}
	set, err := tokenizer.ParsePhoneSet(c.Spec.Phones)
	if err != nil {
		v.addError(err)
		return
	}
	kept := a.Phones[:0]
	for _, s := range a.Phones {
		if s.Noise {
			kept = append(kept, s)
			continue
		}
		folded, ok := set.Fold(s.Label)
		if !ok {
			v.addError(&Error{File: a.PhonesFile, Line: s.Line, Msg: fmt.Sprintf("%q is none of TIMIT's 61 phones: it can't be folded to %s", s.Label, c.Spec.Phones)})
			return
		}
		if folded == "" {
			continue
		}
		s.Label = folded
		kept = append(kept, s)
	}
	a.Phones = kept
}
