package models

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// BenchmarkModel runs full-size models, every layer and attention map, on 10 s and
// on 2 s of audio, with two processors: two runs at a time with one thread each,
// which is how the program fills a machine, and one run with two threads.
// testdata/peer_onnxruntime.py does the latter in Python and prints lines that
// benchstat can compare; export/bench.py compares the former with transformers.
//
// The models are those of the folder that SPEECHSIM_BENCH_MODELS names
// (export/export.py --random wav2vec2-base makes one).
func BenchmarkModel(b *testing.B) {
	folder := os.Getenv("SPEECHSIM_BENCH_MODELS")
	if folder == "" {
		b.Skip("SPEECHSIM_BENCH_MODELS is not set: the folder of wav2vec2-base.onnx")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.onnx"))
	if err != nil || len(files) == 0 {
		b.Fatalf("%s holds no models (%v)", folder, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".onnx")
		for _, seconds := range []int{10, 2} {
			for _, s := range []struct{ runs, threads int }{{2, 1}, {1, 2}} {
				b.Run(fmt.Sprintf("%s/%ds/runs=%d/threads=%d", name, seconds, s.runs, s.threads), func(b *testing.B) {
					benchmarkRuns(b, loadForBench(b, file, Options{Threads: s.threads}), seconds, s.runs)
				})
			}
		}
	}
}

// BenchmarkModelCUDA runs the same models on a GPU, on 10 s of audio, in each precision, so many utterances at a time, with all
// layers fetched, and with all attention maps too.
func BenchmarkModelCUDA(b *testing.B) {
	folder := os.Getenv("SPEECHSIM_BENCH_MODELS")
	if folder == "" {
		b.Skip("SPEECHSIM_BENCH_MODELS is not set: the folder of wav2vec2-base.onnx")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.onnx"))
	if err != nil || len(files) == 0 {
		b.Fatalf("%s holds no models (%v)", folder, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".onnx")
		for _, precision := range []string{Float32, TF32, FP16} {
			for fetched, attentions := range map[string][]string{"layers": {}, "layers+attention": nil} {
				m := loadForBench(b, file, Options{Device: CUDA, Precision: precision, Attentions: attentions})
				for _, runs := range []int{1, 2, 4} {
					b.Run(fmt.Sprintf("%s/%s/%s/runs=%d", name, precision, fetched, runs), func(b *testing.B) { benchmarkRuns(b, m, 10, runs) })
				}
				m.Close()
			}
		}
	}
}

// BenchmarkPruned runs wav2vec 2.0 base with layers 0 to 6 alone and with all, in
// turns, and reports the share of the time.
func BenchmarkPruned(b *testing.B) {
	folder := os.Getenv("SPEECHSIM_BENCH_MODELS")
	if folder == "" {
		b.Skip("SPEECHSIM_BENCH_MODELS is not set: the folder of wav2vec2-base.onnx")
	}
	file := filepath.Join(folder, "wav2vec2-base.onnx")
	whole := loadForBench(b, file, Options{Attentions: []string{}})
	pruned := loadForBench(b, file, Options{Layers: []string{"0-6"}, Attentions: []string{}})
	in := Input{Samples: noise(5 * whole.Card().SampleRate)}
	var spent [2][]float64
	b.ResetTimer()
	for range b.N {
		for i, m := range []*Model{whole, pruned} {
			start := time.Now()
			a, err := m.Run(context.Background(), in)
			if err != nil {
				b.Fatal(err)
			}
			a.Close()
			spent[i] = append(spent[i], time.Since(start).Seconds())
		}
	}
	slices.Sort(spent[0])
	slices.Sort(spent[1])
	b.ReportMetric(spent[1][b.N/2]/spent[0][b.N/2], "x-whole")
}

func loadForBench(b *testing.B, path string, o Options) *Model {
	b.Helper()
	rt, err := OpenRuntime([]string{os.Getenv("SPEECHSIM_ONNXRUNTIME"), "../lib"})
	if err != nil {
		b.Skip(err)
	}
	m, err := rt.Load(path, o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.Close() })
	return m
}

// benchmarkRuns computes b.N utterances, so many at a time.
func benchmarkRuns(b *testing.B, m *Model, seconds, runs int) {
	if m.Card().Kind != Audio {
		b.Skip("not an audio model")
	}
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
