// Package published holds the values that were published with the two papers, as small CSV files, and reads files of
// that form: a config names one (published: bolanos2024/cka), and figures draw its values next to ours.
//
// A file is a list of maps, each a matrix with a layer of x a row and a layer of y a column, empty where nothing was
// published. Lines that begin with # say what the file is, and before each map, what the map is:
//
//	# label: Bolaños 2024, figure 4.2
//	# metric: cka biased
//	x,glove vector
//	wav2vec2 1,0.084943
//	wav2vec2 2,0.092209
//
// The metric is followed by its variant and, where the values are of one setting of several, by params such as first=3000,
// level=type, p=6, k=250 and threshold=0.1. Models and layers are named as a config names them.
package published

import (
	"bufio"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"

	"speechsim/pipeline/results"
)

//go:embed elkheir2024 bolanos2024
var files embed.FS

// Map is a [Matrix] as a file gives it.
type Map struct {
	Matrix
	First results.Pair // the first that has a value
}

// Error is a mistake in a file of published values.
type Error struct {
	File string
	Line int
	Msg  string
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg) }

// Names lists the files in the program: "bolanos2024/cka".
func Names() []string {
	var names []string
	err := fs.WalkDir(files, ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, strings.TrimSuffix(path, ".csv"))
		}
		return err
	})
	if err != nil {
		panic(err) // the embedded files are there or the program did not build
	}
	return names
}

// IsFile says whether a name is that of a file of the user's, and not of one in the program.
func IsFile(name string) bool { return strings.HasSuffix(name, ".csv") }

// Load reads the file of that name: one in the program, or a path that ends in .csv.
func Load(name string) ([]Map, error) {
	var in fs.File
	var err error
	if IsFile(name) {
		in, err = os.Open(name)
	} else {
		in, err = files.Open(name + ".csv")
	}
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return Read(in, name)
}

// Read reads published values; file serves messages. The first mistake ends it.
func Read(r io.Reader, file string) ([]Map, error) {
	p := parser{file: file}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.line++
		if err := p.read(strings.TrimPrefix(lines.Text(), "\ufeff")); err != nil {
			return nil, err
		}
	}
	if err := lines.Err(); err != nil {
		return nil, p.fail("%v", err)
	}
	if len(p.maps) == 0 {
		return nil, p.fail("there are no values: a map begins with the lines \"# label: ...\" and \"# metric: NAME VARIANT\"")
	}
	for _, m := range p.maps {
		if len(m.Values) == 0 {
			return nil, p.fail("the map %q of %s %s has no value", m.Label, m.Measure.Metric, m.Measure.Variant)
		}
	}
	return p.maps, nil
}

type parser struct {
	file    string
	line    int
	label   string
	maps    []Map
	columns []results.Layer // nil: the next line is a header
}

func (p *parser) fail(format string, args ...any) error {
	return &Error{p.file, p.line, fmt.Sprintf(format, args...)}
}

func (p *parser) read(line string) error {
	if text, ok := strings.CutPrefix(line, "#"); ok {
		key, value, _ := strings.Cut(text, ":")
		switch value = strings.TrimSpace(value); strings.TrimSpace(key) {
		case "label":
			p.label = value
		case "metric":
			return p.begin(value)
		}
		return nil
	}
	if strings.TrimSpace(line) == "" {
		return nil
	}
	if len(p.maps) == 0 {
		return p.fail("values stand before any \"# metric: NAME VARIANT\"")
	}
	fields, err := csv.NewReader(strings.NewReader(line)).Read()
	if err != nil {
		var parse *csv.ParseError
		if errors.As(err, &parse) {
			err = parse.Err
		}
		return p.fail("%v", err)
	}
	if p.columns == nil {
		return p.header(fields)
	}
	return p.row(fields)
}

// begin starts a map: "asif bolanos2024 p=6 k=250".
func (p *parser) begin(text string) error {
	words := strings.Fields(text)
	if len(words) < 2 || p.label == "" {
		return p.fail("expected \"# label: ...\" and then \"# metric: NAME VARIANT\", found %q under the label %q", text, p.label)
	}
	m := Map{Matrix: Matrix{Label: p.label, Measure: results.Measure{Metric: words[0], Variant: words[1]}, Values: map[results.Pair]float64{}}}
	for _, w := range words[2:] {
		if err := setParam(&m.Measure.Params, w); err != nil {
			return p.fail("%v", err)
		}
	}
	p.maps, p.columns = append(p.maps, m), nil
	return nil
}

func setParam(to *results.Params, word string) (err error) {
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "first":
		to.First, err = strconv.Atoi(value)
	case "p":
		to.P, err = strconv.Atoi(value)
	case "k":
		to.K, err = strconv.Atoi(value)
	case "threshold":
		to.Threshold, err = strconv.ParseFloat(value, 64)
	case "level":
		to.Level = value
	default:
		return fmt.Errorf("unknown param %q; expected first=, level=, p=, k= or threshold=", word)
	}
	if err != nil {
		return fmt.Errorf("param %q: %q is no number", key, value)
	}
	return nil
}

func (p *parser) header(fields []string) error {
	if fields[0] != "x" || len(fields) < 2 {
		return p.fail("expected a header x,MODEL LAYER,..., found %q", strings.Join(fields, ","))
	}
	for _, f := range fields[1:] {
		l, err := p.layer(f)
		if err != nil {
			return err
		}
		p.columns = append(p.columns, l)
	}
	return nil
}

func (p *parser) row(fields []string) error {
	if len(fields) != len(p.columns)+1 {
		return p.fail("%d fields, expected %d as in the header", len(fields), len(p.columns)+1)
	}
	x, err := p.layer(fields[0])
	if err != nil {
		return err
	}
	m := &p.maps[len(p.maps)-1]
	for i, f := range fields[1:] {
		at := results.Pair{X: x, Y: p.columns[i]}
		if f == "" {
			continue
		}
		v, err := strconv.ParseFloat(f, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return p.fail("the value of %s and %s is %q, expected a number", x, p.columns[i], f)
		}
		if _, twice := m.Values[at]; twice {
			return p.fail("%s and %s have two values", x, p.columns[i])
		}
		if len(m.Values) == 0 {
			m.First = at
		}
		m.Values[at] = v
	}
	return nil
}

// layer reads "hubert-large 23".
func (p *parser) layer(s string) (results.Layer, error) {
	model, layer, ok := strings.Cut(s, " ")
	if !ok || model == "" || layer == "" {
		return results.Layer{}, p.fail("%q, expected a model and a layer such as \"hubert-base 7\"", s)
	}
	return results.Layer{Model: model, Layer: layer}, nil
}
