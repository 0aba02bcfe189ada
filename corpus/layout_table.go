package corpus

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tableColumns are the columns of a table, in any order and letter case. Only audio is required.
var tableColumns = []string{"audio", "text", "speaker", "textgrid", "id", "sex", "group"}

// openTable reads a table of utterances, Spec.Table, as CSV (quotes as in RFC 4180; see newCSVReader for what may separate columns) or
// TSV (tabs, no quotes), with a header:
//
//	audio,text,speaker,textgrid,id,sex,group
//
// Paths are relative to Spec.Root, or to the table's folder; one that leaves it is refused, so that a table from
// elsewhere can't make the program read what is not of the corpus. Symbolic links inside it may lead anywhere. The ID is
// the audio's path without its ending unless there is a column id.
func openTable(ctx context.Context, b *builder) error {
	path := b.spec.Table
	if path == "" {
		return fmt.Errorf("corpus: table is not set: layout table expects %s", b.layout.expects)
	}
	if b.spec.Root == "" {
		b.spec.Root = filepath.Dir(path)
	}
	if err := b.mustBeFolder(b.spec.Root, "corpus root"); err != nil {
		return err
	}
	if !hasExt(path, ".csv") && !hasExt(path, ".tsv") {
		return &Error{File: path, Msg: "expected a table that ends in .csv or .tsv"}
	}
	text, err := readText(path)
	if err != nil {
		return &Error{File: path, Msg: "the table can't be read: " + reason(err)}
	}
	return b.tableRows(ctx, path, tableReader(path, text))
}

// tableRows reads the header, then adds an utterance a row.
func (b *builder) tableRows(ctx context.Context, path string, next rowReader) error {
	header, line, err := next()
	if errors.Is(err, io.EOF) {
		return &Error{File: path, Msg: "empty table: expected a header with the columns " + strings.Join(tableColumns, ", ")}
	}
	if err != nil {
		return err
	}
	columns, err := b.tableHeader(path, line, header)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		row, line, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if len(row) != len(header) {
			b.find(Finding{Kind: KindTranscript, Severity: SeverityError, File: path, Line: line,
				Message: fmt.Sprintf("expected %d columns as in the header, found %d", len(header), len(row))})
			continue
		}
		b.tableRow(path, line, func(name string) string {
			if i, ok := columns[name]; ok {
				return strings.TrimSpace(row[i])
			}
			return ""
		})
	}
}

// tableHeader maps the names of columns to their places.
func (b *builder) tableHeader(path string, line int, header []string) (map[string]int, error) {
	columns := map[string]int{}
	for i, h := range header {
		name := strings.ToLower(strings.TrimSpace(h))
		if !slices.Contains(tableColumns, name) {
			b.find(Finding{Kind: KindColumn, Severity: SeverityWarning, File: path, Line: line,
				Message: fmt.Sprintf("column %q is not used: the columns are %s", shorten(h), strings.Join(tableColumns, ", "))})
			continue
		}
		if _, ok := columns[name]; ok {
			return nil, &Error{File: path, Line: line, Msg: fmt.Sprintf("two columns %q", name)}
		}
		columns[name] = i
	}
	if _, ok := columns["audio"]; !ok {
		return nil, &Error{File: path, Line: line, Msg: fmt.Sprintf("no column audio: expected a header with the columns %s, found %q",
			strings.Join(tableColumns, ", "), shorten(strings.Join(header, ",")))}
	}
	return columns, nil
}

// tableRow adds one utterance.
func (b *builder) tableRow(path string, line int, get func(string) string) {
	id := nfc(get("id"))
	if id == "" {
		id = stem(b.slashed(get("audio")))
	}
	fail := func(k Kind, s Severity, format string, args ...any) {
		b.find(Finding{Kind: k, Severity: s, Utterance: id, File: path, Line: line, Message: fmt.Sprintf(format, args...)})
	}
	u := Utterance{ID: id, Speaker: get("speaker"), Group: get("group"), TextFile: path, TextLine: line}
	if get("audio") == "" {
		fail(KindMissingAudio, SeverityError, "no path in the column audio")
		return
	}
	for _, p := range []struct {
		column string
		to     *string
		kind   Kind
	}{{"audio", &u.AudioPath, KindMissingAudio}, {"textgrid", &u.WordsFile, KindMissingAlignment}} {
		value := b.slashed(get(p.column))
		if value == "" {
			continue
		}
		file, ok := b.inside(value)
		if !ok {
			fail(KindRefusedPath, SeverityError, "the path %q in column %s leaves the corpus root %s: refused", shorten(value), p.column, oneLine(b.spec.Root))
			return
		}
		file = onDisk(file)
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			why := "is not a file"
			if err != nil {
				why = reason(err)
			}
			fail(p.kind, SeverityError, "column %s: %s: %s", p.column, oneLine(file), why)
			return
		}
		*p.to = file
	}
	u.PhonesFile = u.WordsFile
	for _, column := range []string{"speaker", "group"} {
		if slices.Contains(missingValues, get(column)) {
			fail(KindMissingSpeaker, SeverityWarning, "%s %q is how a missing value is often written, and is taken for a name: leave the cell empty if that is not meant", column, get(column))
		}
	}
	switch s := strings.ToUpper(get("sex")); s {
	case "F", "FEMALE":
		u.Sex = "F"
	case "M", "MALE":
		u.Sex = "M"
	case "":
	default:
		fail(KindMissingSpeaker, SeverityWarning, "expected sex F or M, found %q", shorten(s))
	}
	if bad := checkUTF8(path, line, get("text")); bad != nil {
		bad.Utterance = id
		b.find(*bad)
		return
	}
	if u.Text = oneText(get("text")); u.Text == "" {
		fail(KindMissingText, SeverityWarning, "the column text is empty: %s has no transcript", oneLine(id))
	}
	b.add(u)
}

