package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"speechsim/corpus"
	"speechsim/extract"
)

func testStore(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pooledTest is an entry of four utterances in two parts that are cut across the corpus order, and one that can't be read.
type pooledTest struct {
	corpus *corpus.Corpus
	table  *extract.Table
	form   Form
	parts  [][]int
}

func newPooledTest(n Numbers) *pooledTest {
	p := &pooledTest{corpus: &corpus.Corpus{}, table: &extract.Table{Begin: []int{0}}, form: Form{[]extract.Layer{{Name: "0", Units: 2}, {Name: "1", Units: 1}}, n}, parts: [][]int{{1, 3}, {0, 2}}}
	for u, rows := range []int{2, 1, 0, 3} {
		p.corpus.Utterances = append(p.corpus.Utterances, corpus.Utterance{ID: fmt.Sprint("u", u), Speaker: "s"})
		for i := range rows {
			p.table.Rows = append(p.table.Rows, extract.Row{Utterance: u, Segment: i, Label: "w", Start: .1, End: .2})
		}
		p.table.Begin = append(p.table.Begin, len(p.table.Rows))
	}
	return p
}

// write makes one part; the chunks end after the utterances at these positions.
func (p *pooledTest) write(t *testing.T, e *Entry, part int, cuts ...int) {
	t.Helper()
	rows := e.NewPartRows(part, nil)
	defer rows.Close()
	var failed []Failure
	for i, u := range p.parts[part] {
		if u == 1 {
			failed = append(failed, Failure{"u1", "broken"})
		} else if n := len(p.table.Of(u)); n > 0 {
			var a, b []float32
			for i := range n {
				a = append(a, float32(u), float32(i))
				b = append(b, float32(10*u+i))
			}
			stored, err := p.form.Numbers.Bytes(append(a, b...))
			if err == nil {
				err = rows.Append(stored)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if slices.Contains(cuts, i) {
			if err := rows.cut(i + 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := rows.Finish(len(p.parts[part]), failed); err != nil {
		t.Fatal(err)
	}
}

func (p *pooledTest) finish(e *Entry) error {
	return e.Finish(context.Background(), p.corpus, p.table, p.form, p.parts)
}

// TestFinish: parts cut across the corpus order are joined in it, whatever their chunks, and what could not be read is left out.
func TestFinish(t *testing.T) {
	for _, numbers := range []Numbers{Float32, Float16} {
		for _, cuts := range [][]int{nil, {0}, {0, 1}} {
			t.Run(fmt.Sprint(numbers, cuts), func(t *testing.T) { testFinish(t, newPooledTest(numbers), cuts) })
		}
	}
}

func testFinish(t *testing.T, p *pooledTest, cuts []int) {
	s := testStore(t)
	e, err := s.Entry(p.form.Numbers.Kind("rows"), "test")
	if err != nil {
		t.Fatal(err)
	}
	for part := range p.parts {
		p.write(t, e, part, cuts...)
	}
	if e.Finished() || !e.HasPart(0) {
		t.Error("an entry with parts only is not finished")
	}
	if damaged, err := s.Verify(e.Key, nil); len(damaged) > 0 || err != nil {
		t.Errorf("damaged %v %v", damaged, err)
	}
	if list, err := s.List(); err != nil || list[0].Kind != "rows" || list[0].Numbers != p.form.Numbers {
		t.Errorf("listed %+v %v", list, err)
	}
	if err := p.finish(e); err != nil {
		t.Fatal(err)
	}
	if !e.Finished() {
		t.Error("it is not finished")
	}
	var names []string
	files, err := os.ReadDir(e.Dir)
	for _, f := range files {
		names = append(names, f.Name())
	}
	if want := "[entry.json failed.json layer.0.npy layer.1.npy rows.csv sums.json]"; fmt.Sprint(names) != want || err != nil {
		t.Errorf("the folder holds %v, want %s", names, want)
	}
	if err := p.finish(e); err != nil {
		t.Errorf("finishing twice: %v", err)
	}
	for layer, want := range [][]float32{{0, 0, 0, 1, 3, 0, 3, 1, 3, 2}, {0, 1, 30, 31, 32}} {
		r, err := e.OpenLayer(p.form.Layers[layer])
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		got := make([]float32, len(want))
		if err := r.Read(0, got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("layer %d holds %v, want %v", layer, got, want)
		}
	}
	failures, err := e.Failures()
	if err != nil || failures["u1"] != "broken" || len(failures) != 1 {
		t.Errorf("failures %v %v", failures, err)
	}
	data, err := os.ReadFile(filepath.Join(e.Dir, "rows.csv"))
	if err != nil || strings.Count(string(data), "\n") != 6 || !strings.HasPrefix(string(data), "utterance,segment,speaker,group,start,end,label\nu0,0,s,,0.1,0.2,w\n") {
		t.Errorf("rows.csv %q %v", data, err)
	}
	if damaged, err := s.Verify(e.Key, nil); len(damaged) > 0 || err != nil {
		t.Errorf("damaged %v %v", damaged, err)
	}
}

// TestDamagedPart: rows that were changed, cut short or lost, or that are not those of the part's utterances, are an error
// that says what to do. Where a part's own checksums tell it, verifying finds it too.
func TestDamagedPart(t *testing.T) {
	chunk := "rows-0000-000000-000002"
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, p *pooledTest, e *Entry)
		hidden bool // from verify, which does not know the corpus
	}{
		{name: "flipped", damage: func(t *testing.T, p *pooledTest, e *Entry) { flip(t, filepath.Join(e.Dir, chunk)) }},
		{name: "cut", damage: func(t *testing.T, p *pooledTest, e *Entry) { os.Truncate(filepath.Join(e.Dir, chunk), 8) }},
		{name: "lost", damage: func(t *testing.T, p *pooledTest, e *Entry) { os.Remove(filepath.Join(e.Dir, chunk)) }},
		{name: "header", damage: func(t *testing.T, p *pooledTest, e *Entry) { os.Truncate(e.PartPath(0), 8) }},
		{name: "more rows", hidden: true, damage: func(t *testing.T, p *pooledTest, e *Entry) { p.table.Begin[4]-- }},
		{name: "fewer rows", hidden: true, damage: func(t *testing.T, p *pooledTest, e *Entry) { p.form.Layers[1].Units++ }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, p := testStore(t), newPooledTest(Float32)
			e, err := s.Entry("rows", "damaged")
			if err != nil {
				t.Fatal(err)
			}
			p.write(t, e, 0)
			p.write(t, e, 1)
			tt.damage(t, p, e)
			err = p.finish(e)
			if err == nil || !strings.Contains(err.Error(), "part-000") || !strings.Contains(err.Error(), "`pipeline store verify --mend` deletes all that is, and the next run makes it again") {
				t.Errorf("error %v", err)
			}
			damaged, err := s.Verify(e.Key, nil)
			if _, found := damaged[e.PartPath(0)]; found == tt.hidden || err != nil {
				t.Errorf("verify says %v %v", damaged, err)
			}
			if tt.hidden {
				return
			}
			if err := s.Mend(e.Key, damaged); err != nil {
				t.Fatal(err)
			}
			if p.write(t, e, 0); p.finish(e) != nil {
				t.Error("it can't be made again")
			}
		})
	}
}

func flip(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPartial: what is saved of a part is read back, checked, and gone with the part.
func TestPartial(t *testing.T) {
	s := testStore(t)
	e, err := s.Entry("moments", "partial")
	if err != nil {
		t.Fatal(err)
	}
	if saved, err := e.OpenPartial(3); saved != nil || err != nil {
		t.Fatalf("nothing was saved: %v %v", saved, err)
	}
	ctx := context.Background()
	write := func(n int) func(io.Writer) error {
		return func(w io.Writer) error { _, err := w.Write(bytes.Repeat([]byte("state"), n)); return err }
	}
	for n := range 3 { // each takes the place of the last
		if err := e.WritePartial(ctx, 3, n, []Failure{{"u", "broken"}}, write(n)); err != nil {
			t.Fatal(err)
		}
	}
	saved, err := e.OpenPartial(3)
	if err != nil {
		t.Fatal(err)
	}
	defer saved.Close()
	var state []byte
	if err := saved.Read(func(r io.Reader) (err error) { state, err = io.ReadAll(r); return err }); err != nil || string(state) != "statestate" {
		t.Errorf("the state is %q %v", state, err)
	}
	if saved.Utterances != 2 || !slices.Equal(saved.Failed, []Failure{{"u", "broken"}}) {
		t.Errorf("saved %+v", saved)
	}
	if list, err := s.List(); err != nil || list[0].Begun != 1 || list[0].Parts != 0 {
		t.Errorf("listed %+v %v", list, err)
	}

	path := e.partialPath(3)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damage := func(name string, data []byte) {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := e.OpenPartial(3); err == nil || !strings.Contains(err.Error(), path+" is damaged") {
			t.Errorf("%s: %v", name, err)
		}
		if damaged, err := s.Verify(e.Key, nil); damaged[path] == nil || err != nil {
			t.Errorf("%s: verify says %v %v", name, damaged, err)
		}
	}
	for i := range whole {
		damage("cut", whole[:i])
		flipped := slices.Clone(whole)
		flipped[i] ^= 4
		damage("flipped", flipped)
	}
	damage("longer", append(slices.Clone(whole), 0))

	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := e.WritePartial(cancelled, 3, 9, nil, write(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("after its time: %v", err)
	}
	if err := e.WritePart(3, nil, write(1)); err != nil {
		t.Fatal(err)
	}
	if err := e.WritePartial(ctx, 3, 9, nil, write(1)); err != nil {
		t.Fatal(err)
	}
	if exists(path) {
		t.Error("it is still there next to the whole part")
	}

	// Rows that were saved are checked with it.
	rows := e.NewPartRows(0, nil)
	defer rows.Close()
	if err := errors.Join(rows.Append([]byte("rows")), rows.Save(ctx, 1, nil)); err != nil {
		t.Fatal(err)
	}
	flip(t, filepath.Join(e.Dir, "rows-0000-000000-000001"))
	if _, err := e.OpenPartial(0); err == nil || !strings.Contains(err.Error(), "the checksum is") {
		t.Errorf("damaged rows: %v", err)
	}
}

// TestKeys: another description is another entry; the same one is the same.
func TestKeys(t *testing.T) {
	s := testStore(t)
	a, _ := s.Entry("rows", map[string]int{"x": 1})
	b, _ := s.Entry("rows", map[string]int{"x": 1})
	other, _ := s.Entry("rows", map[string]int{"x": 2})
	if a.Key != b.Key || a.Key == other.Key {
		t.Errorf("keys %s %s %s", a.Key, b.Key, other.Key)
	}
}

// TestAbandoned: temporary files of processes that are gone are removed, those that may be of living ones stay.
func TestAbandoned(t *testing.T) {
	s := testStore(t)
	host, _ := os.Hostname()
	host = strings.ReplaceAll(host, "-", "_")
	dead := filepath.Join(s.Dir, ".tmp-"+host+"-999999999-1")
	alive := filepath.Join(s.Dir, fmt.Sprintf(".tmp-%s-%d-1", host, os.Getppid()))
	elsewhere := filepath.Join(s.Dir, ".tmp-elsewhere-999999999-1")
	old := filepath.Join(s.Dir, "rows-x", ".tmp-elsewhere-999999999-2")
	if err := os.Mkdir(filepath.Dir(old), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{dead, alive, elsewhere, old} {
		if err := os.WriteFile(f, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	then := time.Now().Add(-72 * time.Hour)
	if err := os.Chtimes(old, then, then); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s.Dir); err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(); err != nil { // it looks into the entries
		t.Fatal(err)
	}
	if exists(dead) || exists(old) || !exists(alive) || !exists(elsewhere) {
		t.Errorf("dead %v, alive %v, elsewhere %v, old %v", exists(dead), exists(alive), exists(elsewhere), exists(old))
	}
}

// TestWriteFile: a write that fails leaves the old file and no temporary one.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := WriteFile(path, func(w io.Writer) error { _, err := w.Write([]byte("old")); return err }); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := WriteFile(path, func(w io.Writer) error { w.Write([]byte("new")); return broken })
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	data, _ := os.ReadFile(path)
	files, _ := os.ReadDir(dir)
	if string(data) != "old" || len(files) != 1 {
		t.Errorf("file holds %q next to %d others", data, len(files)-1)
	}
}

// TestNPY: the header is numpy's, aligned to 64 bytes.
func TestNPY(t *testing.T) {
	for numbers, second := range map[Numbers][]byte{Float32: {0, 0, 0, 0xc0}, Float16: {0, 0xc0}} {
		path := filepath.Join(t.TempDir(), "x.npy")
		if err := WriteNPY(path, numbers, []float32{1, -2, 3, 4, 5, 6}, 2, 3); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		size, head := numbers.Size(), 10+int(binary.LittleEndian.Uint16(data[8:]))
		want := fmt.Sprintf("{'descr': '<f%d', 'fortran_order': False, 'shape': (2, 3), }", size)
		if head%64 != 0 || string(data[:8]) != "\x93NUMPY\x01\x00" || !strings.Contains(string(data[:head]), want) || data[head-1] != '\n' {
			t.Errorf("header %q", data[:head])
		}
		if v := data[head+size : head+2*size]; !bytes.Equal(v, second) || len(data) != head+6*size {
			t.Errorf("second value % x, %d bytes", v, len(data))
		}
	}
}

// TestDigests: a file is hashed once, and again when it changed.
func TestDigests(t *testing.T) {
	s := testStore(t)
	file := filepath.Join(t.TempDir(), "a")
	write := func(text string, age time.Duration) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(file, then, then); err != nil {
			t.Fatal(err)
		}
	}
	write("one", time.Hour)
	d := s.Digests()
	one, err := d.File(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Save(); err != nil {
		t.Fatal(err)
	}
	d = s.Digests()
	if len(d.known) != 1 {
		t.Errorf("%d files remembered", len(d.known))
	}
	write("two", time.Minute)
	if two, err := d.File(file); err != nil || two == one {
		t.Errorf("digest %s after a change, before %s: %v", two, one, err)
	}
}
