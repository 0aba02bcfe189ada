package files

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// LockedError says who holds a lock.
type LockedError struct{ By string }

func (e *LockedError) Error() string { return "held by " + e.By }

// Lock takes a lock, which is a file, until unlock is called or the process ends, however it ends. It is a [LockedError] when
// another process has it. File systems without locks give no protection.
func Lock(path string) (unlock func(), err error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		if by := lockedBy(f, unix.LOCK_EX); by != "" {
			f.Close()
			return nil, &LockedError{by}
		}
		mine, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, err
		}
		if there, err := os.Stat(path); err != nil || !os.SameFile(mine, there) {
			f.Close()
			continue // who held it has removed it in between
		}
		host, _ := os.Hostname()
		holder := fmt.Sprintf("process %d on %s since %s", os.Getpid(), host, time.Now().Format("2006-01-02 15:04:05"))
		if err := f.Truncate(0); err == nil {
			f.WriteAt([]byte(holder), 0) // for messages alone
		}
		return func() { os.Remove(path); f.Close() }, nil
	}
}

// Holder says who holds a lock, "" when nobody does.
func Holder(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	return lockedBy(f, unix.LOCK_SH)
}

// lockedBy takes a lock on a file, or says who has it.
func lockedBy(f *os.File, how int) string {
	if err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB); !errors.Is(err, unix.EWOULDBLOCK) {
		return ""
	}
	by := make([]byte, 200)
	if n, _ := f.ReadAt(by, 0); n > 0 {
		return string(by[:n])
	}
	return "another process"
}
