package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// PartRows takes the pooled rows of one part of an entry, utterance after utterance. They go to disk as they come, so that
// memory does not grow with the part, and are written once more when [Entry.Finish] joins the parts.
type PartRows struct {
	entry  *Entry
	part   int
	chunks []chunk
	open   *file // the chunk that is being written; nil before its first row
	next   chunk // what it will be
	sum    uint32
	lost   error // why rows could not be written
}

// chunk is a file with the rows of some utterances of a part, one utterance after the other: all its rows of the first layer,
// then of the next. Its name says which utterances, so whoever writes it writes the same.
type chunk struct {
	From  int    `json:"from"` // position of the first utterance in the part
	To    int    `json:"to"`   // of the last, exclusive
	Bytes int64  `json:"bytes"`
	Sum   string `json:"crc32c"`
}

func (e *Entry) chunkPath(part int, c chunk) string {
	return filepath.Join(e.Dir, fmt.Sprintf("%s%04d-%06d-%06d", chunkPrefix, part, c.From, c.To))
}

const chunkPrefix = "rows-"

// What is held in memory before it is written, and of each part while it is read: all are read side by side where a corpus is
// not sorted by group.
const (
	chunkBuffer = 1 << 20
	readBuffer  = 64 << 10
)

// NewPartRows begins a part, or goes on after what was saved of it.
func (e *Entry) NewPartRows(part int, saved *Partial) *PartRows {
	p := &PartRows{entry: e, part: part}
	if saved != nil {
		p.chunks, p.next.From = saved.rows, saved.Utterances
	}
	return p
}

// Append adds the rows of the next utterance that has any: those of each layer in turn, as [Numbers.Bytes] made them.
func (p *PartRows) Append(rows []byte) error {
	if p.open == nil && p.lost == nil {
		// The name follows when it is known how many utterances are in it.
		p.open, p.lost = create(p.entry.PartPath(p.part), chunkBuffer)
	}
	if p.lost == nil {
		_, p.lost = p.open.Write(rows)
	}
	p.next.Bytes += int64(len(rows))
	p.sum = crc32.Update(p.sum, castagnoli, rows)
	return p.lost
}

// cut ends the chunk: the first so many utterances of the part are in it and those before.
func (p *PartRows) cut(utterances int) error {
	if p.open == nil || p.lost != nil {
		return p.lost
	}
	c := p.next
	c.To, c.Sum = utterances, fmt.Sprintf("%08x", p.sum)
	p.open.path = p.entry.chunkPath(p.part, c)
	p.lost = p.open.commit()
	p.open, p.sum, p.next = nil, 0, chunk{From: utterances}
	p.chunks = append(p.chunks, c)
	return p.lost
}

// Save leaves what there is after the first so many utterances of the part for a later run, and goes on.
func (p *PartRows) Save(ctx context.Context, utterances int, failed []Failure) error {
	if err := p.cut(utterances); err != nil {
		return err
	}
	return p.entry.writePartial(ctx, p.part, partHeader{Part: p.entry.partName(p.part), Utterances: utterances, Failed: failed, Rows: p.chunks}, nil)
}

// Finish completes the part, which has so many utterances, with those that could not be read.
func (p *PartRows) Finish(utterances int, failed []Failure) error {
	if err := p.cut(utterances); err != nil {
		return err
	}
	return p.entry.writePart(p.part, partHeader{Failed: failed, Rows: p.chunks}, nil)
}

// Close leaves nothing of what is neither saved nor finished.
func (p *PartRows) Close() {
	if p.open != nil {
		p.open.abandon()
		p.open = nil
	}
}

// partReader reads the rows of a part, in the order of its utterances.
type partReader struct {
	entry  *Entry
	part   int
	chunks []chunk // that are still to be read
	f      *os.File
	in     *bufio.Reader
	left   int64 // bytes of the chunk
	sum    uint32
}

// read fills b with rows of the utterance at a position in the part.
func (r *partReader) read(position int, b []byte) error {
	if r.f == nil {
		if len(r.chunks) == 0 || position < r.chunks[0].From || position >= r.chunks[0].To {
			return r.damaged(fmt.Errorf("it has no rows of utterance %d", position))
		}
		f, err := os.Open(r.entry.chunkPath(r.part, r.chunks[0]))
		if err != nil {
			return r.damaged(err)
		}
		r.f, r.in, r.left, r.sum = f, bufio.NewReaderSize(f, readBuffer), r.chunks[0].Bytes, 0
	}
	if int64(len(b)) > r.left {
		return r.damaged(fmt.Errorf("%s holds %d bytes less than its rows have", r.f.Name(), int64(len(b))-r.left))
	}
	if _, err := io.ReadFull(r.in, b); err != nil {
		return r.damaged(fmt.Errorf("%s: %w", r.f.Name(), err))
	}
	r.sum = crc32.Update(r.sum, castagnoli, b)
	if r.left -= int64(len(b)); r.left > 0 {
		return nil
	}
	if got := fmt.Sprintf("%08x", r.sum); got != r.chunks[0].Sum {
		return r.damaged(fmt.Errorf("%s: %w", r.f.Name(), changed(got, r.chunks[0].Sum)))
	}
	r.f.Close()
	r.f, r.chunks = nil, r.chunks[1:]
	return nil
}

// end says whether all has been read.
func (r *partReader) end() error {
	if r.f != nil || len(r.chunks) > 0 {
		return r.damaged(errors.New("it has more rows than its utterances have"))
	}
	return nil
}

func (r *partReader) damaged(err error) error { return damagedPart(r.entry.PartPath(r.part), err) }

func (r *partReader) close() {
	if r.f != nil {
		r.f.Close()
	}
}

// verifyChunks reads the chunks of a part against their checksums.
func (e *Entry) verifyChunks(part int, chunks []chunk) error {
	for _, c := range chunks {
		path := e.chunkPath(part, c)
		got, err := checksumOf(path)
		if err == nil && got != c.Sum {
			err = fmt.Errorf("%s: %w", path, changed(got, c.Sum))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func changed(got, want string) error {
	return fmt.Errorf("the checksum is %s and was %s when it was written", got, want)
}

// RemoveParts removes all parts: what the layers of a finished entry were joined from, or sums that are not wanted any more.
func (e *Entry) RemoveParts() error {
	files, err := e.partFiles()
	for _, f := range files {
		if err := os.Remove(filepath.Join(e.Dir, f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) { // another run was faster
			return err
		}
	}
	return err
}

// PartBytes is what the parts take that RemoveParts removes.
func (e *Entry) PartBytes() (bytes int64, err error) {
	files, err := e.partFiles()
	for _, f := range files {
		if stat, err := f.Info(); err == nil { // else it was removed under our eyes
			bytes += stat.Size()
		}
	}
	return bytes, err
}

func (e *Entry) partFiles() ([]fs.DirEntry, error) {
	files, err := os.ReadDir(e.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return slices.DeleteFunc(files, func(f fs.DirEntry) bool {
		return !isPart(f.Name()) && !isPartial(f.Name()) && !isChunk(f.Name())
	}), err
}
