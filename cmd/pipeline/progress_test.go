package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestProgress: a line each 30 s says how much is done, how fast, and how long it will take.
func TestProgress(t *testing.T) {
	now := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	work := func(p interface {
		Stage(string, float64, string)
		Skip(float64)
		Add(float64)
	}) {
		p.Add(0) // before there is a stage
		p.Stage("extracting", 7200, audio)
		p.Skip(1800)  // which takes no time, and says nothing about the speed
		for range 4 { // 10 s of work for 300 s of audio each
			now = now.Add(10 * time.Second)
			p.Add(300)
		}
	}
	var text bytes.Buffer
	work(&lineProgress{lines: lines{w: &text, now: clock}})
	want := regexp.MustCompile(`^extracting: 7200 s of audio\nextracting: 0\.75 of 2\.00 h of audio, 30 x real time, 2m30s left, [1-9]\d* MiB\n$`)
	if !want.MatchString(text.String()) {
		t.Errorf("the lines are %q", text.String())
	}

	text.Reset()
	work(&jsonProgress{lines: lines{w: &text, now: clock}})
	out := strings.Split(strings.TrimSpace(text.String()), "\n")
	var last struct {
		Event                string
		Done, Total, Skipped float64
		Rate                 float64 `json:"a_second"`
		Left                 float64 `json:"seconds_left"`
		Memory               int64   `json:"memory_bytes"`
	}
	if err := json.Unmarshal([]byte(out[len(out)-1]), &last); err != nil {
		t.Fatal(err)
	}
	if len(out) != 2 || last.Event != "progress" || last.Done != 2700 || last.Skipped != 1800 || last.Total != 7200 || last.Rate != 30 || last.Left != 150 || last.Memory == 0 {
		t.Errorf("%d lines, the last %+v", len(out), last)
	}
}

func TestUnits(t *testing.T) {
	for unit, want := range map[string]string{"utterances": "utterance", "entries": "entry", "groups left out": "group left out", audio: audio, "MB": "MB"} {
		if got := (&lines{unit: unit}).unitOf(1); got != want {
			t.Errorf("1 %s, want 1 %s", got, want)
		}
	}
}

// TestTerminal: one line that changes, no speed before there is one, and no time left of what is done; other text goes below.
func TestTerminal(t *testing.T) {
	now := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	var text bytes.Buffer
	p := &terminalProgress{lines: lines{w: &text, now: func() time.Time { return now }}}
	p.Stage("extracting", 7200, audio)
	p.Skip(7000)
	p.Add(1)
	now = now.Add(time.Second)
	p.Add(99)
	p.Note("a note")
	p.Stage("drawing", 2, "figures")
	now = now.Add(time.Second)
	p.Add(2)
	out := settled{&text, p}
	out.Write([]byte("results\n"))
	out.Write([]byte("report\n"))
	got := regexp.MustCompile(`\d+ MiB`).ReplaceAllString(text.String(), "M")
	want := strings.ReplaceAll("<extracting: 0.00 of 2.00 h of audio, M<extracting: 1.97 of 2.00 h of audio, 100 x real time, 1s left, M<a note\n"+
		"<extracting: 1.97 of 2.00 h of audio, 100 x real time, 1s left, M<extracting: 1.97 of 2.00 h of audio, 100 x real time, 1s left, M\n"+
		"<drawing: 0 of 2 figures, M<drawing: 2 of 2 figures, M<drawing: 2 of 2 figures, M\nresults\nreport\n", "<", clearLine)
	if got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// TestDownloads: downloads say how fast they are.
func TestDownloads(t *testing.T) {
	now := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	var text bytes.Buffer
	p := &lineProgress{lines: lines{w: &text, now: func() time.Time { return now }}}
	p.Stage("fetching", 1432, megabytes)
	p.Skip(500)
	now = now.Add(40 * time.Second)
	p.Add(100)
	if want := regexp.MustCompile(`\nfetching: 600 of 1432 MB, 2\.5 MB/s, 5m33s left, [1-9]\d* MiB\n$`); !want.MatchString(text.String()) {
		t.Errorf("the lines are %q", text.String())
	}
}
