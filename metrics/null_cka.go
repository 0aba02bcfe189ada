package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"

	"speechsim/metrics/internal/parallel"
)

// NullCKA draws the null distribution of a map of CKA. sketch holds the rows of
// all layers, m their moments (which give the denominators, exactly, and need no
// more than each layer with itself), and pairs the cells (x, y), of different
// layers each. Only the products across change
// from draw to draw, and those of the sketch cost (dx/width)(dy/width) times less.
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
	shuffle, draws = shuffle.Exhaust(draws)
	self := make([]float64, len(sketch.dims))
	for _, p := range pairs {
		if p[0] == p[1] {
			return nil, fmt.Errorf("layer %d is paired with itself: the two sides of a sketch must have independent directions", p[0])
		}
		if err := m.check("cka", variant, p[0], p[1], 4); err != nil {
			return nil, err
		}
		for _, i := range p {
			if self[i] == 0 {
				h, err := m.selfHSIC(variant, i, fmt.Sprintf("layer %d", i))
				if err != nil {
					return nil, err
				}
				self[i] = h.left
			}
		}
	}
	sketch.finish()
	proto, err := newSketchMoments(sketch, pairs)
	if err != nil {
		return nil, err
	}
	null := &Null{About: shuffle.About}
	redrawn := newRedrawn(proto.Moments, proto.layers, proto.y)
	for k := -1; k < draws; k++ {
		var pairing []int
		if k >= 0 {
			pairing = shuffle.Draw(k)
		}
		d, err := redrawn.draw(ctx, pairing)
		if err != nil {
			return nil, err
		}
		values := make([]float64, len(pairs))
		errs := make([]error, len(pairs))
		parallel.Run(sketch.workers, len(pairs), func(_, c int) {
			i, j := pairs[c][0], pairs[c][1]
			values[c], errs[c] = d.hsicBiased(proto.at[0][i], proto.at[1][j])
			if variant == "debiased" {
				values[c] = debias(values[c], sketch.norms[i], sketch.norms[j], pairing)
			}
			values[c] /= math.Sqrt(self[i]) * math.Sqrt(self[j])
		})
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
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
