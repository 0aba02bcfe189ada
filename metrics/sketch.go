package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// Sketch holds the rows of layers projected on few directions, such that Gram
// matrices keep their mean: with W W' = I on average, X W W' X' has the mean X X',
// and HSIC, biased or debiased, which is linear in each of its two Gram matrices,
// keeps its value on average if the two sides have independent directions.
//
// Half of the directions can be principal components, which are then kept
// exactly; the others are random and stand for the rest: W = [P, (I - P P') R],
// R Gaussian. The error is that of the rest alone, and none for a layer of at
// most width components. The components need not be exact, nor of all rows: any
// orthonormal P gives the right mean.
//
// It takes n * layers * width * 4 bytes.
type Sketch struct {
	backend    Backend
	dims       []int
	width      int
	workers    int
	projection [][]float32 // of each layer: W, [dim, width]
	centre     [][]float64
	rows       [][]float32 // of each layer: [n, width], centred by finish
	norms      [][]float64 // of each layer: |row|² then
	likely     int         // rows that will be added, as far as is known: memory that grows as they come takes twice as much
	n          int
	finished   bool
}

// SketchWidth is the number of directions that serves a null of CKA, half of them
// principal components. For layers of 768 units whose variance falls as 1/rank the
// draws err by some .001, less than with 128 random directions at four times the
// cost; where no component stands out (1/sqrt(rank), or none at all), by some .01.
const SketchWidth = 64

// NewPrincipalSketch prepares directions of which half are the first principal
// components of each layer. m are moments of the same layers with each one's own
// block; some thousand of the rows are enough. numbers tell layers apart whose
// directions must be independent, and are those of the same layer in other
// sketches that it is to be projected alike in; nil numbers them from 0.
func NewPrincipalSketch(m *Moments, numbers []int, width int, seed uint64, workers int) (*Sketch, error) {
	return newSketch(m.backend, m.dims, m, numbers, width, seed, workers)
}

// newSketch prepares random directions only where m is nil.
func newSketch(b Backend, dims []int, m *Moments, numbers []int, width int, seed uint64, workers int) (*Sketch, error) {
	if width < 2 {
		return nil, fmt.Errorf("a sketch of width %d; at least 2 directions are needed", width)
	}
	if m != nil { // more directions than the widest layer has units would be zero
		width = max(2, min(width, slices.Max(dims)))
	}
	layers := len(dims)
	likely := 0
	if m != nil {
		likely = m.n
	}
	s := &Sketch{likely: likely, backend: b, dims: dims, width: width, workers: workers, projection: make([][]float32, layers),
		centre: make([][]float64, layers), rows: make([][]float32, layers), norms: make([][]float64, layers)}
	errs := make([]error, layers)
	parallel.Run(workers, layers, func(_, i int) { s.projection[i], errs[i] = s.directions(i, m, seed, numberOf(numbers, i)) })
	return s, errors.Join(errs...)
}

func numberOf(numbers []int, i int) uint64 {
	if numbers == nil {
		return uint64(i)
	}
	return uint64(numbers[i])
}

// directions returns W of layer i, which has a number.
func (s *Sketch) directions(i int, m *Moments, seed, number uint64) ([]float32, error) {
	d := s.dims[i]
	principal := linalg.New[float64](0, d)
	if m != nil {
		var err error
		if principal, err = s.principal(i, m); err != nil {
			return nil, err
		}
	}
	k := principal.Rows
	w := make([]float32, d*s.width)
	for u := range d {
		for c := range k {
			w[u*s.width+c] = float32(principal.At(c, u))
		}
	}
	if k == s.width {
		return w, nil
	}
	r := rand.New(rand.NewPCG(seed, number))
	rest := linalg.New[float64](s.width-k, d)
	for c := range rest.Data {
		rest.Data[c] = r.NormFloat64() / math.Sqrt(float64(rest.Rows))
	}
	// Take the principal part out of the random directions.
	along := linalg.New[float64](rest.Rows, k)
	s.backend.Gemm64(false, true, rest, principal, along)
	part := linalg.New[float64](rest.Rows, d)
	s.backend.Gemm64(false, false, along, principal, part)
	for u := range d {
		for c := range rest.Rows {
			w[u*s.width+k+c] = float32(rest.At(c, u) - part.At(c, u))
		}
	}
	return w, nil
}

// principal are the components of layer i that directions begin with: all where they are no more than the directions, else half as many.
func (s *Sketch) principal(i int, m *Moments) (linalg.Dense[float64], error) {
	if s.dims[i] > wideLayer && m.n > s.width {
		return m.leading(i, s.width/2)
	}
	p, err := m.spectrumOf(i, false)
	if err != nil {
		return linalg.Dense[float64]{}, err
	}
	k := len(p.values)
	if k > s.width {
		k = s.width / 2
	}
	return scatterColumns(p.vectors.Slice(0, k, 0, p.vectors.Cols), p.units, s.dims[i]), nil
}

// Add projects one block of rows, one matrix a layer.
func (s *Sketch) Add(ctx context.Context, rows []Matrix) error {
	if s.finished {
		return errors.New("rows were added to a sketch after it was used")
	}
	if len(rows) != len(s.dims) {
		return fmt.Errorf("%d matrices for %d layers", len(rows), len(s.dims))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	shaped := make([]Matrix, len(rows))
	for i, x := range rows {
		x, err := Finite(x, i)
		if err != nil {
			return err
		}
		if x.Cols != s.dims[i] || x.Rows != rows[0].Rows {
			return fmt.Errorf("layer %d is [%d, %d], expected [%d, %d]", i, x.Rows, x.Cols, rows[0].Rows, s.dims[i])
		}
		shaped[i] = x
	}
	if rows[0].Rows == 0 {
		return nil
	}
	parallel.Run(s.workers, len(shaped), func(_, i int) { s.project(i, shaped[i]) })
	s.n += rows[0].Rows
	return nil
}

// project appends the projections of the rows of layer i, less the mean of the
// very first rows: what is left of the mean goes in finish.
func (s *Sketch) project(i int, x Matrix) {
	if s.centre[i] == nil {
		s.centre[i] = make([]float64, x.Cols)
		if x.Data64 != nil {
			columnMeans(s.centre[i], x, x.Data64, 1)
		} else {
			columnMeans(s.centre[i], x, x.Data, 1)
		}
	}
	centred := minus[float32](x, s.centre[i])
	if s.rows[i] == nil {
		s.rows[i] = make([]float32, 0, s.likely*s.width)
	}
	from := len(s.rows[i])
	s.rows[i] = append(s.rows[i], make([]float32, x.Rows*s.width)...)
	p := linalg.Dense[float32]{Rows: x.Cols, Cols: s.width, Stride: s.width, Data: s.projection[i]}
	out := linalg.Dense[float32]{Rows: x.Rows, Cols: s.width, Stride: s.width, Data: s.rows[i][from:]}
	s.backend.Gemm32(false, false, centred, p, out)
}

// finish centres the projections and takes the rows' squared norms.
func (s *Sketch) finish() {
	if s.finished {
		return
	}
	s.finished = true
	parallel.Run(s.workers, len(s.dims), func(_, i int) {
		x := Matrix{Rows: s.n, Cols: s.width, Stride: s.width}
		mean := make([]float64, s.width)
		columnMeans(mean, x, s.rows[i], 1)
		s.norms[i] = make([]float64, s.n)
		for r := range s.n {
			row := s.rows[i][r*s.width : (r+1)*s.width]
			for c, v := range row {
				row[c] = float32(float64(v) - mean[c])
				s.norms[i][r] += float64(row[c]) * float64(row[c])
			}
		}
	})
}
