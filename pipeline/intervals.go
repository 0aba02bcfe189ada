package pipeline

import (
	"context"
	"errors"
	"math"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// wantsInterval says whether cells of a metric get an interval: on request always, by default where a cell is cheap.
func (b *basis) wantsInterval(m measure) bool {
	switch {
	case b.k.Interval == "none" || !m.hasInterval():
		return false
	case b.k.Interval == "jackknife":
		return true
	}
	return m.Cost == metrics.Quadratic
}

// hasInterval says whether groups can be taken from what the metric is computed from.
func (m measure) hasInterval() bool {
	return m.variant.Source == metrics.FromMoments || m.variant.Source == metrics.FromAttention
}

// replicates are cells with each group left out.
type replicates struct {
	*metrics.Replicates
	At map[int]int // cell -> statistic
}

// replicatesOf computes the cells that get an interval with each group left out, the parts being the groups; nil where none
// does.
func replicatesOf[S metrics.Sums[S]](ctx context.Context, p *Plan, b *basis, s *sums[S], cells []results.Cell,
	statistics func(cells []metrics.Cell) func(S) ([]float64, error)) (*replicates, error) {
	r := &replicates{At: map[int]int{}}
	var asked []metrics.Cell
	for c := range cells {
		m, at := b.cell(c)
		if at.x != at.y && cells[c].OK() && p.partCount(b) > 1 && b.wantsInterval(m) {
			r.At[c] = len(asked)
			asked = append(asked, metrics.Cell{Metric: m.Name, Variant: m.variant.Name, X: at.x, Y: at.y})
		}
	}
	if len(asked) == 0 {
		return nil, nil
	}
	p.opts.Progress.Stage("intervals"+b.tileText(), float64(len(s.sizes)+1), "groups")
	compute := statistics(asked)
	var err error
	r.Replicates, err = metrics.Jackknife(ctx, s.whole, s.groups(), func(sums S) ([]float64, error) {
		defer p.opts.Progress.Add(1)
		return compute(sums)
	})
	if errors.Is(err, metrics.ErrFewGroups) {
		p.opts.Progress.Note("comparison %s has no intervals: %v", b.k.Name, err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// intervals gives cells their delete-a-group jackknife, and compares layers with each other.
func (b *basis) intervals(r *replicates, cells []results.Cell) []results.Difference {
	if r == nil {
		return nil
	}
	for c := range cells {
		k, ok := r.At[c]
		if !ok {
			continue
		}
		if iv, ok := r.Interval(k); ok {
			cells[c].Lo, cells[c].Hi = &iv.Lo, &iv.Hi
		} else {
			cells[c].Warnings = append(cells[c].Warnings, "no interval: the metric is undefined without some group of speakers")
		}
	}
	return differences(b, r, cells)
}

// attentionStatistics are the numbers of cells on attention maps by the query, NaN where undefined.
func attentionStatistics(cells []metrics.Cell) func(*metrics.AttentionRows) ([]float64, error) {
	return func(rows *metrics.AttentionRows) ([]float64, error) {
		numbers := make([]float64, len(cells))
		for k, c := range cells {
			v, err := rows.Value(c.X, c.Y, c.Variant)
			var undefined *metrics.UndefinedError
			if err != nil && !errors.As(err, &undefined) {
				return nil, err
			}
			if numbers[k] = v.Value; err != nil {
				numbers[k] = math.NaN()
			}
		}
		return numbers, nil
	}
}
