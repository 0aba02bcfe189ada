package metrics

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// Projections are directions on which the rows of layers are projected, so that
// moments of the projected rows give CKA of the layers, approximately, in a
// fraction of the time and memory (variant sketched of [CKA]).
//
// A layer is projected on W = [P, R], [dim, 192]: P are 128 orthonormal
// directions, about the first principal components, along which nothing is lost;
// R = (I - PPᵀ) G / √64, with G Gaussian, stands for the rest, such that
// X W Wᵀ Xᵀ has the mean X Xᵀ over draws of G. So P need not be exact: any
// orthonormal P gives the right mean, and a better one a smaller error. A layer of
// fewer than 192 units is left as it is.
type Projections struct {
	backend Backend
	workers int
	layers  []projection
}

// projection is the directions of one layer.
type projection struct {
	dim    int
	centre []float32 // near the mean, so that products lose nothing to a common offset
	w      []float32 // [dim, projectedUnits]; nil: the layer is left as it is
}

const (
	// PilotRows is how many rows P is found from: enough for the first components.
	PilotRows = 2048

	principalUnits = 128
	restUnits      = 64
	projectedUnits = principalUnits + restUnits
)

// ProjectedUnits is how many units are left of a layer of so many when it is projected.
func ProjectedUnits(dim int) int { return min(dim, projectedUnits) }

