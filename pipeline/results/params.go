package results

import (
	"cmp"
	"fmt"
	"strings"
)

// Params are the settings that a comparison measures with several values: of
// the rows (First, Level) or of the metric. What is zero does not apply, so the
// zero Params stand for all rows, each token by itself. They are part of a
// cell's [Key].
type Params struct {
	P         int     `json:"p,omitempty"`         // asif: the power of similarities
	K         int     `json:"k,omitempty"`         // asif: the anchors that are kept
	First     int     `json:"first,omitempty"`     // only the first rows of the comparison, in corpus order
	Level     string  `json:"level,omitempty"`     // TypeLevel, or "": a row a token
	Threshold float64 `json:"threshold,omitempty"` // word_distance: pairs closer than this
}

// TypeLevel is the level of cells on one mean row a word type.
const TypeLevel = "type"

// String says the settings in words, "" where there are none: "word types,
// first 500 rows".
func (p Params) String() string {
	var words []string
	say := func(format string, v any) { words = append(words, fmt.Sprintf(format, v)) }
	if p.Level == TypeLevel {
		words = append(words, "word types")
	}
	if p.First > 0 {
		say("first %d rows", p.First)
	}
	if p.P > 0 {
		say("p %d", p.P)
	}
	if p.K > 0 {
		say("k %d", p.K)
	}
	if p.Threshold > 0 {
		say("threshold %g", p.Threshold)
	}
	return strings.Join(words, ", ")
}

// Compare orders settings: tokens before types, all rows before the first
// few, then by p, k and threshold.
func (p Params) Compare(q Params) int {
	return cmp.Or(cmp.Compare(p.Level, q.Level), cmp.Compare(p.First, q.First),
		cmp.Compare(p.P, q.P), cmp.Compare(p.K, q.K), cmp.Compare(p.Threshold, q.Threshold))
}

func (p Params) validate() error {
	switch {
	case p.P < 0 || p.K < 0 || p.First < 0:
		return fmt.Errorf("params: p, k, first are %d, %d, %d, expected counts of 0 or more", p.P, p.K, p.First)
	case p.Level != "" && p.Level != TypeLevel:
		return fmt.Errorf("params.level: %q, expected %q or none", p.Level, TypeLevel)
	case !(p.Threshold >= 0 && p.Threshold <= 2):
		return fmt.Errorf("params.threshold: %v, expected a distance from 0 to 2", p.Threshold)
	}
	return nil
}

// Measure names a metric, its variant and its params.
type Measure struct {
	Metric  string `json:"metric"`
	Variant string `json:"variant,omitempty"`
	Params  Params `json:"params,omitzero"`
	Label   string `json:"label,omitempty"` // in the legend of a figure; "" = metric, variant and params
}

// Same says whether two measures differ in nothing but their labels.
func (m Measure) Same(o Measure) bool {
	m.Label, o.Label = "", ""
	return m == o
}

// Pair names two layers.
type Pair struct{ X, Y Layer }
