// Package matrices compares two matrices that lie in files: the metrics of a run, for people who have activations and no audio.
package matrices

import (
	"context"
	"fmt"
	"runtime"

	"speechsim/metrics"
	"speechsim/pipeline/internal/npy"
	"speechsim/pipeline/native"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
)

// Job compares two matrices that lie in files, for people who have activations and no audio. Row r of both is
// the same sample.
type Job struct {
	X, Y     string   // FILE.npy, ARCHIVE.npz:NAME, or ARCHIVE.npz if it holds one array
	Metrics  []string // none: every metric of moments but attention
	Variants []string // besides each metric's default: names, or "all"
	Parity   bool     // every variant of every metric
	Groups   string   // file that names the group (speaker) of each row, or ""
	Labels   string   // file that names the word of each row, or ""
	Interval bool     // intervals for the costly metrics too
	Null     int      // draws of the null distribution; 0: none
	Seed     uint64   // of the draws
	KNN      int      // neighbours of knn; 0: 10
	ASIF     struct { // settings of asif, each power with each number of anchors; none: 4 and 100
		P, K []int
	}
	Float64  bool              // multiply in double precision, as is always done for float64 files
	Workers  int               // 0: the processors; no result depends on it
	Progress progress.Reporter // nil: quiet
}

// Result is what a Job found.
type Result struct {
	X, Y    Matrix
	Library string // that did the linear algebra
	Cells   []results.Cell
	Notes   []string // what was left out and why, and how nulls were drawn
	layers  [2]results.Layer
}

// Matrix describes one of the two files.
type Matrix struct {
	Name       string
	Rows, Cols int
	Type       string // of the elements
}

// ArgumentError is a mistake in the arguments.
type ArgumentError struct{ Msg string }

func (e *ArgumentError) Error() string { return e.Msg }

// Run compares the matrices. Mistakes in arguments, shapes, group files and values are found before any long work.
//
// Rows are read block by block and not kept, so memory does not grow with their number. What needs the rows themselves
// takes more: knn and asif take all rows at once. Nulls read the mapped files again for each draw (or a copy, where the rows of
// a group are not contiguous); where both sides are wide, they keep 1 kB per row and draw the null of CKA from that.
func (j Job) Run(ctx context.Context) (*Result, error) {
	if j.Progress == nil {
		j.Progress = progress.Quiet{}
	}
	if j.Workers <= 0 {
		j.Workers = runtime.NumCPU()
	}
	measures, notes, err := j.measures()
	if err != nil {
		return nil, err
	}
	c := &comparison{Job: j, measures: measures}
	c.result.Notes = notes
	defer func() {
		if c.pair != nil {
			c.close()
		}
	}()
	if err := c.open(); err != nil {
		return nil, err
	}
	const small = 64 << 20 // bytes that are compared before a progress line could be read
	if c.x.Bytes()+c.y.Bytes() < small && j.Null == 0 {
		c.Progress = progress.Quiet{}
	}
	if err := c.checkValues(ctx); err != nil {
		return nil, err
	}
	if err := c.compare(ctx); err != nil {
		return nil, err
	}
	return &c.result, nil
}

// comparison is the work of a Job.
type comparison struct {
	Job
	*pair
	measures []study.Measure
	groups   *column // of the rows, or nil
	labels   *column
	backend  metrics.Backend
	result   Result
}

func (c *comparison) note(format string, args ...any) {
	c.result.Notes = append(c.result.Notes, fmt.Sprintf(format, args...))
}

// open opens the files and the linear algebra, and checks what can be seen without reading the matrices.
func (c *comparison) open() error {
	var err error
	if c.pair, err = openPair(c.X, c.Y); err != nil {
		return &ArgumentError{err.Error()}
	}
	c.result.X, c.result.Y = infoOf(c.x), infoOf(c.y)
	c.result.layers = [2]results.Layer{layerOf(c.x), layerOf(c.y)}
	if c.Groups != "" {
		if c.groups, err = readColumn(c.Groups, c.x.Rows, []string{"group", "speaker", "utterance"}); err != nil {
			return &ArgumentError{err.Error()}
		}
		if len(c.groups.names) < 2 {
			return &ArgumentError{fmt.Sprintf("%s: all rows are in the one group %q; confidence intervals and permutation nulls need several groups", c.Groups, c.groups.names[0])}
		}
	}
	if c.Labels != "" {
		if c.labels, err = readColumn(c.Labels, c.x.Rows, []string{"label", "word", "type"}); err != nil {
			return &ArgumentError{err.Error()}
		}
	}
	var note string
	if c.backend, note, err = native.OpenBackend(""); err != nil {
		return err
	}
	if note != "" {
		c.note("%s", note)
	}
	c.result.Library = c.backend.Name() + " " + c.backend.Version()
	return nil
}

func infoOf(a *npy.Array) Matrix {
	return Matrix{Name: a.Name(), Rows: a.Rows, Cols: a.Cols, Type: a.Type()}
}

// checkValues reads both matrices once, and decides whether single precision will do.
func (c *comparison) checkValues(ctx context.Context) error {
	c.Progress.Stage("reading values", float64(c.x.Bytes()+c.y.Bytes())/1e6, "MB")
	smallest, largest, err := c.check(ctx, c.Workers, func(bytes int) { c.Progress.Add(float64(bytes) / 1e6) })
	const least, most = 1e-6, 1e6 // that squares of squares in float32 can do with
	c.Float64 = c.Float64 || c.x.Size == 8 || c.y.Size == 8 || largest > most || smallest < least
	return err
}

// stream reads both matrices from the first row to the last, as a stage of the progress.
func (c *comparison) stream(ctx context.Context, stage string, visit func(from int, block [2]metrics.Matrix) error) error {
	c.Progress.Stage(stage, float64(c.x.Rows), "rows")
	return c.pair.stream(ctx, func(rows int) { c.Progress.Add(float64(rows)) }, visit)
}

// layerOf names a side in the cells: the model is the file, the layer the array in it.
func layerOf(a *npy.Array) results.Layer { return results.Layer{Model: a.File, Layer: a.Array()} }

// compare computes all cells: on the rows, and on one mean row a word type.
func (c *comparison) compare(ctx context.Context) error {
	var types *typeRows
	if c.labels != nil {
		var err error
		if types, err = c.readTypes(ctx); err != nil {
			return err
		}
	}
	rows, err := c.rowLevel(types)
	if err != nil {
		return err
	}
	if err := c.cellsOf(ctx, rows); err != nil || types == nil {
		return err
	}
	level, err := c.typeLevel(types)
	if err != nil {
		return err
	}
	return c.cellsOf(ctx, level)
}
