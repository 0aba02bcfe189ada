package tokenizer

import "github.com/agnivade/levenshtein"

// Levenshtein is the smallest number of insertions, deletions and substitutions
// that turn the phones a into b, each counted as one (Levenshtein 1966).
func Levenshtein(a, b []string) int {
	letters := map[string]rune{}
	spell := func(phones []string) string {
		word := make([]rune, len(phones))
		for i, p := range phones {
			if _, known := letters[p]; !known {
				letters[p] = firstLetter + rune(len(letters))
			}
			word[i] = letters[p]
		}
		return string(word)
	}
	return levenshtein.ComputeDistance(spell(a), spell(b))
}

// firstLetter begins a plane of Unicode in which every number is a letter of its own: 65 536 phones.
const firstLetter = 0x10000
