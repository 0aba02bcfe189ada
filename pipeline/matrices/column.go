package matrices

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"speechsim/metrics"
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
	c := &column{}
	index := map[string]int{}
	at := -1  // the column to read; not known before the first line
	next := 1 // the line that the next record begins at, unless empty lines are skipped
	for {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, csvError(file, err)
		}
		line, _ := r.FieldPos(0)
		if line != next {
			return nil, &columnError{file, next, "the line is empty; every row needs a name"}
		}
		next += 1 + strings.Count(strings.Join(record, ""), "\n")
		if at < 0 {
			record[0] = strings.TrimPrefix(record[0], "\ufeff")
			if at, err = findColumn(record, file, wanted, usual); err != nil {
				return nil, err
			}
			if len(record) > 1 || wanted != "" {
				continue
			}
		}
		name := strings.TrimSpace(record[at])
		if name == "" {
			return nil, &columnError{file, line, "a row has no name"}
		}
		k, seen := index[name]
		if !seen {
			name = strings.Clone(name)
			k = len(c.names)
			index[name] = k
			c.names = append(c.names, name)
		}
		c.of = append(c.of, k)
	}
	if len(c.of) == n+1 && wanted == "" { // the first line of a file of one column may name it
		if slices.Contains(c.of[1:], c.of[0]) {
			return nil, &columnError{file, 0, fmt.Sprintf("the file has one line more than the matrices have rows (%d), and its first line, %q, is the name of other rows too and so no header", n, c.names[c.of[0]])}
		}
		c.of = c.of[1:]
	}
	if len(c.of) != n {
		return nil, &columnError{file, 0, fmt.Sprintf("the file names %d rows, and the matrices have %d", len(c.of), n)}
	}
	c.number()
	return c, nil
}

// findColumn says which field of the first line is the column.
func findColumn(header []string, file, wanted string, usual []string) (int, error) {
	if len(header) == 1 && wanted == "" {
		return 0, nil
	}
	if wanted != "" {
		usual = []string{wanted}
	}
	for _, name := range usual {
		if at := slices.IndexFunc(header, func(h string) bool { return strings.TrimSpace(h) == name }); at >= 0 {
			return at, nil
		}
	}
	return 0, &columnError{file, 1, fmt.Sprintf("no column is called %s; there are: %s. Name one, as in %s:%s",
		strings.Join(usual, " or "), strings.Join(header, ", "), file, header[0])}
}

// number numbers the names in the order of the rows, drops those that no row has, and counts.
func (c *column) number() {
	place := make([]int, len(c.names))
	var names []string
	for r, k := range c.of {
		if place[k] == 0 {
			names = append(names, c.names[k])
			c.sizes = append(c.sizes, 0)
			place[k] = len(names)
		}
		c.of[r] = place[k] - 1
		c.sizes[c.of[r]]++
	}
	c.names = names
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

// shuffle permutes the rows of the names, of which each stands for a group. order are the rows that it is of, those of each name
// together; nil where all are and stand like that already.
func (c *column) shuffle(seed uint64) (order []int, s *metrics.Shuffle, err error) {
	s, rows, err := metrics.PermuteGroups(c.sizes, seed)
	if err != nil {
		return nil, nil, err
	}
	order = c.order()
	if len(rows) == len(c.of) {
		return order, s, nil
	}
	if order != nil {
		for k, r := range rows {
			rows[k] = order[r]
		}
	}
	return rows, s, nil
}
