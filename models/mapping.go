package models

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"golang.org/x/sys/unix"

	"speechsim/models/internal/lfs"
	"speechsim/models/internal/onnxproto"
)

// mapping is a file in memory that the system pages in as it is read. Changes
// stay private to the process, and only the pages that change take memory.
type mapping struct {
	data []byte
	base unsafe.Pointer
	size uintptr
}

// mapFile maps the file at path with room for so many bytes behind its end.
func mapFile(path string, room int) (*mapping, error) {
	if err := Usable(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	length := int(info.Size())
	if length == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	// First the whole range as plain memory, then the file over its beginning:
	// the bytes behind the last page of a file cannot be touched otherwise.
	m := &mapping{size: uintptr(length + room)}
	const access = unix.PROT_READ | unix.PROT_WRITE
	if m.base, err = unix.MmapPtr(-1, 0, nil, m.size, access, unix.MAP_PRIVATE|unix.MAP_ANON); err != nil {
		return nil, fmt.Errorf("%s: reserving %d bytes: %w", path, m.size, err)
	}
	if _, err := unix.MmapPtr(int(f.Fd()), 0, m.base, uintptr(length), access, unix.MAP_PRIVATE|unix.MAP_FIXED); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: mapping: %w", path, err), m.close())
	}
	m.data = unsafe.Slice((*byte)(m.base), length+room)[:length]
	return m, nil
}

// apply makes an edit that was planned for this file.
func (m *mapping) apply(e *onnxproto.Edit) error {
	if len(m.data)+len(e.Tail) > cap(m.data) {
		return errors.New("the mapping has no room for the edit")
	}
	for _, p := range e.Patches {
		m.data[p.Offset] = p.Value
	}
	m.data = append(m.data, e.Tail...)
	return nil
}

func (m *mapping) close() error { return unix.MunmapPtr(m.base, m.size) }

// otherFormat recognises what people hand over in place of an ONNX file, by
// its first bytes; "" if it is none of these.
func otherFormat(data []byte) string {
	head := data[:min(len(data), 512)]
	switch {
	case lfs.IsPointer(head):
		return lfs.InPlaceOf("model")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return "a zip file, probably a PyTorch checkpoint: make a model of its folder with `pipeline models import`"
	case len(head) > 9 && head[8] == '{' && head[9] == '"':
		return "a safetensors file: make a model of its folder with `pipeline models import`"
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return "a gzip file: unpack it"
	case bytes.HasPrefix(head, []byte("ORTM")) || len(head) > 8 && bytes.Equal(head[4:8], []byte("ORTM")):
		return "ONNX Runtime's own format: use the .onnx file it was made from"
	case bytes.HasPrefix(head, []byte("RIFF")), bytes.HasPrefix(head, []byte("fLaC")):
		return "an audio file"
	case bytes.HasPrefix(bytes.TrimSpace(head), []byte("<")):
		return "a web page: the download went wrong"
	case isText(head):
		return "a text file"
	}
	return ""
}

func isText(head []byte) bool {
	for i := 0; i < len(head); {
		r, size := utf8.DecodeRune(head[i:])
		cut := len(head)-i < utf8.UTFMax // the last rune may be cut in two
		if r == utf8.RuneError && size == 1 && !cut || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return false
		}
		i += size
	}
	return true
}