// missingValues are what pandas and databases write where there is nothing.
var missingValues = []string{"nan", "NaN", "None", "null", "NULL", "<NA>", "#N/A"}

// slashed is a path of the table with slashes for the backslashes of Windows, unless there is a file with backslashes in its name.
func (b *builder) slashed(path string) string {
	if !strings.Contains(path, `\`) {
		return path
	}
	if file, ok := b.inside(path); ok {
		if _, err := os.Stat(file); err == nil {
			return path
		}
	}
	return strings.ReplaceAll(path, `\`, "/")
}

// inside joins a path of the table to the root. It is false when the path leaves the root.
func (b *builder) inside(path string) (string, bool) {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		root, err := filepath.Abs(b.spec.Root)
		if err != nil {
			return "", false
		}
		if path, err = filepath.Rel(root, onDisk(path)); err != nil {
			return "", false
		}
	}
	if !filepath.IsLocal(path) || strings.ContainsRune(path, 0) {
		return "", false
	}
	return filepath.Join(b.spec.Root, path), true
}

// rowReader returns the next row and its line; io.EOF at the end.
type rowReader func() (row []string, line int, err error)

// tableReader reads CSV or TSV, by the file's ending.
func tableReader(path, text string) rowReader {
	if hasExt(path, ".tsv") {
		return tsvReader(text)
	}
	return newCSVReader(path, text, 0).next
}

// csvReader is a reader of CSV whose errors are ours.
type csvReader struct {
	*csv.Reader
	path    string
	skipped int // lines before what is read
}

// newCSVReader reads CSV as spreadsheets of all countries write it: columns are separated by the first of comma, semicolon, tab and bar that
// is in the first line that is no comment. A line such as "sep=;" at the top, which is meant for Excel, says which. Rows may have any number
// of columns.
func newCSVReader(path, text string, comment rune) *csvReader {
	c := &csvReader{path: path}
	separators := ",;\t|"
	if top, rest, _ := strings.Cut(text, "\n"); len(top) > 4 && strings.EqualFold(top[:4], "sep=") {
		text, separators = rest, top[4:5]
		c.skipped = 1
	}
	c.Reader = csv.NewReader(strings.NewReader(text))
	c.FieldsPerRecord = -1
	c.Comment = comment
	for line := range strings.Lines(text) {
		if comment != 0 && strings.HasPrefix(line, string(comment)) || strings.TrimSpace(line) == "" {
			continue
		}
		for _, s := range separators {
			if strings.ContainsRune(line, s) {
				c.Comma = s
				break
			}
		}
		break
	}
	return c
}

// next returns the next row and its line; io.EOF at the end.
func (c *csvReader) next() ([]string, int, error) {
	row, err := c.Read()
	if err != nil {
		if !errors.Is(err, io.EOF) {
			err = c.errorAt(err)
		}
		return nil, 0, err
	}
	line, _ := c.FieldPos(0)
	return row, line + c.skipped, nil
}

// errorAt turns the csv package's error into ours, which prints as file:line:col.
func (c *csvReader) errorAt(err error) error {
	var pe *csv.ParseError
	if errors.As(err, &pe) {
		return &Error{File: c.path, Line: pe.Line + c.skipped, Col: pe.Column, Msg: pe.Err.Error()}
	}
	return fmt.Errorf("%s: %w", c.path, err)
}

// tsvReader cuts lines at tabs; blank lines are left out.
func tsvReader(text string) rowReader {
	line := 0
	return func() ([]string, int, error) {
		for text != "" {
			s, rest, _ := strings.Cut(text, "\n")
			text = rest
			line++
			if s = strings.TrimSuffix(s, "\r"); s != "" {
				return strings.Split(s, "\t"), line, nil
			}
		}
		return nil, 0, io.EOF
	}
}
