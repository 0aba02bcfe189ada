package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"speechsim/pipeline/load"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
	"speechsim/pipeline/progress"
)

// stopper ends a run after so many utterances.
type stopper struct {
	progress.Quiet
	after  int // 0: never
	then   func()
	skip   float64 // seconds of what earlier runs have made
	done   float64
	last   float64 // of done: the last call
	calls  int
	inPass bool
	notes  []string
}

func (s *stopper) Stage(name string, _ float64, _ string) { s.inPass = name == "extracting" }

func (s *stopper) Skip(seconds float64) {
	s.skip += seconds
	s.done += seconds
}

func (s *stopper) Add(seconds float64) {
	if !s.inPass {
		return
	}
	s.calls++
	s.done, s.last = s.done+seconds, seconds
	if s.calls == s.after {
		s.then()
	}
}

func (s *stopper) Note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// stoppedRun is a corpus of five parts of 13 utterances, each with more frames than a block, and every kind of work.
func stoppedRun(t *testing.T, store string, s *stopper) *plan.Plan {
	t.Helper()
	cfg := plantest.Config(t, plantest.Small,
		"corpus={librispeech: {root: ../../corpus/demo/LibriSpeech, subset: demo, groups: ../../corpus/demo/groups.csv}}", "store.numbers=float16",
		"comparisons.frames.metrics=[cka]", "comparisons.phones.metrics=[cka, {attention: {variant: [pearson, elkheir2024, frobenius]}}]", "comparisons.frames.null={draws: 19, frames: 500}")
	p := plantest.Plan(t, cfg, load.Options{Workers: 2, Runs: t.TempDir(), Store: store, Progress: s}, plan.Options{})
	s.inPass, s.calls, s.skip, s.done, s.notes = false, 0, 0, 0, nil
	return p
}

// makeAll makes all products.
func makeAll(ctx context.Context, p *plan.Plan) error {
	return Passes(ctx, p, p.AllParts(), func(int) error { return JoinRows(ctx, p) })
}

// makeStopped makes the products, and returns whether it was stopped.
func makeStopped(t *testing.T, store string, s *stopper) (stopped bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if s.after > 0 && s.then == nil {
		s.then = cancel
		defer func() { s.then = nil }()
	}
	err := makeAll(ctx, stoppedRun(t, store, s))
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return err != nil
}

