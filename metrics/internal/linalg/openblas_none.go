//go:build !cgo || !(linux || darwin)

package linalg

import "errors"

// OpenBLAS fails: this program was built without cgo, or for a system whose
// loader it does not know.
func OpenBLAS([]string) (Backend, error) {
	return nil, errors.New("OpenBLAS can't be opened: the program was built without cgo")
}
