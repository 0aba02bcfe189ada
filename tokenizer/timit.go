package tokenizer

import (
	"fmt"
	"slices"
	"strings"
)

// PhoneSet is one of the three phone sets in which TIMIT is used.
//
// Source: K.-F. Lee and H.-W. Hon, "Speaker-independent phone recognition using
// hidden Markov models", IEEE Transactions on Acoustics, Speech, and Signal
// Processing 37(11), 1989, pp. 1641-1648: the 61 labels become 48 classes for
// training; for results, confusions within seven groups of classes ({sil, cl, vcl,
// epi}, {el, l}, {en, n}, {sh, zh}, {ao, aa}, {ih, ix}, {ah, ax}) are not counted,
// which leaves 39.
type PhoneSet int

const (
	TIMIT61 PhoneSet = 61 // the labels of the .PHN files
	TIMIT48 PhoneSet = 48 // what models are trained with
	TIMIT39 PhoneSet = 39 // what results are reported in
)

// timit48 is the class of every label of the 61.
var timit48 = map[string]string{
	// Vowels.
	"iy": "iy", "ih": "ih", "eh": "eh", "ae": "ae", "ix": "ix", "ax": "ax", "ax-h": "ax", "ah": "ah",
	"uw": "uw", "ux": "uw", "uh": "uh", "ao": "ao", "aa": "aa", "ey": "ey", "ay": "ay", "oy": "oy",
	"aw": "aw", "ow": "ow", "er": "er", "axr": "er",
	// Semivowels and glides, nasals.
	"l": "l", "el": "el", "r": "r", "y": "y", "w": "w", "hh": "hh", "hv": "hh",
	"m": "m", "em": "m", "n": "n", "nx": "n", "en": "en", "ng": "ng", "eng": "ng",
	// Stops, affricates, fricatives.
	"b": "b", "d": "d", "g": "g", "p": "p", "t": "t", "k": "k", "dx": "dx", "ch": "ch", "jh": "jh",
	"z": "z", "zh": "zh", "v": "v", "f": "f", "th": "th", "s": "s", "sh": "sh", "dh": "dh",
	// Closures by voicing, silences. The glottal stop is taken out.
	"pcl": "cl", "tcl": "cl", "kcl": "cl", "bcl": "vcl", "dcl": "vcl", "gcl": "vcl",
	"epi": "epi", "h#": "sil", "pau": "sil", "q": "",
}

// timit39 is the group of those of the 48 classes that are not their own.
var timit39 = map[string]string{
	"el": "l", "en": "n", "zh": "sh", "ao": "aa", "ix": "ih", "ax": "ah",
	"cl": "sil", "vcl": "sil", "epi": "sil",
}

// ParsePhoneSet reads the name of a set: "61", "48" or "39".
func ParsePhoneSet(name string) (PhoneSet, error) {
	switch name {
	case "61":
		return TIMIT61, nil
	case "48":
		return TIMIT48, nil
	case "39":
		return TIMIT39, nil
	}
	return 0, fmt.Errorf("unknown TIMIT phone set %q: expected 61, 48 or 39", name)
}

// Fold writes a phone in the set s. It accepts the labels of TIMIT's 61 and 48
// sets in any letter case, also TIMIT's prompt label #h, and the ARPAbet of
// pronunciation dictionaries with or without stress, so that both can be compared.
// The glottal stop q has no class in the smaller sets: Fold gives "" and true, and
// the segment is left out. ok is false for a label of no such set; ask [IsSilence]
// and [IsNoise] about an aligner's own labels first.
func (s PhoneSet) Fold(phone string) (folded string, ok bool) {
	label := strings.ToLower(StripStress(phone))
	if label == "#h" {
		label = "h#"
	}
	class, ok := timit48[label]
	if !ok {
		// cl, vcl and sil are classes only; they may be folded again but not unfolded.
		if s == TIMIT61 || !slices.Contains([]string{"cl", "vcl", "sil"}, label) {
			return "", false
		}
		class = label
	}
	switch s {
	case TIMIT61:
		return label, true
	case TIMIT48:
		return class, true
	case TIMIT39:
		if group, ok := timit39[class]; ok {
			return group, true
		}
		return class, true
	}
	return "", false
}

// Phones lists the labels of the set in alphabetical order.
func (s PhoneSet) Phones() []string {
	seen := map[string]bool{}
	for label := range timit48 {
		if folded, ok := s.Fold(label); ok && folded != "" {
			seen[folded] = true
		}
	}
	labels := make([]string, 0, len(seen))
	for label := range seen {
		labels = append(labels, label)
	}
	slices.Sort(labels)
	return labels
}
