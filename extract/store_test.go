package extract

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"speechsim/corpus"
)

func testStore(t *testing.T) *Store {
	t.Helper()
	s, err := OpenStore(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestFinish: parts cut across the corpus order are joined in it, and what could not be read is left out.
func TestFinish(t *testing.T) {
	s := testStore(t)
	e, err := s.Entry("rows", "test")
	if err != nil {
		t.Fatal(err)
	}
	c := &corpus.Corpus{}
	table := &Table{Begin: []int{0}}
	for u, rows := range []int{2, 1, 0, 3} {
		c.Utterances = append(c.Utterances, corpus.Utterance{ID: fmt.Sprint("u", u), Speaker: "s"})
		for i := range rows {
			table.Rows = append(table.Rows, Row{Utterance: u, Segment: i, Label: "w", Start: .1, End: .2})
		}
		table.Begin = append(table.Begin, len(table.Rows))
	}
	layers := []Layer{{"0", 2}, {"1", 1}}
	parts := [][]int{{1, 3}, {0, 2}}
	for p, utterances := range parts {
		rows := NewPartRows(layers, 4)
		var failed []Failure
		for _, u := range utterances {
			if u == 1 {
				failed = append(failed, Failure{"u1", "broken"})
				continue
			}
			var a, b []float32
			for i := range table.Of(u) {
				a = append(a, float32(u), float32(i))
				b = append(b, float32(10*u+i))
			}
			rows.Append([][]float32{a, b})
		}
		if err := e.WritePart(p, failed, rows.Write); err != nil {
			t.Fatal(err)
		}
	}
	if e.Finished() || !e.HasPart(0) {
		t.Error("an entry with parts only is not finished")
	}
	if err := e.Finish(c, table, layers, parts); err != nil {
		t.Fatal(err)
	}
	if !e.Finished() || e.HasPart(0) {
		t.Error("a finished entry has no parts left")
	}
	if err := e.Finish(c, table, layers, parts); err != nil {
		t.Errorf("finishing twice: %v", err)
	}
	r, err := e.OpenLayer(layers[1])
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := make([]float32, 5)
	if err := r.Read(0, got); err != nil {
		t.Fatal(err)
	}
	if want := []float32{0, 1, 30, 31, 32}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("layer 1 holds %v, want %v", got, want)
	}
	failures, err := e.Failures()
	if err != nil || failures["u1"] != "broken" || len(failures) != 1 {
		t.Errorf("failures %v %v", failures, err)
	}
	data, err := os.ReadFile(filepath.Join(e.Dir, "rows.csv"))
	if err != nil || strings.Count(string(data), "\n") != 6 || !strings.HasPrefix(string(data), "utterance,segment,speaker,group,start,end,label\nu0,0,s,,0.1,0.2,w\n") {
		t.Errorf("rows.csv %q %v", data, err)
	}
}

// TestDamagedPart: a part that was cut short is an error that says what to do.
func TestDamagedPart(t *testing.T) {
	s := testStore(t)
	e, err := s.Entry("rows", "damaged")
	if err != nil {
		t.Fatal(err)
	}
	c := &corpus.Corpus{Utterances: []corpus.Utterance{{ID: "u"}}}
	table := &Table{Rows: []Row{{}}, Begin: []int{0, 1}}
	if err := e.WritePart(0, nil, func(w io.Writer) error { _, err := w.Write([]byte("abc")); return err }); err != nil {
		t.Fatal(err)
	}
	err = e.Finish(c, table, []Layer{{"0", 2}}, [][]int{{0}})
	if err == nil || !strings.Contains(err.Error(), "delete it, and the next run makes it again") {
		t.Errorf("error %v", err)
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

// TestAbandoned: temporary files of processes that are gone are removed, those of living ones stay.
func TestAbandoned(t *testing.T) {
	s := testStore(t)
	host, _ := os.Hostname()
	host = strings.ReplaceAll(host, "-", "_")
	dead := filepath.Join(s.Dir, ".tmp-"+host+"-999999999-1")
	alive := filepath.Join(s.Dir, fmt.Sprintf(".tmp-%s-%d-1", host, os.Getppid()))
	elsewhere := filepath.Join(s.Dir, ".tmp-elsewhere-999999999-1")
	for _, f := range []string{dead, alive, elsewhere} {
		if err := os.WriteFile(f, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenStore(s.Dir); err != nil {
		t.Fatal(err)
	}
	if exists(dead) || !exists(alive) || !exists(elsewhere) {
		t.Errorf("dead %v, alive %v, elsewhere %v", exists(dead), exists(alive), exists(elsewhere))
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
		t.Errorf("file holds %q beside %d others", data, len(files)-1)
	}
}

// TestNPY: the header is numpy's, aligned to 64 bytes.
func TestNPY(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := WriteNPY(path, []float32{1, -2, 3, 4, 5, 6}, 2, 3); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head := 10 + int(binary.LittleEndian.Uint16(data[8:]))
	if head%64 != 0 || string(data[:8]) != "\x93NUMPY\x01\x00" || !strings.Contains(string(data[:head]), "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }") || data[head-1] != '\n' {
		t.Errorf("header %q", data[:head])
	}
	if v := math.Float32frombits(binary.LittleEndian.Uint32(data[head+4:])); v != -2 || len(data) != head+24 {
		t.Errorf("second value %v, %d bytes", v, len(data))
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
