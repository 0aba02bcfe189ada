package pipeline

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/native"
)

// Estimate is what a run will take, from counting and from trying: one utterance of middle length is really run, matrices are
// multiplied, and a file is written.
type Estimate struct {
	Run         string               `json:"run"`
	Utterances  int                  `json:"utterances"`
	Skipped     []extract.Failure    `json:"skipped"`
	AudioHours  float64              `json:"audio_hours"`
	Parts       int                  `json:"parts"`
	PartsDone   int                  `json:"parts_done"`
	Comparisons []ComparisonEstimate `json:"comparisons"`
	Walks       int                  `json:"walks"`       // over the audio
	StoreBytes  int64                `json:"store_bytes"` // to be written, at the most that is there at once
	DiskFree    int64                `json:"disk_free,omitempty"`
	MemoryBytes int64                `json:"memory_bytes"`  // at the peak
	Walking     int64                `json:"walking_bytes"` // peak while models run
	Measuring   int64                `json:"measuring_bytes"`
	Budget      int64                `json:"memory_budget,omitempty"`
	Seconds     float64              `json:"seconds"` // of extraction that is left
	Realtime    float64              `json:"x_realtime"`
	Multiplied  float64              `json:"multiplications"`     // of moments, in all
	Products    float64              `json:"products_per_second"` // multiplications that this machine does in a second
	MomentHours float64              `json:"moments_hours"`       // products, and reading and writing what they are made of
	DiskSpeed   float64              `json:"disk_bytes_per_second"`
	Absent      []string             `json:"absent,omitempty"` // models that are known by their cards alone
	Complete    bool                 `json:"complete"`         // the results are there already
	Warnings    []string             `json:"warnings,omitempty"`
}

// ComparisonEstimate counts one comparison.
type ComparisonEstimate struct {
	Name       string  `json:"name"`
	Unit       string  `json:"unit"`
	Rows       int     `json:"rows"`
	Layers     int     `json:"layers"`
	Units      int     `json:"units"`
	Cells      int     `json:"cells"`
	Bytes      int64   `json:"moments_bytes"`
	Tiles      int     `json:"tiles,omitempty"`       // where the moments are made in more than one
	TileBytes  int64   `json:"tile_bytes,omitempty"`  // of moments of the largest
	FrameBytes int64   `json:"frame_bytes,omitempty"` // of frames that are kept to be read again
	FrameReads float64 `json:"frame_reads,omitempty"` // times that each is read, on average
	Again      int     `json:"walks_instead,omitempty"`
	uncertaintyCost
}

