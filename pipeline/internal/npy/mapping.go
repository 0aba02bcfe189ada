package npy

import (
	"errors"
	"io"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// mapping is a file in memory that the system pages in as it is read.
type mapping struct {
	data   []byte
	shared bool // it is another's, who gives it back
}

// mapOpen maps an open file, which may be closed afterwards.
func mapOpen(f *os.File) (*mapping, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() == 0 {
		return &mapping{}, nil
	}
	size := int(info.Size())
	if int64(size) != info.Size() {
		return nil, errors.New("the file is too large for this machine's addresses")
	}
	data, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	return &mapping{data: data}, err
}

func (m *mapping) close() error {
	data := m.data
	if m.data = nil; data == nil || m.shared {
		return nil
	}
	return unix.Munmap(data)
}

// ReadAt is for the archive's directory.
func (m *mapping) ReadAt(p []byte, at int64) (n int, err error) {
	if at < 0 || at >= int64(len(m.data)) {
		return 0, io.EOF
	}
	err = guard(func() { n = copy(p, m.data[at:]) })
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// forget tells the system that bytes, a part of a mapping, will not be read
// again soon, so that they don't count as memory of the program. They are read
// again from the file if need be.
func forget(whole, part []byte) {
	page := os.Getpagesize()
	from := cap(whole) - cap(part)
	to := min((from+len(part)+page-1)/page*page, len(whole))
	from = from / page * page
	// A refusal costs nothing but memory.
	_ = unix.Madvise(whole[from:to], unix.MADV_DONTNEED)
}

// errChanged says that a mapped file could not be read: it was cut while it was
// in use, or its disk failed.
var errChanged = errors.New("the file can't be read any more: it was cut while in use, or its disk failed")

// guard runs read, which reads mapped memory, and turns the fault of memory
// whose file has gone into an error.
func guard(read func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }:
			err = errChanged
		default:
			panic(r)
		}
	}()
	read()
	return nil
}
