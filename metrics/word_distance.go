package metrics

import (
	"context"
	"fmt"

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
	p := &wordPairing{layer: denseRows[float32](means, false), thresholds: thresholds}
	p.phones, p.numbers = renumbered(words.Phones)
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
	parallel.Run(workers, len(sums), func(_, k int) {
		if ctx.Err() == nil {
			sums[k] = p.block(b, blocks[k], blocks[k+1])
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return p.curves(sums), nil
}

// renumbered are pronunciations whose phones are numbered from 0 on, and how many there are.
func renumbered(words [][]int) (out [][]int, count int) {
	if words == nil {
		return nil, 0
	}
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
	phones         [][]int
	numbers        int // phones are numbered from 0 up to below this
	thresholds     []float64
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

// block compares types [from, to) with those after them.
func (p *wordPairing) block(b Backend, from, to int) pairSums {
	n := p.layer.Rows
	s := pairSums{phonetic: make([]pairSum, len(p.thresholds)), semantic: make([]pairSum, len(p.thresholds))}
	near := innerProducts(b, p.layer, from, to)
	var meant linalg.Dense[float32]
	if p.hasVector != nil {
		meant = innerProducts(b, p.vectors, from, to)
	}
	var word editdistance.Word
	for i := from; i < to; i++ {
		if p.phones != nil {
			word.Set(p.phones[i], p.numbers)
		}
		for j := i + 1; j < n; j++ {
			d := 1 - float64(near.At(i-from, j-from))
			s.random.add(d)
			if p.hasVector != nil && p.hasVector[i] && p.hasVector[j] {
				if k := p.under(1 - float64(meant.At(i-from, j-from))); k < len(p.thresholds) {
					s.semantic[k].add(d)
				}
			}
			if p.phones != nil && len(p.phones[i]) > 0 && len(p.phones[j]) > 0 {
				if k := p.underPhonetic(&word, len(p.phones[i]), p.phones[j]); k < len(p.thresholds) {
					s.phonetic[k].add(d)
				}
			}
		}
	}
	return s
}

// innerProducts returns those of rows [from, to) with rows from on.
func innerProducts(b Backend, rows linalg.Dense[float32], from, to int) linalg.Dense[float32] {
	out := linalg.New[float32](to-from, rows.Rows-from)
	b.Gemm32(false, true, rows.Slice(from, to, 0, rows.Cols), rows.Slice(from, rows.Rows, 0, rows.Cols), out)
	return out
}

// under returns the first threshold that a distance is below.
func (p *wordPairing) under(distance float64) int {
	n := len(p.thresholds)
	if n == 0 || distance >= p.thresholds[n-1] { // as most pairs are
		return n
	}
	k := 0
	for distance >= p.thresholds[k] {
		k++
	}
	return k
}

// underPhonetic is under for the phonetic distance of a word of so many phones and b. Words whose lengths alone put them beyond every
// threshold are not compared.
func (p *wordPairing) underPhonetic(word *editdistance.Word, phones int, b []int) int {
	longer := float64(max(phones, len(b)))
	if k := p.under(float64(max(phones, len(b))-min(phones, len(b))) / longer); k == len(p.thresholds) {
		return k
	}
	return p.under(float64(word.To(b)) / longer)
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
	if p.phones != nil {
		c.Phonetic = cumulate(total.phonetic)
	}
	if p.hasVector != nil {
		c.Semantic = cumulate(total.semantic)
	}
	return c
}
