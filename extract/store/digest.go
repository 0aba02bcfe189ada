package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Digests remembers the sha256 of files by path, size and time of change, so that a corpus is read through once and not at
// each start.
type Digests struct {
	path  string
	mu    sync.Mutex
	known map[string]digest
	dirty bool
}

type digest struct {
	Size   int64
	Time   int64
	SHA256 string
}

// Digests opens the store's memory of file digests.
func (s *Store) Digests() *Digests {
	d := &Digests{path: filepath.Join(s.Dir, "digests.json"), known: map[string]digest{}}
	if data, err := os.ReadFile(d.path); err == nil {
		if json.Unmarshal(data, &d.known) != nil {
			d.known = map[string]digest{} // it is only a memory: a damaged one is forgotten
		}
	}
	return d
}

// File returns the digest of a file.
func (d *Digests) File(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(abs)
	if err != nil {
		return "", err
	}
	size, changed := info.Size(), info.ModTime().UnixNano()
	d.mu.Lock()
	k, ok := d.known[abs]
	d.mu.Unlock()
	if ok && k.Size == size && k.Time == changed {
		return k.SHA256, nil
	}
	f, err := os.Open(abs)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	// A file changed within the clock's grain may change again under the same time: such a digest is not remembered.
	if time.Since(info.ModTime()) > 2*time.Second {
		d.mu.Lock()
		d.known[abs] = digest{size, changed, sum}
		d.dirty = true
		d.mu.Unlock()
	}
	return sum, nil
}

// Save writes what was learnt.
func (d *Digests) Save() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.dirty {
		return nil
	}
	d.dirty = false
	return WriteFile(d.path, func(w io.Writer) error { return json.NewEncoder(w).Encode(d.known) })
}
