// Package files writes whole files: under a temporary name first, so that a reader never sees half of one.
package files

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Write writes a file under a temporary name, syncs it and renames it.
func Write(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("writing %s: %w", path, err)
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil { // temporary files are for their owner alone
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// InTheWay is the file that stands where a folder, or one of the folders above it, would have to be; "" is none.
func InTheWay(folder string) string {
	for path := filepath.Clean(folder); ; path = filepath.Dir(path) {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		} else if err == nil || path == filepath.Dir(path) {
			return ""
		}
	}
}

// Exists says whether there is a file or folder of this name.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