// storeBytes reads the entries of a store.
func storeBytes(t *testing.T, store string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(store, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Dir(path) == store {
			return err
		}
		rel, _ := filepath.Rel(store, path)
		out[rel], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sameStore(t *testing.T, want map[string][]byte, store string) {
	t.Helper()
	got := storeBytes(t, store)
	for name, data := range want {
		if !bytes.Equal(data, got[name]) {
			t.Errorf("%s differs", name)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s is left behind", name)
	}
}

// calm is the store of a run that was left alone, which all tests here compare theirs with.
var calm struct {
	sync.Once
	files map[string][]byte
}

func calmStore(t *testing.T) map[string][]byte {
	t.Helper()
	calm.Do(func() {
		store := t.TempDir()
		if makeStopped(t, store, &stopper{}) {
			t.Fatal("it was stopped")
		}
		calm.files = storeBytes(t, store)
	})
	kinds := map[string]bool{}
	for name := range calm.files {
		kind, _, _ := strings.Cut(name, "-")
		kinds[kind] = true
	}
	if !kinds["rows16"] || !kinds["moments"] || !kinds["positions"] {
		t.Fatalf("the store holds %v", kinds)
	}
	return maps.Clone(calm.files)
}

// TestStopped: a run that is stopped again and again, after each utterance of a part among others, makes no utterance twice
// and leaves the bytes of one that was left alone.
func TestStopped(t *testing.T) {
	want := calmStore(t)
	const closely = 16 // runs that are stopped after one utterance: through the first part and into the second
	store, s, last, runs := t.TempDir(), &stopper{after: 1}, 0.0, 0
	for stopped := true; stopped; runs++ {
		if runs == closely {
			s.after = 9
		}
		stopped = makeStopped(t, store, s)
		if math.Abs(s.skip-last) > 1e-9 {
			t.Fatalf("%.2f s were made, and the next run goes on after %.2f s", last, s.skip)
		}
		last = s.done
		if len(s.notes) > 0 {
			t.Errorf("notes %q", s.notes)
		}
	}
	if runs < closely+2 {
		t.Errorf("there were %d runs", runs)
	}
	sameStore(t, want, store)
}

// killedStore is a store as a killed process leaves it, at the fifth utterance of the second part, before that is saved; and the
// seconds that are made.
func killedStore(t *testing.T, pause time.Duration) (killed string, made float64) {
	t.Helper()
	defer func(old func(time.Duration) time.Duration) { savePause = old }(savePause)
	savePause = func(time.Duration) time.Duration { return pause }
	store, killed := t.TempDir(), t.TempDir()
	s := &stopper{after: 13 + 5}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.then = func() {
		check(t, os.CopyFS(killed, os.DirFS(store)))
		unfinished, _ := filepath.Glob(filepath.Join(killed, "*", ".tmp-*"))
		for _, f := range unfinished {
			check(t, os.Rename(f, strings.Replace(f, fmt.Sprintf("-%d-", os.Getpid()), "-999999999-", 1)))
		}
		made = s.done - s.last
		cancel()
	}
	p := stoppedRun(t, store, s)
	if err := makeAll(ctx, p); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(killed, "*", "partial-*"))
	if saved := pause == 0; saved != (len(files) > 0) {
		t.Fatalf("saved: %v", files)
	}
	if pause > 0 {
		made = p.SecondsOf(p.Usable(0))
	}
	return killed, made
}

// TestKilled: a run that is killed goes on after the utterance that was saved last; without that, at the beginning of the
// part. What was saved and does not hold what it should is made again.
func TestKilled(t *testing.T) {
	want := calmStore(t)
	unsaved, firstPart := killedStore(t, time.Hour)
	saved, made := killedStore(t, 0)
	for _, tt := range []struct {
		name   string
		store  string
		made   float64
		damage func(t *testing.T, file string)
		says   string
	}{
		{name: "not saved", store: unsaved, made: firstPart},
		{name: "saved", store: saved, made: made},
		{name: "flipped", store: saved, made: firstPart, damage: flipMiddle, says: "is damaged: the checksum is"},
		{name: "of another part", store: saved, made: firstPart, damage: func(t *testing.T, file string) {
			check(t, os.Rename(file, strings.Replace(file, "partial-0001", "partial-0002", 1)))
		}, says: "is damaged: it is of"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			killed := t.TempDir()
			check(t, os.CopyFS(killed, os.DirFS(tt.store)))
			damaged := 0
			if tt.damage != nil {
				files, _ := filepath.Glob(filepath.Join(killed, "*", "partial-*"))
				for _, f := range files {
					tt.damage(t, f)
				}
				damaged = len(files)
			}
			s := &stopper{}
			if makeStopped(t, killed, s) {
				t.Fatal("it was stopped")
			}
			if math.Abs(s.skip-tt.made) > 1e-9 {
				t.Errorf("it went on after %.2f s, not %.2f s", s.skip, tt.made)
			}
			if len(s.notes) != damaged {
				t.Errorf("%d files are damaged, and the notes are %q", damaged, s.notes)
			}
			for _, note := range s.notes {
				if !strings.Contains(note, tt.says) || !strings.Contains(note, "the part is made from its beginning") {
					t.Errorf("the note says %q, not %q", note, tt.says)
				}
			}
			sameStore(t, want, killed)
		})
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func flipMiddle(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	check(t, err)
	data[len(data)/2] ^= 1
	check(t, os.WriteFile(file, data, 0o644))
}

// TestStoppedShards: shards that are stopped and started again are the run that was left alone.
func TestStoppedShards(t *testing.T) {
	want := calmStore(t)
	store := t.TempDir()
	for _, parts := range [][]int{{0, 3}, {1, 2, 4}} {
		s := &stopper{after: 7}
		for stopped := true; stopped; {
			ctx, cancel := context.WithCancel(context.Background())
			s.then = cancel
			err := Passes(ctx, stoppedRun(t, store, s), parts, func(int) error { return nil })
			if stopped = err != nil; stopped && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			cancel()
		}
	}
	p := stoppedRun(t, store, &stopper{})
	for _, part := range p.AllParts() {
		if p.Lacks(part) {
			t.Fatalf("part %d is missing", part)
		}
	}
	check(t, makeAll(context.Background(), p))
	sameStore(t, want, store)
}
