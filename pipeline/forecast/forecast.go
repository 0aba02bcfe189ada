// Package forecast says what a plan will take: bytes, memory and time, by counting and by trying.
package forecast

import (
	"context"
	"fmt"
	"slices"

	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/native"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/study"
)

// Forecast is what a run will take, from counting and from trying: one utterance of middle length is really run, matrices are
// multiplied, and a file is written. Seconds are those of a machine that does nothing else.
type Forecast struct {
	Run         string          `json:"run"`
	Utterances  int             `json:"utterances"`
	Skipped     []store.Failure `json:"skipped"`
	AudioHours  float64         `json:"audio_hours"`
	Parts       int             `json:"parts"`
	PartsDone   int             `json:"parts_done"`
	Comparisons []Comparison    `json:"comparisons"`
	Passes      int             `json:"walks"`                 // over the audio
	StoreBytes  int64           `json:"store_bytes"`           // to be written, at the most that is there at once
	StayBytes   int64           `json:"stay_bytes"`            // of that, what stays when the run is complete
	Deletes     bool            `json:"deletes_moments"`       // those that only this run uses are deleted then
	ModelBytes  int64           `json:"model_bytes,omitempty"` // of models that were made of checkpoints, in the store already
	DiskFree    int64           `json:"disk_free,omitempty"`
	MemoryBytes int64           `json:"memory_bytes"`  // at the peak
	Collecting  int64           `json:"walking_bytes"` // peak while models run
	Measuring   int64           `json:"measuring_bytes"`
	Budget      int64           `json:"memory_budget,omitempty"`
	Seconds     float64         `json:"seconds"`               // of extraction that is left
	Measured    float64         `json:"measuring_seconds"`     // of moments of stored rows, cells, intervals and nulls that are left
	Reading     float64         `json:"reading_seconds"`       // of the corpus and the models, as this plan took
	Contributed float64         `json:"contributions_seconds"` // of what words and phones carry, and of their clips
	Drawn       float64         `json:"drawing_seconds"`
	All         float64         `json:"all_seconds"` // of what is left, the sum
	Busy        float64         `json:"busy"`        // how many times as long things take as they would if no other program ran
	Realtime    float64         `json:"x_realtime"`
	Multiplied  float64         `json:"multiplications"`     // of moments, in all
	Products    float64         `json:"products_per_second"` // multiplications that this machine does in a second
	MomentHours float64         `json:"moments_hours"`       // products, and reading and writing rows and moments
	DiskSpeed   float64         `json:"disk_bytes_per_second"`
	Absent      []string        `json:"absent,omitempty"` // models that are known by their cards alone
	Again       string          `json:"again,omitempty"`  // why models run although the store has nearly all
	Complete    bool            `json:"complete"`         // the results are there already
	Warnings    []string        `json:"warnings,omitempty"`
}

// Comparison counts one comparison.
type Comparison struct {
	Name          string  `json:"name"`
	Unit          string  `json:"unit"`
	Rows          int     `json:"rows"`
	Layers        int     `json:"layers"`
	Units         int     `json:"units"`
	Cells         int     `json:"cells"`
	Bytes         int64   `json:"moments_bytes"`
	Tiles         int     `json:"tiles,omitempty"`         // where the moments are made in more than one
	TileBytes     int64   `json:"tile_bytes,omitempty"`    // of moments of the largest
	FrameBytes    int64   `json:"frame_bytes,omitempty"`   // of frames that are kept to be read again
	FrameReads    float64 `json:"frame_reads,omitempty"`   // times that each is read, on average
	Projected     bool    `json:"projected,omitempty"`     // rows are projected on a few directions: sketched CKA
	PassesInstead int     `json:"walks_instead,omitempty"` // that it would take not to keep frames
	Uncertainty
}

