package checkpoint

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"speechsim/models/internal/elements"
)

// distribution is how the numbers of a weight are drawn before training.
type distribution struct {
	constant  float64 // where the other two are 0
	deviation float64 // of a normal distribution around 0
	bound     float64 // of a uniform distribution around 0
}

// random gives a network weights as before training. Each is drawn by itself, from the seed and its name, so none depends on
// the order in which they are asked for.
type random struct {
	seed    uint64
	initial func(name string, shape []int) distribution
}

// mostDrawn is how many numbers a random weight may have: 4 GiB of them.
const mostDrawn = 1 << 30

// Has says that nothing is kept in parts: a weight norm, say, is drawn as the weight that it stands for.
func (r *random) Has(string) bool { return false }

// Weight draws a weight of the shape.
func (r *random) Weight(name string, shape []int) (func() ([]float32, error), error) {
	size, ok := elements.Count(shape, mostDrawn)
	if !ok {
		return nil, fmt.Errorf("tensor %q would have shape %v: more numbers than in any model", name, shape)
	}
	d := r.initial(name, shape)
	return func() ([]float32, error) {
		h := fnv.New64a()
		h.Write([]byte(name))
		from := rand.New(rand.NewPCG(r.seed, h.Sum64()))
		out := make([]float32, size)
		for i := range out {
			switch {
			case d.deviation != 0:
				out[i] = float32(d.deviation * from.NormFloat64())
			case d.bound != 0:
				out[i] = float32(d.bound * (2*from.Float64() - 1))
			default:
				out[i] = float32(d.constant)
			}
		}
		return out, nil
	}, nil
}

func (r *random) finish() error { return nil }

// fanInOf is how many numbers of the input make one of the output, by a weight's shape.
func fanInOf(shape []int) int {
	n := 1
	for _, d := range shape[1:] {
		n *= d
	}
	return n
}

// Distributions of PyTorch and transformers. fanIn is how many numbers of the input make one of the output.
func kaimingNormal(fanIn int) distribution {
	return distribution{deviation: math.Sqrt(2 / float64(fanIn))}
}

func uniform(fanIn int) distribution { return distribution{bound: math.Sqrt(1 / float64(fanIn))} }
