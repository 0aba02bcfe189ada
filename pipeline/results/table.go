package results

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"speechsim/pipeline/internal/files"
)

// paramColumns name the settings of a cell in every table.
var paramColumns = []string{"param_level", "param_first", "param_p", "param_k", "param_threshold"}

func (p Params) columns() []string {
	return []string{p.Level, count(p.First), count(p.P), count(p.K), threshold(p.Threshold)}
}

func writeTable(w io.Writer, header []string, rows func(write func(row []string) error) error) error {
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	if err := rows(out.Write); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// readTable reads a table that was written with this header, a row at a time. A mistake is an *[Error].
func readTable(path string, header []string, row func(r *tableRow)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := csv.NewReader(f)
	in.ReuseRecord = true
	for first := true; ; first = false {
		fields, err := in.Read()
		if err == io.EOF && !first {
			return nil
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			return &Error{path, bad.Line, 0, bad.Err.Error()}
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		if first {
			if !slices.Equal(fields, header) {
				return &Error{path, 1, 0, fmt.Sprintf("the columns are %s, expected %s", strings.Join(fields, ", "), strings.Join(header, ", "))}
			}
			continue
		}
		r := &tableRow{header: header, fields: fields}
		if row(r); r.err != nil {
			line, _ := in.FieldPos(0)
			return &Error{path, line, 0, r.err.Error()}
		}
	}
}

// tableRow hands out the fields of a row from the first to the last, and remembers the first that is none.
type tableRow struct {
	header, fields []string
	at             int
	err            error
}

func (r *tableRow) text() string {
	r.at++
	return r.fields[r.at-1]
}

func (r *tableRow) layer() Layer { return Layer{Model: r.text(), Layer: r.text()} }

// integer is absent where the field is empty.
func (r *tableRow) integer(absent int) int {
	text := r.text()
	if text == "" {
		return absent
	}
	n, err := strconv.Atoi(text)
	r.fail(err, text, "a whole number")
	return n
}

func (r *tableRow) number() float64 {
	text := r.text()
	v, err := strconv.ParseFloat(text, 64)
	r.fail(err, text, "a number")
	return v
}

func (r *tableRow) fail(err error, text, expected string) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %q, expected %s", r.header[r.at-1], text, expected)
	}
}

func (r *tableRow) params() Params {
	p := Params{Level: r.text(), First: r.integer(0), P: r.integer(0), K: r.integer(0)}
	if r.at++; r.fields[r.at-1] != "" {
		r.at--
		p.Threshold = r.number()
	}
	return p
}

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
