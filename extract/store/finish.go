package store

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"speechsim/corpus"
	"speechsim/extract"
)

// Form is what the rows of an entry consist of.
type Form struct {
	Layers  []extract.Layer
	Numbers Numbers
}

// RowBytes is the size of one row of all layers.
func (f Form) RowBytes() int64 {
	units := 0
	for _, l := range f.Layers {
		units += l.Units
	}
	return int64(units) * int64(f.Numbers.Size())
}

// Finish joins the parts into one layer.NAME.npy a layer, in corpus order, and writes rows.csv. parts[p] lists the
// utterances of part p in order; table holds the planned rows, of which those of unreadable utterances are missing. The
// parts are read once, in their order, and removed when all is written.
func (e *Entry) Finish(ctx context.Context, c *corpus.Corpus, table *extract.Table, form Form, parts [][]int) error {
	if e.Finished() {
		return e.RemoveParts()
	}
	err := e.join(ctx, c, table, form, parts)
	if errors.Is(err, fs.ErrNotExist) && e.Finished() {
		err = nil // another run joined the same parts first and has removed them
	}
	if err != nil {
		return err
	}
	return e.RemoveParts()
}

func (e *Entry) join(ctx context.Context, c *corpus.Corpus, table *extract.Table, form Form, parts [][]int) error {
	var list []Failure
	failed := map[string]bool{}
	readers := make([]*partReader, len(parts))
	partOf := make([]int, len(c.Utterances))
	position := make([]int, len(c.Utterances)) // within its part
	for p, utterances := range parts {
		head, err := e.readPart(p, nil)
		if err != nil {
			return err
		}
		for _, f := range head.Failed {
			failed[f.Utterance] = true
		}
		list = append(list, head.Failed...)
		readers[p] = &partReader{entry: e, part: p, chunks: head.Rows}
		defer readers[p].close()
		for i, u := range utterances {
			partOf[u], position[u] = p, i
		}
	}
	rows := make([]int, len(c.Utterances))
	total := 0
	for u := range rows {
		if !failed[c.Utterances[u].ID] {
			rows[u] = len(table.Of(u))
			total += rows[u]
		}
	}
	out, err := e.createLayers(form, total)
	defer out.abandon()
	if err != nil {
		return err
	}
	var buffer []byte
	for u, n := range rows {
		if n == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, l := range out {
			b := slices.Grow(buffer[:0], n*l.rowBytes)[:n*l.rowBytes]
			buffer = b
			if err := readers[partOf[u]].read(position[u], b); err != nil {
				return err
			}
			if err := l.write(b); err != nil {
				return err
			}
		}
	}
	for _, r := range readers {
		if err := r.end(); err != nil {
			return err
		}
	}
	sums, err := out.commit()
	if err != nil {
		return err
	}
	if err := e.writeFailures(list); err != nil {
		return err
	}
	if err := sums.write(e); err != nil {
		return err
	}
	return e.writeRows(c, table, failed)
}

// layerFiles are the files of all layers while rows are joined.
type layerFiles []*layerFile

type layerFile struct {
	*file
	rowBytes int
	sum      uint32
}

// layerBuffer is what each layer's file holds in memory: all are written at once.
const layerBuffer = 256 << 10

func (e *Entry) createLayers(form Form, rows int) (out layerFiles, err error) {
	for _, l := range form.Layers {
		f, err := create(e.LayerPath(l.Name), layerBuffer)
		if err != nil {
			return out, err
		}
		layer := &layerFile{file: f, rowBytes: l.Units * form.Numbers.Size()}
		out = append(out, layer)
		if err := layer.write(npyHeader(form.Numbers, rows, l.Units)); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (l *layerFile) write(b []byte) error {
	l.sum = crc32.Update(l.sum, castagnoli, b)
	if _, err := l.Write(b); err != nil {
		return fmt.Errorf("writing %s: %w", l.path, err)
	}
	return nil
}

func (l layerFiles) commit() (sums, error) {
	sums := sums{}
	for _, f := range l {
		if err := f.commit(); err != nil {
			return nil, err
		}
		sums[filepath.Base(f.path)] = fmt.Sprintf("%08x", f.sum)
	}
	return sums, nil
}

func (l layerFiles) abandon() {
	for _, f := range l {
		f.abandon()
	}
}

func (e *Entry) failuresPath() string { return filepath.Join(e.Dir, "failed.json") }

func (e *Entry) writeFailures(list []Failure) error {
	return WriteFile(e.failuresPath(), func(w io.Writer) error { return json.NewEncoder(w).Encode(partHeader{Failed: list}) })
}

// Failures are the utterances that a finished entry lacks rows of, and what was wrong with them.
func (e *Entry) Failures() (map[string]string, error) {
	data, err := os.ReadFile(e.failuresPath())
	var head partHeader
	if err == nil {
		err = json.Unmarshal(data, &head)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: delete the folder %s, and the next run makes it again", e.failuresPath(), err, e.Dir)
	}
	out := map[string]string{}
	for _, f := range head.Failed {
		out[f.Utterance] = f.Error
	}
	return out, nil
}

// writeRows writes rows.csv: one line a row, in the order of the layers' rows.
func (e *Entry) writeRows(c *corpus.Corpus, table *extract.Table, failed map[string]bool) error {
	return WriteFile(e.rowsPath(), func(w io.Writer) error {
		out := csv.NewWriter(w)
		out.Write([]string{"utterance", "segment", "speaker", "group", "start", "end", "label"})
		for _, r := range table.Rows {
			u := &c.Utterances[r.Utterance]
			if failed[u.ID] {
				continue
			}
			out.Write([]string{u.ID, strconv.Itoa(r.Segment), u.Speaker, u.Group, seconds(r.Start), seconds(r.End), r.Label})
		}
		out.Flush()
		return out.Error()
	})
}

func seconds(s float64) string { return strconv.FormatFloat(s, 'g', -1, 64) }