// Estimate counts rows and bytes, and tries how fast this machine is.
func (p *Plan) Estimate(ctx context.Context) (*Estimate, error) {
	e := &Estimate{Run: p.RunDir}
	if p.finished != nil {
		e.Complete = true
		return e, nil
	}
	e.Parts, e.Walks, e.Absent = len(p.parts), p.walks(), p.absent()
	e.Utterances = p.counts().Usable
	e.Skipped = p.unreadable
	e.AudioHours = p.Seconds() / 3600
	e.Budget, _ = p.budget()
	for part := range p.parts {
		if !p.lacks(part) {
			e.PartsDone++
		}
	}
	var err error
	if e.Products, err = p.productSpeed(ctx); err != nil {
		return nil, err
	}
	if e.DiskSpeed, err = diskSpeed(p.store.Dir); err != nil {
		return nil, p.diskError(err)
	}
	walks := make([]int64, e.Walks) // memory of moments in each
	disk := make([]int64, e.Walks)  // and their files, which are not kept where there are many
	var transferred int64           // bytes read and written for moments
	for _, b := range p.bases {
		c, moved, err := p.estimateBasis(b, e, walks, disk)
		if err != nil {
			return nil, err
		}
		transferred += moved
		e.Comparisons = append(e.Comparisons, c)
	}
	var largest int64
	for _, key := range p.pooledKeys() {
		if r := p.pooled[key]; !r.entry.Finished() {
			bytes := int64(len(r.table.Rows)) * p.form(r.source).RowBytes()
			e.StoreBytes += bytes
			largest = max(largest, bytes)
		}
	}
	e.StoreBytes += slices.Max(disk) + largest // rows are there twice while they are joined
	if e.DiskFree = native.FreeDisk(p.store.Dir); e.DiskFree > 0 && e.StoreBytes > e.DiskFree {
		e.Warnings = append(e.Warnings, fmt.Sprintf("the store's disk has room for %s, and %s will be written: put the store elsewhere (store:, --store), or give the run more memory (memory:)", text.Bytes(e.DiskFree), text.Bytes(e.StoreBytes)))
	}
	e.MomentHours = (e.Multiplied/e.Products + float64(transferred)/e.DiskSpeed) / 3600
	models := p.modelMemory(p.allSources())
	for walk, moments := range walks {
		heard := p.allSources() // where there is one walk alone, none is let go before
		if e.Walks > 1 {
			heard = p.walkSources(walk)
		}
		e.Walking = max(e.Walking, processBytes+p.modelMemory(heard).bytes+moments)
	}
	e.Measuring += processBytes
	e.MemoryBytes = max(e.Walking, e.Measuring)
	if warning := models.warning(p, e.MemoryBytes); warning != "" {
		e.Warnings = append(e.Warnings, warning) // and nothing is tried
		return e, nil
	}
	if e.Realtime, err = p.probe(ctx); err != nil || e.Realtime == 0 {
		return e, err
	}
	for walk := range e.Walks {
		for part := range p.parts {
			if len(p.missingWork(walk, part)) > 0 {
				e.Seconds += p.secondsOf(p.usable(part)) / e.Realtime
			}
		}
	}
	return e, nil
}

// estimateBasis counts one basis, adds what it takes to the estimate and to its walks, and says how many bytes are read and
// written for its moments.
func (p *Plan) estimateBasis(b *basis, e *Estimate, walks, disk []int64) (c ComparisonEstimate, moved int64, err error) {
	c = ComparisonEstimate{Name: b.k.Name, Unit: b.unit, Layers: len(b.stack), Cells: len(b.measures()) * len(b.cells), Rows: p.countRows(b)}
	for _, l := range b.stack {
		c.Units += l.units
	}
	nullRows := c.Rows
	if b.thinned != "" {
		nullRows = len(p.candidates[b.thinned].Rows)
	}
	if b.input == kept {
		c.uncertaintyCost = p.uncertainty(b, nullRows, 0, e.Products)
		e.Measuring = max(e.Measuring, p.rowwiseBytes(b, c.Rows))
		return c, 0, nil
	}
	var inStore int64 // of parts, those of tiles that are made one after the other once
	for _, t := range b.each() {
		n, err := p.needOf(t, nullRows)
		if err != nil {
			return c, 0, err
		}
		c.Bytes += n.State
		c.TileBytes = max(c.TileBytes, n.State)
		missing := int64(p.missingParts(t)) * n.State
		moved += missing + 2*int64(p.partCount(t))*n.State
		e.Measuring = max(e.Measuring, n.measuring())
		switch heard := !b.onSegments() && t.frames == ""; {
		case heard && len(b.tiles) > 0:
			disk[t.walk] += missing
		case len(b.tiles) > 0:
			inStore = max(inStore, missing)
		default:
			inStore += missing
		}
		if !b.onSegments() && t.frames == "" {
			walks[t.walk] += n.walking()
		}
		for _, pair := range t.pairs {
			e.Multiplied += float64(c.Rows) * float64(t.stack[pair[0]].units) * float64(t.stack[pair[1]].units)
		}
		if t.frames != "" {
			for _, l := range t.stack {
				c.FrameReads += float64(l.units) / float64(c.Units)
			}
		}
	}
	e.StoreBytes += inStore
	if b.frames != "" {
		c.FrameBytes = int64(c.Rows) * int64(c.Units) * int64(p.numbers().Size())
		moved += int64(c.FrameReads * float64(c.FrameBytes))
	}
	c.Tiles, c.Again = len(b.tiles), b.again
	c.uncertaintyCost = p.uncertainty(b, nullRows, c.Bytes, e.Products)
	return c, moved, nil
}

