package files

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if by := Holder(path); by != "" {
		t.Errorf("before: %s", by)
	}
	unlock, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := Lock(path); !errors.As(err, &locked) || !strings.HasPrefix(locked.By, "process ") {
		t.Errorf("twice: %v", err)
	}
	if by := Holder(path); !strings.HasPrefix(by, "process ") {
		t.Errorf("holder %q", by)
	}
	unlock()
	if Exists(path) {
		t.Error("the file of the lock is left")
	}
	// A process that was killed leaves the file, and not the lock.
	if err := os.WriteFile(path, []byte("process 1 that was killed a long time ago, on a machine with a name"), 0o644); err != nil {
		t.Fatal(err)
	}
	if by := Holder(path); by != "" {
		t.Errorf("killed: %s", by)
	}
	unlock, err = Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if by := Holder(path); strings.Contains(by, "killed") || by == "" {
		t.Errorf("holder %q", by)
	}
	unlock()
}

// TestShare: a lock that many hold together is had alone by the last of them.
func TestShare(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var both [2]*Shared
	for k := range both {
		var err error
		if both[k], err = Share(path); err != nil {
			t.Fatal(err)
		}
	}
	ran := 0
	run := func() error { ran++; return nil }
	if alone, err := both[0].Alone(run); alone || err != nil || ran != 0 {
		t.Errorf("with another: %v, %v", alone, err)
	}
	both[1].Close()
	if alone, err := both[0].Alone(run); !alone || err != nil || ran != 1 {
		t.Errorf("as the last: %v, %v", alone, err)
	}
	again, err := Share(path) // which it gives back
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	both[0].Close()
}
