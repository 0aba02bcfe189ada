package study

import "speechsim/pipeline/results"

// How many layer pairs of a run are asked which words or phones carry their values, how many types are listed of a pair that carry it, and
// as many that pull it down, how many tokens of a type, and how many bytes of their clips a page has room for, in base64.
const (
	MostAsked  = 24
	MostTypes  = 8
	MostTokens = 3
	ClipBytes  = 5000000
)

// Apart says whether the values of a measure on some rows, words or phones, can be taken apart into these.
func (m Measure) Apart(rows RowSet) bool {
	if rows.Level == results.TypeLevel {
		return false
	}
	return m.Name == "knn" || m.Name == "asif" || m.Name == "cka" && (m.Variant.Name == "biased" || m.Variant.Name == "debiased")
}
