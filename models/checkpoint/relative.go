package checkpoint

import (
	"math"

	"speechsim/models/internal/network"
	"speechsim/models/internal/onnxproto"
)

// relative are the positions of WavLM (Chen et al. 2022) and BEATs (Chen et al. 2022): to the scores of attention comes a bias of the
// distance from query to key, which all blocks share, times a gate of the query, which each block has for itself.
type relative struct {
	heads   int
	buckets int // of distances
	reach   int // all distances beyond it share a bucket
}

// valid says whether there can be such positions.
func (r relative) valid() bool {
	return r.buckets >= 4 && r.reach > r.buckets/4 && max(r.buckets, r.reach) <= mostUnits
}

// distances is the bias of each distance, [heads, queries, keys], from a table of the buckets. x has frames at place 1. What is made here
// enters all blocks, so its scope is none of theirs.
func (r relative) distances(table, scope network.Module, x network.Tensor) network.Tensor {
	read := table.Read("weight", r.buckets, r.heads)
	of := table.Computed("distances", []int{r.heads, 2*r.reach + 1}, func() ([]float32, error) {
		weights, err := read()
		if err != nil {
			return nil, err
		}
		out := make([]float32, r.heads*(2*r.reach+1))
		for distance := -r.reach; distance <= r.reach; distance++ {
			row := weights[r.bucket(distance)*r.heads:]
			for h := range r.heads {
				out[h*(2*r.reach+1)+distance+r.reach] = row[h]
			}
		}
		return out, nil
	})
	places := places(scope, x, -r.reach, r.reach)
	return scope.Op("Gather", []network.Tensor{of, places}, onnxproto.Setting{Name: "axis", Int: 1})
}

// places are the distances from queries to keys, [queries, keys], not below least nor above most, counted from least. x has frames at
// place 1.
func places(m network.Module, x network.Tensor, least, most int) network.Tensor {
	frames := m.Range(m.Length(x, 1))
	distance := m.Op("Sub", []network.Tensor{m.Unsqueeze(frames, 0), m.Unsqueeze(frames, 1)})
	return m.Add(m.Op("Clip", []network.Tensor{distance, m.Int(least), m.Int(most)}), m.Int(-least))
}

// bucket of the distance from query to key: half of them for keys after the query, half of those for one distance each, the others
// growing with its logarithm until the largest distance, beyond which all share one. In float32, as the original: at the edge of
// a bucket float64 may fall on the other side.
func (r relative) bucket(distance int) int {
	half := r.buckets / 2
	exact := half / 2
	first := 0
	if distance > 0 {
		first = half
	} else {
		distance = -distance
	}
	if distance < exact {
		return first + distance
	}
	grown := float32(math.Log(float64(float32(distance) / float32(exact))))
	grown = grown / float32(math.Log(float64(r.reach)/float64(exact))) * float32(half-exact)
	return first + min(exact+int(grown), half-1)
}

// gated is the bias times its gate, [batch, heads, queries, keys]. x, [batch, frames, width], is what the gate of a head sees its part of.
// Its eight numbers, by the module linear, are summed in two groups, a and b, and the gate is
// sigmoid(a) (c sigmoid(b) - 1) + 2, with a constant c of the head.
func (r relative) gated(m network.Module, linear, constant string, x, distances network.Tensor, width int) network.Tensor {
	n := m.Network
	size := width / r.heads
	split := m.Transpose(m.Reshape(x, 0, 0, r.heads, size), 0, 2, 1, 3)
	gates := m.Module(linear).Linear(split, size, 8)
	sums := m.Op("ReduceSum", []network.Tensor{m.Reshape(gates, 0, 0, 0, 2, 4), m.Ints(-1)}, onnxproto.Setting{Name: "keepdims", Int: 0})
	both := m.Op("Sigmoid", []network.Tensor{sums})
	pick := func(i int) network.Tensor {
		return m.Op("Gather", []network.Tensor{both, m.Ints(i)}, onnxproto.Setting{Name: "axis", Int: -1})
	}
	inner := m.Op("Sub", []network.Tensor{m.Mul(pick(1), m.Weight(constant, 1, r.heads, 1, 1)), n.Number(1)})
	gate := m.Add(m.Mul(pick(0), inner), n.Number(2))
	return m.Mul(gate, distances)
}
