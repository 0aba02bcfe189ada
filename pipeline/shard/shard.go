// Package shard is the protocol by which a run is shared among machines: each shard makes its share of the parts and leaves them
// in a common store with a record of itself; from these others know what runs, what failed, and what is missing.
package shard

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"speechsim/pipeline/load"
)

// Shard is one share of a run's work: number Index of Count, from 1. Zero is the whole.
type Shard struct{ Index, Count int }

// Parse reads "3/16".
func Parse(s string) (Shard, error) {
	index, count, ok := strings.Cut(s, "/")
	i, err1 := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	if !ok || err1 != nil || err2 != nil || n < 1 || i < 1 || i > n {
		return Shard{}, fmt.Errorf("shard %q: expected INDEX/COUNT with INDEX from 1 to COUNT, such as 3/16", s)
	}
	return Shard{i, n}, nil
}

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

// Shares deals parts out to shards, the longest first, each to the shard that has least: balanced by duration, and a
// function of the corpus alone. A part is never cut, so sums are the same whoever makes them. out[s] are the parts of
// shard s+1, in order.
func Shares(seconds []float64, count int) (out [][]int) {
	order := make([]int, len(seconds))
	for p := range order {
		order[p] = p
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(seconds[b], seconds[a]) })
	out = make([][]int, count)
	load := make([]float64, count)
	for _, p := range order {
		least := 0
		for s := range load {
			if load[s] < load[least] {
				least = s
			}
		}
		out[least] = append(out[least], p)
		load[least] += seconds[p]
	}
	for _, parts := range out {
		slices.Sort(parts)
	}
	return out
}

// Max is the most shards that have something to do: a part is never cut.
const Max = load.MaxParts
