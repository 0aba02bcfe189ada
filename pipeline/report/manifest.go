package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// section is a part of a manifest: its simple fields as rows.
type section struct {
	Title string
	Rows  []manifestRow
}

type manifestRow struct{ Name, Value string }

// provenance reads a manifest whatever its fields are: each object becomes a
// section, its simple fields rows with a dotted name, in the order of the
// file. It returns the manifest as indented text too.
func provenance(raw json.RawMessage) ([]section, string, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, "", nil
	}
	var text bytes.Buffer
	if err := json.Indent(&text, raw, "", "  "); err != nil {
		return nil, "", fmt.Errorf("manifest: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	w := manifestWalk{d: d, general: section{Title: "run"}}
	if err := w.value("", ""); err != nil {
		return nil, "", fmt.Errorf("manifest: %w", err)
	}
	sections := w.sections
	if len(w.general.Rows) > 0 {
		sections = append([]section{w.general}, sections...)
	}
	return sections, text.String(), nil
}

// manifestWalk reads a JSON document token by token, since maps would lose
// the order of its fields.
type manifestWalk struct {
	d        *json.Decoder
	general  section
	sections []section
}

// value reads the next value; top is the section it belongs to and name its
// dotted name in there.
func (w *manifestWalk) value(top, name string) error {
	token, err := w.d.Token()
	if err != nil {
		return err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		value := "none"
		if token != nil {
			value = fmt.Sprint(token)
		}
		w.add(top, name, value)
		return nil
	}
	for i := 0; w.d.More(); i++ {
		key := fmt.Sprint(i + 1)
		if delim == '{' {
			token, err := w.d.Token()
			if err != nil {
				return err
			}
			key = token.(string)
		}
		switch {
		case top == "" && name == "":
			err = w.value("", key)
		case top == "":
			err = w.value(name, key)
		default:
			err = w.value(top, name+"."+key)
		}
		if err != nil {
			return err
		}
	}
	_, err = w.d.Token()
	return err
}

func (w *manifestWalk) add(top, name, value string) {
	row := manifestRow{strings.ReplaceAll(name, "_", " "), value}
	if top == "" {
		w.general.Rows = append(w.general.Rows, row)
		return
	}
	if n := len(w.sections); n == 0 || w.sections[n-1].Title != top {
		w.sections = append(w.sections, section{Title: top})
	}
	last := &w.sections[len(w.sections)-1]
	last.Rows = append(last.Rows, row)
}
