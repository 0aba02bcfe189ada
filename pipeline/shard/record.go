package shard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/load"
	"speechsim/pipeline/plan"
)

// States of a shard.
const (
	Running     = "running"
	Done        = "done"
	Failed      = "failed"
	Interrupted = "interrupted"
)

// beatEvery is how often a running shard writes its record again; one whose record is much older was killed.
const beatEvery = 15 * time.Second

// Record is what a shard says about itself, in store/shards/NAME/INDEX-of-COUNT.json: it is how others know what runs,
// what failed, and what was made from other inputs. Nothing is locked: the work itself is named by its inputs.
type Record struct {
	Shard   string           `json:"shard"` // "3/16"
	State   string           `json:"state"`
	Error   string           `json:"error,omitempty"`
	Parts   []string         `json:"parts"`         // groups that it works on
	Audio   float64          `json:"audio_seconds"` // in them
	Inputs  load.Fingerprint `json:"inputs"`
	Work    []string         `json:"work"` // products of the store that it makes its parts of
	Host    string           `json:"host"`
	Process int              `json:"process"`
	Job     string           `json:"job,omitempty"` // of Slurm or Kubernetes
	Log     string           `json:"log,omitempty"`
	Began   time.Time        `json:"began"`
	Beat    time.Time        `json:"beat"` // of the last sign of life

	Path string `json:"-"`
	mu   sync.Mutex
}

// Alive says whether a running shard has given a sign of life lately.
func (r *Record) Alive(now time.Time) bool {
	return r.State == Running && now.Sub(r.Beat) < 6*beatEvery
}

func shardDir(store, run string) string { return filepath.Join(store, "shards", run) }

// NewRecord is the record of a shard that begins to make some parts of a plan.
func NewRecord(p *plan.Plan, s Shard, parts []int) *Record {
	host, _ := os.Hostname()
	now := time.Now().UTC()
	r := &Record{
		Shard: s.String(), State: Running, Inputs: p.Fingerprint, Host: host, Process: os.Getpid(), Began: now, Beat: now,
		Job: os.Getenv("SPEECHSIM_JOB"), Log: os.Getenv("SPEECHSIM_LOG"),
		Path: filepath.Join(shardDir(p.Store.Dir, p.Config.Name), fmt.Sprintf("%d-of-%d.json", s.Index, s.Count)),
	}
	r.Work = p.Keys()
	for _, part := range parts {
		r.Parts = append(r.Parts, p.Parts[part].Name)
		r.Audio += p.SecondsOf(p.Usable(part))
	}
	return r
}

// Write writes the record, with a sign of life.
func (r *Record) Write() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Beat = time.Now().UTC()
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(r.Path), 0o755); err != nil {
		return err
	}
	return files.Write(r.Path, func(w io.Writer) error { _, err := w.Write(append(data, '\n')); return err })
}

// KeepWriting writes the record now and then until stop is called.
func (r *Record) KeepWriting() (stop func()) {
	done := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				r.Write() // a beat that is lost is followed by another
			}
		}
	})
	return func() { close(done); group.Wait() }
}

// Finish records that the shard's parts are made.
func (r *Record) Finish() error {
	r.State = Done
	return r.Write()
}

// Fail records why the shard ended. The caller returns that error, so one of writing is not worth another.
func (r *Record) Fail(ctx context.Context, err error) {
	r.State, r.Error = Failed, err.Error()
	if ctx.Err() != nil {
		r.State, r.Error = Interrupted, ""
	}
	r.Write()
}

// AddUsers adds to users, by the keys of what they use, the runs that shards of a store have worked for.
func AddUsers(users map[string][]string, store string) error {
	runs, err := os.ReadDir(shardDir(store, ""))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, run := range runs {
		records, err := ReadRecords(store, run.Name())
		if err != nil {
			return err
		}
		for _, r := range records {
			for _, key := range r.Work {
				users[key] = append(users[key], run.Name())
			}
		}
	}
	return nil
}

// ReadRecords reads the records of a run's shards, in order of number. Those of an earlier cut into another number of
// shards are among them.
func ReadRecords(store, run string) ([]*Record, error) {
	dir := shardDir(store, run)
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []*Record
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") || filepath.Ext(f.Name()) != ".json" {
			continue
		}
		path := filepath.Join(dir, f.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		r := &Record{Path: path}
		if err := json.Unmarshal(data, r); err != nil {
			return nil, fmt.Errorf("%s is damaged (%w): delete it; it only says how far a shard is", path, err)
		}
		if _, err := Parse(r.Shard); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out = append(out, r)
	}
	sort.Slice(out, func(i, j int) bool {
		a, _ := Parse(out[i].Shard)
		b, _ := Parse(out[j].Shard)
		if a.Count != b.Count {
			return a.Count < b.Count
		}
		return a.Index < b.Index
	})
	return out, nil
}
