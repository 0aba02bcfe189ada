package textgrid

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A corpus of 10 000 files: go test -bench Read/files -files 10000 -benchtime 1x.
var benchFiles = flag.Int("files", 500, "number of TextGrids that BenchmarkRead reads from disk")

// librispeechSize makes a TextGrid of the size of an average utterance of
// LibriSpeech as the Montreal Forced Aligner writes it: 12.3 s, 34 words, 120
// phones, and pauses.
func librispeechSize(seed uint64) *TextGrid {
	r := rand.New(rand.NewPCG(seed, 1))
	phones := []string{"AA1", "AE0", "AH0", "B", "D", "DH", "EH1", "F", "HH", "IH1", "IY0", "K", "L", "M", "N", "OW1", "R", "S", "T", "W", "Z"}
	words := Tier{Name: "words"}
	segments := Tier{Name: "phones"}
	at := 0
	add := func(t *Tier, from, to int, label string) {
		t.Intervals = append(t.Intervals, Interval{Start: float64(from) / 100, End: float64(to) / 100, Label: label})
	}
	for i := range 34 {
		if i%6 == 0 {
			add(&words, at, at+30, "")
			add(&segments, at, at+30, "sil")
			at += 30
		}
		start, word := at, ""
		for range 2 + r.IntN(4) {
			phone := phones[r.IntN(len(phones))]
			word += strings.ToLower(phone[:1])
			add(&segments, at, at+3+r.IntN(12), phone)
			at = int(segments.Intervals[len(segments.Intervals)-1].End*100 + 0.5)
		}
		add(&words, start, at, word)
	}
	grid := &TextGrid{End: float64(at) / 100, Tiers: []Tier{words, segments}}
	for i := range grid.Tiers {
		grid.Tiers[i].End = grid.End
	}
	return grid
}

func mustWrite(tb testing.TB, g *TextGrid, f Format) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := g.Write(&b, f); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// BenchmarkRead/memory reads one file of LibriSpeech size in each form.
// BenchmarkRead/files reads a folder of different ones from disk, here and by the
// Python packages praatio and textgrid (see testdata/peers.py), in one run.
func BenchmarkRead(b *testing.B) {
	for _, form := range []struct {
		name   string
		format Format
	}{{"long", Long}, {"short", Short}, {"binary", Binary}} {
		b.Run("memory/"+form.name, func(b *testing.B) {
			file := mustWrite(b, librispeechSize(1), form.format)
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(bytes.NewReader(file), "x"); err != nil {
					b.Fatal(err)
				}
			}
			reportFiles(b, 1)
		})
	}
	b.Run("files", func(b *testing.B) {
		folder := b.TempDir()
		for i := range *benchFiles {
			path := filepath.Join(folder, fmt.Sprintf("%06d.TextGrid", i))
			if err := os.WriteFile(path, mustWrite(b, librispeechSize(uint64(i)), Long), 0o644); err != nil {
				b.Fatal(err)
			}
		}
		b.Run("speechsim", func(b *testing.B) {
			for b.Loop() {
				paths, err := filepath.Glob(filepath.Join(folder, "*"))
				if err != nil {
					b.Fatal(err)
				}
				for _, path := range paths {
					if _, err := ReadFile(path); err != nil {
						b.Fatal(err)
					}
				}
			}
			reportFiles(b, *benchFiles)
		})
		for _, peer := range []string{"praatio", "textgrid"} {
			b.Run(peer, func(b *testing.B) {
				python := peersPython(b)
				var spent float64
				for b.Loop() {
					out, err := exec.Command(python, "testdata/peers.py", "time", peer, folder).Output()
					if err != nil {
						b.Fatal(err)
					}
					s, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
					if err != nil {
						b.Fatal(err)
					}
					spent += s // without the start of Python
				}
				b.ReportMetric(float64(*benchFiles*b.N)/spent, "files/s")
			})
		}
	})
}

func reportFiles(b *testing.B, files int) {
	b.ReportMetric(float64(files*b.N)/b.Elapsed().Seconds(), "files/s")
}
