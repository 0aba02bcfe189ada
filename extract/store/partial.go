package store

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Partial is a part that was begun: what a run that was stopped had made of its first utterances.
//
// Its file is a line of JSON, what the product's state is written as, and the CRC-32C of both.
type Partial struct {
	Utterances int // of the part, from its first, that are in it
	Failed     []Failure

	rows    []chunk
	f       *os.File // held open: another run may finish the part meanwhile
	state   int64    // where the state begins
	content int64    // bytes before the checksum
}

const (
	partialPrefix = "partial-"
	sumBytes      = 4
)

func (e *Entry) partialPath(p int) string {
	return filepath.Join(e.Dir, fmt.Sprintf("%s%04d", partialPrefix, p))
}

func isPartial(name string) bool { return strings.HasPrefix(name, partialPrefix) }

// WritePartial saves what there is of part p after its first utterances. It replaces what was saved before, and gives up
// when ctx ends.
func (e *Entry) WritePartial(ctx context.Context, p, utterances int, failed []Failure, write func(io.Writer) error) error {
	return e.writePartial(ctx, p, partHeader{Part: e.partName(p), Utterances: utterances, Failed: failed}, write)
}

// partName says of which entry and part a partial part is.
func (e *Entry) partName(p int) string { return fmt.Sprintf("%s %d", e.Key, p) }

func (e *Entry) writePartial(ctx context.Context, p int, head partHeader, write func(io.Writer) error) error {
	if e.HasPart(p) {
		return nil // another run has finished it
	}
	line, err := json.Marshal(head)
	if err != nil {
		return err
	}
	return WriteFile(e.partialPath(p), func(w io.Writer) error {
		out := &summedWriter{ctx: ctx, w: w, sum: crc32.New(castagnoli)}
		_, err := out.Write(append(line, '\n'))
		if err == nil && write != nil {
			err = write(out)
		}
		if err == nil {
			_, err = w.Write(binary.LittleEndian.AppendUint32(nil, out.sum.Sum32()))
		}
		return err
	})
}

// summedWriter passes on what is written until ctx ends.
type summedWriter struct {
	ctx context.Context
	w   io.Writer
	sum hash.Hash32
}

func (s *summedWriter) Write(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	s.sum.Write(b)
	return s.w.Write(b)
}

// OpenPartial opens and checks what was saved of part p, nil where nothing was.
func (e *Entry) OpenPartial(p int) (*Partial, error) {
	f, err := os.Open(e.partialPath(p))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := &Partial{f: f}
	if err := s.check(e, p); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s is damaged: %w", f.Name(), err)
	}
	return s, nil
}

func (s *Partial) check(e *Entry, p int) error {
	info, err := s.f.Stat()
	if err != nil {
		return err
	}
	if s.content = info.Size() - sumBytes; s.content < 0 {
		return io.ErrUnexpectedEOF
	}
	sum := crc32.New(castagnoli)
	if _, err := io.Copy(sum, io.NewSectionReader(s.f, 0, s.content)); err != nil {
		return err
	}
	var want [sumBytes]byte
	if _, err := s.f.ReadAt(want[:], s.content); err != nil {
		return err
	}
	if got, want := fmt.Sprintf("%08x", sum.Sum32()), fmt.Sprintf("%08x", binary.LittleEndian.Uint32(want[:])); got != want {
		return changed(got, want)
	}
	line, err := bufio.NewReader(io.NewSectionReader(s.f, 0, s.content)).ReadBytes('\n')
	var head partHeader
	if err == nil {
		err = json.Unmarshal(line, &head)
	}
	if err != nil {
		return err
	}
	if want := e.partName(p); head.Part != want {
		return fmt.Errorf("it is of %q, not %q", head.Part, want)
	}
	s.Utterances, s.Failed, s.rows, s.state = head.Utterances, head.Failed, head.Rows, int64(len(line))
	return e.verifyChunks(p, s.rows)
}

// Read reads the state; the reader ends where it ends.
func (s *Partial) Read(read func(io.Reader) error) error {
	if err := read(io.NewSectionReader(s.f, s.state, s.content-s.state)); err != nil {
		return fmt.Errorf("%s: %w: delete it, and the next run makes the part from its beginning", s.f.Name(), err)
	}
	return nil
}

// Close closes the file.
func (s *Partial) Close() error { return s.f.Close() }
