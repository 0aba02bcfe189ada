package store

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"speechsim/corpus"
	"speechsim/extract"
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
			if _, err := Open(s.Dir); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkPooled writes the rows of a base model, 13 layers of 768 units, of 500 utterances of 50 words in one part, and joins
// them into layers. B/s counts each value once; MB-heap is what Go holds at the end of it, garbage included.
func BenchmarkPooled(b *testing.B) {
	const utterances, words, units, layers = 500, 50, 768, 13
	for _, numbers := range []Numbers{Float32, Float16} {
		b.Run(string(numbers), func(b *testing.B) {
			form := Form{Numbers: numbers}
			for i := range layers {
				form.Layers = append(form.Layers, extract.Layer{Name: fmt.Sprint(i), Units: units})
			}
			c, table, part := &corpus.Corpus{}, &extract.Table{Begin: []int{0}}, []int{}
			for u := range utterances {
				c.Utterances = append(c.Utterances, corpus.Utterance{ID: fmt.Sprint("u", u)})
				for w := range words {
					table.Rows = append(table.Rows, extract.Row{Utterance: u, Segment: w, Label: "word"})
				}
				table.Begin, part = append(table.Begin, len(table.Rows)), append(part, u)
			}
			values := make([]float32, words*units*layers)
			for i := range values {
				values[i] = float32(i%1000) / 500
			}
			s, err := Open(filepath.Join(b.TempDir(), "store"))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(utterances) * int64(len(values)) * int64(numbers.Size()))
			for b.Loop() {
				e, err := s.Entry(numbers.Kind("rows"), b.Elapsed())
				if err != nil {
					b.Fatal(err)
				}
				rows := e.NewPartRows(0, nil)
				for range utterances {
					stored, err := numbers.Bytes(values)
					if err == nil {
						err = rows.Append(stored)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				if err := rows.Finish(utterances, nil); err != nil {
					b.Fatal(err)
				}
				if err := e.Finish(b.Context(), c, table, form, [][]int{part}); err != nil {
					b.Fatal(err)
				}
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapSys)/1e6, "MB-heap")
		})
	}
}
