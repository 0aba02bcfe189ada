package results

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"speechsim/pipeline/internal/files"
)

// Replicates are the values of some cells of a run with each group of rows left out: what intervals are made of, and what those of
// differences from another run on the same groups are made of.
type Replicates struct {
	Groups []string  // what each group is called
	Sizes  []int     // rows of each group
	Cells  []int     // places of the cells among those of the run
	Whole  []float64 // of each cell, the statistic of all rows, which the interval is of
	Less   []float32 // of each cell in turn and each group, the statistic without the group less that of all rows
}

// Left are the statistics of cell k with each group left out.
func (r *Replicates) Left(k int) []float64 {
	left := make([]float64, len(r.Groups))
	for g := range left {
		left[g] = r.Whole[k] + float64(r.Less[k*len(left)+g])
	}
	return left
}

// replicateHead is the line of a file before those of the cells of some groups.
type replicateHead struct {
	Groups []string `json:"groups"`
	Sizes  []int    `json:"sizes"`
}

type replicateLine struct {
	Cell  int     `json:"cell"`
	Whole float64 `json:"whole"`
	Less  string  `json:"less"` // base64 of little-endian float32
}

// WriteReplicates writes replicates.jsonl: for each set a line with its groups, then a line a cell.
func WriteReplicates(w io.Writer, sets []Replicates) error {
	out := bufio.NewWriter(w)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	for _, r := range sets {
		if err := e.Encode(replicateHead{r.Groups, r.Sizes}); err != nil {
			return err
		}
		for k, cell := range r.Cells {
			var bytes []byte
			for _, v := range r.Less[k*len(r.Groups) : (k+1)*len(r.Groups)] {
				bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(v))
			}
			if err := e.Encode(replicateLine{cell, r.Whole[k], base64.StdEncoding.EncodeToString(bytes)}); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

// WriteReplicatesFile writes replicates.jsonl as [WriteFile] writes results.jsonl.
func WriteReplicatesFile(path string, sets []Replicates) error {
	return files.Write(path, func(w io.Writer) error { return WriteReplicates(w, sets) })
}

// ReadReplicatesFile reads replicates.jsonl of a run of so many cells. A mistake is an *[Error].
func ReadReplicatesFile(path string, cells int) ([]Replicates, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readReplicates(f, path, cells)
}

func readReplicates(in io.Reader, path string, cells int) (sets []Replicates, err error) {
	s := bufio.NewScanner(in)
	s.Buffer(nil, 1<<24)
	for line := 1; s.Scan(); line++ {
		fail := func(format string, args ...any) ([]Replicates, error) {
			return nil, &Error{path, line, 0, fmt.Sprintf(format, args...)}
		}
		if bytes.HasPrefix(s.Bytes(), []byte(`{"groups"`)) {
			var head replicateHead
			if err := json.Unmarshal(s.Bytes(), &head); err != nil {
				return fail("%v", err)
			}
			if len(head.Groups) < 2 || len(head.Groups) != len(head.Sizes) {
				return fail("%d groups and %d sizes, expected as many of both, at least 2", len(head.Groups), len(head.Sizes))
			}
			sets = append(sets, Replicates{Groups: head.Groups, Sizes: head.Sizes})
			continue
		}
		var l replicateLine
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return fail("%v", err)
		}
		if len(sets) == 0 {
			return fail("a cell before the line of its groups")
		}
		r := &sets[len(sets)-1]
		less, err := base64.StdEncoding.DecodeString(l.Less)
		if err != nil || len(less) != 4*len(r.Groups) {
			return fail("less: %q, expected %d numbers of float32 in base64", l.Less, len(r.Groups))
		}
		if l.Cell < 0 || l.Cell >= cells {
			return fail("cell: %d, and the run has %d cells", l.Cell, cells)
		}
		r.Cells, r.Whole = append(r.Cells, l.Cell), append(r.Whole, l.Whole)
		for at := range slices.Chunk(less, 4) {
			r.Less = append(r.Less, math.Float32frombits(binary.LittleEndian.Uint32(at)))
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return sets, nil
}
