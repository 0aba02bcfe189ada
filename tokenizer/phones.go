package tokenizer

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// silences are the labels that aligners and corpora give to silence, lower case.
var silences = map[string]bool{
	"": true, "sil": true, "sp": true, "<sil>": true, "<eps>": true, "<s>": true, "</s>": true,
	"silence": true, "{sl}": true, "!sil": true, "[sil]": true,
	"h#": true, "#h": true, "pau": true, "epi": true, // TIMIT: ends, pause, epenthetic silence
}

// noises are the labels of sound that is not speech, or not in the dictionary.
var noises = map[string]bool{
	"spn": true, "nsn": true, "<unk>": true, "[unk]": true, "<noise>": true, "[noise]": true, "noise": true,
	"vocnoise": true, "iver": true, "laugh": true, "exclude": true, "unknown": true, // Buckeye: noise of the voice, the interviewer
	"[laughter]": true, "[noise-laughter]": true, "{ns}": true, "{br}": true, "{ls}": true, "{lg}": true, "{cg}": true,
}

// IsSilence says whether a phone label, of any letter case, stands for silence:
// the empty label, sil, sp, <eps> and their like (Montreal Forced Aligner, Kaldi,
// HTK), and TIMIT's h#, pau and epi. Stop closures are not silence here, although
// TIMIT's 39-phone set writes them as sil.
func IsSilence(label string) bool { return silences[strings.ToLower(TrimLabel(label))] }

// IsNoise says whether a phone label, of any letter case, stands for sound without
// known phones: spn and <unk> (a word missing from the aligner's dictionary), nsn,
// breath, laughter.
func IsNoise(label string) bool { return noises[strings.ToLower(TrimLabel(label))] }

// TrimLabel takes off what stands around a label and can't be seen: blanks of any kind,
// line ends, and the characters without width that editors and copies from web pages leave. What is
// left is in Unicode's form NFC: a letter with an accent is one label, in however many characters.
// The joiners U+200C and U+200D stay, because words of Indic scripts may end in them.
func TrimLabel(label string) string {
	return norm.NFC.String(strings.TrimFunc(label, func(r rune) bool { return isInvisible(r) || unicode.IsSpace(r) }))
}

// arpabetVowels are the ARPAbet symbols that carry stress, lower case.
var arpabetVowels = map[string]bool{
	"aa": true, "ae": true, "ah": true, "ao": true, "aw": true, "ax": true, "axr": true, "ay": true,
	"eh": true, "er": true, "ey": true, "ih": true, "ix": true, "iy": true, "ow": true, "oy": true,
	"uh": true, "uw": true, "ux": true,
}

// StripStress removes the stress digit of an ARPAbet vowel: AH0 becomes AH. Other
// labels stay as they are, so that phone sets in which a digit means something
// else (SAMPA's 2 and 9, tones) are not harmed.
func StripStress(phone string) string {
	n := len(phone) - 1
	if n < 2 || n > 3 || phone[n] < '0' || phone[n] > '3' || !arpabetVowels[strings.ToLower(phone[:n])] {
		return phone
	}
	return phone[:n]
}

// StripStresses is StripStress of every phone, in a new slice.
func StripStresses(phones []string) []string {
	out := make([]string, len(phones))
	for i, phone := range phones {
		out[i] = StripStress(phone)
	}
	return out
}
