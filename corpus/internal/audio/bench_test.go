package audio

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/mewkiz/flac"
)

// BenchmarkFLAC compares the decoders on a LibriSpeech utterance of 11.7 s, file in memory, on one core.
func BenchmarkFLAC(b *testing.B) {
	data := readShared(b, librispeech)
	realtime := func(b *testing.B, samples int) {
		b.ReportMetric(float64(samples)*float64(b.N)/16000/b.Elapsed().Seconds(), "x-realtime")
	}
	b.Run("ours", func(b *testing.B) {
		n := 0
		for b.Loop() {
			a, err := memory("x.flac", data).decode(0, 0)
			if err != nil {
				b.Fatal(err)
			}
			n = a.Samples()
		}
		realtime(b, n)
	})
	b.Run("mewkiz", func(b *testing.B) {
		n := 0
		for b.Loop() {
			s, err := flac.New(bytes.NewReader(data))
			if err != nil {
				b.Fatal(err)
			}
			n = 0
			for {
				f, err := s.ParseNext()
				if err != nil {
					break
				}
				n += int(f.BlockSize)
			}
		}
		realtime(b, n)
	})
}

const librispeech = "LibriSpeech/dev-clean/2412/153948/2412-153948-0000.flac"

func memory(name string, data []byte) source {
	return source{bytes.NewReader(data), int64(len(data)), name}
}

func sharedPath(t testing.TB, name string) string {
	t.Helper()
	p := filepath.Join("..", "..", "..", "..", "shared", "data", name)
	if _, err := os.Stat(p); err != nil {
		t.Skip("shared data not found")
	}
	return p
}

func readShared(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(sharedPath(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
