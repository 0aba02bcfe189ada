package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"speechsim/metrics/internal/linalg"
)

// SketchWidth is the number of random directions that a null of CKA needs: the
// error of one draw's |XᵀY|² is then a few per cent of its own size.
const SketchWidth = 128

// Sketch holds the rows of layers projected on a few random directions. A null
// of CKA needs nothing more: with P and Q independent Gaussian matrices whose
// entries have variance 1/width, the Gram matrices of X P and Y Q have those of
// X and Y as their means, HSIC is linear in each of them, and so the HSIC of the
// projections has that of the layers as its mean: debiased and biased alike.
//
// It takes n * layers * width * 4 bytes.
type Sketch struct {
	backend    Backend
	dims       []int
	width      int
	workers    int
	projection [][]float32 // of each layer: [dim, width]
	centre     [][]float64
	rows       [][]float32 // of each layer: [n, width], centred by finish
	norms      [][]float64 // of each layer: |row|²
	n          int
	finished   bool
}

// NewSketch prepares the random directions of layers with dims units.
func NewSketch(b Backend, dims []int, width int, seed uint64, workers int) (*Sketch, error) {
	if width < 1 {
		return nil, fmt.Errorf("a sketch of width %d", width)
	}
	s := &Sketch{backend: b, dims: dims, width: width, workers: workers,
		projection: make([][]float32, len(dims)), centre: make([][]float64, len(dims)),
		rows: make([][]float32, len(dims)), norms: make([][]float64, len(dims))}
	for i, d := range dims {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		s.projection[i] = make([]float32, d*width)
		for k := range s.projection[i] {
			s.projection[i][k] = float32(r.NormFloat64() / math.Sqrt(float64(width)))
		}
	}
	return s, nil
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
		x, err := finite(x, i)
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
	parallel(s.workers, len(shaped), func(_, i int) { s.project(i, shaped[i]) })
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
	parallel(s.workers, len(s.dims), func(_, i int) {
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

// NullCKA draws the null distribution of a map of CKA. sketch holds the rows of
// all layers, m their moments (which give the denominators, exactly), and pairs
// the cells (x, y) in order. Only the products across change from draw to draw,
// and those of the sketch cost (dx/width)(dy/width) times less.
//
// Null.Observed is the sketch's estimate for the true pairing, which the draws
// must be compared with: its error is theirs. Its distance from CKA's exact
// values shows how good the sketch is.
func NullCKA(ctx context.Context, m *Moments, sketch *Sketch, variant string, pairs [][2]int, shuffle *Shuffle, draws int) (*Null, error) {
	variant, err := variantOf("cka", variant)
	if err != nil {
		return nil, err
	}
	if shuffle.onto {
		return nil, errors.New("a permutation of word types changes y itself, and with it the denominators: use NullOf")
	}
	if sketch.n != m.N() || sketch.n != shuffle.Rows() {
		return nil, fmt.Errorf("the sketch has %d rows, the moments %d, the pairings %d", sketch.n, m.N(), shuffle.Rows())
	}
	hsic := m.hsicBiased
	if variant == "debiased" {
		hsic = m.hsicDebiased
	}
	self := make([]float64, len(sketch.dims))
	for _, p := range pairs {
		if _, err := CKA(m, p[0], p[1], variant); err != nil {
			return nil, err
		}
		for _, i := range p {
			if self[i] == 0 {
				if self[i], err = hsic(i, i); err != nil {
					return nil, err
				}
			}
		}
	}
	sketch.finish()
	proto, err := newSketchMoments(sketch, pairs)
	if err != nil {
		return nil, err
	}
	null := &Null{About: shuffle.About}
	buffers := make([]gathered, len(proto.dims))
	for k := -1; k < draws; k++ {
		var pairing []int
		if k >= 0 {
			pairing = shuffle.Draw(k)
		}
		d := proto.Empty()
		if err := addPaired(ctx, d, proto.layers, proto.y, pairing, buffers); err != nil {
			return nil, err
		}
		values := make([]float64, len(pairs))
		parallel(sketch.workers, len(pairs), func(_, c int) {
			i, j := pairs[c][0], pairs[c][1]
			x, y := proto.at[0][i], proto.at[1][j]
			cross, _ := d.scatter(x, y)
			frobenius := sumSquares(cross.Data)
			if variant == "debiased" {
				frobenius = debias(frobenius, sketch.norms[i], sketch.norms[j], pairing)
			}
			values[c] = frobenius / math.Sqrt(self[i]) / math.Sqrt(self[j])
		})
		if k < 0 {
			null.Observed = values
		} else {
			null.Draws = append(null.Draws, values)
		}
	}
	return null, nil
}

// sketchMoments are empty moments of a sketch: the layers that are an x of some
// pair, then those that are a y. at gives the place of each layer among them.
type sketchMoments struct {
	*Moments
	layers []Matrix
	y      int
	at     [2]map[int]int
}

func newSketchMoments(s *Sketch, pairs [][2]int) (*sketchMoments, error) {
	p := &sketchMoments{at: [2]map[int]int{{}, {}}}
	for side := range 2 {
		p.y = len(p.layers)
		for i := range s.dims {
			for _, pair := range pairs {
				if _, seen := p.at[side][i]; !seen && pair[side] == i {
					p.at[side][i] = len(p.layers)
					p.layers = append(p.layers, Matrix{Rows: s.n, Cols: s.width, Stride: s.width, Data: s.rows[i]})
				}
			}
		}
	}
	o := Options{CrossOnly: true, Workers: s.workers}
	for _, pair := range pairs {
		o.Pairs = append(o.Pairs, [2]int{p.at[0][pair[0]], p.at[1][pair[1]]})
	}
	dims := make([]int, len(p.layers))
	for k := range dims {
		dims[k] = s.width
	}
	var err error
	p.Moments, err = NewMoments(s.backend, dims, o)
	return p, err
}

// debias is Song's estimator from |XᵀY|² and the squared norms of centred rows.
func debias(frobenius float64, x, y []float64, pairing []int) float64 {
	var sx, sy, xy float64
	for r, v := range x {
		w := y[r]
		if pairing != nil {
			w = y[pairing[r]]
		}
		sx += v
		sy += w
		xy += v * w
	}
	n := float64(len(x))
	return frobenius - xy + sx*sy/((n-1)*(n-2)) - 2*xy/(n-2)
}
