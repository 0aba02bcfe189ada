package extract

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"speechsim/corpus"
)

// PartRows collects the pooled rows of one part in memory: one [rows, units] block a layer.
type PartRows struct {
	layers []Layer
	data   [][]float32
}

// NewPartRows makes room for n rows of the layers.
func NewPartRows(layers []Layer, n int) *PartRows {
	p := &PartRows{layers: layers}
	for _, l := range layers {
		p.data = append(p.data, make([]float32, 0, n*l.Units))
	}
	return p
}

// Append adds the pooled rows of the next utterance, as [Source.Pool] made them.
func (p *PartRows) Append(rows [][]float32) {
	for l := range p.data {
		p.data[l] = append(p.data[l], rows[l]...)
	}
}

// Write writes the blocks one after the other.
func (p *PartRows) Write(w io.Writer) error {
	for _, d := range p.data {
		if _, err := w.Write(floatBytes(d)); err != nil {
			return err
		}
	}
	return nil
}

// LayerPath is the .npy file of a layer of a finished entry.
func (e *Entry) LayerPath(layer string) string { return filepath.Join(e.Dir, "layer."+layer+".npy") }

func (e *Entry) rowsPath() string { return filepath.Join(e.Dir, "rows.csv") }

// Finished says whether the layers of the entry are all there; rows.csv is written last.
func (e *Entry) Finished() bool { return exists(e.rowsPath()) }

// Finish joins the parts into one layer.NAME.npy a layer, in corpus order, and writes rows.csv. parts[p] lists the
// utterances of part p in order; table holds the planned rows, of which those of unreadable utterances are missing. The
// parts are removed when all is written.
func (e *Entry) Finish(c *corpus.Corpus, table *Table, layers []Layer, parts [][]int) error {
	if e.Finished() {
		return e.RemoveParts(len(parts))
	}
	err := e.join(c, table, layers, parts)
	if errors.Is(err, fs.ErrNotExist) && e.Finished() {
		err = nil // another run joined the same parts first and has removed them
	}
	if err != nil {
		return err
	}
	return e.RemoveParts(len(parts))
}

// span is a run of rows in a part file that belongs at row `to` of the whole.
type span struct{ part, from, to, n int }

func (e *Entry) join(c *corpus.Corpus, table *Table, layers []Layer, parts [][]int) error {
	var list []Failure
	failed := map[string]bool{}
	heads := make([]int64, len(parts))
	for p := range parts {
		inPart, err := e.ReadPart(p, nil)
		if err != nil {
			return err
		}
		for _, f := range inPart {
			failed[f.Utterance] = true
		}
		list = append(list, inPart...)
		if heads[p], err = headerLength(e.PartPath(p)); err != nil {
			return err
		}
	}
	partOf := make([]int, len(c.Utterances))
	begin := make([]int, len(c.Utterances)) // first row of the utterance within its part
	rowsIn := make([]int, len(parts))
	count := func(u int) int {
		if failed[c.Utterances[u].ID] {
			return 0
		}
		return len(table.Of(u))
	}
	for p, utterances := range parts {
		for _, u := range utterances {
			partOf[u], begin[u] = p, rowsIn[p]
			rowsIn[p] += count(u)
		}
	}
	var spans []span
	total := 0
	for u := range c.Utterances {
		n := count(u)
		if k := len(spans) - 1; k >= 0 && spans[k].part == partOf[u] && spans[k].from+spans[k].n == begin[u] {
			spans[k].n += n
		} else if n > 0 {
			spans = append(spans, span{partOf[u], begin[u], total, n})
		}
		total += n
	}
	offsets := heads
	sums := sums{}
	for _, l := range layers {
		if err := e.joinLayer(l, spans, offsets, total, len(parts), sums); err != nil {
			return err
		}
		for p := range offsets {
			offsets[p] += int64(rowsIn[p]) * int64(l.Units) * 4
		}
	}
	for p := range parts {
		info, err := os.Stat(e.PartPath(p))
		if err != nil {
			return err
		}
		if info.Size() != offsets[p] {
			return fmt.Errorf("%s holds %d bytes, not %d: delete it, and the next run makes it again", e.PartPath(p), info.Size(), offsets[p])
		}
	}
	if err := e.writeFailures(list); err != nil {
		return err
	}
	if err := sums.write(e); err != nil {
		return err
	}
	return e.writeRows(c, table, failed)
}

func (e *Entry) failuresPath() string { return filepath.Join(e.Dir, "failed.json") }

func (e *Entry) writeFailures(list []Failure) error {
	return WriteFile(e.failuresPath(), func(w io.Writer) error { return json.NewEncoder(w).Encode(partHeader{list}) })
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

func headerLength(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	buf := make([]byte, 4096)
	var n int64
	for {
		k, err := f.Read(buf)
		for i, b := range buf[:k] {
			if b == '\n' {
				return n + int64(i) + 1, nil
			}
		}
		n += int64(k)
		if err != nil {
			return 0, fmt.Errorf("%s has no header: %w", path, err)
		}
	}
}

func (e *Entry) joinLayer(l Layer, spans []span, offsets []int64, total, parts int, sums sums) error {
	files := make([]*os.File, parts)
	for p := range files {
		f, err := os.Open(e.PartPath(p))
		if err != nil {
			return err
		}
		defer f.Close()
		files[p] = f
	}
	write := func(w io.Writer) error {
		if _, err := w.Write(npyHeader(total, l.Units)); err != nil {
			return err
		}
		row := int64(l.Units) * 4
		for _, s := range spans {
			src := io.NewSectionReader(files[s.part], offsets[s.part]+int64(s.from)*row, int64(s.n)*row)
			if _, err := io.Copy(w, src); err != nil {
				return err
			}
		}
		return nil
	}
	path := e.LayerPath(l.Name)
	return WriteFile(path, func(w io.Writer) error { return sums.summed(filepath.Base(path), w, write) })
}

// writeRows writes rows.csv: one line a row, in the order of the layers' rows.
func (e *Entry) writeRows(c *corpus.Corpus, table *Table, failed map[string]bool) error {
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

// RemoveParts removes the first n parts.
func (e *Entry) RemoveParts(n int) error {
	for p := range n {
		if err := os.Remove(e.PartPath(p)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// LayerReader reads blocks of rows of one stored layer.
type LayerReader struct {
	f     *os.File
	units int
	base  int64
}

// OpenLayer opens a layer of a finished entry with its number of units.
func (e *Entry) OpenLayer(l Layer) (*LayerReader, error) {
	f, err := os.Open(e.LayerPath(l.Name))
	if err != nil {
		return nil, err
	}
	head := make([]byte, 10)
	if _, err := io.ReadFull(f, head); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s is not a .npy file: %w", f.Name(), err)
	}
	return &LayerReader{f, l.Units, 10 + int64(head[8]) + int64(head[9])<<8}, nil
}

// Read fills out with rows [from, from + len(out)/units).
func (r *LayerReader) Read(from int, out []float32) error {
	_, err := r.f.ReadAt(floatBytes(out), r.base+int64(from)*int64(r.units)*4)
	if err != nil {
		return fmt.Errorf("%s: %w", r.f.Name(), err)
	}
	return nil
}

// Close closes the file.
func (r *LayerReader) Close() error { return r.f.Close() }
