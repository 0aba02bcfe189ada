package audio

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/mewkiz/flac"
)

// BenchmarkFLAC decodes an utterance of LibriSpeech, file in memory; run it with -cpu 1. The library alone neither scales the
// samples nor compares their MD5 sum.
func BenchmarkFLAC(b *testing.B) {
	data := readFile(b, sharedPath(b, librispeech))
	b.Run("decode", func(b *testing.B) { benchmarkDecode(b, data) })
	b.Run("library alone", func(b *testing.B) {
		n := 0
		for b.Loop() {
			s, err := flac.New(bytes.NewReader(data))
			if err != nil {
				b.Fatal(err)
			}
			n = 0
			for f, err := s.ParseNext(); err == nil; f, err = s.ParseNext() {
				n += int(f.BlockSize)
			}
		}
		realtime(b, n)
	})
}

// BenchmarkWAV decodes a minute of speech-like sound.
func BenchmarkWAV(b *testing.B) {
	x := make([]int, 60*16000)
	for i, v := range speechLike(len(x), 16, 1) {
		x[i] = int(v)
	}
	for _, bits := range []int{16, 24} {
		data := encodeWAV(b, 16000, bits, 1, x)
		b.Run(fmt.Sprintf("%d bits", bits), func(b *testing.B) { benchmarkDecode(b, data) })
	}
}

func benchmarkDecode(b *testing.B, data []byte) {
	n := 0
	for b.Loop() {
		a, err := memory("x", data).decode(0, 0)
		if err != nil {
			b.Fatal(err)
		}
		n = a.Samples()
	}
	realtime(b, n)
}

// realtime reports seconds of 16 kHz sound a second.
func realtime(b *testing.B, samples int) {
	b.ReportMetric(float64(samples)*float64(b.N)/16000/b.Elapsed().Seconds(), "x-realtime")
}

// BenchmarkReadInfo is what listing a corpus costs a file.
func BenchmarkReadInfo(b *testing.B) {
	path := sharedPath(b, librispeech)
	for b.Loop() {
		if _, err := ReadInfo(path); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResample(b *testing.B) {
	for _, r := range Resamplers {
		for _, rates := range [][2]int{{8000, 16000}, {16000, 24000}, {44100, 16000}, {48000, 16000}, {22051, 16000}} {
			b.Run(fmt.Sprintf("%s/%d-%d", r, rates[0], rates[1]), func(b *testing.B) {
				x := scaled(speechLike(10*rates[0], 16, 1), 16)
				for b.Loop() {
					Resample(x, rates[0], rates[1], r)
				}
				b.ReportMetric(10*float64(b.N)/b.Elapsed().Seconds(), "x-realtime")
			})
		}
	}
}
