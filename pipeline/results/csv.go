package results

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"speechsim/pipeline/internal/files"
)

// csvHeader names the columns of results.csv: the fields of a cell, flat, but for what groups have in common and the p that decides.
var csvHeader = slices.Concat([]string{"comparison", "metric", "variant", "x_model", "x_layer", "y_model", "y_layer", "rows"}, paramColumns,
	[]string{"n", "dx", "dy", "value", "lo", "hi", "approximation", "p", "null_mean", "null_q95", "null_p_max", "null_p_fdr", "null_calibrated", "null_draws"},
	retrievalColumns, []string{"warnings", "error"})

// WriteCSV writes the cells as a table with a header: one cell a row, what is
// absent as an empty field, numbers with all their digits, warnings joined by
// "; ".
func WriteCSV(w io.Writer, cells []Cell) error {
	return writeTable(w, csvHeader, func(write func([]string) error) error {
		for i := range cells {
			if err := cells[i].Validate(); err != nil {
				return err
			}
			if err := write(csvRow(&cells[i])); err != nil {
				return err
			}
		}
		return nil
	})
}

// WriteCSVFile writes results.csv as [WriteFile] writes results.jsonl.
func WriteCSVFile(path string, cells []Cell) error {
	return files.Write(path, func(w io.Writer) error { return WriteCSV(w, cells) })
}

func csvRow(c *Cell) []string {
	row := append([]string{c.Comparison, c.Metric, c.Variant, c.X.Model, c.X.Layer, c.Y.Model, c.Y.Layer, c.Rows}, c.Params.columns()...)
	row = append(row, count(c.N), count(c.DX), count(c.DY), number(c.Value), number(c.Lo), number(c.Hi), number(c.Approximation), number(c.P))
	if n := c.Null; n != nil {
		row = append(row, number(&n.Mean), number(&n.Q95), number(n.PMax), number(n.PFDR), number(n.Calibrated), count(n.Draws))
	} else {
		row = append(row, "", "", "", "", "", "")
	}
	row = append(row, c.Retrieval.columns()...)
	return append(row, strings.Join(c.Warnings, "; "), c.Error)
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

func threshold(v float64) string {
	if v == 0 {
		return ""
	}
	return number(&v)
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
