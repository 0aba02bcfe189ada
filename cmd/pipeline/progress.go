package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	progressbar "github.com/schollz/progressbar/v3"

	"speechsim/pipeline/progress"
)

// newProgress shows progress on stderr: a bar on a terminal, a line every 30 s elsewhere, or one JSON object per line with --json.
func newProgress(w io.Writer, asJSON bool) progress.Reporter {
	var p progress.Reporter
	switch {
	case asJSON:
		p = &jsonProgress{lines: lines{w: w, now: time.Now}}
	case isTerminal(w):
		return &barProgress{w: w}
	default:
		p = &lineProgress{lines: lines{w: w, now: time.Now}}
	}
	go func() { // so that lines are printed during one long piece of work too
		for range time.Tick(time.Second) {
			p.Add(0)
		}
	}()
	return p
}

// lines counts a stage and says when a line is due.
type lines struct {
	mu          sync.Mutex
	w           io.Writer
	now         func() time.Time
	name, unit  string
	done, total float64
	skipped     float64 // of done: what earlier runs have done
	start, last time.Time
}

// interval is how often a line is printed where there is no terminal.
const interval = 30 * time.Second

func (l *lines) begin(name string, total float64, unit string) {
	l.name, l.unit, l.done, l.skipped, l.total = name, unit, 0, 0, total
	l.start = l.now()
	l.last = l.start
}

func (l *lines) due() bool {
	if l.name == "" || l.now().Sub(l.last) < interval {
		return false
	}
	l.last = l.now()
	return true
}

func (l *lines) skip(done float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done += done
	l.skipped += done
}

// left estimates the time to the end of the stage, false when it can't be known.
func (l *lines) left() (time.Duration, bool) {
	rate := l.rate()
	if rate <= 0 || l.total <= 0 {
		return 0, false
	}
	return time.Duration((l.total - l.done) / rate * float64(time.Second)).Round(time.Second), true
}

// rate is how many units a second were done so far in this stage.
func (l *lines) rate() float64 {
	if spent := l.now().Sub(l.start).Seconds(); spent > 0 {
		return (l.done - l.skipped) / spent
	}
	return 0
}

// audio is the unit of stages that pass over the audio. They count seconds and print hours and the speed.
const audio = "s of audio"

// String is the state of the stage for people, with the memory that the process takes.
func (l *lines) String() string {
	s := fmt.Sprintf("%s: %.0f of %.0f %s", l.name, l.done, l.total, l.unit)
	switch {
	case l.unit == audio:
		s = fmt.Sprintf("%s: %.2f of %.2f h of audio, %.3g x real time", l.name, l.done/3600, l.total/3600, l.rate())
	case l.total <= 0:
		s = fmt.Sprintf("%s: %.0f %s", l.name, l.done, l.unit)
	}
	if left, known := l.left(); known {
		s += fmt.Sprintf(", %s left", left)
	}
	return fmt.Sprintf("%s, %d MiB", s, residentBytes()>>20)
}

type lineProgress struct{ lines }

func (p *lineProgress) Stage(name string, total float64, unit string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begin(name, total, unit)
	if total <= 0 {
		fmt.Fprintln(p.w, name)
		return
	}
	fmt.Fprintf(p.w, "%s: %.0f %s\n", name, total, unit)
}

func (p *lineProgress) Add(done float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += done
	if p.due() {
		fmt.Fprintln(p.w, p.lines.String())
	}
}

func (p *lineProgress) Skip(done float64) { p.skip(done) }

func (p *lineProgress) Note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, format+"\n", args...)
}

type jsonProgress struct{ lines }

func (p *jsonProgress) write(v map[string]any) {
	v["time"] = p.now().UTC().Format(time.RFC3339)
	line, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	fmt.Fprintf(p.w, "%s\n", line)
}

func (p *jsonProgress) state(event string) {
	v := map[string]any{"event": event, "stage": p.name, "unit": p.unit, "done": p.done, "skipped": p.skipped, "total": p.total,
		"a_second": p.rate(), "memory_bytes": residentBytes()}
	if left, known := p.left(); known {
		v["seconds_left"] = left.Seconds()
	}
	p.write(v)
}

func (p *jsonProgress) Stage(name string, total float64, unit string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begin(name, total, unit)
	p.state("stage")
}

func (p *jsonProgress) Add(done float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += done
	if p.due() {
		p.state("progress")
	}
}

func (p *jsonProgress) Skip(done float64) { p.skip(done) }

func (p *jsonProgress) Note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(map[string]any{"event": "note", "message": fmt.Sprintf(format, args...)})
}

// barProgress draws one bar per stage.
type barProgress struct {
	w       io.Writer
	bar     *progressbar.ProgressBar
	partial float64 // of a unit, not yet shown
}

func (p *barProgress) Stage(name string, total float64, unit string) {
	if p.bar != nil {
		p.bar.Finish()
		fmt.Fprintln(p.w)
	}
	p.partial = 0
	p.bar = progressbar.NewOptions64(int64(total), progressbar.OptionSetWriter(p.w), progressbar.OptionSetDescription(fmt.Sprintf("%-16s", name)),
		progressbar.OptionShowCount(), progressbar.OptionSetItsString(unit), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetPredictTime(true), progressbar.OptionShowIts())
}

func (p *barProgress) Add(done float64) {
	p.partial += done
	if whole := int64(p.partial); whole > 0 && p.bar != nil {
		p.partial -= float64(whole)
		p.bar.Add64(whole)
	}
}

// Skip shows what earlier runs have done.
func (p *barProgress) Skip(done float64) { p.Add(done) }

func (p *barProgress) Note(format string, args ...any) {
	if p.bar != nil {
		p.bar.Clear()
	}
	fmt.Fprintf(p.w, format+"\n", args...)
}
