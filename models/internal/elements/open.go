package elements

import (
	"errors"
	"fmt"
	"io"
	"os"

	"speechsim/models/internal/lfs"
)

// Open opens a file of weights, and returns its size. It refuses what is no file, and a Git LFS pointer.
func Open(path string) (f *os.File, size int64, err error) {
	if f, err = os.Open(path); err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", path)
	}
	if err == nil {
		head := make([]byte, len(lfs.Start))
		if _, err = f.ReadAt(head, 0); errors.Is(err, io.EOF) { // a file of less is none
			err = nil
		}
		if lfs.IsPointer(head) {
			err = fmt.Errorf("%s is %s", path, lfs.InPlaceOf("file"))
		}
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}
