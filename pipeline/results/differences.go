package results

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"speechsim/pipeline/internal/files"
)

// Difference says how much more like Y one layer is than another: the value of X with Y less that of Than with Y. Both
// values leave out the same groups, so what they share cancels, and layers can be told apart whose own intervals overlap.
type Difference struct {
	Comparison string
	Metric     string
	Variant    string
	Params     Params
	Kind       string // why these two, one of those below
	X, Than, Y Layer

	Value  float64 // of X less that of Than
	Lo, Hi float64 // 95 % confidence interval
	SE     float64 // standard error
	P      float64 // two-sided, of there being no difference
}

// Kinds of differences.
const (
	Neighbours = "neighbours" // a layer against the one before it in its model
	Best       = "best"       // a model's best layer against each other layer of it
	Models     = "models"     // the best layer of the best model against the best layers of the others
	Control    = "control"    // a model's best layer against that of its control, and each layer against the same one of the control
	Baseline   = "baseline"   // a model's best layer against an acoustic baseline
)

var differenceHeader = slices.Concat([]string{"comparison", "metric", "variant", "kind", "x_model", "x_layer", "than_model", "than_layer", "y_model", "y_layer"}, paramColumns,
	[]string{"difference", "lo", "hi", "se", "p"})

// WriteDifferences writes differences.csv: a header, and one difference a row, with all digits.
func WriteDifferences(w io.Writer, list []Difference) error {
	return writeTable(w, differenceHeader, func(write func([]string) error) error {
		for _, d := range list {
			row := append([]string{d.Comparison, d.Metric, d.Variant, d.Kind, d.X.Model, d.X.Layer, d.Than.Model, d.Than.Layer, d.Y.Model, d.Y.Layer}, d.Params.columns()...)
			for _, v := range []float64{d.Value, d.Lo, d.Hi, d.SE, d.P} {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					return fmt.Errorf("difference %s %s of %s and %s: %v, expected a finite number", d.Comparison, d.Metric, d.X, d.Than, v)
				}
				row = append(row, strconv.FormatFloat(v, 'g', -1, 64))
			}
			if err := write(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// WriteDifferencesFile writes differences.csv as [WriteFile] writes results.jsonl.
func WriteDifferencesFile(path string, list []Difference) error {
	return files.Write(path, func(w io.Writer) error { return WriteDifferences(w, list) })
}

// ReadDifferencesFile reads differences.csv.
func ReadDifferencesFile(path string) ([]Difference, error) {
	var list []Difference
	err := readTable(path, differenceHeader, func(r *tableRow) {
		d := Difference{Comparison: r.text(), Metric: r.text(), Variant: r.text(), Kind: r.text(), X: r.layer(), Than: r.layer(), Y: r.layer(), Params: r.params()}
		d.Value, d.Lo, d.Hi, d.SE, d.P = r.number(), r.number(), r.number(), r.number(), r.number()
		list = append(list, d)
	})
	return list, err
}
