package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"speechsim/metrics"
	"speechsim/pipeline/internal/npy"
	"speechsim/pipeline/native"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/results"
)

// MatrixJob compares two matrices that lie in files, for people who have activations and no audio. Row r of one belongs
// with row r of the other.
type MatrixJob struct {
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

// MatrixResult is what a MatrixJob found.
type MatrixResult struct {
	X, Y    MatrixInfo
	Library string // that did the linear algebra
	Cells   []results.Cell
	Notes   []string // what was left out and why, and how nulls were drawn
	layers  [2]results.Layer
}

// MatrixInfo describes one of the two files.
type MatrixInfo struct {
	Name       string
	Rows, Cols int
	Type       string // of the elements
}

// ArgumentError is a mistake in what was asked for, which no file could mend.
type ArgumentError struct{ Msg string }

func (e *ArgumentError) Error() string { return e.Msg }

// Run compares the matrices. Mistakes in arguments, shapes, group files and values are found before any long work.
//
// Rows are read block by block and forgotten, so memory doesn't grow with their number. What goes back to the rows does
// need more: knn and asif; nulls, which read the mapped files again for each draw (a copy, where the rows of a group don't
// stand together), or keep 1 kB a row and draw CKA from that where both sides are wide.
func (j MatrixJob) Run(ctx context.Context) (*MatrixResult, error) {
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
	c := &matrixComparison{MatrixJob: j, measures: measures, searches: map[retrievalSide]*matrixSearch{}}
	c.result.Notes = notes
	defer c.close()
	if err := c.open(); err != nil {
		return nil, err
	}
	const small = 64 << 20 // bytes that are compared before a progress line could be read
	if c.x.Bytes()+c.y.Bytes() < small && j.Null == 0 {
		c.Progress = progress.Quiet{}
	}
	if err := c.check(ctx); err != nil {
		return nil, err
	}
	if err := c.compare(ctx); err != nil {
		return nil, err
	}
	return &c.result, nil
}

// matrixComparison is the work of a MatrixJob.
type matrixComparison struct {
	MatrixJob
	measures []measure
	x, y     *npy.Array
	groups   *column // of the rows, or nil
	labels   *column
	backend  metrics.Backend
	searches map[retrievalSide]*matrixSearch // of asif, by the side that is asked for
	result   MatrixResult
}

func (c *matrixComparison) close() {
	for _, a := range c.sides() {
		if a != nil {
			_ = a.Close() // nothing is written to it
		}
	}
}

func (c *matrixComparison) sides() [2]*npy.Array { return [2]*npy.Array{c.x, c.y} }

func (c *matrixComparison) note(format string, args ...any) {
	c.result.Notes = append(c.result.Notes, fmt.Sprintf(format, args...))
}

// open opens the files and the linear algebra, and checks what can be seen without reading the matrices.
func (c *matrixComparison) open() error {
	var errX, errY error
	c.x, errX = npy.Open(c.X)
	c.y, errY = npy.Open(c.Y)
	if err := errors.Join(errX, errY); err != nil {
		return err
	}
	if c.x.Rows != c.y.Rows {
		return fmt.Errorf("%s has %d rows and %s has %d: row r of one must belong with row r of the other", c.x.Name(), c.x.Rows, c.y.Name(), c.y.Rows)
	}
	c.result.X, c.result.Y = infoOf(c.x), infoOf(c.y)
	c.result.layers = [2]results.Layer{layerOf(c.x), layerOf(c.y)}
	var err error
	if c.Groups != "" {
		if c.groups, err = readColumn(c.Groups, c.x.Rows, []string{"group", "speaker", "utterance"}); err != nil {
			return err
		}
		if len(c.groups.names) < 2 {
			return fmt.Errorf("%s: all rows are in the one group %q; intervals and nulls need several", c.Groups, c.groups.names[0])
		}
	}
	if c.Labels != "" {
		if c.labels, err = readColumn(c.Labels, c.x.Rows, []string{"label", "word", "type"}); err != nil {
			return err
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

func infoOf(a *npy.Array) MatrixInfo {
	return MatrixInfo{Name: a.Name(), Rows: a.Rows, Cols: a.Cols, Type: a.Type()}
}

// check reads both matrices once: every value must be finite.
func (c *matrixComparison) check(ctx context.Context) error {
	c.Progress.Stage("check values", float64(c.x.Bytes()+c.y.Bytes())/1e6, "MB")
	var errs [2]error
	for k, a := range c.sides() {
		if k == 1 && a.Name() == c.x.Name() {
			break // it was read
		}
		var largest float64
		largest, errs[k] = a.Check(ctx, c.Workers, func(bytes int) { c.Progress.Add(float64(bytes) / 1e6) })
		const most = 1e6 // that squares of squares in float32 can do with
		c.Float64 = c.Float64 || a.Size == 8 || largest > most
	}
	return errors.Join(errs[:]...)
}

// layerOf names a side in the cells: the model is the file, the layer the array in it.
func layerOf(a *npy.Array) results.Layer { return results.Layer{Model: a.File, Layer: a.Array()} }

// compare computes all cells: on the rows, and on one mean row a word type.
func (c *matrixComparison) compare(ctx context.Context) error {
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
