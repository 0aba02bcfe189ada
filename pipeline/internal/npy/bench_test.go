package npy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkCheck and BenchmarkRead read a file of 64 MiB that is in the system's cache.
func BenchmarkCheck(b *testing.B) {
	benchmark(b, func(a *Array) error {
		_, err := a.Check(context.Background(), 1, func(int) {})
		return err
	})
}

func BenchmarkRead(b *testing.B) {
	block := make([]float32, 2048*1024)
	benchmark(b, func(a *Array) error {
		for from := 0; from < a.Rows; from += 2048 {
			if err := Read(a, block[:min(2048, a.Rows-from)*a.Cols], from, min(2048, a.Rows-from)); err != nil {
				return err
			}
		}
		return nil
	})
}

func benchmark(b *testing.B, work func(a *Array) error) {
	for _, form := range []struct {
		name, descr, fortran string
		size                 int
	}{{"f4", "<f4", "False", 4}, {"f8", "<f8", "False", 8}, {"f2", "<f2", "False", 2}, {"big-f4", ">f4", "False", 4}, {"fortran-f4", "<f4", "True", 4}} {
		b.Run(form.name, func(b *testing.B) {
			const bytes, cols = 64 << 20, 768
			rows := bytes / cols / form.size
			dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': (%d, %d), }", form.descr, form.fortran, rows, cols)
			path := filepath.Join(b.TempDir(), "x.npy")
			content := append([]byte("\x93NUMPY\x01\x00"+string(rune(len(dict)))+"\x00"+dict), make([]byte, rows*cols*form.size)...)
			if err := os.WriteFile(path, content, 0o644); err != nil {
				b.Fatal(err)
			}
			a, err := Open(path)
			if err != nil {
				b.Fatal(err)
			}
			defer a.Close()
			b.SetBytes(int64(rows * cols * form.size))
			for b.Loop() {
				if err := work(a); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
