package network

import (
	"fmt"
	"math"

	"speechsim/models/internal/onnxproto"
)

// Keys says which keys attention sees. The zero value is all of them.
type Keys struct {
	one, left Tensor // [batch, keys, heads, 1]: 1, and what is added to the scores
}

// leftOut is added to the scores of keys that are left out. Their exponentials are 0 as with minus infinity, which would make an
// utterance without any key NaN; and half precision has it too.
const leftOut = -30000

// Keys are those where real, [batch, keys], is true, for so many heads.
func (m Module) Keys(real Tensor, heads int) Keys {
	real = m.Op("Expand", []Tensor{m.Unsqueeze(real, 2, 3), m.Ints(1, 1, heads, 1)})
	return Keys{
		one:  m.Op("Where", []Tensor{real, m.Number(1), m.Number(1)}),
		left: m.Op("Where", []Tensor{real, m.Number(0), m.Number(leftOut)}),
	}
}

// Attention is the attention of several heads on query, key and value, each [batch, time, width], as their projections give
// them:
//
//	probabilities = softmax(q k' / sqrt(width / heads) + left + biases)   [batch, heads, queries, keys]
//	context       = probabilities v, the heads joined                     [batch, queries, width]
//
// A bias is anything that broadcasts to the probabilities: positions, say. What leaves keys out is none, although it could be, since to add
// something to all scores takes longer than a hundredth of the model. Queries get a further unit of 1 instead, and keys one of
// what is added:
//
//	(q, 1) (k, left)' = q k' + left
func (m Module) Attention(query, key, value Tensor, heads, width int, keys Keys, biases ...Tensor) (context, probabilities Tensor) {
	if heads <= 0 || width%heads != 0 {
		m.Fail(fmt.Errorf("%s: a width of %d can't be split into %d heads", m.path, width, heads))
		return query, query
	}
	size := width / heads
	split := func(x Tensor) Tensor { return m.Reshape(x, 0, 0, heads, size) }
	// The queries are scaled, and not the scores: these are heads x time / size times as many.
	query, key = split(m.Mul(query, m.Number(Scale(size)))), split(key)
	if keys != (Keys{}) {
		further := func(x, unit Tensor) Tensor {
			return m.Op("Concat", []Tensor{x, unit}, onnxproto.Setting{Name: "axis", Int: 3})
		}
		query, key = further(query, keys.one), further(key, keys.left)
	}
	scores := m.MatMul(m.Transpose(query, 0, 2, 1, 3), m.Transpose(key, 0, 2, 3, 1))
	for _, b := range biases {
		scores = m.Add(scores, b)
	}
	probabilities = m.Op("Softmax", []Tensor{scores}, onnxproto.Setting{Name: "axis", Int: -1})
	joined := m.Transpose(m.MatMul(probabilities, m.Transpose(split(value), 0, 2, 1, 3)), 0, 2, 1, 3)
	return m.Reshape(joined, 0, 0, width), probabilities
}

// Scale is what scores of queries and keys of a size are multiplied with: 1 / sqrt(size).
func Scale(size int) float32 { return float32(1 / math.Sqrt(float64(size))) }