// diskSpeed writes a file into the store and says how many bytes a second that took.
func diskSpeed(dir string) (float64, error) {
	const size = 32 << 20
	data := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(data) // nothing that a file system could make small
	path := filepath.Join(dir, "speed.tmp")
	start := time.Now()
	err := files.Write(path, func(w io.Writer) error { _, err := w.Write(data); return err })
	if err != nil {
		return 0, err
	}
	return size / time.Since(start).Seconds(), os.Remove(path)
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
	if len(usable) == 0 || !p.hears() || len(p.absent()) > 0 {
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
	if len(e.Absent) > 0 {
		fmt.Fprintf(&b, "models      not there yet: %s; they are counted by their cards, a run needs them, and how fast they are is not known\n", strings.Join(e.Absent, ", "))
	}
	for _, c := range e.Comparisons {
		fmt.Fprintf(&b, "comparison  %s: %d %s rows, %d layers of %d units in all, %d cells%s\n", c.Name, c.Rows, c.Unit, c.Layers, c.Units, c.Cells, c.words())
		if text := c.tilesText(e); text != "" {
			fmt.Fprintf(&b, "            %s\n", text)
		}
	}
	fmt.Fprintf(&b, "disk        %s into the store\n", text.Bytes(e.StoreBytes))
	fmt.Fprintf(&b, "memory      about %s", text.Bytes(e.MemoryBytes))
	if e.Budget > 0 {
		fmt.Fprintf(&b, " of %s (%s while models run, %s while cells are computed)", text.Bytes(e.Budget), text.Bytes(e.Walking), text.Bytes(e.Measuring))
	}
	b.WriteByte('\n')
	for _, w := range e.Warnings {
		fmt.Fprintf(&b, "warning     %s\n", w)
	}
	if e.Realtime > 0 {
		fmt.Fprintf(&b, "time        about %s of extraction (%.0f x real time, from one utterance%s)\n", text.Duration(e.Seconds), e.Realtime, map[bool]string{true: fmt.Sprintf("; %d walks over the audio", e.Walks)}[e.Walks > 1])
	}
	if e.MomentHours*3600 > 10 {
		fmt.Fprintf(&b, "            about %s of moments (%.3g PFLOP of products at %.0f GFLOP/s, and the disk at %.0f MB/s)\n", text.Duration(e.MomentHours*3600), 2*e.Multiplied/1e15, 2*e.Products/1e9, e.DiskSpeed/1e6)
	}
	return b.String()
}

// tilesText says how the moments of a comparison are made where that is not at once while the audio is heard.
func (c *ComparisonEstimate) tilesText(e *Estimate) string {
	var s []string
	if c.Tiles > 0 {
		s = append(s, fmt.Sprintf("%d tiles, of at most %s of moments each", c.Tiles, text.Bytes(c.TileBytes)))
	}
	switch {
	case c.FrameBytes > 0:
		s = append(s, fmt.Sprintf("frames are kept (%s) and read %.1f times each (%s)", text.Bytes(c.FrameBytes), c.FrameReads, text.Duration(c.FrameReads*float64(c.FrameBytes)/e.DiskSpeed)))
		if c.Again > 1 && e.Realtime > 0 {
			s = append(s, fmt.Sprintf("to hear the audio again would take %d walks (%s)", c.Again, text.Duration(float64(c.Again)*3600*e.AudioHours/e.Realtime)))
		}
	case c.Tiles > 0 && c.Unit == "frame":
		s = append(s, fmt.Sprintf("made in %d walks over the audio, since the store has no room for its frames or keeps none (store: {frames: ...})", c.Again))
	}
	return strings.Join(s, "; ")
}
