package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"slices"
	"strings"

	"speechsim/pipeline/internal/files"
)

// maxLine bounds one line of results.jsonl. A real line has some 300 bytes,
// and a few kilobytes with many warnings.
const maxLine = 1 << 20

// maxErrors is how many bad lines are reported before reading stops.
const maxErrors = 20

// Error is a line of results.jsonl that is not a cell.
type Error struct {
	File string
	Line int // from 1
	Col  int // byte in the line, from 1; 0 where the whole line is meant
	Msg  string
}

func (e *Error) Error() string {
	if e.Col == 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// Writer writes cells as JSON, one a line.
type Writer struct{ w *bufio.Writer }

// NewWriter returns a Writer on w. Call Flush when the last cell is written.
func NewWriter(w io.Writer) *Writer { return &Writer{bufio.NewWriter(w)} }

// Write writes one cell. A cell that [Cell.Validate] refuses is an error and
// nothing is written.
func (w *Writer) Write(c *Cell) error {
	line, err := Line(c)
	if err != nil {
		return err
	}
	_, err = w.w.Write(line)
	return err
}

// Flush writes what is buffered.
func (w *Writer) Flush() error { return w.w.Flush() }

// Line returns the cell as one line of results.jsonl, with its newline.
// Numbers carry the fewest digits that read back to the same float64.
func Line(c *Cell) ([]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("cell %s %s %s %s x %s: %w", c.Comparison, c.Metric, c.Variant, c.X, c.Y, err)
	}
	return c.line()
}

// Write writes the cells to w, one a line.
func Write(w io.Writer, cells []Cell) error {
	out := NewWriter(w)
	for i := range cells {
		if err := out.Write(&cells[i]); err != nil {
			return err
		}
	}
	return out.Flush()
}

// WriteFile writes results.jsonl under a temporary name in the same folder,
// syncs it and renames it, so that a reader never sees half a file.
func WriteFile(path string, cells []Cell) error {
	return files.Write(path, func(w io.Writer) error { return Write(w, cells) })
}

// ReadFile reads a results.jsonl; see [Read].
func ReadFile(path string) ([]Cell, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return read(f, path, info.Size())
}

// Read reads cells, one a line; file is the name that errors carry. It is
// strict: an unknown, repeated or wrongly cased key, a wrong type, an empty
// line, a cell that [Cell.Validate] refuses, a second cell with the same key
// or a last line without its end is an error. The good cells are returned in
// any case, and the error joins up to 20 values of type *[Error].
func Read(r io.Reader, file string) ([]Cell, error) { return read(r, file, 0) }

// read is Read of so many bytes, 0 if that is not known.
func read(r io.Reader, file string, size int64) ([]Cell, error) {
	var cells []Cell
	var done int64 // bytes
	var errs []error
	seen, names := newSeen(), names{}
	in := bufio.NewReaderSize(r, 64<<10)
	var line []byte
	for n := 1; ; n++ {
		var err error
		line, err = readLine(in, line[:0])
		done += int64(len(line)) + 1
		if len(cells) == cap(cells) && size > done { // room for all at once, as far as the lines so far tell
			cells = slices.Grow(cells, int(1.02*float64(n)*float64(size-done)/float64(done))+1)
		}
		if err == io.EOF && len(line) == 0 {
			return cells, errors.Join(errs...)
		}
		fail := func(col int, format string, args ...any) {
			errs = append(errs, &Error{file, n, col, fmt.Sprintf(format, args...)})
		}
		switch {
		case err == io.EOF:
			fail(0, "the line has no end: the file was cut off; run again to complete it")
		case err == errLong:
			fail(0, "the line has more than %d bytes: this is not a results.jsonl", maxLine)
			return cells, errors.Join(errs...)
		case err != nil:
			return cells, errors.Join(append(errs, fmt.Errorf("read %s: %w", file, err))...)
		default:
			var c Cell
			if col, err := parseLine(line, &c); err != nil {
				fail(col, "%v", err)
			} else if first := seen.add(n, c.Key()); first > 0 {
				fail(0, "the same comparison, metric, variant, params, x and y as line %d: a run has one cell for each", first)
			} else {
				names.share(&c)
				cells = append(cells, c)
			}
		}
		if len(errs) >= maxErrors {
			return cells, errors.Join(append(errs, fmt.Errorf("%s: %d bad lines, the rest was not read", file, maxErrors))...)
		}
	}
}

// seen finds keys that stand twice. It holds no keys: those of a million cells
// are hundreds of megabytes.
type seen struct {
	seed maphash.Seed
	line map[[2]uint64]int // by two hashes, which are both the same for different keys once in 2^128
	more maphash.Seed
}

func newSeen() *seen {
	return &seen{maphash.MakeSeed(), map[[2]uint64]int{}, maphash.MakeSeed()}
}

