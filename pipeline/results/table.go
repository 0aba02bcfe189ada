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
