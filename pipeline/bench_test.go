package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"speechsim/configs"
	"speechsim/corpus"
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
corpus: {librispeech: {root: ../corpus/demo/LibriSpeech, subset: demo, groups: ../corpus/demo/groups.csv}}
models: [{name: base, onnx: %q}]
comparisons:
  - {name: words, rows: {unit: word}, models: [base], metrics: [cka]}
%s`, filepath.Join(folder, "wav2vec2-base.onnx"), more)
	cfg, err := configs.Parse([]byte(text), "bench.yaml", nil)
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	for b.Loop() {
		dir := b.TempDir()
		plan, err := Prepare(ctx, cfg, Options{Runs: filepath.Join(dir, "runs"), Store: filepath.Join(dir, "store")})
		if err != nil {
			b.Fatal(err)
		}
		alone := modelAlone(b, plan)
		start := time.Now()
		if err := plan.extractAll(ctx); err != nil {
			b.Fatal(err)
		}
		whole := time.Since(start)
		b.ReportMetric(plan.Seconds()/whole.Seconds(), "x-realtime")
		b.ReportMetric(whole.Seconds()/alone.Seconds(), "x-model-alone")
		plan.Close()
	}
}

// modelAlone runs the plan's model on all utterances, as many at once as the plan has workers, and does nothing else.
func modelAlone(b *testing.B, p *Plan) time.Duration {
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
				a, err := p.sources[0].Activate(context.Background(), p.Corpus, &p.Corpus.Utterances[i], audio[i])
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
