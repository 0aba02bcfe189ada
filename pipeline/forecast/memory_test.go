package forecast

import (
	"context"
	"testing"

	"speechsim/models"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
)

// TestWalk: models keep the memory of runs that met, and no more; outputs are held until those of the utterances before are collected.
func TestWalk(t *testing.T) {
	run := func(inside ...int64) (runs []models.RunMemory) {
		for _, n := range inside {
			runs = append(runs, models.RunMemory{Inside: n, Outputs: 1})
		}
		return runs
	}
	for _, c := range []struct {
		name    string
		workers int
		runs    [][]models.RunMemory
		want    int64
	}{
		{"one worker takes the longest", 1, [][]models.RunMemory{run(10), run(30), run(20)}, 30 + 1},
		{"two at a time", 2, [][]models.RunMemory{run(10), run(30), run(20)}, 50 + 2},
		{"a short one goes by", 2, [][]models.RunMemory{run(50), run(10), run(10)}, 60 + 3}, // the third begins when the second, done, waits
		{"they don't meet in the second model", 2, [][]models.RunMemory{run(30, 30), run(60, 5)}, 90 + 30 + 4},
		{"they meet there", 2, [][]models.RunMemory{run(30, 30), run(31, 30)}, 61 + 60 + 4},
	} {
		w := &walk{workers: make([]worker, c.workers), arenas: make([]int64, len(c.runs[0]))}
		for _, r := range c.runs {
			w.utterance(r)
		}
		if got := w.bytes(); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// TestModelMemory: no more is foretold than a plan makes room for, and no less than the models and the longest utterance take alone.
func TestModelMemory(t *testing.T) {
	p := plantest.Plan(t, plantest.Config(t, plantest.Small), plantest.In(t.TempDir()), plan.Options{})
	all := p.Models.All()
	worst := plan.ModelMemoryOf(p.Inputs, all)
	got, least := modelMemory(p, all), worst.Loaded
	for _, s := range p.Sources {
		if s.IsAudio() && s.Model != nil {
			longest := p.Together[0]
			r := s.Model.RunMemory(s.Steps(p.Corpus, longest, p.Lengths[longest]))
			least += r.Inside + r.Outputs
		}
	}
	if got < least || got > worst.Bytes {
		t.Errorf("%d bytes are foretold, of at least %d and at most %d", got, least, worst.Bytes)
	}
	if none := modelMemory(p, nil); none != 0 {
		t.Errorf("%d bytes of no models", none)
	}
	f, err := Run(context.Background(), p, true)
	if err != nil {
		t.Fatal(err)
	}
	if f.MemoryBytes < got || f.MemoryBytes != max(f.Collecting, f.Measuring) {
		t.Errorf("%+v", f)
	}
}
