package metrics

import (
	"context"
	"fmt"
	"math"
	"slices"

	"speechsim/metrics/internal/editdistance"
	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// WordThresholds are those of Bolaños 2024: .05, .10, ... .75.
func WordThresholds() []float64 {
	var out []float64
	for t := 5; t <= 75; t += 5 {
		out = append(out, float64(t)/100)
	}
	return out
}

// Words are the word types whose distances are compared.
type Words struct {
	// Means are the types' means in the layer, of rows scaled to unit length
	// (NewTypeSums), [types, dim].
	Means Matrix
	// Phones is the pronunciation of each type; a type without one takes no part
	// in the phonetic curve. Any numbering of phones will do.
	Phones [][]int
	// Vectors are the types' word vectors, [types, dim]; a row of zeros takes no
	// part in the semantic curve. The zero Matrix: no semantic curve.
	Vectors Matrix
}

// WordCurves are the mean distances of word pairs that are close in one sense.
type WordCurves struct {
	Thresholds         []float64
	Phonetic, Semantic []WordPairs // at each threshold
	Random             WordPairs   // all pairs of types
}

// WordPairs is the mean cosine distance, in the layer, of Pairs pairs of types;
// 0 where there are none.
type WordPairs struct {
	Mean  float64
	Pairs int
}

// WordDistance asks whether a layer puts words close that sound alike, or that
// mean alike (Bolaños 2024). Over all pairs of different word types,
//
//	phonetic:  the mean distance of pairs with lev(a, b)/max(|a|, |b|) < t, where
//	           lev is Levenshtein's over phones
//	semantic:  the mean distance of pairs whose word vectors have cosine distance < t
//	random:    the mean distance of all pairs
//
// for each threshold t, and the distance of two types is the mean cosine
// distance of their rows: 1 - u_a·u_b with u their unit means. Only pairs of
// different types count, so homophones do and a word with itself does not; "all
// pairs" is exact, where the thesis's code samples from a set that it forgets to
// reset. The two scales of t are not comparable with each other.
func WordDistance(ctx context.Context, b Backend, words Words, thresholds []float64, workers int) (*WordCurves, error) {
	means, err := Finite(words.Means, 0)
	if err != nil {
		return nil, err
	}
	n := means.Rows
	if n < 2 {
		return nil, undefined("word_distance", "random", "%d word types make no pair", n)
	}
	if words.Phones != nil && len(words.Phones) != n {
		return nil, fmt.Errorf("word_distance: %d pronunciations for %d word types", len(words.Phones), n)
	}
	for k := 1; k < len(thresholds); k++ {
		if thresholds[k] <= thresholds[k-1] {
			return nil, fmt.Errorf("word_distance: thresholds must ascend, and %g follows %g", thresholds[k], thresholds[k-1])
		}
	}
	p := &wordPairing{layer: denseRows[float32](means, false), thresholds: thresholds, last: math.Inf(-1)}
	if len(thresholds) > 0 {
		p.last = thresholds[len(thresholds)-1]
	}
	if words.Phones != nil {
		p.compareBy(words.Phones)
	}
	if words.Vectors.Rows > 0 {
		vectors, err := Finite(words.Vectors, 1)
		if err != nil {
			return nil, err
		}
		if vectors.Rows != n {
			return nil, fmt.Errorf("word_distance: %d word vectors for %d word types", vectors.Rows, n)
		}
		p.vectors, p.hasVector = denseRows[float32](vectors, false), make([]bool, n)
		for r := range n {
			p.hasVector[r] = linalg.Normalise(p.vectors.Row(r))
		}
	}
	blocks := parallel.Cuts(n, wordBlock)
	sums := make([]pairSums, len(blocks)-1)
	work := make([]wordBlocks, min(parallel.Workers(workers), len(sums)))
	parallel.Run(workers, len(sums), func(worker, k int) {
		if ctx.Err() == nil {
			sums[k] = p.block(b, blocks[k], blocks[k+1], &work[worker])
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return p.curves(sums), nil
}

// renumbered are pronunciations whose phones are numbered from 0 on, and how many there are.
func renumbered(words [][]int) (out [][]int, count int) {
	numbers := map[int]int{}
	out = make([][]int, len(words))
	for w, phones := range words {
		for _, phone := range phones {
			if _, seen := numbers[phone]; !seen {
				numbers[phone] = len(numbers)
			}
			out[w] = append(out[w], numbers[phone])
		}
	}
	return out, len(numbers)
}

// wordBlock is the number of types compared with all later ones at once.
const wordBlock = 128

// wordPairing is the work of WordDistance.
type wordPairing struct {
	layer, vectors linalg.Dense[float32]
	hasVector      []bool
	thresholds     []float64
	last           float64             // threshold: most distances are beyond it
	words          *editdistance.Words // nil: no phonetic curve
	phones         []int               // how many each type has
	// bins holds, for two types of which the longer has so many phones, the first threshold that they are under by their edit distance, as far
	// as there is one.
	bins [][]int
}

// compareBy prepares the phonetic curve.
func (p *wordPairing) compareBy(pronunciations [][]int) {
	p.words = editdistance.NewWords(renumbered(pronunciations))
	p.phones = make([]int, len(pronunciations))
	for w, phones := range pronunciations {
		p.phones[w] = len(phones)
	}
	p.bins = make([][]int, slices.Max(p.phones)+1)
	for _, n := range p.phones {
		for d := len(p.bins[n]); d <= n && float64(d)/float64(n) < p.last; d++ {
			p.bins[n] = append(p.bins[n], p.under(float64(d)/float64(n)))
		}
	}
}

// wordBlocks is what one worker compares a block of types in.
type wordBlocks struct {
	near, meant []float32
	distances   []int32 // of one type's pronunciation from those of the others
	limits      []int32 // of that type, by the phones of another: a distance that is beyond every threshold
}

// pairSums are sums of distances by the first threshold that a pair is under.
type pairSums struct {
	phonetic, semantic []pairSum // one a threshold
	random             pairSum
}

type pairSum struct {
	sum   float64
	pairs int
}

func (s *pairSum) add(d float64) { s.sum, s.pairs = s.sum+d, s.pairs+1 }

// addAll adds the distances of these similarities.
func (s *pairSum) addAll(similarities []float32) {
	sum := s.sum
	for _, v := range similarities {
		sum += 1 - float64(v)
	}
	s.sum, s.pairs = sum, s.pairs+len(similarities)
}

// block compares types [from, to) with those after them.
func (p *wordPairing) block(b Backend, from, to int, work *wordBlocks) pairSums {
	s := pairSums{phonetic: make([]pairSum, len(p.thresholds)), semantic: make([]pairSum, len(p.thresholds))}
	near := innerProducts(b, p.layer, from, to, &work.near)
	var meant linalg.Dense[float32]
	if p.hasVector != nil {
		meant = innerProducts(b, p.vectors, from, to, &work.meant)
	}
	for i := from; i < to; i++ {
		after := i + 1
		similarities := near.Row(i - from)[after-from:]
		s.random.addAll(similarities)
		if p.hasVector != nil && p.hasVector[i] {
			p.addSemantic(s.semantic, similarities, meant.Row(i - from)[after-from:], p.hasVector[after:])
		}
		if p.words != nil && p.phones[i] > 0 {
			p.addPhonetic(s.phonetic, similarities, i, work)
		}
	}
	return s
}

// addSemantic adds the distances of one type from others whose word vectors are close to its own: meant are their cosines.
func (p *wordPairing) addSemantic(sums []pairSum, similarities, meant []float32, hasVector []bool) {
	meant, hasVector = meant[:len(similarities)], hasVector[:len(similarities)]
	for j, v := range similarities {
		if d := 1 - float64(meant[j]); d < p.last && hasVector[j] {
			sums[p.under(d)].add(1 - float64(v))
		}
	}
}

// addPhonetic adds the distances of type i from those after it that sound alike.
func (p *wordPairing) addPhonetic(sums []pairSum, similarities []float32, i int, work *wordBlocks) {
	work.distances = slices.Grow(work.distances[:0], len(similarities))[:len(similarities)]
	p.words.Distances(i, i+1, work.distances)
	// Nearly all pairs are beyond every threshold, so this is looked up for each number of phones of the other word.
	limits := append(work.limits[:0], 0) // a type without phones takes no part
	for n := 1; n < len(p.bins); n++ {
		limits = append(limits, int32(len(p.bins[max(n, p.phones[i])])))
	}
	work.limits = limits
	phones, distances := p.phones[i+1:][:len(similarities)], work.distances
	for j, v := range similarities {
		if d := distances[j]; d < limits[phones[j]] {
			sums[p.bins[max(phones[j], p.phones[i])][d]].add(1 - float64(v))
		}
	}
}

// innerProducts returns those of rows [from, to) with rows from on, in the memory of work, grown if it must be.
func innerProducts(b Backend, rows linalg.Dense[float32], from, to int, work *[]float32) linalg.Dense[float32] {
	n := (to - from) * (rows.Rows - from)
	*work = slices.Grow((*work)[:0], n)[:n]
	out := linalg.Dense[float32]{Rows: to - from, Cols: rows.Rows - from, Stride: rows.Rows - from, Data: *work}
	b.Gemm32(false, true, rows.Slice(from, to, 0, rows.Cols), rows.Slice(from, rows.Rows, 0, rows.Cols), out)
	return out
}

// under returns the first threshold that a distance is below; there is one if it is below the last.
func (p *wordPairing) under(distance float64) int {
	k := 0
	for distance >= p.thresholds[k] {
		k++
	}
	return k
}

// curves adds the blocks in order, and the thresholds up.
func (p *wordPairing) curves(blocks []pairSums) *WordCurves {
	c := &WordCurves{Thresholds: p.thresholds}
	total := pairSums{phonetic: make([]pairSum, len(p.thresholds)), semantic: make([]pairSum, len(p.thresholds))}
	join := func(to *pairSum, from pairSum) { to.sum, to.pairs = to.sum+from.sum, to.pairs+from.pairs }
	for _, b := range blocks {
		join(&total.random, b.random)
		for k := range p.thresholds {
			join(&total.phonetic[k], b.phonetic[k])
			join(&total.semantic[k], b.semantic[k])
		}
	}
	pairs := func(s pairSum) WordPairs { return WordPairs{s.sum / float64(max(s.pairs, 1)), s.pairs} }
	c.Random = pairs(total.random)
	cumulate := func(sums []pairSum) []WordPairs {
		var out []WordPairs
		var so pairSum
		for _, s := range sums {
			join(&so, s)
			out = append(out, pairs(so))
		}
		return out
	}
	if p.words != nil {
		c.Phonetic = cumulate(total.phonetic)
	}
	if p.hasVector != nil {
		c.Semantic = cumulate(total.semantic)
	}
	return c
}
