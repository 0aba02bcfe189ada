package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Shard is one share of a run's work: number Index of Count, from 1. Zero is the whole.
type Shard struct{ Index, Count int }

// ParseShard reads "3/16".
func ParseShard(s string) (Shard, error) {
	index, count, ok := strings.Cut(s, "/")
	i, err1 := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	if !ok || err1 != nil || err2 != nil || n < 1 || i < 1 || i > n {
		return Shard{}, fmt.Errorf("shard %q: expected INDEX/COUNT with INDEX from 1 to COUNT, such as 3/16", s)
	}
	return Shard{i, n}, nil
}

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

// shares deals parts out to shards, the longest first, each to the shard that has least: balanced by duration, and a
// function of the corpus alone. A part is never cut, so sums are the same whoever makes them. out[s] are the parts of
// shard s+1, in order.
func shares(seconds []float64, count int) (out [][]int) {
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

// sharesOf deals the parts of this plan out.
func (p *Plan) sharesOf(count int) [][]int {
	seconds := make([]float64, len(p.parts))
	for part := range p.parts {
		seconds[part] = p.secondsOf(p.usable(part))
	}
	return shares(seconds, count)
}

// ShardOutcome says what a shard left in the store.
type ShardOutcome struct {
	Parts   []string // groups of the parts that are done
	Seconds float64  // of audio in them
	Record  string   // file that says so
}

// RunShard makes the parts of one shard and leaves them in the store, for [Plan.Merge]. Parts that are there are not made
// again, so a shard that was killed goes on, and one that runs twice does nothing the second time.
func (p *Plan) RunShard(ctx context.Context, s Shard) (*ShardOutcome, error) {
	if p.finished != nil {
		return &ShardOutcome{}, nil
	}
	if s.Count > MaxParts {
		return nil, fmt.Errorf("shard %s: work is cut into at most %d parts, so at most %d shards have something to do", s, MaxParts, MaxParts)
	}
	parts := p.sharesOf(s.Count)[s.Index-1]
	if len(parts) == 0 {
		p.opts.Progress.Note("shard %s has nothing to do: the corpus has %d groups, and a group is never cut", s, len(p.parts))
	}
	r := p.newRecord(s, parts)
	if err := r.write(); err != nil {
		return nil, p.diskError(err)
	}
	stop := r.beat()
	err := p.extractParts(ctx, parts, func(int) error { return nil })
	stop()
	if err != nil {
		r.fail(ctx, err)
		return nil, err
	}
	r.State = ShardDone
	if err := r.write(); err != nil {
		return nil, p.diskError(err)
	}
	return &ShardOutcome{Parts: r.Parts, Seconds: r.Audio, Record: r.path}, nil
}
