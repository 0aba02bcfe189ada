package forecast

import (
	"context"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"syscall"
	"time"

	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/plan"
)

// clock tells how long something takes on a machine that does nothing else: of several tries the shortest, and not longer than the
// processors worked on it.
type clock struct {
	passed, needed float64 // seconds of all tries: by the clock, and if no other program ran
	decoding       float64 // seconds that the audio of an utterance takes
}

// tries is how often each thing is tried.
const tries = 3

// shortest tries something on so many processors, 0 where it also waits for others (a disk, a GPU).
func (c *clock) shortest(processors int, try func() error) (float64, error) {
	least := math.Inf(1)
	for range tries {
		start, worked := time.Now(), processorSeconds()
		if err := try(); err != nil {
			return 0, err
		}
		passed := time.Since(start).Seconds()
		needed := passed
		if own := (processorSeconds() - worked) / float64(max(1, processors)); processors > 0 && own > 0 {
			needed = min(passed, own)
			c.passed, c.needed = c.passed+passed, c.needed+needed
		}
		least = min(least, needed)
	}
	return least, nil
}

// busy is how many times as long the tries took as they would have if no other program had run.
func (c *clock) busy() float64 {
	if c.needed == 0 {
		return 1
	}
	return c.passed / c.needed
}

// processorSeconds are those that the process has had.
func processorSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// diskSpeed writes a file into the store and says how many bytes a second that took.
func (c *clock) diskSpeed(dir string) (float64, error) {
	const size = 16 << 20
	data := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(data) // nothing that a file system could make small
	path := filepath.Join(dir, "speed.tmp")
	seconds, err := c.shortest(0, func() error {
		return files.Write(path, func(w io.Writer) error { _, err := w.Write(data); return err })
	})
	if err != nil {
		return 0, err
	}
	return size / seconds, os.Remove(path)
}

// probe runs every source on one utterance of middle length and says how many seconds of audio a second takes, with
// all workers busy.
func (c *clock) probe(ctx context.Context, p *plan.Plan) (realtime float64, err error) {
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
	if c.decoding, err = c.shortest(1, func() error { _, err := p.Corpus.Audio(u); return err }); err != nil {
		return 0, err
	}
	spent := c.decoding
	for i, s := range p.Sources {
		if s.Model == nil && !s.HasFrames() {
			continue
		}
		processors := 1
		if p.Config.Models[i].Device == "cuda" {
			processors = 0
		}
		seconds, err := c.shortest(processors, func() error {
			a, err := s.Activate(ctx, p.Corpus, u, audio)
			if err == nil {
				a.Close()
			}
			return err
		})
		if err != nil {
			return 0, err
		}
		spent += seconds
	}
	return float64(len(audio.Samples)) / float64(p.Corpus.Spec.Audio.Rate) / spent * float64(p.Workers), nil
}

// productSpeed is how many multiplications of moments this machine does in a second: on the GPU, with the way there and back of
// two layers, where that multiplies.
func (c *clock) productSpeed(ctx context.Context, p *plan.Plan) (float64, error) {
	if p.Products == nil {
		work := metrics.NewSpeedTest(p.Backend, p.Workers)
		work.Run() // the first starts the library
		seconds, err := c.shortest(min(p.Workers, runtime.NumCPU()), func() error { work.Run(); return nil })
		return work.Products / seconds, err
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
	seconds, err := c.shortest(0, multiply)
	return chunks * rows * units * units / seconds, err
}
