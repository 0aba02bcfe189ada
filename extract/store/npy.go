package store

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// npyHeader is the header of a version 1.0 .npy file in C order, 64-byte aligned as numpy's own.
func npyHeader(n Numbers, shape ...int) []byte {
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = fmt.Sprint(d)
	}
	tuple := strings.Join(dims, ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", n.descr(), tuple)
	pad := 64 - (10+len(dict)+1)%64
	dict += strings.Repeat(" ", pad%64) + "\n"
	head := append([]byte("\x93NUMPY\x01\x00"), byte(len(dict)), byte(len(dict)>>8))
	return append(head, dict...)
}

// readNPYHeader reads what npyHeader wrote: the form of the numbers, and where they begin.
func readNPYHeader(f *os.File) (n Numbers, begin int64, err error) {
	head := make([]byte, 10)
	if _, err := io.ReadFull(f, head); err != nil || string(head[:6]) != "\x93NUMPY" {
		return "", 0, fmt.Errorf("%s is not a .npy file", f.Name())
	}
	dict := make([]byte, int(head[8])|int(head[9])<<8)
	if _, err := io.ReadFull(f, dict); err != nil {
		return "", 0, fmt.Errorf("%s: its header is cut short: %w", f.Name(), err)
	}
	for _, n := range []Numbers{Float32, Float16} {
		if strings.HasPrefix(string(dict), "{'descr': '"+n.descr()+"'") {
			return n, int64(len(head) + len(dict)), nil
		}
	}
	return "", 0, fmt.Errorf("%s: its header %q is none of the store's", f.Name(), dict)
}

// WriteNPY writes data, of that shape, to path as .npy: under a temporary name, synced and renamed.
func WriteNPY(path string, n Numbers, data []float32, shape ...int) error {
	values, err := n.Bytes(data)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return WriteFile(path, func(w io.Writer) error {
		if _, err := w.Write(npyHeader(n, shape...)); err != nil {
			return err
		}
		_, err := w.Write(values)
		return err
	})
}
