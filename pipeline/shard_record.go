package pipeline

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
)

// States of a shard.
const (
	ShardRunning     = "running"
	ShardDone        = "done"
	ShardFailed      = "failed"
	ShardInterrupted = "interrupted"
)

// beatEvery is how often a running shard writes its record again; one whose record is much older was killed.
const beatEvery = 15 * time.Second

// ShardRecord is what a shard says about itself, in store/shards/NAME/INDEX-of-COUNT.json: it is how others know what runs,
// what failed, and what was made from other inputs. Nothing is locked: the work itself is named by its inputs.
type ShardRecord struct {
	Shard   string      `json:"shard"` // "3/16"
	State   string      `json:"state"`
	Error   string      `json:"error,omitempty"`
	Parts   []string    `json:"parts"`         // groups that it works on
	Audio   float64     `json:"audio_seconds"` // in them
	Inputs  fingerprint `json:"inputs"`
	Work    []string    `json:"work"` // products of the store that it makes its parts of
	Host    string      `json:"host"`
	Process int         `json:"process"`
	Job     string      `json:"job,omitempty"` // of Slurm or Kubernetes
	Log     string      `json:"log,omitempty"`
	Began   time.Time   `json:"began"`
	Beat    time.Time   `json:"beat"` // of the last sign of life

	path string
	mu   sync.Mutex
}

// Alive says whether a running shard has given a sign of life lately.
func (r *ShardRecord) Alive(now time.Time) bool {
	return r.State == ShardRunning && now.Sub(r.Beat) < 6*beatEvery
}

func shardDir(store, run string) string { return filepath.Join(store, "shards", run) }

func (p *Plan) newRecord(s Shard, parts []int) *ShardRecord {
	host, _ := os.Hostname()
	now := time.Now().UTC()
	r := &ShardRecord{
		Shard: s.String(), State: ShardRunning, Inputs: p.fingerprint, Host: host, Process: os.Getpid(), Began: now, Beat: now,
		Job: os.Getenv("SPEECHSIM_JOB"), Log: os.Getenv("SPEECHSIM_LOG"),
		path: filepath.Join(shardDir(p.store.Dir, p.Config.Name), fmt.Sprintf("%d-of-%d.json", s.Index, s.Count)),
	}
	r.Work = p.products()
	for _, part := range parts {
		r.Parts = append(r.Parts, p.parts[part].name)
		r.Audio += p.secondsOf(p.usable(part))
	}
	return r
}

// products are the keys of what is made part by part in a walk over the corpus.
func (p *Plan) products() []string {
	var out []string
	for _, key := range p.pooledKeys() {
		out = append(out, p.pooled[key].entry.Key)
	}
	for _, b := range p.bases {
		for _, t := range b.each() {
			if t.unit == "attention" || t.unit == "frame" && t.frames == "" {
				out = append(out, t.entry.Key)
			}
		}
	}
	return out
}

func (r *ShardRecord) write() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Beat = time.Now().UTC()
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(r.path), 0o755); err != nil {
		return err
	}
	return files.Write(r.path, func(w io.Writer) error { _, err := w.Write(append(data, '\n')); return err })
}

// beat writes the record now and then until stop is called.
func (r *ShardRecord) beat() (stop func()) {
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
				r.write() // a beat that is lost is followed by another
			}
		}
	})
	return func() { close(done); group.Wait() }
}

// fail records why the shard ended. The caller returns that error, so one of writing is not worth another.
func (r *ShardRecord) fail(ctx context.Context, err error) {
	r.State, r.Error = ShardFailed, err.Error()
	if ctx.Err() != nil {
		r.State, r.Error = ShardInterrupted, ""
	}
	r.write()
}

// ReadShards reads the records of a run's shards, in order of number. Those of an earlier cut into another number of
// shards are among them.
func ReadShards(store, run string) ([]*ShardRecord, error) {
	dir := shardDir(store, run)
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []*ShardRecord
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") || filepath.Ext(f.Name()) != ".json" {
			continue
		}
		path := filepath.Join(dir, f.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		r := &ShardRecord{path: path}
		if err := json.Unmarshal(data, r); err != nil {
			return nil, fmt.Errorf("%s is damaged (%w): delete it; it only says how far a shard is", path, err)
		}
		if _, err := ParseShard(r.Shard); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out = append(out, r)
	}
	sort.Slice(out, func(i, j int) bool {
		a, _ := ParseShard(out[i].Shard)
		b, _ := ParseShard(out[j].Shard)
		if a.Count != b.Count {
			return a.Count < b.Count
		}
		return a.Index < b.Index
	})
	return out, nil
}
