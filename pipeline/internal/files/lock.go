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

// Shared is a lock that many processes hold together.
type Shared struct{ f *os.File }

// Share takes part in a lock, which is a file that stays, until Close is called or the process ends.
func Share(path string) (*Shared, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_SH); err != nil && !errors.Is(err, unix.ENOTSUP) && !errors.Is(err, unix.ENOLCK) {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
	}
	return &Shared{f}, nil
}

// Alone runs f while no other process takes part, and says whether it did: it does not wait for others to end.
func (s *Shared) Alone(f func() error) (bool, error) {
	if err := unix.Flock(int(s.f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return false, nil
	}
	defer unix.Flock(int(s.f.Fd()), unix.LOCK_SH)
	return true, f()
}

// Close ends it.
func (s *Shared) Close() error { return s.f.Close() }

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
