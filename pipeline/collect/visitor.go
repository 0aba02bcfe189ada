package collect

import (
	"context"
	"slices"
	"time"

	"speechsim/extract"
	"speechsim/pipeline/plan"
)

// visitor hands one pass to the jobs of all parts and products.
type visitor struct {
	plan     *plan.Plan
	ctx      context.Context // of adding an utterance, which must not be cut in half: it lasts longer than that of the pass
	saving   context.Context // of saving: it lasts longer still
	jobs     [][]*job        // of each part
	partOf   []int           // of each utterance
	position []int           // of each utterance in its part
	at       int             // the part that is being collected
	next     time.Time       // when the part is saved again
}

// advance finishes the parts before part and begins it.
func (v *visitor) advance(part int) error {
	for v.at < part {
		if v.at >= 0 {
			for _, j := range v.jobs[v.at] {
				if err := j.finish(v.ctx); err != nil {
					return err
				}
				j.finished = true
			}
			v.jobs[v.at] = nil // their memory
		}
		v.at++
		if v.at == len(v.jobs) {
			return nil
		}
		for _, j := range v.jobs[v.at] {
			if err := j.start(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Sources are the sources that the jobs of an utterance need.
func (v *visitor) Sources(u int) []int {
	var out []int
	for _, j := range v.jobs[v.partOf[u]] {
		if v.position[u] < j.first {
			continue
		}
		for _, s := range j.sources(u) {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// Reduce does what can be done with an utterance before its turn.
func (v *visitor) Reduce(u int, acts []*extract.Activations) (any, error) {
	jobs := v.jobs[v.partOf[u]]
	out := make([]any, len(jobs))
	for i, j := range jobs {
		if v.position[u] < j.first {
			continue
		}
		var err error
		if out[i], err = j.reduce(u, acts); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Collect adds an utterance to all products, in its turn.
func (v *visitor) Collect(_ context.Context, u int, reduced any, acts []*extract.Activations, unreadable error) error {
	if err := v.advance(v.partOf[u]); err != nil {
		return err
	}
	for i, j := range v.jobs[v.at] {
		if v.position[u] < j.first {
			continue
		}
		if err := j.collect(v.ctx, u, reduced.([]any)[i], acts, unreadable); err != nil {
			j.broken = true
			return err
		}
		j.done = v.position[u] + 1
	}
	v.plan.Progress.Add(v.plan.SecondsOf([]int{u}))
	began := time.Now()
	if began.Before(v.next) {
		return nil
	}
	for _, j := range v.jobs[v.at] {
		if err := j.checkpoint(v.saving); err != nil {
			return err
		}
	}
	v.next = time.Now().Add(savePause(time.Since(began)))
	return nil
}

// save keeps what there is of the part that was being collected when the run was stopped or failed. What can't be saved in
// time is made again from where it was saved last.
func (v *visitor) save() {
	if v.at < 0 || v.at == len(v.jobs) {
		return
	}
	for _, j := range v.jobs[v.at] {
		if err := j.checkpoint(v.saving); err != nil {
			v.plan.Progress.Note("part %s can't be saved as it is: %v", v.plan.Parts[v.at].Name, err)
		}
	}
}

// close leaves nothing of what is neither saved nor finished.
func (v *visitor) close() {
	for _, jobs := range v.jobs {
		for _, j := range jobs {
			if j.started && !j.finished {
				j.discard()
			}
			if j.saved != nil {
				j.saved.Close()
			}
		}
	}
}
