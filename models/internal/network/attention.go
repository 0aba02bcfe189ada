package network

import (
	"fmt"
	"math"

	"speechsim/models/internal/onnxproto"
)

// Attention is the attention of several heads on query, key and value, each [batch, time, width], as their projections give
// them:
//
//	probabilities = softmax(q k' / sqrt(width / heads) + biases)   [batch, heads, queries, keys]
//	context       = probabilities v, the heads joined              [batch, queries, width]
//
// A bias is anything that broadcasts to the probabilities: a mask, or positions.
func (m Module) Attention(query, key, value Tensor, heads, width int, biases ...Tensor) (context, probabilities Tensor) {
	if heads <= 0 || width%heads != 0 {
		m.Fail(fmt.Errorf("%s: a width of %d can't be split into %d heads", m.path, width, heads))
		return query, query
	}
	size := width / heads
	// The queries are scaled, and not the scores: these are heads x time / size times as many.
	query = m.Mul(query, m.Number(Scale(size)))
	split := func(x Tensor, order ...int) Tensor { return m.Transpose(m.Reshape(x, 0, 0, heads, size), order...) }
	scores := m.MatMul(split(query, 0, 2, 1, 3), split(key, 0, 2, 3, 1))
	for _, b := range biases {
		scores = m.Add(scores, b)
	}
	probabilities = m.Op("Softmax", []Tensor{scores}, onnxproto.Setting{Name: "axis", Int: -1})
	joined := m.Transpose(m.MatMul(probabilities, split(value, 0, 2, 1, 3)), 0, 2, 1, 3)
	return m.Reshape(joined, 0, 0, width), probabilities
}

// Scale is what scores of queries and keys of a size are multiplied with: 1 / sqrt(size).
func Scale(size int) float32 { return float32(1 / math.Sqrt(float64(size))) }

// MaskBias is the bias of attention that leaves keys out: real is [batch, keys], true where a key is real, and the result
// [batch, 1, 1, keys], 0 or the lowest number. (Not minus infinity: an utterance without any real key would become NaN.)
func (m Module) MaskBias(real Tensor) Tensor {
	bias := m.Op("Where", []Tensor{real, m.Number(0), m.Number(-math.MaxFloat32)})
	return m.Unsqueeze(bias, 1, 2)
}
