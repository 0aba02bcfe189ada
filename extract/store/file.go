package store

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// file is written under a temporary name next to its path: a reader sees the whole file or none.
type file struct {
	path     string
	f        *os.File
	w        *bufio.Writer
	unsynced int
}

// syncEvery is how many bytes are written before they are sent to the disk: a run that is told to stop does not wait for
// gigabytes.
const syncEvery = 256 << 20

// create begins a file, with so much memory for what is yet to be written.
func create(path string, buffer int) (*file, error) {
	f, err := os.CreateTemp(filepath.Dir(path), tempPrefix()+"*")
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", path, err)
	}
	return &file{path: path, f: f, w: bufio.NewWriterSize(f, buffer)}, nil
}

// Write writes to the temporary file.
func (f *file) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	if f.unsynced += n; err == nil && f.unsynced >= syncEvery {
		f.unsynced = 0
		if err = f.w.Flush(); err == nil {
			err = f.f.Sync()
		}
	}
	return n, err
}

// commit gives the file its name.
func (f *file) commit() error {
	defer os.Remove(f.f.Name()) // gone already when the rename worked
	err := f.w.Flush()
	if err == nil {
		err = f.f.Chmod(0o644)
	}
	if err == nil {
		err = f.f.Sync()
	}
	if cerr := f.f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.f.Name(), f.path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", f.path, err)
	}
	return nil
}

// abandon leaves nothing behind.
func (f *file) abandon() {
	f.f.Close()
	os.Remove(f.f.Name())
}

// WriteFile writes path through a temporary file next to it: a reader sees the whole file or none.
func WriteFile(path string, write func(io.Writer) error) error {
	f, err := create(path, 1<<17)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.abandon()
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return f.commit()
}
