package store

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// FormatVersion is part of every key: work in an older format is not mistaken for finished.
const FormatVersion = 2

// Store is a folder of finished work that runs share. Everything in it is written whole under a temporary name and
// renamed, and its name says what it was made from, so two runs at once can do no worse than make the same bytes twice.
type Store struct {
	Dir string

	mu   sync.Mutex
	used map[string]bool
}

// Open makes the folder where it is missing and removes what killed runs left half-written in it. Entries are swept when
// they are opened or listed: a store may hold very many.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("the store: %w", err)
	}
	if _, err := sweep(dir); err != nil {
		return nil, err
	}
	return &Store{Dir: dir, used: map[string]bool{}}, nil
}

// sweep lists a folder, and removes the temporary files that nobody writes any more.
func sweep(dir string) ([]os.DirEntry, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	kept := files[:0]
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		if !strings.HasPrefix(f.Name(), ".tmp-") || !abandoned(path) {
			kept = append(kept, f)
		} else if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return kept, nil
}

// tempPrefix names temporary files by host and process, so that a later run knows which are abandoned.
func tempPrefix() string {
	host, _ := os.Hostname()
	return fmt.Sprintf(".tmp-%s-%d-", strings.ReplaceAll(host, "-", "_"), os.Getpid())
}

// abandoned says whether nobody writes a temporary file any more: its process is gone, or, on another machine, it has not
// grown for two days.
func abandoned(path string) bool {
	f := strings.Split(filepath.Base(path), "-")
	host, _ := os.Hostname()
	if len(f) < 4 || f[1] != strings.ReplaceAll(host, "-", "_") {
		info, err := os.Stat(path)
		return err == nil && time.Since(info.ModTime()) > 48*time.Hour
	}
	pid, err := strconv.Atoi(f[2])
	return err == nil && pid != os.Getpid() && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// Entry is the work that one description asks for: a folder of parts, and of layers when it holds rows.
type Entry struct {
	Key  string
	Dir  string
	Meta []byte // the description, as JSON
}

// Entry opens the entry of a description. kind begins the folder's name, for people who look.
func (s *Store) Entry(kind string, description any) (*Entry, error) {
	meta, err := json.MarshalIndent(description, "", "  ")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %s", FormatVersion, kind, meta))
	key := kind + "-" + hex.EncodeToString(sum[:10])
	e := &Entry{Key: key, Dir: filepath.Join(s.Dir, key), Meta: meta}
	s.mu.Lock()
	s.used[key] = true
	s.mu.Unlock()
	if err := os.MkdirAll(e.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("the store: %w", err)
	}
	if _, err := sweep(e.Dir); err != nil {
		return nil, fmt.Errorf("the store: %w", err)
	}
	about := filepath.Join(e.Dir, aboutFile)
	if exists(about) {
		return e, nil
	}
	return e, WriteFile(about, func(w io.Writer) error { _, err := w.Write(append(meta, '\n')); return err })
}

const aboutFile = "entry.json"

// ModelFile is the model in an entry that keeps the graph of a checkpoint.
const ModelFile = "model.onnx"

// Used lists the keys of the entries that were opened, in order.
func (s *Store) Used() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.used))
}

// PartPath is where part p of the entry lies once it is done.
func (e *Entry) PartPath(p int) string { return filepath.Join(e.Dir, fmt.Sprintf("part-%04d", p)) }

// HasPart says whether part p is done, by itself or in a group that it was joined to.
func (e *Entry) HasPart(p int) bool {
	info, err := os.Stat(e.PartPath(p))
	if err != nil || info.Size() > longestStub {
		return err == nil
	}
	head, err := e.readPart(p, nil)
	if err != nil || head.In == nil {
		return true // what is damaged is found when it is read
	}
	group, err := e.readPart(*head.In, nil)
	return err == nil && slices.Contains(group.Of, p)
}

// WritePart stores part p: first a line of JSON with the utterances that could not be read, then what write writes. What was
// saved of the part while it was made is removed.
func (e *Entry) WritePart(p int, failed []Failure, write func(io.Writer) error) error {
	return e.writePart(p, partHeader{Failed: failed}, write)
}

func (e *Entry) writePart(p int, head partHeader, write func(io.Writer) error) error {
	line, err := json.Marshal(head)
	if err != nil {
		return err
	}
	err = WriteFile(e.PartPath(p), func(w io.Writer) error {
		if _, err := w.Write(append(line, '\n')); err != nil || write == nil {
			return err
		}
		return write(w)
	})
	if err != nil {
		return err
	}
	if err := os.Remove(e.partialPath(p)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ReadPart reads part p; read gets what follows the header.
func (e *Entry) ReadPart(p int, read func(io.Reader) error) ([]Failure, error) {
	head, err := e.readPart(p, read)
	return head.Failed, err
}

func (e *Entry) readPart(p int, read func(io.Reader) error) (head partHeader, err error) {
	f, err := os.Open(e.PartPath(p))
	if err != nil {
		return head, err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<17)
	line, err := r.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &head)
	}
	if err == nil && read != nil {
		err = read(r)
	}
	if err != nil {
		return head, damagedPart(f.Name(), err)
	}
	return head, nil
}

// WriteSealed stores part p as whole of what write writes, followed by its checksum.
func (e *Entry) WriteSealed(p int, write func(io.Writer) error) error {
	var content bytes.Buffer
	if err := write(&content); err != nil {
		return err
	}
	return WriteFile(e.PartPath(p), func(w io.Writer) error {
		_, err := w.Write(binary.LittleEndian.AppendUint32(content.Bytes(), crc32.Checksum(content.Bytes(), castagnoli)))
		return err
	})
}

// ReadSealed reads a part that [Entry.WriteSealed] wrote.
func (e *Entry) ReadSealed(p int, read func(io.Reader) error) error {
	data, err := os.ReadFile(e.PartPath(p))
	if err != nil {
		return err
	}
	end := len(data) - crc32.Size
	if end < 0 {
		return damagedPart(e.PartPath(p), io.ErrUnexpectedEOF)
	}
	if got, want := crc32.Checksum(data[:end], castagnoli), binary.LittleEndian.Uint32(data[end:]); got != want {
		return damagedPart(e.PartPath(p), changed(fmt.Sprintf("%08x", got), fmt.Sprintf("%08x", want)))
	}
	if err := read(bytes.NewReader(data[:end])); err != nil {
		return damagedPart(e.PartPath(p), err)
	}
	return nil
}

func damagedPart(path string, err error) error {
	return fmt.Errorf("%s is damaged (%w): `pipeline store verify --mend` deletes all that is, and the next run makes it again", path, err)
}

// Failure is an utterance that could not be read, and what was wrong with it.
type Failure struct {
	Utterance string
	Error     string
}

// partHeader is the first line of a part, or of a partial one. A part of pooled rows has no more: its rows lie in chunks.
type partHeader struct {
	Part       string    `json:"part,omitempty"`       // of a partial part: which one
	Utterances int       `json:"utterances,omitempty"` // of a partial part: how many are in it
	Failed     []Failure `json:"failed"`
	Rows       []chunk   `json:"rows,omitempty"`
	Of         []int     `json:"of,omitempty"` // of a group of parts, in the place of its last: which
	In         *int      `json:"in,omitempty"` // of the others, which have no more: where the group is
}

func isPart(name string) bool { return strings.HasPrefix(name, "part-") }

func isChunk(name string) bool { return strings.HasPrefix(name, chunkPrefix) }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
