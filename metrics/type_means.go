package metrics

import (
	"fmt"

	"speechsim/metrics/internal/linalg"
)

// TypeSums adds up rows by word type, a block at a time, for the mean row of
// each type.
//
// Comparing layers on these is the type level: every word counts once, however
// often it is said. With the token level it tells similarity of words from
// similarity of word counts.
type TypeSums struct {
	unit   bool
	dim    int
	sums   []float64
	counts []int
}

// NewTypeSums returns empty sums for types 0 to types-1 of rows of dim units.
// If unit, rows are scaled to unit length first: the mean cosine distance
// between all rows of type a and all rows of type b is one minus the inner
// product of these means, which is all that WordDistance needs.
func NewTypeSums(types, dim int, unit bool) *TypeSums {
	return &TypeSums{unit: unit, dim: dim, sums: make([]float64, types*dim), counts: make([]int, types)}
}

// Add adds a block of rows; types holds the type of each.
func (s *TypeSums) Add(x Matrix, types []int) error {
	x, err := Finite(x, 0)
	if err != nil {
		return err
	}
	if len(types) != x.Rows || x.Cols != s.dim {
		return fmt.Errorf("%d types for %d rows of %d units; %d units were announced", len(types), x.Rows, x.Cols, s.dim)
	}
	// Few at a time, which the processor's cache has room for.
	few, nothing := linalg.New[float64](min(x.Rows, 64), x.Cols), make([]float64, x.Cols)
	for from := 0; from < x.Rows; from += few.Rows {
		chunk := x.rows(from, min(from+few.Rows, x.Rows))
		rows := few.Slice(0, chunk.Rows, 0, chunk.Cols)
		setMinus(rows, chunk, nothing)
		if err := s.add(rows, types[from:from+chunk.Rows], from); err != nil {
			return err
		}
	}
	return nil
}

// add adds rows, of which the first is row number first of all. It scales them.
func (s *TypeSums) add(rows linalg.Dense[float64], types []int, first int) error {
	for r, t := range types {
		if t < 0 || t >= len(s.counts) {
			return fmt.Errorf("row %d has type %d; types are numbered from 0 to %d, without gaps", first+r, t, len(s.counts)-1)
		}
		if s.unit && !linalg.Normalise(rows.Row(r)) {
			return undefined("word_distance", "", "a row is all zeros and has no direction")
		}
		s.counts[t]++
		to := s.sums[t*s.dim : (t+1)*s.dim]
		for u, v := range rows.Row(r)[:len(to)] {
			to[u] += v
		}
	}
	return nil
}

// Means returns the mean row of each type, [types, dim], and the number of its
// rows. The sums are used up.
func (s *TypeSums) Means() (Matrix, []int, error) {
	for t, n := range s.counts {
		if n == 0 {
			return Matrix{}, nil, fmt.Errorf("no row has type %d; types must be numbered without gaps", t)
		}
		for u := range s.dim {
			s.sums[t*s.dim+u] /= float64(n)
		}
	}
	return Matrix{Rows: len(s.counts), Cols: s.dim, Stride: s.dim, Data64: s.sums}, s.counts, nil
}
