package corpus

import (
	"fmt"
	"strings"

	"speechsim/tokenizer"
)

// IsSilence reports whether a label of a word or phone tier stands for no speech, in any letter case: the empty label,
// sil, sp and <eps> (MFA, Kaldi), h#, pau and epi (TIMIT), and what else tokenizer.IsSilence knows; and spn and nsn,
// which aligners give to noise, and BAS's <p:>. <unk> is not silence: somebody speaks there, see [Segment.NotWord].
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

func isWordSilence(label string) bool { return strings.EqualFold(label, "silence") }

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

// silent is IsSilence with the labels of Spec.Silence.
func (c *Corpus) silent(label string) bool {
	return IsSilence(label) || len(c.silence) > 0 && c.silence[strings.ToLower(label)]
}

// silentWord is silent for a label of a word tier.
func (c *Corpus) silentWord(label string) bool {
	return c.silent(label) && (!isWordSilence(label) || c.silence["silence"])
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
