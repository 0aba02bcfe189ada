package tokenizer

// Levenshtein is the smallest number of insertions, deletions and substitutions
// that turn a into b, each counted as one (Levenshtein 1966). It takes
// len(a) * len(b) steps and memory for the shorter list; phones as numbers
// ([Units.Indices]) are compared several times faster than as strings.
func Levenshtein[T comparable](a, b []T) int {
	if len(a) < len(b) {
		a, b = b, a
	}
	var short [32]int // words have fewer phones, so pairs of words take no memory
	row := short[:]
	if len(b) >= len(short) {
		row = make([]int, len(b)+1)
	}
	row = row[:len(b)+1]
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := diagonal
			if x != y {
				cost = min(diagonal, row[j], row[j+1]) + 1
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// Distance is [Levenshtein] divided by the length of the longer list: 0 for equal
// lists, 1 where no phone can be kept. It is the phonetic distance of words in
// Bolaños (2024). Two empty lists have distance 0.
func Distance[T comparable](a, b []T) float64 {
	longer := max(len(a), len(b))
	if longer == 0 {
		return 0
	}
	return float64(Levenshtein(a, b)) / float64(longer)
}
