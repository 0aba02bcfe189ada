package results

import (
	"io"
	"slices"
	"strconv"

	"speechsim/pipeline/internal/files"
)

// Contribution is one token of a word or phone type that carries a value, or pulls it down.
type Contribution struct {
	Comparison, Metric, Variant string
	X, Y                        Layer
	Params                      Params

	Type   string
	Rows   int     // of the type: the rows that it has in the comparison, or, of asif, its queries
	Share  float64 // of the type: its part of the value; those of all types add up to 1
	Effect float64 // of the type: without it the value is, to first order, the value times 1 - effect

	Utterance  string
	File       string  // of its audio, relative to the corpus's folder, with slashes
	Start, End float64 // seconds in the file

	ClipFrom, ClipTo int // samples of clips.wav; the same where it is not there
}

var contributionHeader = slices.Concat([]string{"comparison", "metric", "variant", "x_model", "x_layer", "y_model", "y_layer"}, paramColumns,
	[]string{"type", "rows", "share", "effect", "utterance", "file", "start", "end", "clip_from", "clip_to"})

// WriteContributions writes contributions.csv: a header, and a row a token.
func WriteContributions(w io.Writer, list []Contribution) error {
	return writeTable(w, contributionHeader, func(write func([]string) error) error {
		for _, c := range list {
			row := append([]string{c.Comparison, c.Metric, c.Variant, c.X.Model, c.X.Layer, c.Y.Model, c.Y.Layer}, c.Params.columns()...)
			clip := []string{"", ""}
			if c.ClipTo > c.ClipFrom {
				clip = []string{strconv.Itoa(c.ClipFrom), strconv.Itoa(c.ClipTo)}
			}
			row = append(row, c.Type, strconv.Itoa(c.Rows), number(&c.Share), number(&c.Effect), c.Utterance, c.File, number(&c.Start), number(&c.End))
			if err := write(append(row, clip...)); err != nil {
				return err
			}
		}
		return nil
	})
}

// WriteContributionsFile writes contributions.csv as [WriteFile] writes results.jsonl.
func WriteContributionsFile(path string, list []Contribution) error {
	return files.Write(path, func(w io.Writer) error { return WriteContributions(w, list) })
}

// ReadContributionsFile reads contributions.csv.
func ReadContributionsFile(path string) ([]Contribution, error) {
	var list []Contribution
	err := readTable(path, contributionHeader, func(r *tableRow) {
		list = append(list, Contribution{Comparison: r.text(), Metric: r.text(), Variant: r.text(), X: r.layer(), Y: r.layer(), Params: r.params(),
			Type: r.text(), Rows: r.integer(0), Share: r.number(), Effect: r.number(), Utterance: r.text(), File: r.text(), Start: r.number(), End: r.number(),
			ClipFrom: r.integer(0), ClipTo: r.integer(0)})
	})
	return list, err
}
