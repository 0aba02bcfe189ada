package pipeline

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// column is a name for each row, from a text file: the speaker, or the word.
type column struct {
	names []string // each name once, in the order in which they appear
	of    []int    // of each row: its place in names
	sizes []int    // rows of each name
}

// columnError is a mistake in such a file.
type columnError struct {
	file string
	line int // 0: the file as a whole
	msg  string
}

func (e *columnError) Error() string {
	if e.line == 0 {
		return fmt.Sprintf("%s: %s", e.file, e.msg)
	}
	return fmt.Sprintf("%s:%d: %s", e.file, e.line, e.msg)
}

// readColumn reads a name for each of n rows. spec is a file with one name a line, or a table (CSV) whose first line
// names its columns: that called by one of the usual names is taken, or the one named in FILE:COLUMN. A file of one
// column may have a first line that names it: it has one line more than there are rows then.
func readColumn(spec string, n int, usual []string) (*column, error) {
	file, wanted := spec, ""
	f, err := os.Open(file)
	if k := strings.LastIndex(spec, ":"); err != nil && k > 0 {
		file, wanted = spec[:k], spec[k+1:]
		f, err = os.Open(file)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseColumn(bufio.NewReaderSize(f, 1<<20), file, wanted, n, usual)
}

func parseColumn(in io.Reader, file, wanted string, n int, usual []string) (*column, error) {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	fail := func(line int, format string, args ...any) (*column, error) {
		return nil, &columnError{file, line, fmt.Sprintf(format, args...)}
	}
	first, err := r.Read()
	if err == io.EOF {
		return fail(0, "the file is empty; it must name one group or word for each of %d rows", n)
	}
	if err != nil {
		return nil, csvError(file, err)
	}
	at, header := 0, slices.Clone(first)
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	if wanted != "" {
		usual = []string{wanted}
	}
	if len(header) > 1 || wanted != "" {
		at = slices.IndexFunc(header, func(h string) bool { return slices.Contains(usual, strings.TrimSpace(h)) })
		if at < 0 {
			return fail(1, "no column is called %s; there are %s. Name one, as in %s:%s", strings.Join(usual, " or "), strings.Join(header, ", "), file, header[0])
		}
	}
	c := &column{}
	index := map[string]int{}
	add := func(name string) {
		k, seen := index[name]
		if !seen {
			name = strings.Clone(name)
			k = len(c.names)
			index[name] = k
			c.names, c.sizes = append(c.names, name), append(c.sizes, 0)
		}
		c.of, c.sizes[k] = append(c.of, k), c.sizes[k]+1
	}
	for {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, csvError(file, err)
		}
		line, _ := r.FieldPos(at)
		if record[at] == "" {
			return fail(line, "a row has no name")
		}
		if len(c.of) >= n {
			return fail(line, "the file names more rows than the %d that the matrices have", n)
		}
		add(record[at])
	}
	if len(c.of) == n-1 && len(header) == 1 && wanted == "" { // no header after all
		if header[0] == "" {
			return fail(1, "a row has no name")
		}
		k, seen := index[header[0]]
		if !seen {
			k = len(c.names)
			c.names, c.sizes = append(c.names, header[0]), append(c.sizes, 0)
		}
		c.of, c.sizes[k] = slices.Insert(c.of, 0, k), c.sizes[k]+1
	}
	if len(c.of) != n {
		return fail(0, "the file names %d rows, and the matrices have %d", len(c.of), n)
	}
	return c.sorted(), nil
}

// sorted numbers the names again in the order of the rows.
func (c *column) sorted() *column {
	place := make([]int, len(c.names))
	for k := range place {
		place[k] = -1
	}
	out := &column{of: c.of}
	for r, k := range c.of {
		if place[k] < 0 {
			place[k] = len(out.names)
			out.names, out.sizes = append(out.names, c.names[k]), append(out.sizes, c.sizes[k])
		}
		out.of[r] = place[k]
	}
	return out
}

func csvError(file string, err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return &columnError{file, parse.Line, fmt.Sprintf("column %d: %v", parse.Column, parse.Err)}
	}
	return &columnError{file, 0, err.Error()}
}

// order lists the rows name by name; nil where they stand like that already.
func (c *column) order() []int {
	if slices.IsSorted(c.of) {
		return nil
	}
	next := make([]int, len(c.sizes))
	for k := 1; k < len(next); k++ {
		next[k] = next[k-1] + c.sizes[k-1]
	}
	order := make([]int, len(c.of))
	for r, k := range c.of {
		order[next[k]] = r
		next[k]++
	}
	return order
}