// Run counts rows and bytes, and tries how fast this machine is. complete says that the results are there already: then nothing is tried.
func Run(ctx context.Context, p *plan.Plan, complete bool) (*Forecast, error) {
	f := &forecaster{Plan: p, Forecast: &Forecast{
		Run: p.RunDir, Complete: complete, Parts: len(p.Parts), Passes: p.Passes, Absent: p.Absent(), Again: p.Again(), Utterances: p.CountUsable(), Skipped: p.Unreadable,
		AudioHours: p.Seconds() / 3600, Budget: p.Budget.Bytes}, moments: make([]int64, p.Passes), disk: make([]int64, p.Passes), stays: map[string]int64{}}
	for part := range p.Parts {
		if !p.Lacks(part) {
			f.PartsDone++
		}
	}
	f.Reading = processorSeconds() / float64(f.Workers)
	var err error
	if !complete {
		if f.Products, err = f.clock.productSpeed(ctx, p); err != nil {
			return nil, err
		}
		if f.DiskSpeed, err = f.clock.diskSpeed(p.Store.Dir); err != nil {
			return nil, err
		}
	}
	for _, t := range p.Tasks {
		if err := f.task(t); err != nil {
			return nil, err
		}
	}
	f.countDisk()
	f.countMemory()
	if complete {
		return f.Forecast, nil
	}
	f.MomentHours = (f.Multiplied/f.Products + float64(f.transferred)/f.DiskSpeed) / 3600
	if warning := plan.ModelMemoryOf(p.Inputs, p.Models.All()).Warning(f.MemoryBytes); warning != "" {
		f.Warnings = append(f.Warnings, warning) // and nothing is tried
		return f.Forecast, nil
	}
	if f.Realtime, err = f.clock.probe(ctx, p); err != nil {
		return nil, err
	}
	for pass := range p.Passes {
		for part := range p.Parts {
			if len(p.Pending(pass, part)) > 0 && f.Realtime > 0 {
				f.Seconds += p.SecondsOf(p.Usable(part)) / f.Realtime
			}
		}
	}
	f.clips()
	f.Busy = f.clock.busy()
	f.All = f.Reading + f.Seconds + f.Measured + 3600*f.MomentHours + f.Contributed + f.Drawn
	return f.Forecast, nil
}

// forecaster is a forecast on its way.
type forecaster struct {
	*plan.Plan
	*Forecast
	moments     []int64          // memory of moments in each pass
	disk        []int64          // and their files, which are not kept where there are several passes
	stays       map[string]int64 // by key, bytes of moments that are in the store when all is measured: those of tiles and of kept frames are deleted before
	added       int64            // of these, what is not there yet
	joining     int64            // the file of a part that is there until its group is joined
	transferred int64            // bytes read and written for moments
	asked       int              // layer pairs, which words or phones carry their values
	spoken      float64          // seconds of such a word or phone
	clock       clock
}

// task counts one task.
func (f *forecaster) task(t *plan.Task) error {
	c := Comparison{Name: t.Comparison.Name, Unit: t.RowUnit, Layers: len(t.Layers), Cells: len(t.Measures) * len(t.Cells), Rows: t.RowCount(), Projected: t.Input == study.Projections}
	for _, l := range t.Layers {
		c.Units += l.Units
	}
	nullRows := c.Rows
	if t.NullFrames != nil {
		nullRows = t.NullRowCount()
	}
	f.Drawn += float64(len(t.Measures)) * figureSeconds / float64(f.Workers)
	if t.Input == study.Rows {
		f.uncertain(t, &c, nullRows, 0)
		f.Measuring = max(f.Measuring, native.WithGarbage(rowsBytes(t, c.Rows)))
		f.Comparisons = append(f.Comparisons, c)
		return nil
	}
	if err := f.tiles(t, &c, nullRows); err != nil {
		return err
	}
	if t.RowUnit == "frame" && !t.Streamed() {
		c.FrameBytes = int64(c.Rows) * int64(c.Units) * int64(f.Numbers().Size())
		f.transferred += int64(c.FrameReads * float64(c.FrameBytes))
	}
	if !t.Whole() {
		c.Tiles = len(t.Tiles)
	}
	c.PassesInstead = t.PassesInstead
	f.uncertain(t, &c, nullRows, c.Bytes)
	f.Comparisons = append(f.Comparisons, c)
	return nil
}

// uncertain counts the intervals and nulls of a task that are left.
func (f *forecaster) uncertain(t *plan.Task, c *Comparison, nullRows int, state int64) {
	if !f.Complete {
		null := c.NullBytes
		c.Uncertainty = uncertainty(t, nullRows, state, f.Forecast.Products)
		f.contributions(t, c.Rows)
		if c.Draws > 0 {
			c.NullBytes = null
		}
		f.Measured += c.IntervalSeconds + c.NullSeconds
	}
}

// figureSeconds is what a processor draws a figure in, in all its formats.
const figureSeconds = .2

