package forecast

import (
	"slices"

	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/models"
	"speechsim/pipeline/native"
	"speechsim/pipeline/plan"
)

// countMemory adds up the peaks.
func (f *forecaster) countMemory() {
	for pass, moments := range f.moments {
		running := f.Models.All() // where there is one pass alone, none is let go before
		if f.Plan.Passes > 1 {
			running = f.SourcesOf(pass)
		}
		f.Collecting = max(f.Collecting, modelMemory(f.Plan, running)+moments)
	}
	f.Collecting = max(f.Collecting, plan.ModelMemoryOf(f.Inputs, f.Models.All()).Loading)
	held := plan.ProcessBytes(f.Workers) + native.WithGarbage(native.HeapBytes()) // utterances with their labels, tables of rows
	f.Collecting, f.Measuring = f.Collecting+held, f.Measuring+held
	f.MemoryBytes = max(f.Collecting, f.Measuring)
}

// modelMemory is what some sources will take while they run. A plan makes room for the case that the longest utterances are in one model
// at the same time ([plan.ModelMemoryOf]); here the walk over all utterances is gone through, as if each run took the longer the more it
// holds, and what meets is added up. Of few utterances that is a good deal less.
func modelMemory(p *plan.Plan, sources []int) int64 {
	worst := plan.ModelMemoryOf(p.Inputs, sources)
	var running []*extract.Source
	for _, i := range sources {
		switch s := p.Sources[i]; {
		case s.Features != nil: // they are read, and nothing runs
			return worst.Bytes
		case s.Model != nil:
			running = append(running, s)
		}
	}
	if len(running) == 0 || len(p.Together) == 0 {
		return worst.Bytes
	}
	w := &walk{workers: make([]worker, p.Workers), arenas: make([]int64, len(running))}
	tokens := make([]float64, len(running)) // of a text model, for each sample of the longest utterance
	for k, s := range running {
		if s.Text != nil {
			longest := p.Together[0]
			tokens[k] = float64(s.Steps(p.Corpus, longest, p.Lengths[longest])) / float64(p.Lengths[longest])
		}
	}
	for part := range p.Parts {
		for _, u := range p.Usable(part) {
			runs := make([]models.RunMemory, len(running))
			for k, s := range running {
				steps := int(tokens[k] * float64(p.Lengths[u]))
				if s.Text == nil {
					steps = s.Steps(p.Corpus, u, p.Lengths[u])
				}
				runs[k] = s.Model.RunMemory(steps)
			}
			w.utterance(runs)
		}
	}
	return min(worst.Bytes, worst.Loaded+w.bytes())
}

// walk goes through [extract.Walk] by the clock: each worker takes one utterance after the other through all models.
type walk struct {
	workers   []worker
	held      []held  // utterances that are not collected
	collected float64 // when the last was
	arenas    []int64 // of each model: the most that its runs held at one time, which it keeps
	outputs   int64   // the most that there was at one time
}

// worker is what a worker is at: one utterance in one model after the other.
type worker struct {
	ends []float64 // when each model has it no more; it is in the first from begin on
	runs []models.RunMemory

	begin float64
}

// held is what was given for an utterance, from its beginning until it is collected.
type held struct {
	end     float64
	outputs int64
}

// utterance gives the next utterance to the worker who is free first.
func (w *walk) utterance(runs []models.RunMemory) {
	next := slices.IndexFunc(w.workers, func(x worker) bool { return x.ends == nil })
	if next < 0 {
		next = 0
		for i := range w.workers {
			if w.workers[i].end() < w.workers[next].end() {
				next = i
			}
		}
	}
	mine := worker{begin: w.workers[next].end(), runs: runs}
	outputs, at := int64(0), mine.begin
	for _, r := range runs {
		at += float64(r.Inside)
		mine.ends = append(mine.ends, at)
		outputs += r.Outputs
	}
	w.workers[next] = mine
	for k := range runs {
		together := int64(0)
		for i := range w.workers {
			if w.workers[i].meets(mine, k) {
				together += w.workers[i].runs[k].Inside
			}
		}
		w.arenas[k] = max(w.arenas[k], together)
	}
	w.held = slices.DeleteFunc(w.held, func(h held) bool { return h.end <= mine.begin })
	w.collected = max(w.collected, at) // in order
	w.held = append(w.held, held{w.collected, outputs})
	all := int64(0)
	for _, h := range w.held {
		all += h.outputs
	}
	w.outputs = max(w.outputs, all)
}

// end is when a worker is free.
func (x worker) end() float64 {
	if len(x.ends) == 0 {
		return 0
	}
	return x.ends[len(x.ends)-1]
}

// meets says whether two workers are in model k at one time.
func (x worker) meets(y worker, k int) bool {
	if x.ends == nil {
		return false
	}
	return x.enters(k) < y.ends[k] && y.enters(k) < x.ends[k]
}

// enters is when a worker takes its utterance to model k.
func (x worker) enters(k int) float64 {
	if k == 0 {
		return x.begin
	}
	return x.ends[k-1]
}

// bytes is what the walk took in all.
func (w *walk) bytes() int64 {
	all := w.outputs
	for _, a := range w.arenas {
		all += a
	}
	return all
}

// rowsBytes is the memory that the metrics of a task that read rows take: the rows of the layers that are being searched, with a
// copy, and what is found for each row of each layer.
func rowsBytes(t *plan.Task, rows int) int64 {
	const neighbour, anchor = 4, 8 // bytes
	widest, found := 0, map[string]int{}
	for _, l := range t.Layers {
		widest = max(widest, l.Units)
	}
	for _, m := range t.Measures {
		switch m.Name {
		case "knn":
			found[m.Name] = metrics.KNNNeighbours * neighbour
		case "asif":
			found[m.Name+m.Variant.Name] = max(found[m.Name+m.Variant.Name], m.Params.K*anchor)
		}
	}
	each := 0
	for _, bytes := range found {
		each += bytes
	}
	searched := min(t.Inputs.Workers, len(t.Layers))
	return int64(rows) * (int64(searched)*2*4*int64(widest) + int64(each)*int64(len(t.Layers)))
}
