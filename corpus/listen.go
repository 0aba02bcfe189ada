package corpus

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"speechsim/corpus/internal/audio"
)

// What Listen listens to: some seconds of audio, so that it costs about one second of a processor whatever the corpus.
const (
	sampledUtterances = 24
	sampledSeconds    = 30.0 // of each, from its beginning
)

// Heard is what a sample of utterances says of the whole corpus.
type Heard struct {
	Shift *Shift   // of the sound against the labels; nil where none is seen
	Level []string // what is odd with the level of the sound of most utterances, such as integers that were stored as floats
}

// Listen listens to a few of some utterances (indices of Utterances), evenly spread over them, for faults that a corpus has as a whole
// and no header shows; those of labels only if there are labels. Check with full audio listens to all utterances. One that can't be
// read has no say.
func (c *Corpus) Listen(ctx context.Context, utterances []int, labels bool, workers int) (Heard, error) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	n := min(len(utterances), sampledUtterances)
	sampled := func(i int) *Utterance { return &c.Utterances[utterances[(2*i+1)*len(utterances)/(2*n)]] }
	heard := make([]sample, n)
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			for i := range next {
				if ctx.Err() == nil {
					heard[i] = c.listenTo(sampled(i), labels)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()

	var h Heard
	var sum shiftSum
	read, odd, first := 0, map[string]int{}, map[string]string{}
	for i := range heard {
		sum.add(heard[i].shift)
		if heard[i].read {
			read++
		}
		for _, f := range heard[i].level {
			if odd[f.Kind]++; odd[f.Kind] == 1 {
				first[f.Kind] = fmt.Sprintf("such as %s: %s", sampled(i).ID, f.Msg)
			}
		}
	}
	for _, kind := range levelKinds {
		if 2*odd[kind] > read {
			h.Level = append(h.Level, fmt.Sprintf("the level of the sound is odd (%s) in %d of %d utterances that were listened to, %s", kind, odd[kind], read, first[kind]))
		}
	}
	if shift, told := sum.shift(); told {
		h.Shift = &shift
	}
	return h, ctx.Err()
}

// levelKinds are the findings about a sound that tell of a corpus that was stored wrongly. The others are of single recordings.
var levelKinds = []string{"over-range", "quiet"}

// sample is what the beginning of an utterance says.
type sample struct {
	read  bool
	shift *shiftCurve // nil if nothing
	level []audio.Finding
}

func (c *Corpus) listenTo(u *Utterance, labels bool) (s sample) {
	beginning := *u
	if info, err := c.AudioInfo(u); err == nil && info.Seconds() > sampledSeconds {
		beginning.To = u.From + sampledSeconds
	}
	decoded, err := decode(&beginning)
	if err != nil {
		return s
	}
	found := audio.Check(decoded)
	sound, err := c.convert(u, decoded)
	if err != nil {
		return s
	}
	s.read = true
	for _, kind := range levelKinds {
		for _, f := range found {
			if f.Kind == kind {
				s.level = append(s.level, f)
				break // of the channels
			}
		}
	}
	if a, err := c.Align(u); labels && err == nil {
		s.shift = newShiftCurve(sound, a)
	}
	return s
}
