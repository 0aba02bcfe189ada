// Package kaldi reads matrices of Kaldi's archives, which hold one matrix an utterance: .ark files, text or binary, of floats or
// doubles or compressed, and the .scp files that say where in an archive each matrix stands.
//
//	entries, err := kaldi.Script("feats.scp") // or kaldi.Archive("feats.ark")
//	x, err := entries[0].Read()               // [Rows, Cols], by rows
//
// Everything else that may stand in such files (vectors, alignments, sparse matrices, commands, ranges of rows) is refused by an error that
// names it.
package kaldi

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Entry is one matrix of an archive.
type Entry struct {
	Key        string // of the utterance
	File       string // the archive
	At         int64  // where it stands in the archive, behind its key
	Rows, Cols int
}

// Archive lists the matrices of an .ark file in their order.
func Archive(file string) ([]*Entry, error) {
	s, err := open(file, 0)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var out []*Entry
	seen := map[string]bool{}
	for {
		key, err := s.key()
		if err == io.EOF {
			break
		}
		e := &Entry{Key: key, File: file, At: s.at}
		if err == nil {
			e.Rows, e.Cols, err = s.skip()
		}
		if err == nil && seen[key] {
			err = errors.New("the utterance is there twice")
		}
		if err != nil {
			return nil, e.errorf("%v", err)
		}
		seen[key] = true
		out = append(out, e)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: the archive is empty", file)
	}
	return out, nil
}

// Script lists the matrices that an .scp file names. A relative path is looked for from the folder of the file and from the folders
// above it, since Kaldi's are relative to the folder of the recipe.
func Script(file string) ([]*Entry, error) {
	out, lines, err := script(file)
	if err != nil {
		return nil, err
	}
	for i, e := range out {
		s, err := open(e.File, e.At)
		if err == nil {
			e.Rows, e.Cols, err = s.skip()
			if s.close(); err != nil {
				err = e.errorf("byte %d: %v", e.At, err)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, lines[i], err)
		}
	}
	return out, nil
}

// Archives lists the archives that an .scp file names, each once.
func Archives(file string) ([]string, error) {
	entries, _, err := script(file)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if !slices.Contains(out, e.File) {
			out = append(out, e.File)
		}
	}
	return out, nil
}

// script reads the lines of an .scp file, without a look at what they name, and returns their numbers too.
func script(file string) (out []*Entry, numbers []int, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, plain(file, err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	seen, places := map[string]int{}, map[string]string{}
	for n := 1; lines.Scan(); n++ {
		key, where, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if key == "" {
			continue
		}
		e, err := parse(key, strings.TrimSpace(where))
		if err == nil && seen[key] > 0 {
			err = fmt.Errorf("utterance %s stands on line %d too", key, seen[key])
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
		if places[e.File] == "" {
			places[e.File] = resolve(file, e.File)
		}
		e.File, seen[key] = places[e.File], n
		out, numbers = append(out, e), append(numbers, n)
	}
	if err := lines.Err(); err != nil {
		return nil, nil, plain(file, err)
	}
	if len(out) == 0 {
		return nil, nil, fmt.Errorf("%s: the file is empty; lines UTTERANCE ARCHIVE:OFFSET are expected", file)
	}
	return out, numbers, nil
}

// parse reads the place of a matrix, as a line of a script has it.
func parse(key, where string) (*Entry, error) {
	switch {
	case where == "":
		return nil, fmt.Errorf("utterance %s has no place; UTTERANCE ARCHIVE:OFFSET is expected", key)
	case strings.HasSuffix(where, "|"):
		return nil, fmt.Errorf("%q is a command, which is not run: write the matrices to an archive with copy-feats scp:FILE ark,scp:NEW.ark,NEW.scp", where)
	case strings.HasSuffix(where, "]"):
		return nil, fmt.Errorf("%q names a range of rows, which is not cut out: write the matrices to an archive with copy-feats scp:FILE ark,scp:NEW.ark,NEW.scp", where)
	}
	e := &Entry{Key: key, File: where}
	if k := strings.LastIndexByte(where, ':'); k >= 0 {
		if at, err := strconv.ParseInt(where[k+1:], 10, 64); err == nil && at >= 0 {
			e.File, e.At = where[:k], at
		}
	}
	return e, nil
}

// resolve is where a path of a script leads.
func resolve(script, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	first := filepath.Join(filepath.Dir(script), path)
	dir, err := filepath.Abs(filepath.Dir(script))
	for err == nil {
		at := filepath.Join(dir, path)
		if _, missing := os.Stat(at); missing == nil {
			return at
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	return first
}

// Read reads the matrix, [Rows, Cols] by rows. Doubles are rounded to float32.
func (e *Entry) Read() ([]float32, error) {
	s, err := open(e.File, e.At)
	if err != nil {
		return nil, err
	}
	defer s.close()
	x, rows, cols, err := s.matrix()
	if err == nil && (rows != e.Rows || cols != e.Cols) {
		err = fmt.Errorf("the matrix was [%d, %d] and is [%d, %d] now: the archive was changed while in use", e.Rows, e.Cols, rows, cols)
	}
	if err != nil {
		return nil, e.errorf("%v", err)
	}
	return x, nil
}

// Name is how the matrix is named in messages.
func (e *Entry) Name() string { return fmt.Sprintf("%s: utterance %q", e.File, e.Key) }

func (e *Entry) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: %s", e.Name(), fmt.Sprintf(format, args...))
}

// plain is an error of a file with its name once.
func plain(file string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("%s: %w", file, err)
}
