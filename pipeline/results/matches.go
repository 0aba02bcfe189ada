package results

import (
	"io"
	"slices"
	"strconv"

	"speechsim/pipeline/internal/files"
)

// Match is one unit (or head) of X, and what the metric found for it in Y.
type Match struct {
	Comparison string
	Metric     string
	Variant    string
	Params     Params
	X, Y       Layer
	Unit       int // of X, from 0
	// Matched is the layer that Unit was matched in, and MatchedUnit the unit of it that is most like it: -1 where all units of
	// the layer together serve each unit of X (neuron_layer).
	Matched     Layer
	MatchedUnit int
	Value       float64 // of this unit: a correlation with its sign, or what the metric's values are
}

var matchHeader = slices.Concat([]string{"comparison", "metric", "variant", "x_model", "x_layer", "y_model", "y_layer"}, paramColumns,
	[]string{"unit", "matched_model", "matched_layer", "matched_unit", "value"})

// WriteMatches writes matches.csv: a header, and one match a row, with all digits.
func WriteMatches(w io.Writer, list []Match) error {
	return writeTable(w, matchHeader, func(write func([]string) error) error {
		for _, m := range list {
			row := append([]string{m.Comparison, m.Metric, m.Variant, m.X.Model, m.X.Layer, m.Y.Model, m.Y.Layer}, m.Params.columns()...)
			matched := ""
			if m.MatchedUnit >= 0 {
				matched = strconv.Itoa(m.MatchedUnit)
			}
			err := write(append(row, strconv.Itoa(m.Unit), m.Matched.Model, m.Matched.Layer, matched, number(&m.Value)))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// WriteMatchesFile writes matches.csv as [WriteFile] writes results.jsonl.
func WriteMatchesFile(path string, list []Match) error {
	return files.Write(path, func(w io.Writer) error { return WriteMatches(w, list) })
}

// ReadMatchesFile reads matches.csv.
func ReadMatchesFile(path string) ([]Match, error) {
	var list []Match
	err := readTable(path, matchHeader, func(r *tableRow) {
		m := Match{Comparison: r.text(), Metric: r.text(), Variant: r.text(), X: r.layer(), Y: r.layer(), Params: r.params(),
			Unit: r.integer(-1), Matched: r.layer(), MatchedUnit: r.integer(-1), Value: r.number()}
		list = append(list, m)
	})
	return list, err
}
