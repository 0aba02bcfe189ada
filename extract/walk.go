package extract

import (
	"context"
	"sync"

	"speechsim/corpus"
)

// Visitor receives the activations of a [Walk].
type Visitor interface {
	// Sources says which sources (indices) are wanted for utterance u; none skips it.
	Sources(u int) []int
	// Reduce is called as soon as the activations exist, by many goroutines at once. acts[i] is nil for a source that was
	// not wanted, or that needs audio which can't be read.
	Reduce(u int, acts []*Activations) (any, error)
	// Collect is called in the order of the utterances, one call at a time, with what Reduce returned. The activations
	// are closed after it. unreadable says why the audio of the utterance can't be read, nil when it can.
	Collect(ctx context.Context, u int, reduced any, acts []*Activations, unreadable error) error
}

// Walk runs the sources over the utterances, at most workers at a time, each one decoding and then running its models:
// while one is decoding others are in a model. What the visitor collects comes in the order given, so sums do not depend
// on the number of workers. At most 2 x workers utterances are held at once.
func Walk(ctx context.Context, c *corpus.Corpus, utterances []int, sources []*Source, workers int, v Visitor) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &walk{c: c, sources: sources, v: v, busy: make(chan struct{}, workers), cancel: cancel}
	w.turn = sync.NewCond(&w.mu)

	next := make(chan int)
	var group sync.WaitGroup
	for range min(2*workers, len(utterances)) {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range next {
				w.one(ctx, i, utterances[i])
			}
		}()
	}
feed:
	for i := range utterances {
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	group.Wait()
	if w.err != nil {
		return w.err
	}
	return ctx.Err()
}

type walk struct {
	c       *corpus.Corpus
	sources []*Source
	v       Visitor
	busy    chan struct{} // one token an utterance in decoding or in a model
	cancel  context.CancelFunc

	mu   sync.Mutex
	turn *sync.Cond
	at   int // position that may collect now
	err  error
}

// one takes the utterance at a position through the models, waits for its turn and collects it.
func (w *walk) one(ctx context.Context, position, u int) {
	w.busy <- struct{}{}
	acts, unreadable, err := w.activate(ctx, u)
	var reduced any
	if err == nil {
		reduced, err = w.v.Reduce(u, acts)
	}
	<-w.busy

	w.mu.Lock()
	for w.at != position {
		w.turn.Wait()
	}
	stop := w.err != nil
	w.mu.Unlock()
	if err == nil && !stop {
		err = w.v.Collect(ctx, u, reduced, acts, unreadable)
	}
	for _, a := range acts {
		a.Close()
	}

	w.mu.Lock()
	if err != nil && w.err == nil {
		w.err = err
		w.cancel()
	}
	w.at++
	w.turn.Broadcast()
	w.mu.Unlock()
}

// activate decodes the utterance once, if a wanted source needs it, and runs every wanted source. Audio that can't be
// read is not an error of Walk: the sources that need it give nothing.
func (w *walk) activate(ctx context.Context, u int) (acts []*Activations, unreadable, err error) {
	acts = make([]*Activations, len(w.sources))
	utt := &w.c.Utterances[u]
	var audio *corpus.Audio
	for _, i := range w.v.Sources(u) {
		if err := ctx.Err(); err != nil {
			return acts, nil, err
		}
		s := w.sources[i]
		if s.IsAudio() && audio == nil && unreadable == nil {
			audio, unreadable = w.c.Audio(utt)
		}
		if s.IsAudio() && unreadable != nil {
			continue
		}
		if acts[i], err = s.Activate(ctx, w.c, utt, audio); err != nil {
			return acts, nil, err
		}
	}
	return acts, unreadable, nil
}
