package metrics

import (
	"context"
	"encoding/binary"
	"errors"
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
	// PilotRows is how many rows P is found from: of 2 048 the error is five times as large, on frames of speech.
	PilotRows = 8192

	principalUnits = 128
	restUnits      = 64
	projectedUnits = principalUnits + restUnits
)

// ProjectedUnits is how many units are left of a layer of so many when it is projected.
func ProjectedUnits(dim int) int { return min(dim, projectedUnits) }

// PilotMemory is the number of bytes that finding directions takes for layers of dims units: moments of each with itself, and a block of rows.
func PilotMemory(dims []int, workers int) (int64, error) {
	units := 0
	for _, d := range dims {
		units += d
	}
	m, err := MemoryOf(dims, Options{Pairs: ownPairs(len(dims)), Workers: workers})
	return m.State + m.Work + 4*BlockRows*int64(units), err
}

// NewProjections finds directions for layers from moments of some of their rows, some [PilotRows] of them, with each layer's own block
// ([OwnMoments]). Those of each layer depend on its moments, its number and the seed alone; nil numbers the layers from 0.
func NewProjections(pilot *Moments, numbers []int, seed uint64, workers int) (*Projections, error) {
	if pilot.N() == 0 {
		return nil, errors.New("there are no rows to find directions from")
	}
	p := &Projections{backend: pilot.backend, workers: workers, layers: make([]projection, len(pilot.dims))}
	errs := make([]error, len(pilot.dims))
	parallel.Run(workers, len(pilot.dims), func(_, i int) {
		p.layers[i], errs[i] = newDirections(pilot, i, rand.New(rand.NewPCG(seed, numberOf(numbers, i))))
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

func newDirections(m *Moments, i int, r *rand.Rand) (projection, error) {
	b, units := m.backend, m.dims[i]
	d := projection{dim: units}
	if units < projectedUnits {
		return d, nil
	}
	for _, v := range m.Mean(i) {
		d.centre = append(d.centre, float32(v))
	}
	scatter, err := m.scatter(i, i)
	if err != nil {
		return d, err
	}
	principal, err := principalDirections(b, scatter, r)
	if err != nil {
		return d, err
	}
	// The Gaussian directions, less what they have along the principal ones.
	rest := gaussians(r, restUnits, units, 1/math.Sqrt(restUnits))
	along, part := linalg.New[float64](restUnits, principalUnits), linalg.New[float64](restUnits, units)
	b.Gemm64(false, true, rest, principal, along)
	b.Gemm64(false, false, along, principal, part)
	d.w = make([]float32, units*projectedUnits)
	for u := range units {
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

// principalDirections are about the first principal components of a layer, by subspace iteration (Halko, Martinsson and Tropp
// 2011, algorithm 4.4) on its scatter: orthonormal rows, and zeros where it has fewer components.
func principalDirections(b Backend, scatter linalg.Dense[float64], r *rand.Rand) (linalg.Dense[float64], error) {
	const rounds = 3
	basis := gaussians(r, principalUnits, scatter.Cols, 1)
	image := linalg.New[float64](principalUnits, scatter.Cols)
	for range rounds {
		b.Gemm64(false, false, basis, scatter, image)
		if err := orthonormalise(b, image, basis); err != nil {
			return basis, err
		}
	}
	return basis, nil
}

// orthonormalise sets out to an orthonormal basis of the rows of q: eigenvectors of Q Qᵀ, times Q.
func orthonormalise(b Backend, q, out linalg.Dense[float64]) error {
	const least = 1e-10 // of the largest eigenvalue: below, directions are rounding
	vectors := linalg.New[float64](q.Rows, q.Rows)
	b.Gemm64(false, true, q, q, vectors)
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
	b.Gemm64(false, false, vectors, q, out)
	return nil
}

func gaussians(r *rand.Rand, rows, cols int, scale float64) linalg.Dense[float64] {
	out := linalg.New[float64](rows, cols)
	for k := range out.Data {
		out.Data[k] = scale * r.NormFloat64()
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
