package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"speechsim/pipeline/progress"
)

// progress shows progress on stderr: one line that changes on a terminal, a line every 30 s elsewhere, or one JSON object per line
// with --json.
func (c *call) progress(asJSON bool) progress.Reporter {
	var p progress.Reporter
	switch {
	case asJSON:
		p = &jsonProgress{lines{w: c.stderr, now: time.Now}}
	case isTerminal(c.stderr):
		line := &terminalProgress{lines: lines{w: c.stderr, now: time.Now}}
		c.stdout, c.stderr = settled{c.stdout, line}, settled{c.stderr, line}
		p = line
	default:
		p = &lineProgress{lines{w: c.stderr, now: time.Now}}
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
	if rate <= 0 || l.done >= l.total {
		return 0, false
	}
	seconds := (l.total - l.done) / rate
	if seconds > 1000*3600 { // it has hardly begun, or stands still
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Second), true
}

// rate is how many units a second were done so far in this stage, 0 as long as that can't be told.
func (l *lines) rate() float64 {
	if spent := l.now().Sub(l.start).Seconds(); spent >= 1 {
		return (l.done - l.skipped) / spent
	}
	return 0
}

// audio is the unit of stages that pass over the audio. They count seconds and print hours and the speed.
const audio = "s of audio"

// megabytes is the unit of downloads, whose speed is printed.
const megabytes = "MB"

// unitOf is the unit of so many: "utterances", and "utterance" of one.
func (l *lines) unitOf(n float64) string {
	if n != 1 || l.unit == audio {
		return l.unit
	}
	noun, rest, more := strings.Cut(l.unit, " ")
	if stem, ok := strings.CutSuffix(noun, "ies"); ok {
		noun = stem + "y"
	}
	noun = strings.TrimSuffix(noun, "s")
	if more {
		noun += " " + rest
	}
	return noun
}

// String is the state of the stage for people, with the memory that the process takes.
func (l *lines) String() string {
	s := fmt.Sprintf("%s: %.0f of %.0f %s", l.name, l.done, l.total, l.unitOf(l.total))
	switch rate := l.rate(); {
	case l.unit == audio:
		s = fmt.Sprintf("%s: %.2f of %.2f h of audio", l.name, l.done/3600, l.total/3600)
		if rate > 0 {
			s += fmt.Sprintf(", %.3g x real time", rate)
		}
	case l.unit == megabytes && rate > 0:
		s += fmt.Sprintf(", %.1f MB/s", rate)
	case l.unit == "":
		s = l.name
	case l.total <= 0:
		s = fmt.Sprintf("%s: %.0f %s", l.name, l.done, l.unitOf(l.done))
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
	fmt.Fprintf(p.w, "%s: %.0f %s\n", name, total, p.unitOf(total))
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

// terminalProgress writes one line again and again.
type terminalProgress struct {
	lines
	shown bool // the line is on the screen
}

// redrawn is how often the line is written.
const redrawn = 200 * time.Millisecond

const clearLine = "\r\033[K"

func (p *terminalProgress) draw() {
	p.last, p.shown = p.now(), true
	fmt.Fprint(p.w, clearLine+p.lines.String())
}

func (p *terminalProgress) Stage(name string, total float64, unit string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		p.draw()
		fmt.Fprintln(p.w)
	}
	p.begin(name, total, unit)
	p.draw()
}

func (p *terminalProgress) Add(done float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += done
	if p.shown && p.now().Sub(p.last) >= redrawn {
		p.draw()
	}
}

func (p *terminalProgress) Skip(done float64) { p.skip(done) }

func (p *terminalProgress) Note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, clearLine+format+"\n", args...)
	if p.shown {
		p.draw()
	}
}

// settle leaves the line as it is at last, so that other text may follow.
func (p *terminalProgress) settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		p.draw()
		fmt.Fprintln(p.w)
		p.shown = false
	}
}

// settled writes text below a line of progress.
type settled struct {
	io.Writer
	progress *terminalProgress
}

func (s settled) Write(text []byte) (int, error) {
	s.progress.settle()
	return s.Writer.Write(text)
}