// add notes the key of a line, and returns the line that had it before, or 0.
func (s *seen) add(line int, k Key) int {
	h := [2]uint64{maphash.Comparable(s.seed, k), maphash.Comparable(s.more, k)}
	if first := s.line[h]; first > 0 {
		return first
	}
	s.line[h] = line
	return 0
}

// names makes cells share the text of their names, of which a run has few.
type names map[string]string

func (n names) share(c *Cell) {
	texts := []*string{&c.Comparison, &c.Metric, &c.Variant, &c.X.Model, &c.X.Layer, &c.Y.Model, &c.Y.Layer, &c.Rows, &c.Params.Level, &c.Error}
	if c.Null != nil {
		texts = append(texts, &c.Null.About)
	}
	for i := range c.Warnings {
		texts = append(texts, &c.Warnings[i])
	}
	for _, t := range texts {
		known, ok := n[*t]
		if !ok {
			known = *t
			n[known] = known
		}
		*t = known
	}
}

var errLong = errors.New("line too long")

// readLine appends the next line without its newline. At the end of the file
// it returns io.EOF with what stands after the last newline.
func readLine(in *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLine {
			return nil, errLong
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			return line, err
		}
		return line[:len(line)-1], nil
	}
}

// parseLine reads one cell and returns the column of what is wrong with it.
func parseLine(line []byte, c *Cell) (col int, err error) {
	if len(bytes.TrimSpace(line)) == 0 {
		return 0, errors.New("empty line: expected one cell, a JSON object, a line")
	}
	// A line that is what this program writes holds nothing else.
	if json.Unmarshal(line, c) == nil && c.Validate() == nil {
		if again, err := Line(c); err == nil && bytes.Equal(bytes.TrimSuffix(again, []byte("\n")), line) {
			if len(c.Warnings) == 0 {
				c.Warnings = nil
			}
			return 0, nil
		}
	}
	*c = Cell{}
	if col, err := checkKeys(line); err != nil {
		return col, err
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(c); err != nil {
		var typ *json.UnmarshalTypeError
		if errors.As(err, &typ) {
			return int(typ.Offset), fmt.Errorf("%s: found a JSON %s, expected %s", typ.Field, typ.Value, typ.Type)
		}
		return int(d.InputOffset()) + 1, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if len(c.Warnings) == 0 {
		c.Warnings = nil
	}
	return 0, c.Validate()
}

// keys are the names that may stand in a line: by the name of the object that
// holds them, "" for the cell itself.
var keys = map[string][]string{
	"":          {"comparison", "metric", "variant", "x", "y", "rows", "params", "n", "dx", "dy", "value", "lo", "hi", "approximation", "p", "null", "retrieval", "groups", "warnings", "error"},
	"x":         {"model", "layer"},
	"y":         {"model", "layer"},
	"params":    {"p", "k", "first", "level", "threshold"},
	"retrieval": {"queries", "anchors", "top_types", "top_rows", "in_vocabulary", "ceiling", "majority"},
	"groups":    {"share_x", "share_y", "grouped"},
	"null":      {"mean", "q95", "p_max", "p_fdr", "correct", "calibrated", "draws", "about"},
}

// checkKeys finds what encoding/json lets pass: keys in another case, keys
// that stand twice, null as a value, and a second object in the line.
func checkKeys(line []byte) (col int, err error) {
	type object struct {
		name string
		seen map[string]bool
	}
	d := json.NewDecoder(bytes.NewReader(line))
	var open []object // objects around the current token; a list has no seen
	key, done := "", false
	for {
		before := int(d.InputOffset()) + 1
		token, err := d.Token()
		if err == io.EOF {
			return 0, nil
		}
		if err != nil {
			return int(d.InputOffset()) + 1, fmt.Errorf("not JSON: %w", err)
		}
		if done {
			return before, errors.New("text after the cell: expected one JSON object a line")
		}
		inKey := len(open) > 0 && open[len(open)-1].seen != nil && key == ""
		switch t := token.(type) {
		case json.Delim:
			switch t {
			case '{', '[':
				o := object{name: key}
				if t == '{' {
					o.seen = map[string]bool{}
				}
				open, key = append(open, o), ""
			default:
				open, key = open[:len(open)-1], ""
				done = len(open) == 0
			}
			if len(open) > 2 {
				return before, errors.New("objects nested too deep for a cell")
			}
		case string:
			if !inKey {
				key = ""
				break
			}
			o := open[len(open)-1]
			if !contains(keys[o.name], t) {
				return before, fmt.Errorf("unknown key %q, expected one of %s", t, strings.Join(keys[o.name], ", "))
			}
			if o.seen[t] {
				return before, fmt.Errorf("key %q occurs twice", t)
			}
			o.seen[t] = true
			key = t
		case nil:
			return before, fmt.Errorf("%s: found null; a field that is absent is left out", key)
		default:
			key = ""
		}
		if len(open) == 0 && !done {
			return 1, errors.New("expected a cell, a JSON object")
		}
	}
}

func contains(list []string, s string) bool {
	for _, t := range list {
		if s == t {
			return true
		}
	}
	return false
}
