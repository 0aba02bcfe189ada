package plan

import (
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
)

// How many layer pairs of a run are asked which words or phones carry their values, how many types are listed of a pair that carry it, and
// as many that pull it down, how many tokens of a type, and how many bytes of their clips a page has room for, in base64.
const (
	MostAsked  = 24
	MostTypes  = 8
	MostTokens = 3
	ClipBytes  = 5000000
)

// Apart says whether the values of a measure of the task can be taken apart into rows.
func (t *Task) Apart(m study.Measure) bool {
	if !t.OnSegments() || t.RowSet.Level == results.TypeLevel {
		return false
	}
	return m.Name == "knn" || m.Name == "asif" || m.Name == "cka" && (m.Variant.Name == "biased" || m.Variant.Name == "debiased")
}
