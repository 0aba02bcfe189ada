package shard

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/internal/text"
)

// Status is how far a run and its shards are.
type Status struct {
	Run    string    `json:"run"`
	Merged bool      `json:"merged"`          // the run has a manifest
	Begun  bool      `json:"begun"`           // it has a folder
	Maker  string    `json:"maker,omitempty"` // the process that makes its results
	Other  string    `json:"other,omitempty"` // how the config of the run that is there differs from this one
	Of     int       `json:"of"`              // shards that the run is being cut into, 0 when none has begun
	Shards []*Record `json:"shards"`          // those that have begun

	Queued  map[int]string `json:"queued,omitempty"` // what a workload manager says of shards: "pending in job 12"
	managed bool
}

// Only forgets what shards made for another config or other inputs: it counts for nothing.
func (s *Status) Only(stamp string) {
	s.Shards = slices.DeleteFunc(s.Shards, func(r *Record) bool { return r.Inputs.Stamp != stamp })
}

// Managed adds what a workload manager says: of how many shards it knows, and which of them are queued or at work.
func (s *Status) Managed(of int, queued map[int]string) {
	if s.Of != of {
		s.Of, s.Shards = of, nil // cut into another number
	}
	s.Queued, s.managed = queued, true
}

// Results adds what is known of the run's folder: the process that works on it, and how its config differs, "" where there is none.
func (s *Status) Results(maker, other string) { s.Maker, s.Other = maker, other }

// ReadStatus reads the records of the shards of a run: its store, its folder and its name. It opens no corpus and no model.
func ReadStatus(store, runDir, name string) (*Status, error) {
	s := &Status{Run: runDir, Begun: files.Exists(runDir), Shards: []*Record{}}
	s.Merged = files.Exists(filepath.Join(s.Run, "manifest.json"))
	records, err := ReadRecords(store, name)
	if err != nil || len(records) == 0 {
		return s, err
	}
	newest := slices.MaxFunc(records, func(a, b *Record) int { return a.Beat.Compare(b.Beat) })
	cut, _ := Parse(newest.Shard)
	s.Of = cut.Count
	for _, r := range records {
		if of, _ := Parse(r.Shard); of.Count == s.Of {
			s.Shards = append(s.Shards, r)
		}
	}
	return s, nil
}

// state says in words how shard number i is.
func (s *Status) state(i int, now time.Time) string {
	r := s.record(i)
	queued, active := s.Queued[i]
	switch {
	case r != nil && r.State == Done:
		return Done
	case active && (r == nil || r.State != Running):
		return queued
	case r == nil:
		return "not started"
	case r.State == Running && (s.managed && r.Job != "" && !active || !r.Alive(now)):
		return "killed" // without a word: its record still says running
	}
	return r.State
}

// Unfinished are the numbers of the shards that are neither done nor at work nor queued.
func (s *Status) Unfinished(now time.Time) []int {
	var out []int
	for i := 1; i <= s.Of; i++ {
		if _, queued := s.Queued[i]; queued {
			continue
		}
		if state := s.state(i, now); state != Done && state != Running {
			out = append(out, i)
		}
	}
	return out
}

func (s *Status) record(index int) *Record {
	for _, r := range s.Shards {
		if of, _ := Parse(r.Shard); of.Index == index {
			return r
		}
	}
	return nil
}

// Text is the status for people: a line a shard.
func (s *Status) Text(now time.Time) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	count := map[string]int{}
	for i := range s.Of {
		r := s.record(i + 1)
		name, state, rest := Shard{i + 1, s.Of}.String(), s.state(i+1, now), ""
		if r != nil {
			rest = fmt.Sprintf("%.1f min of audio\t%s\t%s", r.Audio/60, r.Host, r.Beat.Local().Format("2006-01-02 15:04:05"))
			if r.Job != "" {
				rest += "\tjob " + r.Job
			}
			if r.Log != "" {
				rest += "\t" + r.Log
			}
			if r.Error != "" {
				rest += "\t" + r.Error
			}
		}
		count[state]++
		fmt.Fprintf(w, "%s\t%s\t%s\n", name, state, rest)
	}
	w.Flush()
	if s.Of > 0 {
		var parts []string
		for _, state := range slices.Sorted(maps.Keys(count)) {
			parts = append(parts, fmt.Sprintf("%d %s", count[state], state))
		}
		fmt.Fprintf(&b, "%s: %s\n", text.Count(s.Of, "shard", "shards"), strings.Join(parts, ", "))
	}
	fmt.Fprintln(&b, s.results())
	return b.String()
}

// results says how far the results are.
func (s *Status) results() string {
	switch {
	case s.Maker != "":
		return fmt.Sprintf("%s is being made by %s", s.Run, s.Maker)
	case s.Merged && s.Other != "":
		return fmt.Sprintf("%s holds the results of another config: %s", s.Run, s.Other)
	case s.Merged && s.Of == 0:
		return s.Run + " is complete"
	case s.Merged:
		return "merged: " + s.Run
	case s.Of > 0:
		return "not merged"
	case s.Begun:
		return fmt.Sprintf("%s was begun and did not come to its end: pipeline run goes on from where it stopped", s.Run)
	}
	return fmt.Sprintf("%s has not been run, and no shard of it has been started with this store", filepath.Base(s.Run))
}