// tiles counts the tiles of a task.
func (f *forecaster) tiles(t *plan.Task, c *Comparison, nullRows int) error {
	var inStore int64 // of parts, those of tiles that are made one after the other once
	for _, tile := range t.Tiles {
		n, err := tile.Footprint(nullRows)
		if err != nil {
			return err
		}
		c.Bytes += n.State
		c.TileBytes, c.NullBytes = max(c.TileBytes, n.State), max(c.NullBytes, n.Null)
		missing := int64(float64(n.File) * float64(missingParts(tile)*len(t.Groups())) / float64(f.Forecast.Parts))
		left := float64(missingParts(tile)) / float64(f.Forecast.Parts) // of the products
		switch {
		case tile.IsMeasured():
			left = 0
		case t.OnSegments(): // they are made again for all that asks for groups
			left = timesRead
		default:
			f.transferred += int64(missingParts(tile))*n.File + 2*int64(len(t.Groups()))*n.File
			if len(t.Groups()) < f.Forecast.Parts { // parts are joined
				f.transferred += int64(missingParts(tile))*n.File + missing
				f.joining = max(f.joining, n.File)
			}
		}
		f.Measuring = max(f.Measuring, n.Measuring())
		switch {
		case t.OnSegments():
		case t.Streamed() && !t.Whole():
			f.disk[tile.Pass] += missing
		case !t.Whole():
			inStore = max(inStore, missing)
		default:
			inStore += missing
		}
		if t.Streamed() {
			f.moments[tile.Pass] += n.Collecting()
		}
		dims := tile.MomentsDims()
		for _, pair := range tile.Blocks {
			f.Multiplied += left * float64(c.Rows) * float64(dims[pair[0]]) * float64(dims[pair[1]])
		}
		if t.Input == study.Projections {
			for i, l := range tile.Layers {
				f.Multiplied += left * float64(c.Rows) * float64(l.Units) * float64(dims[i])
			}
		}
		if t.RowUnit == "frame" && !t.Streamed() {
			for _, l := range tile.Layers {
				c.FrameReads += float64(l.Units) / float64(c.Units)
			}
		}
	}
	if t.Whole() && t.Streamed() {
		sums := t.Tiles[0].Sums
		there, err := sums.PartBytes()
		if err != nil {
			return err
		}
		if f.stays[sums.Key] > 0 { // another comparison has the same moments
			inStore = 0
		}
		f.stays[sums.Key] = max(f.stays[sums.Key], there+inStore)
		f.added += inStore
	}
	f.StoreBytes += inStore
	return nil
}

// missingParts counts the parts of sums that the store is still to get.
func missingParts(t *plan.Tile) int {
	missing := 0
	for part := range t.Inputs.Parts {
		if t.Sums != nil && !t.IsMeasured() && !t.Sums.HasPart(part) {
			missing++
		}
	}
	return missing
}

// timesRead is how often the groups of stored rows are gone through: for the whole, twice for CKA on rows of different groups, for the
// jackknife.
const timesRead = 4

// importedBytes is what the models take in the store that were made of checkpoints.
func importedBytes(p *plan.Plan) (bytes int64) {
	seen := map[string]bool{}
	for i, s := range p.Sources {
		if p.Config.Models[i].Checkpoint != "" && !seen[s.Model.Digest()] {
			seen[s.Model.Digest()] = true
			bytes += s.Model.WeightBytes()
		}
	}
	return bytes
}

// countDisk adds what the rows take in the store, and warns where there is no room.
func (f *forecaster) countDisk() {
	var largest int64
	for _, r := range f.Rows {
		if !r.Entry.Finished() {
			bytes := int64(len(r.Table.Rows)) * r.Form.RowBytes()
			f.StoreBytes, f.StayBytes = f.StoreBytes+bytes, f.StayBytes+bytes
			largest = max(largest, bytes)
			f.transferred += 3 * bytes // written, read, and joined
		}
	}
	f.ModelBytes = importedBytes(f.Plan)
	for _, h := range f.Heads {
		heads := 0
		for _, l := range h.Layers {
			heads += l.Units
		}
		for part := range f.Plan.Parts {
			if !h.Entry.HasPart(part) {
				bytes := metrics.PositionBytes(heads)
				f.StoreBytes, f.StayBytes = f.StoreBytes+bytes, f.StayBytes+bytes
			}
		}
	}
	var stay int64
	for _, bytes := range f.stays {
		stay += bytes
	}
	if f.Deletes = stay > 0 && f.Config.Store.Deletes(stay); !f.Deletes {
		f.StayBytes += f.added
	}
	f.StoreBytes += slices.Max(f.disk) + f.joining + largest // rows are there twice while they are joined
	if f.DiskFree = native.FreeDisk(f.Store.Dir); f.DiskFree > 0 && f.StoreBytes > f.DiskFree {
		f.Warnings = append(f.Warnings, fmt.Sprintf("the store's disk has room for %s, and %s will be written: put the store elsewhere (store:, --store), or give the run more memory (memory:)", text.Bytes(f.DiskFree), text.Bytes(f.StoreBytes)))
	}
}
