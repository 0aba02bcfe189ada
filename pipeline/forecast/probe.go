package forecast

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"time"

	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/plan"
)

// diskSpeed writes a file into the store and says how many bytes a second that took.
func diskSpeed(dir string) (float64, error) {
	const size = 32 << 20
	data := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(data) // nothing that a file system could make small
	path := filepath.Join(dir, "speed.tmp")
	start := time.Now()
	err := files.Write(path, func(w io.Writer) error { _, err := w.Write(data); return err })
	if err != nil {
		return 0, err
	}
	return size / time.Since(start).Seconds(), os.Remove(path)
}

// probe runs every source of frames on one utterance of middle length and says how many seconds of audio a second takes, with
// all workers busy.
func probe(ctx context.Context, p *plan.Plan) (realtime float64, err error) {
	var usable []int
	for u, n := range p.Lengths {
		if n > 0 {
			usable = append(usable, u)
		}
	}
	if len(usable) == 0 || !slices.ContainsFunc(p.Sources, (*extract.Source).HasFrames) || len(p.Absent()) > 0 {
		return 0, nil
	}
	sort.Slice(usable, func(i, j int) bool { return p.Lengths[usable[i]] < p.Lengths[usable[j]] })
	u := &p.Corpus.Utterances[usable[len(usable)/2]]
	audio, err := p.Corpus.Audio(u)
	if err != nil {
		return 0, err
	}
	rate := float64(p.Corpus.Spec.Audio.Rate)
	spent := 0.0
	for _, s := range p.Sources {
		if !s.HasFrames() {
			continue
		}
		for range 2 { // the first run of a length allocates
			start := time.Now()
			a, err := s.Activate(ctx, p.Corpus, u, audio)
			if err != nil {
				return 0, err
			}
			a.Close()
			if d := time.Since(start).Seconds(); spent == 0 || d > 0 {
				spent += d / 2
			}
		}
	}
	return float64(len(audio.Samples)) / rate / spent * float64(p.Workers), nil
}

// productSpeed is how many multiplications of moments this machine does in a second: on the GPU, with the way there and back of
// two layers, where that multiplies.
func productSpeed(ctx context.Context, p *plan.Plan) (float64, error) {
	if p.Products == nil {
		return metrics.Speed(p.Backend, p.Workers), nil
	}
	const chunks, rows, units = 8, 2048, 1024
	panel := make([]float32, chunks*rows*units)
	out := [][]float64{make([]float64, units*units)}
	multiply := func() error {
		return p.Products.Multiply(ctx, chunks, rows, []int{units, units}, [][]float32{panel, panel}, [][2]int{{0, 1}}, out)
	}
	if err := multiply(); err != nil { // the first starts the device
		return 0, err
	}
	start := time.Now()
	err := multiply()
	return chunks * rows * units * units / time.Since(start).Seconds(), err
}
