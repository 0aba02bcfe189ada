package extract

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// manyEntries is a store of so many entries with four files each, made once for all benchmarks.
func manyEntries(b *testing.B, n int) *Store {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "store")
	for i := range n {
		kind, about := "moments", `{"Holds": "moments"}`
		files := []string{"part-0000", "part-0001", "part-0002"}
		if i%2 == 0 {
			kind, about = "rows", `{"Holds": "pooled rows", "Layers": [{"Name": "0", "Units": 768}], "Numbers": "float32"}`
			files = []string{"layer.0.npy", "rows.csv", "sums.json"}
		}
		entry := filepath.Join(dir, fmt.Sprintf("%s-%020x", kind, i))
		if err := os.MkdirAll(entry, 0o755); err != nil {
			b.Fatal(err)
		}
		for _, f := range append(files, "entry.json") {
			if err := os.WriteFile(filepath.Join(entry, f), []byte(about), 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	return &Store{Dir: dir, used: map[string]bool{}}
}

// BenchmarkStore lists and opens a store of 100 000 entries.
func BenchmarkStore(b *testing.B) {
	s := manyEntries(b, 100000)
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			if list, err := s.List(); err != nil || len(list) != 100000 {
				b.Fatal(len(list), err)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			if _, err := OpenStore(s.Dir); err != nil {
				b.Fatal(err)
			}
		}
	})
}
