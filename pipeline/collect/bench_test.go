package collect

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"speechsim/corpus"
	"speechsim/metrics"
	"speechsim/models"
	"speechsim/pipeline/load"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
)

// BenchmarkExtract takes the words of the demo corpus from every layer of a full-size wav2vec 2.0 base, without and with
// the similarity of its attention maps, and reports the speed and x-model-alone: the time of the whole over the time of the
// model alone, with the same outputs, on audio that was decoded before, in the same run. The model is wav2vec2-base.onnx
// in the folder SPEECHSIM_BENCH_MODELS.
func BenchmarkExtract(b *testing.B) {
	folder := os.Getenv("SPEECHSIM_BENCH_MODELS")
	if folder == "" {
		b.Skip("SPEECHSIM_BENCH_MODELS is not set: the folder of wav2vec2-base.onnx")
	}
	b.Run("words", func(b *testing.B) { benchmarkExtract(b, folder, "") })
	b.Run("words+attention", func(b *testing.B) {
		benchmarkExtract(b, folder, "  - {name: attention, models: [base], metrics: [attention]}\n")
	})
}

func benchmarkExtract(b *testing.B, folder, more string) {
	text := fmt.Sprintf(`name: bench
corpus: {librispeech: {root: corpus/demo/LibriSpeech, subset: demo, groups: corpus/demo/groups.csv}}
models: [{name: base, onnx: %q}]
comparisons:
  - {name: words, rows: {unit: word}, models: [base], metrics: [cka]}
%s`, filepath.Join(folder, "wav2vec2-base.onnx"), more)
	cfg := plantest.Config(b, text)
	ctx := context.Background()
	for b.Loop() {
		p := plantest.Plan(b, cfg, load.Options{Runs: b.TempDir(), Store: b.TempDir()}, plan.Options{})
		alone := modelAlone(b, p)
		start := time.Now()
		if err := makeAll(ctx, p); err != nil {
			b.Fatal(err)
		}
		whole := time.Since(start)
		b.ReportMetric(p.Seconds()/whole.Seconds(), "x-realtime")
		b.ReportMetric(whole.Seconds()/alone.Seconds(), "x-model-alone")
		p.Close()
	}
}

// BenchmarkAttention compares the attention of two models of wav2vec 2.0 base's size, 12 maps of 12 heads each, on an
// utterance of 10 s, one thread: x-forward is the time of that over the time of one model's forward pass, taken in turns.
func BenchmarkAttention(b *testing.B) {
	folder := os.Getenv("SPEECHSIM_BENCH_MODELS")
	if folder == "" {
		b.Skip("SPEECHSIM_BENCH_MODELS is not set: the folder of wav2vec2-base.onnx")
	}
	rt, err := models.OpenRuntime([]string{"../../lib"})
	if err != nil {
		b.Skip(err)
	}
	model, err := rt.Load(filepath.Join(folder, "wav2vec2-base.onnx"), models.Options{Threads: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer model.Close()
	blas, err := metrics.OpenBLAS([]string{"../../lib"})
	if err != nil {
		b.Skip(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	samples := make([]float32, 10*model.Card().SampleRate)
	for i := range samples {
		samples[i] = float32(.1 * r.NormFloat64())
	}
	var forward, attention time.Duration
	var dims []int
	var pairs [][2]int
	for i := range 12 {
		dims = append(dims, 12, 12)
		for j := range 12 {
			pairs = append(pairs, [2]int{i, 12 + j})
		}
	}
	m, err := metrics.NewMoments(blas, dims, metrics.Options{Pairs: pairs, CrossOnly: true, Workers: 1})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		start := time.Now()
		out, err := model.Run(context.Background(), models.Input{Samples: samples})
		if err != nil {
			b.Fatal(err)
		}
		forward += time.Since(start)
		var maps []metrics.Matrix
		for _, t := range out.Attentions {
			heads, cells := t.Shape[0], t.Shape[1]*t.Shape[2]
			maps = append(maps, metrics.Matrix{Rows: cells, Cols: heads, Stride: cells, Data: t.Data, ColMajor: true})
		}
		start = time.Now()
		if err := m.Add(context.Background(), slices.Concat(maps, maps)); err != nil {
			b.Fatal(err)
		}
		attention += time.Since(start)
		out.Close()
	}
	b.ReportMetric(forward.Seconds()/float64(b.N), "s/forward")
	b.ReportMetric(attention.Seconds()/float64(b.N), "s/attention")
	b.ReportMetric(attention.Seconds()/forward.Seconds(), "x-forward")
}

// modelAlone runs the plan's model on all utterances, as many at once as the plan has workers, and does nothing else.
func modelAlone(b *testing.B, p *plan.Plan) time.Duration {
	var audio []*corpus.Audio
	for i := range p.Corpus.Utterances {
		a, err := p.Corpus.Audio(&p.Corpus.Utterances[i])
		if err != nil {
			b.Fatal(err)
		}
		audio = append(audio, a)
	}
	start := time.Now()
	next := make(chan int)
	var group sync.WaitGroup
	for range runtime.NumCPU() {
		group.Go(func() {
			for i := range next {
				a, err := p.Sources[0].Activate(context.Background(), p.Corpus, &p.Corpus.Utterances[i], audio[i])
				if err != nil {
					b.Error(err)
					continue
				}
				a.Close()
			}
		})
	}
	for i := range audio {
		next <- i
	}
	close(next)
	group.Wait()
	return time.Since(start)
}
