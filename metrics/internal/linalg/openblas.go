//go:build cgo && (linux || darwin)

package linalg

/*
#cgo linux LDFLAGS: -ldl
#include <stdlib.h>
#include "openblas.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unsafe"
)

// libraryNames are the files looked for where a place is a folder.
var libraryNames = []string{
	"libscipy_openblas.so", "libopenblas.so.0", "libopenblas.so",
	"libscipy_openblas.dylib", "libopenblas.0.dylib", "libopenblas.dylib",
}

// opening guards the loading of libraries, which changes the environment for a moment.
var opening sync.Mutex

// OpenBLAS opens the first OpenBLAS among places and limits it to one thread.
// A place is a file, a folder that holds one under a usual name, or a bare
// name ("libopenblas.so.0") that the system's loader is asked for. Symbols may
// carry the prefix "scipy_", as in the wheels scipy-openblas32; integers must
// have 32 bits. The error names every place that was tried and why it failed.
func OpenBLAS(places []string) (Backend, error) {
	opening.Lock()
	defer opening.Unlock()
	var failed []string
	for _, file := range candidates(places) {
		b, err := openLibrary(file)
		if err == nil {
			return b, nil
		}
		failed = append(failed, err.Error())
	}
	if len(failed) == 0 {
		return nil, fmt.Errorf("OpenBLAS not found; looked in: %s", strings.Join(places, ", "))
	}
	return nil, fmt.Errorf("OpenBLAS not found; tried:\n\t%s", strings.Join(failed, "\n\t"))
}

// candidates lists the files to try: folders are replaced by what they hold.
func candidates(places []string) []string {
	var files []string
	for _, place := range places {
		info, err := os.Stat(place)
		switch {
		case place == "":
		case err != nil || !info.IsDir():
			files = append(files, place)
		default:
			for _, name := range libraryNames {
				file := filepath.Join(place, name)
				if _, err := os.Stat(file); err == nil {
					files = append(files, file)
				}
			}
		}
	}
	return files
}

func openLibrary(file string) (Backend, error) {
	name := C.CString(file)
	defer C.free(unsafe.Pointer(name))
	var message [512]C.char
	lib := C.openblas_open(name, &message[0], C.int(len(message)))
	if lib == nil {
		return nil, errors.New(C.GoString(&message[0]))
	}
	if n := int(C.openblas_threads(lib)); n != 1 {
		return nil, fmt.Errorf("%s: runs %d threads although it was told to run one", file, n)
	}
	return &openBLAS{lib: lib, path: file}, nil
}

// openBLAS is a loaded library. It stays loaded until the program ends.
type openBLAS struct {
	lib  *C.openblas
	path string
}

func (b *openBLAS) Name() string { return "openblas" }
func (b *openBLAS) Path() string { return b.path }

// Version is such as "0.3.34 Haswell".
func (b *openBLAS) Version() string {
	version := C.GoString(C.openblas_config(b.lib))
	if words := strings.Fields(version); len(words) > 1 && words[0] == "OpenBLAS" {
		version = words[1]
	}
	return version + " " + C.GoString(C.openblas_core(b.lib))
}

func (b *openBLAS) Gemm32(transA, transB bool, a, x, c Dense[float32]) {
	m, n, k := checkGemm(transA, transB, a, x, c)
	if m == 0 || n == 0 || k == 0 {
		zero(c)
		return
	}
	C.openblas_sgemm(b.lib, flag(transA), flag(transB), C.int(m), C.int(n), C.int(k),
		float(a.Data), C.int(a.Stride), float(x.Data), C.int(x.Stride), float(c.Data), C.int(c.Stride))
}

func (b *openBLAS) Gemm64(transA, transB bool, a, x, c Dense[float64]) {
	m, n, k := checkGemm(transA, transB, a, x, c)
	if m == 0 || n == 0 || k == 0 {
		zero(c)
		return
	}
	C.openblas_dgemm(b.lib, flag(transA), flag(transB), C.int(m), C.int(n), C.int(k),
		double(a.Data), C.int(a.Stride), double(x.Data), C.int(x.Stride), double(c.Data), C.int(c.Stride))
}

func (b *openBLAS) Syrk32(trans bool, a, c Dense[float32]) {
	n, k := checkSyrk(trans, a, c)
	if n == 0 || k == 0 {
		zeroUpper(c)
		return
	}
	C.openblas_ssyrk(b.lib, flag(trans), C.int(n), C.int(k), float(a.Data), C.int(a.Stride), float(c.Data), C.int(c.Stride))
}

func (b *openBLAS) Syrk64(trans bool, a, c Dense[float64]) {
	n, k := checkSyrk(trans, a, c)
	if n == 0 || k == 0 {
		zeroUpper(c)
		return
	}
	C.openblas_dsyrk(b.lib, flag(trans), C.int(n), C.int(k), double(a.Data), C.int(a.Stride), double(c.Data), C.int(c.Stride))
}

func zeroUpper[T Float](c Dense[T]) {
	for i := range c.Rows {
		clear(c.Row(i)[i:])
	}
}

func (b *openBLAS) SymEigen(a Dense[float64]) ([]float64, error) {
	n := checkSquare(a)
	values := make([]float64, n)
	if n == 0 {
		return values, nil
	}
	// Our upper triangle is LAPACK's lower one, and its columns are our rows.
	info := C.openblas_dsyevd(b.lib, 'L', C.int(n), double(a.Data), C.int(a.Stride), double(values))
	return values, infoError(int(info))
}

func (b *openBLAS) SVD(a Dense[float64]) (u Dense[float64], s []float64, vt Dense[float64], err error) {
	a.valid("A")
	k := min(a.Rows, a.Cols)
	u, s, vt = New[float64](a.Rows, k), make([]float64, k), New[float64](k, a.Cols)
	if k == 0 {
		return u, s, vt, nil
	}
	return u, s, vt, b.gesdd('S', a.Clone(), u, s, vt)
}

func (b *openBLAS) SingularValues(a Dense[float64]) ([]float64, error) {
	a.valid("A")
	s := make([]float64, min(a.Rows, a.Cols))
	if len(s) == 0 {
		return s, nil
	}
	none := Dense[float64]{Stride: 1, Data: []float64{0}}
	return s, b.gesdd('N', a.Clone(), none, s, none)
}

// gesdd decomposes a, which it overwrites. LAPACK sees the transpose, Aᵀ = V S Uᵀ:
// its left vectors, column by column, are our Vᵀ row by row.
func (b *openBLAS) gesdd(job C.char, a, u Dense[float64], s []float64, vt Dense[float64]) error {
	return infoError(int(C.openblas_dgesdd(b.lib, job, C.int(a.Cols), C.int(a.Rows), double(a.Data), C.int(a.Stride),
		double(s), double(vt.Data), C.int(vt.Stride), double(u.Data), C.int(u.Stride))))
}

func infoError(info int) error {
	switch {
	case info == 1<<30:
		return errors.New("linalg: out of memory in LAPACK")
	case info > 0:
		return ErrNotConverged
	case info < 0:
		return fmt.Errorf("linalg: LAPACK rejects its argument %d", -info)
	}
	return nil
}
