package extract

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"unsafe"
)

// npyHeader is the header of a version 1.0 .npy file of little-endian float32 in C order, 64-byte aligned as numpy's own.
func npyHeader(shape ...int) []byte {
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = fmt.Sprint(d)
	}
	tuple := strings.Join(dims, ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	dict := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", tuple)
	pad := 64 - (10+len(dict)+1)%64
	dict += strings.Repeat(" ", pad%64) + "\n"
	head := append([]byte("\x93NUMPY\x01\x00"), byte(len(dict)), byte(len(dict)>>8))
	return append(head, dict...)
}

// WriteNPY writes data, of that shape, to path as .npy: under a temporary name, synced and renamed.
func WriteNPY(path string, data []float32, shape ...int) error {
	return WriteFile(path, func(w io.Writer) error {
		if _, err := w.Write(npyHeader(shape...)); err != nil {
			return err
		}
		_, err := w.Write(floatBytes(data))
		return err
	})
}

// floatBytes views float32s as the bytes of a little-endian file. The program runs on little-endian machines only; see
// init.
func floatBytes(x []float32) []byte {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x))
}

func init() {
	probe := []float32{1}
	if binary.LittleEndian.Uint32(floatBytes(probe)) != math.Float32bits(1) {
		panic("extract: the activation store needs a little-endian machine")
	}
}

// WriteFile writes path through a temporary file beside it: a reader sees the whole file or none.
func WriteFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), tempPrefix()+"*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when the rename worked
	b := bufio.NewWriterSize(f, 1<<20)
	err = write(b)
	if err == nil {
		err = b.Flush()
	}
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
