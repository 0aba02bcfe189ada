package models

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// BenchmarkWav2vec2Base runs wav2vec 2.0 base, every layer and attention map,
// on 10 s and on 2 s of audio, with two processors: two runs at a time with one
// thread each, which is how the program fills a machine, and one run with two
// threads. testdata/peer_onnxruntime.py does the latter in Python and prints
// lines that benchstat can compare.
//
// The model is wav2vec2-base.onnx in the folder that SPEECHSIM_BENCH_MODELS
// names (export/export.py --random wav2vec2-base makes one).
func BenchmarkWav2vec2Base(b *testing.B) {
	folder := os.Getenv("SPEECHSIM_BENCH_MODELS")
	if folder == "" {
		b.Skip("SPEECHSIM_BENCH_MODELS is not set: the folder of wav2vec2-base.onnx")
	}
	for _, seconds := range []int{10, 2} {
		for _, s := range []struct{ runs, threads int }{{2, 1}, {1, 2}} {
			b.Run(fmt.Sprintf("%ds/runs=%d/threads=%d", seconds, s.runs, s.threads), func(b *testing.B) {
				m := loadForBench(b, filepath.Join(folder, "wav2vec2-base.onnx"), s.threads)
				benchmarkRuns(b, m, seconds, s.runs)
			})
		}
	}
}

func loadForBench(b *testing.B, path string, threads int) *Model {
	b.Helper()
	rt, err := OpenRuntime([]string{os.Getenv("SPEECHSIM_ONNXRUNTIME"), "../lib"})
	if err != nil {
		b.Skip(err)
	}
	m, err := rt.Load(path, Options{Threads: threads})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.Close() })
	return m
}

// benchmarkRuns computes b.N utterances, so many at a time.
func benchmarkRuns(b *testing.B, m *Model, seconds, runs int) {
	in := Input{Samples: noise(seconds * m.Card().SampleRate)}
	utterances := func(n int) {
		next := make(chan struct{}, n)
		for range n {
			next <- struct{}{}
		}
		close(next)
		var group sync.WaitGroup
		for range runs {
			group.Go(func() {
				for range next {
					a, err := m.Run(context.Background(), in)
					if err != nil {
						b.Error(err)
						return
					}
					a.Close()
				}
			})
		}
		group.Wait()
	}
	utterances(2 * runs) // the first ones get memory from the system
	b.ResetTimer()
	utterances(b.N)
	b.ReportMetric(float64(seconds*b.N)/b.Elapsed().Seconds(), "x-realtime")
}

// noise is n samples, the same every time.
func noise(n int) []float32 {
	random := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(random.NormFloat64()) / 8
	}
	return x
}
