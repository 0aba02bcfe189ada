package pipeline

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"speechsim/extract"
	"speechsim/metrics"
)

// Estimate is what a run will take, from counting and from one utterance of middle length that is really run.
type Estimate struct {
	Run         string               `json:"run"`
	Utterances  int                  `json:"utterances"`
	Skipped     []extract.Failure    `json:"skipped"`
	AudioHours  float64              `json:"audio_hours"`
	Parts       int                  `json:"parts"`
	PartsDone   int                  `json:"parts_done"`
	Comparisons []ComparisonEstimate `json:"comparisons"`
	StoreBytes  int64                `json:"store_bytes"`  // to be written
	MemoryBytes int64                `json:"memory_bytes"` // at the peak
	Seconds     float64              `json:"seconds"`      // of extraction that is left
	Realtime    float64              `json:"x_realtime"`
	Complete    bool                 `json:"complete"` // the results are there already
	Warnings    []string             `json:"warnings,omitempty"`
}

// ComparisonEstimate counts one comparison.
type ComparisonEstimate struct {
	Name   string `json:"name"`
	Unit   string `json:"unit"`
	Rows   int    `json:"rows"`
	Layers int    `json:"layers"`
	Units  int    `json:"units"`
	Cells  int    `json:"cells"`
	Bytes  int64  `json:"moments_bytes"`
	uncertaintyCost
}

// Estimate counts rows and bytes and runs one utterance of middle length to estimate time.
func (p *Plan) Estimate(ctx context.Context) (*Estimate, error) {
	e := &Estimate{Run: p.RunDir}
	if p.finished != nil {
		e.Complete = true
		return e, nil
	}
	e.Parts = len(p.parts)
	e.Utterances = p.counts().Usable
	e.Skipped = p.unreadable
	e.AudioHours = p.Seconds() / 3600
	for part := range p.parts {
		if len(p.missingWork(part)) == 0 {
			e.PartsDone++
		}
	}
	var moments int64
	products := metrics.Speed(p.backend, p.opts.Workers)
	for _, b := range p.bases {
		c := ComparisonEstimate{Name: b.k.Name, Unit: b.unit, Layers: len(b.stack), Cells: len(b.measures()) * len(b.x) * len(b.y), Rows: p.countRows(b)}
		for _, l := range b.stack {
			c.Units += l.units
		}
		rows := c.Rows
		if b.thinned != "" {
			rows = len(p.candidates[b.thinned].Rows)
		}
		if b.input == kept {
			c.uncertaintyCost = p.uncertainty(b, rows, 0, products)
			moments = max(moments, 4*int64(c.Rows)*int64(c.Units)) // all layers at once
			e.Comparisons = append(e.Comparisons, c)
			continue
		}
		m, err := p.momentsMemory(b)
		if err != nil {
			return nil, err
		}
		c.Bytes = m.State
		c.uncertaintyCost = p.uncertainty(b, rows, m.State, products)
		moments = max(moments, 2*m.State+m.Work, m.State+c.NullBytes)
		e.StoreBytes += int64(p.missingParts(b)) * m.State
		e.Comparisons = append(e.Comparisons, c)
	}
	for _, key := range p.pooledKeys() {
		r := p.pooled[key]
		if r.entry.Finished() {
			continue
		}
		for _, l := range p.sources[r.source].Layers() {
			e.StoreBytes += int64(len(r.table.Rows)) * int64(l.Units) * int64(p.numbers().Size())
		}
	}
	models := p.modelMemory()
	e.MemoryBytes = processBytes + moments + models.bytes
	if warning := models.warning(p, e.MemoryBytes); warning != "" {
		e.Warnings = append(e.Warnings, warning) // and nothing is tried
		return e, nil
	}
	speed, err := p.probe(ctx)
	if err != nil {
		return nil, err
	}
	e.Realtime = speed
	left := 0.0
	for part := range p.parts {
		if len(p.missingWork(part)) > 0 {
			left += p.secondsOf(p.usable(part))
		}
	}
	if speed > 0 {
		e.Seconds = left / speed
	}
	return e, nil
}

func (p *Plan) momentsMemory(b *basis) (metrics.Memory, error) {
	return metrics.MemoryOf(b.dims(), p.momentsOptions(b))
}

// countRows counts the rows of a basis as planned.
func (p *Plan) countRows(b *basis) int {
	if b.onSegments() {
		return p.countView(b)
	}
	card := p.grid(b).Model.Card()
	rate, n := p.Corpus.Spec.Audio.Rate, 0
	for _, samples := range p.samples {
		if samples < 0 {
			continue
		}
		frames := card.Frames(extract.Scale(samples, rate, card.SampleRate))
		if b.unit == "attention" {
			frames *= frames
		}
		n += frames
	}
	return n
}

// probe runs every audio model on one utterance of middle length and says how many seconds of audio a second takes, with
// all workers busy.
func (p *Plan) probe(ctx context.Context) (realtime float64, err error) {
	var usable []int
	for u, n := range p.samples {
		if n > 0 {
			usable = append(usable, u)
		}
	}
	if len(usable) == 0 || !p.hears() {
		return 0, nil
	}
	sort.Slice(usable, func(i, j int) bool { return p.samples[usable[i]] < p.samples[usable[j]] })
	u := &p.Corpus.Utterances[usable[len(usable)/2]]
	audio, err := p.Corpus.Audio(u)
	if err != nil {
		return 0, err
	}
	rate := float64(p.Corpus.Spec.Audio.Rate)
	spent := 0.0
	for _, s := range p.sources {
		if !s.IsAudio() {
			continue
		}
		for range 2 { // the first run of a length allocates
			start := time.Now()
			a, err := s.Activate(ctx, p.Corpus, u, audio)
			if err != nil {
				return 0, err
			}
			a.Close()
			if d := time.Since(start).Seconds(); spent == 0 || d > 0 {
				spent += d / 2
			}
		}
	}
	return float64(len(audio.Samples)) / rate / spent * float64(p.opts.Workers), nil
}

// String is the plan for people.
func (e *Estimate) String() string {
	if e.Complete {
		return fmt.Sprintf("%s is complete: a run has nothing to do\n", e.Run)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "run         %s\n", e.Run)
	fmt.Fprintf(&b, "corpus      %d utterances, %.2f h of audio, %d parts (%d done)\n", e.Utterances, e.AudioHours, e.Parts, e.PartsDone)
	if n := len(e.Skipped); n > 0 {
		fmt.Fprintf(&b, "skipped     %d inputs, the first: %s\n", n, e.Skipped[0].Error)
	}
	for _, c := range e.Comparisons {
		fmt.Fprintf(&b, "comparison  %s: %d %s rows, %d layers of %d units in all, %d cells%s\n", c.Name, c.Rows, c.Unit, c.Layers, c.Units, c.Cells, c.words())
	}
	fmt.Fprintf(&b, "disk        %s into the store\n", bytesText(e.StoreBytes))
	fmt.Fprintf(&b, "memory      about %s\n", bytesText(e.MemoryBytes))
	for _, w := range e.Warnings {
		fmt.Fprintf(&b, "warning     %s\n", w)
	}
	if e.Realtime > 0 {
		fmt.Fprintf(&b, "time        about %s of extraction (%.0f x real time, from one utterance)\n", time.Duration(e.Seconds*float64(time.Second)).Round(time.Second), e.Realtime)
	}
	return b.String()
}

func bytesText(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%.0f GiB", float64(n)/(1<<30))
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	default:
		return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
	}
}
