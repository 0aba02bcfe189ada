package pipeline

import (
	"context"
	"time"

	"speechsim/extract"
)

// A run that is told to stop has so long to finish adding the utterance that is being collected, and from then on to save what
// it is at. Slurm and Kubernetes kill a process half a minute after they asked it to end, people sooner.
const (
	collectWithin = 3 * time.Second
	saveWithin    = 7 * time.Second
)

// saveEvery is how often the part that is being made is saved, for runs that are killed without a word.
const saveEvery = 10 * time.Minute

// savePause is how long after a save that took so long the next one comes. Where sums are gigabytes on a slow disk, saving
// takes 2 % of the time.
var savePause = func(took time.Duration) time.Duration { return max(saveEvery, 50*took) }

// outlast returns a context that ends so long after ctx does.
func outlast(ctx context.Context, long time.Duration) (context.Context, context.CancelFunc) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(long, cancel) })
	return lasting, func() { stop(); cancel() }
}

// begunWork is the work on a part from the utterance on that an earlier run came to.
type begunWork struct {
	partWork
	saved    *extract.Partial // nil: the part is made from its beginning
	first    int              // position in the part of the first utterance that it lacks
	done     int              // position after the last that it has
	kept     int              // position after the last that was saved
	started  bool
	broken   bool // something went wrong half-way in an utterance
	finished bool
}

// resume lists what a part lacks, with what earlier runs have saved of it. What can't be used is made again.
func (p *Plan) resume(walk, part int) []*begunWork {
	var out []*begunWork
	for _, work := range p.missingWork(walk, part) {
		w := &begunWork{partWork: work}
		saved, err := work.product().OpenPartial(part)
		if err != nil {
			p.opts.Progress.Note("%v: the part is made from its beginning", err)
		}
		if saved != nil {
			w.saved, w.first, w.done, w.kept = saved, saved.Utterances, saved.Utterances, saved.Utterances
		}
		out = append(out, w)
	}
	return out
}

func (w *begunWork) start() error {
	w.started = true
	return w.begin(w.saved)
}

// keep saves the part as it is, unless that was done.
func (w *begunWork) keep(ctx context.Context) error {
	if !w.started || w.broken || w.finished || w.done == w.kept {
		return nil
	}
	if err := w.save(ctx, w.done); err != nil {
		w.broken = true
		return err
	}
	w.kept = w.done
	return nil
}

// save keeps what there is of the part that was being collected when the run was stopped or failed. What can't be saved in
// time is made again from where it was saved last.
func (v *visitor) save() {
	if v.at < 0 || v.at == len(v.works) {
		return
	}
	for _, w := range v.works[v.at] {
		if err := w.keep(v.saving); err != nil {
			v.plan.opts.Progress.Note("part %s can't be saved as it is: %v", v.plan.parts[v.at].name, err)
		}
	}
}

// close leaves nothing of what is neither saved nor finished.
func (v *visitor) close() {
	for _, works := range v.works {
		for _, w := range works {
			if w.started && !w.finished {
				w.abandon()
			}
			if w.saved != nil {
				w.saved.Close()
			}
		}
	}
}
