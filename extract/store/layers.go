package store

import (
	"fmt"
	"os"
	"path/filepath"

	"speechsim/extract"
)

// LayerPath is the .npy file of a layer of a finished entry.
func (e *Entry) LayerPath(layer string) string { return filepath.Join(e.Dir, "layer."+layer+".npy") }

func (e *Entry) rowsPath() string { return filepath.Join(e.Dir, "rows.csv") }

// Finished says whether the layers of the entry are all there; rows.csv is written last.
func (e *Entry) Finished() bool { return exists(e.rowsPath()) }

// LayerReader reads blocks of rows of one stored layer.
type LayerReader struct {
	f       *os.File
	units   int
	numbers Numbers
	base    int64
}

// OpenLayer opens a layer of a finished entry with its number of units.
func (e *Entry) OpenLayer(l extract.Layer) (*LayerReader, error) {
	f, err := os.Open(e.LayerPath(l.Name))
	if err != nil {
		return nil, err
	}
	numbers, base, err := readNPYHeader(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &LayerReader{f, l.Units, numbers, base}, nil
}

// Read fills out with rows [from, from + len(out)/units). Many goroutines may read at once.
func (r *LayerReader) Read(from int, out []float32) error {
	at := r.base + int64(from)*int64(r.units)*int64(r.numbers.Size())
	err := r.numbers.read(out, func(b []byte) error { _, err := r.f.ReadAt(b, at); return err })
	if err != nil {
		return fmt.Errorf("%s: %w", r.f.Name(), err)
	}
	return nil
}

// Close closes the file.
func (r *LayerReader) Close() error { return r.f.Close() }
