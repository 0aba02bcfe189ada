package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Info is one entry of the store as it lies there.
type Info struct {
	Key      string    `json:"key"`
	Kind     string    `json:"kind"` // rows, types, moments, positions, directions, cells, model
	Bytes    int64     `json:"bytes"`
	Parts    int       `json:"parts"`             // files of parts
	Begun    int       `json:"begun"`             // parts that a stopped run left half made
	Finished bool      `json:"finished"`          // rows: the parts are joined; model: it is written
	Numbers  Numbers   `json:"numbers,omitempty"` // rows, types: the form of their rows
	Changed  time.Time `json:"changed"`
}

// List looks through the store: entries by name. It reads no file. What dead processes left half-written is removed on the way.
func (s *Store) List() ([]Info, error) {
	dirs, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil, err
	}
	dirs = slices.DeleteFunc(dirs, func(d os.DirEntry) bool { return !d.IsDir() || !strings.Contains(d.Name(), "-") })
	found, errs := make([]Info, len(dirs)), make([]error, len(dirs))
	var next atomic.Int64
	var group sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) { // they wait for the file system
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(dirs); i = int(next.Add(1)) - 1 {
				found[i], errs[i] = s.inspect(dirs[i].Name())
			}
		})
	}
	group.Wait()
	var out []Info
	for i, err := range errs {
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed under our eyes, or not an entry
		}
		if err != nil {
			return nil, err
		}
		out = append(out, found[i])
	}
	return out, nil
}

// withoutRows are the kinds of entries that hold no rows, so that no form of numbers is part of their names.
var withoutRows = []string{"moments", "positions", "cells", "directions", "model"}

// kindOf reads the beginning of an entry's name: see [Numbers.Kind].
func kindOf(key string) (kind string, n Numbers) {
	kind, _, _ = strings.Cut(key, "-")
	if slices.Contains(withoutRows, kind) {
		return kind, ""
	}
	if kind, half := strings.CutSuffix(kind, "16"); half {
		return kind, Float16
	}
	return kind, Float32
}

func (s *Store) inspect(key string) (Info, error) {
	dir := filepath.Join(s.Dir, key)
	info := Info{Key: key}
	info.Kind, info.Numbers = kindOf(key)
	files, err := sweep(dir)
	if err != nil {
		return info, err
	}
	described := false
	for _, f := range files {
		stat, err := f.Info()
		if err != nil {
			continue // removed under our eyes
		}
		info.Bytes += stat.Size()
		if stat.ModTime().After(info.Changed) {
			info.Changed = stat.ModTime()
		}
		switch {
		case isPart(f.Name()):
			info.Parts++
		case isPartial(f.Name()):
			info.Begun++
		case f.Name() == "rows.csv", f.Name() == ModelFile:
			info.Finished = true
		case f.Name() == aboutFile:
			described = true
		}
	}
	if !described {
		return info, fs.ErrNotExist
	}
	return info, nil
}

// Remove deletes an entry. A run that needs it makes it again.
func (s *Store) Remove(key string) error {
	// Without its description a half-removed entry is none.
	if err := os.Remove(filepath.Join(s.Dir, key, aboutFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(filepath.Join(s.Dir, key))
}

// castagnoli is the polynomial of all checksums here, as in the files of moments.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const sumsFile = "sums.json"

// sums are the checksums of the layers of a finished entry, by file.
type sums map[string]string

func (s sums) write(e *Entry) error {
	return WriteFile(filepath.Join(e.Dir, sumsFile), func(w io.Writer) error { return json.NewEncoder(w).Encode(s) })
}

// Seal notes the checksums of files of the entry that are written, for [Store.Verify].
func (e *Entry) Seal(names ...string) error {
	s := sums{}
	for _, name := range names {
		var err error
		if s[name], err = checksumOf(filepath.Join(e.Dir, name)); err != nil {
			return err
		}
	}
	return s.write(e)
}

// Verify reads a whole entry and lists the paths of files that are damaged, and why. checkPart reads what follows the
// header of a part of moments, whose form this package does not know.
func (s *Store) Verify(key string, checkPart func(io.Reader) error) (map[string]error, error) {
	e := &Entry{Key: key, Dir: filepath.Join(s.Dir, key)}
	damaged := map[string]error{}
	files, err := os.ReadDir(e.Dir)
	if err != nil {
		return nil, err
	}
	known := sums{}
	if data, err := os.ReadFile(filepath.Join(e.Dir, sumsFile)); err == nil {
		if err := json.Unmarshal(data, &known); err != nil {
			damaged[filepath.Join(e.Dir, sumsFile)] = err
		}
	}
	for _, f := range files {
		path := filepath.Join(e.Dir, f.Name())
		var part int
		switch want, ok := known[f.Name()]; {
		case ok:
			got, err := checksumOf(path)
			if err == nil && got != want {
				err = changed(got, want)
			}
			if err != nil {
				damaged[path] = err
			}
		case isPart(f.Name()):
			if _, err := fmt.Sscanf(f.Name(), "part-%04d", &part); err != nil {
				damaged[path] = errNoName
				continue
			}
			if err := e.verifyPart(part, checkPart); err != nil {
				damaged[path] = err
			}
		case isPartial(f.Name()):
			if _, err := fmt.Sscanf(f.Name(), partialPrefix+"%04d", &part); err != nil {
				damaged[path] = errNoName
				continue
			}
			saved, err := e.OpenPartial(part)
			if err != nil {
				damaged[path] = err
			} else if saved != nil {
				saved.Close()
			}
		}
	}
	for name := range known {
		if !exists(filepath.Join(e.Dir, name)) {
			damaged[filepath.Join(e.Dir, name)] = errors.New("it is missing")
		}
	}
	return damaged, nil
}

// verifyPart reads a part: sums by check, pooled rows against the checksums of their chunks.
func (e *Entry) verifyPart(part int, check func(io.Reader) error) error {
	switch kind, _ := kindOf(e.Key); kind {
	case "rows":
	case "cells", "directions":
		return e.ReadSealed(part, func(io.Reader) error { return nil })
	default:
		head, err := e.readPart(part, nil)
		if err == nil && head.In == nil { // else it only says where it was joined to
			_, err = e.ReadPart(part, check)
		}
		return err
	}
	head, err := e.readPart(part, nil)
	if err != nil {
		return err
	}
	return e.verifyChunks(part, head.Rows)
}

var errNoName = errors.New("no file of the store has this name")

func checksumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := crc32.New(castagnoli)
	_, err = io.Copy(h, f)
	return fmt.Sprintf("%08x", h.Sum32()), err
}

// Mend deletes damaged files, so that the next run makes them again. A damaged layer takes its whole entry with it.
func (s *Store) Mend(key string, damaged map[string]error) error {
	paths := make([]string, 0, len(damaged))
	for path := range damaged {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		if name := filepath.Base(path); !isPart(name) && !isPartial(name) {
			return s.Remove(key)
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