// NewProjections finds directions for layers from some of their rows, some
// [PilotRows] of them. Those of each layer depend on its rows, its number and the
// seed alone; nil numbers the layers from 0.
func NewProjections(b Backend, pilot []Matrix, numbers []int, seed uint64, workers int) (*Projections, error) {
	p := &Projections{backend: b, workers: workers, layers: make([]projection, len(pilot))}
	errs := make([]error, len(pilot))
	parallel.Run(workers, len(pilot), func(_, i int) {
		x, err := Finite(pilot[i], i)
		if err == nil && x.Rows == 0 {
			err = fmt.Errorf("layer %d: there are no rows to find directions from", i)
		}
		if err == nil {
			p.layers[i], err = newDirections(b, x, rand.New(rand.NewPCG(seed, numberOf(numbers, i))))
		}
		errs[i] = err
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

func newDirections(b Backend, x Matrix, r *rand.Rand) (projection, error) {
	d := projection{dim: x.Cols}
	if x.Cols < projectedUnits {
		return d, nil
	}
	mean := make([]float64, x.Cols)
	if x.Data64 != nil {
		columnMeans(mean, x, x.Data64, 1)
	} else {
		columnMeans(mean, x, x.Data, 1)
	}
	for u, v := range mean {
		d.centre = append(d.centre, float32(v))
		mean[u] = float64(d.centre[u])
	}
	principal, err := principalDirections(b, minus[float32](x, mean), r)
	if err != nil {
		return d, err
	}
	// The Gaussian directions, less what they have along the principal ones.
	rest := gaussians[float64](r, restUnits, x.Cols, 1/math.Sqrt(restUnits))
	along, part := linalg.New[float64](restUnits, principalUnits), linalg.New[float64](restUnits, x.Cols)
	b.Gemm64(false, true, rest, principal, along)
	b.Gemm64(false, false, along, principal, part)
	d.w = make([]float32, x.Cols*projectedUnits)
	for u := range x.Cols {
		row := d.w[u*projectedUnits:][:projectedUnits]
		for c := range principalUnits {
			row[c] = float32(principal.At(c, u))
		}
		for c := range restUnits {
			row[principalUnits+c] = float32(rest.At(c, u) - part.At(c, u))
		}
	}
	return d, nil
}

// principalDirections are about the first principal components of centred rows, by subspace iteration (Halko, Martinsson and Tropp
// 2011, algorithm 4.4): orthonormal rows, and zeros where the rows have fewer components.
func principalDirections(b Backend, rows linalg.Dense[float32], r *rand.Rand) (linalg.Dense[float64], error) {
	const rounds = 3
	basis := linalg.New[float64](principalUnits, rows.Cols)
	q := gaussians[float32](r, principalUnits, rows.Cols, 1)
	along := linalg.New[float32](rows.Rows, principalUnits)
	for range rounds {
		b.Gemm32(false, true, rows, q, along)
		b.Gemm32(true, false, along, rows, q)
		if err := orthonormalise(b, q, basis); err != nil {
			return basis, err
		}
		for k, v := range basis.Data {
			q.Data[k] = float32(v)
		}
	}
	return basis, nil
}

// orthonormalise sets out to an orthonormal basis of the rows of q: eigenvectors of Q Qᵀ, times Q.
func orthonormalise(b Backend, q linalg.Dense[float32], out linalg.Dense[float64]) error {
	const least = 1e-10 // of the largest eigenvalue: below, directions are rounding
	wide := linalg.New[float64](q.Rows, q.Cols)
	for k, v := range q.Data {
		wide.Data[k] = float64(v)
	}
	vectors := linalg.New[float64](q.Rows, q.Rows)
	b.Gemm64(false, true, wide, wide, vectors)
	values, err := b.SymEigen(vectors)
	if err != nil {
		return err
	}
	largest := values[len(values)-1]
	for k, v := range values {
		scale := 0.0
		if v > least*largest {
			scale = 1 / math.Sqrt(v)
		}
		for c := range vectors.Row(k) {
			vectors.Row(k)[c] *= scale
		}
	}
	b.Gemm64(false, false, vectors, wide, out)
	return nil
}

func gaussians[T linalg.Float](r *rand.Rand, rows, cols int, scale float64) linalg.Dense[T] {
	out := linalg.New[T](rows, cols)
	for k := range out.Data {
		out.Data[k] = T(scale * r.NormFloat64())
	}
	return out
}

// Project returns the rows of each layer on its directions: [rows, ProjectedUnits].
// Layers that are left as they are share their memory.
func (p *Projections) Project(ctx context.Context, rows []Matrix) ([]Matrix, error) {
	if len(rows) != len(p.layers) {
		return nil, fmt.Errorf("%d matrices for %d layers", len(rows), len(p.layers))
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out, errs := make([]Matrix, len(rows)), make([]error, len(rows))
	parallel.Run(p.workers, len(rows), func(_, i int) { out[i], errs[i] = p.layers[i].project(p.backend, rows[i], i) })
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (d projection) project(b Backend, x Matrix, layer int) (Matrix, error) {
	x, err := x.shaped()
	if err != nil {
		return x, fmt.Errorf("layer %d: %w", layer, err)
	}
	if x.Cols != d.dim {
		return x, fmt.Errorf("layer %d: %d units where %d are expected", layer, x.Cols, d.dim)
	}
	if d.w == nil {
		return x, nil
	}
	const few = 256 // rows that fit the cache, so that they are read from memory once
	out := Matrix{Rows: x.Rows, Cols: projectedUnits, Stride: projectedUnits, Data: make([]float32, x.Rows*projectedUnits)}
	w := linalg.Dense[float32]{Rows: d.dim, Cols: projectedUnits, Stride: projectedUnits, Data: d.w}
	centred := linalg.New[float32](few, d.dim)
	for from := 0; from < x.Rows; from += few {
		chunk := x.rows(from, min(from+few, x.Rows))
		if chunk.beyond(50) {
			return x, x.checkRange(layer, 50)
		}
		d.centreInto(centred, chunk)
		to := linalg.Dense[float32]{Rows: chunk.Rows, Cols: projectedUnits, Stride: projectedUnits, Data: out.Data[from*projectedUnits:]}
		b.Gemm32(false, false, centred.Slice(0, chunk.Rows, 0, d.dim), w, to)
	}
	return out, nil
}

func (d projection) centreInto(z linalg.Dense[float32], x Matrix) {
	if x.Data == nil || x.ColMajor {
		centre := make([]float64, d.dim)
		for u, v := range d.centre {
			centre[u] = float64(v)
		}
		copy(z.Data, minus[float32](x, centre).Data)
		return
	}
	for r := range x.Rows {
		row, to, centre := x.Data[r*x.Stride:][:d.dim], z.Row(r)[:d.dim], d.centre[:d.dim]
		for u, v := range row {
			to[u] = v - centre[u]
		}
	}
}

// WriteTo writes the directions: of each layer its units, its centre and W, little-endian.
func (p *Projections) WriteTo(w io.Writer) (int64, error) {
	written := int64(0)
	for _, d := range p.layers {
		for _, data := range []any{int64(d.dim), d.centre, d.w} {
			if err := binary.Write(w, binary.LittleEndian, data); err != nil {
				return written, err
			}
			written += int64(binary.Size(data))
		}
	}
	return written, nil
}

// ReadProjections reads what WriteTo wrote, for layers of dims units.
func ReadProjections(r io.Reader, b Backend, dims []int, workers int) (*Projections, error) {
	p := &Projections{backend: b, workers: workers}
	for i, dim := range dims {
		var found int64
		if err := binary.Read(r, binary.LittleEndian, &found); err != nil {
			return nil, err
		}
		if found != int64(dim) {
			return nil, fmt.Errorf("layer %d: directions for %d units, expected %d", i, found, dim)
		}
		d := projection{dim: dim}
		if dim >= projectedUnits {
			d.centre, d.w = make([]float32, dim), make([]float32, dim*projectedUnits)
			for _, data := range [][]float32{d.centre, d.w} {
				if err := binary.Read(r, binary.LittleEndian, data); err != nil {
					return nil, err
				}
			}
		}
		p.layers = append(p.layers, d)
	}
	return p, nil
}
