package checkpoint

import (
	"math"

	"speechsim/models/internal/network"
	"speechsim/models/internal/onnxproto"
)

// WavLM (Chen et al. 2022) adds to the scores of attention a bias of the distance from query to key, which all blocks share, times a
// gate of the query, which each block has for itself.

// distances is the bias of each distance, [heads, queries, keys]; "" for other families. x has frames at place 1.
func (a *wav2vec2) distances(encoder network.Module, x network.Tensor) network.Tensor {
	if a.kind != "wavlm" {
		return ""
	}
	m := encoder.Module("layers.0.attention.rel_attn_embed")
	read := m.Read("weight", a.Buckets, a.Heads)
	reach := a.MaxDistance
	table := m.Computed("distances", []int{a.Heads, 2*reach + 1}, func() ([]float32, error) {
		weights, err := read()
		if err != nil {
			return nil, err
		}
		out := make([]float32, a.Heads*(2*reach+1))
		for distance := -reach; distance <= reach; distance++ {
			row := weights[a.bucket(distance)*a.Heads:]
			for h := range a.Heads {
				out[h*(2*reach+1)+distance+reach] = row[h]
			}
		}
		return out, nil
	})
	// The scope is the encoder's, and not that of a block: what is made here enters all of them.
	m = encoder.Module("positions")
	frames := m.Range(m.Length(x, 1))
	distance := m.Op("Sub", []network.Tensor{m.Unsqueeze(frames, 0), m.Unsqueeze(frames, 1)})
	clipped := m.Op("Clip", []network.Tensor{distance, m.Int(-reach), m.Int(reach)})
	return m.Op("Gather", []network.Tensor{table, m.Add(clipped, m.Int(reach))}, onnxproto.Setting{Name: "axis", Int: 1})
}

// bucket of the distance from query to key: half of them for keys after the query, half of those for one distance each, the others
// growing with its logarithm until the largest distance, beyond which all share one. In float32, as the original: at the edge of
// a bucket float64 may fall on the other side.
func (a *wav2vec2) bucket(distance int) int {
	half := a.Buckets / 2
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
	grown = grown / float32(math.Log(float64(a.MaxDistance)/float64(exact))) * float32(half-exact)
	return first + min(exact+int(grown), half-1)
}

// gated is the bias times its gate, [batch, heads, queries, keys]. x, [batch, frames, width], is what the attention takes: a gate of a
// head sees the head's part of it. Its eight numbers are summed in two groups, a and b, and the gate is
// sigmoid(a) (c sigmoid(b) - 1) + 2, with a constant c of the head.
func (a *wav2vec2) gated(m network.Module, x, distances network.Tensor) network.Tensor {
	n := m.Network
	size := a.Width / a.Heads
	split := m.Transpose(m.Reshape(x, 0, 0, a.Heads, size), 0, 2, 1, 3)
	gates := m.Module("gru_rel_pos_linear").Linear(split, size, 8)
	sums := m.Op("ReduceSum", []network.Tensor{m.Reshape(gates, 0, 0, 0, 2, 4), m.Ints(-1)}, onnxproto.Setting{Name: "keepdims", Int: 0})
	both := m.Op("Sigmoid", []network.Tensor{sums})
	pick := func(i int) network.Tensor {
		return m.Op("Gather", []network.Tensor{both, m.Ints(i)}, onnxproto.Setting{Name: "axis", Int: -1})
	}
	inner := m.Op("Sub", []network.Tensor{m.Mul(pick(1), m.Weight("gru_rel_pos_const", 1, a.Heads, 1, 1)), n.Number(1)})
	gate := m.Add(m.Mul(pick(0), inner), n.Number(2))
	return m.Mul(gate, distances)
}
