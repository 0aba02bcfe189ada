package measure

import (
	"context"
	"errors"
	"math"

	"speechsim/metrics"
	"speechsim/pipeline/inference"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/results"
	"speechsim/pipeline/sums"
)

// replicates are cells with each group left out.
type replicates struct {
	*metrics.Replicates
	At    map[int]int // cell -> statistic
	Parts [][]int     // of the corpus, which make up each group; nil where groups are none of them
}

// groupParts are the parts of the groups with rows, which intervals leave out one at a time.
func groupParts[S any](t *plan.Tile, s *sums.Total[S]) (parts [][]int) {
	if t.RowSet.Level == results.TypeLevel { // its groups are stretches of the list of types
		return nil
	}
	for k, group := range s.Parts {
		if s.Sizes[k] > 0 {
			parts = append(parts, group)
		}
	}
	return parts
}

// kept are the replicates as the run's folder keeps them.
func (r *replicates) kept(t *plan.Task, cells []results.Cell) []results.Replicates {
	if r == nil || len(r.Parts) == 0 || len(r.Parts) != len(r.Sizes) {
		return nil
	}
	out := results.Replicates{Sizes: r.Sizes}
	for _, parts := range r.Parts {
		out.Groups = append(out.Groups, t.Inputs.GroupName(parts))
	}
	for c := range cells {
		k, ok := r.At[c]
		if !ok || cells[c].Lo == nil {
			continue
		}
		out.Cells, out.Whole = append(out.Cells, c), append(out.Whole, r.Whole[k])
		for g := range r.Left {
			out.Less = append(out.Less, float32(r.Left[g][k]-r.Whole[k]))
		}
	}
	return []results.Replicates{out}
}

// replicatesOf computes the cells that get an interval with each group left out, the parts being the groups; nil where none
// does.
func replicatesOf[S metrics.Sums[S]](ctx context.Context, t *plan.Tile, rows *join.Rows, s *sums.Total[S], cells []results.Cell,
	statistics func(cells []metrics.Cell) func(S) ([]float64, error)) (*replicates, error) {
	r := &replicates{At: map[int]int{}, Parts: groupParts(t, s)}
	few := metrics.CountGroups(s.Sizes) < metrics.FewestGroups
	var asked []metrics.Cell
	for c := range cells {
		m, at := t.MeasureOf(c), t.PairOf(c)
		if at.X != at.Y && cells[c].OK() && !m.FromGroups() && (few || !wantsGroups(t, rows, m)) && t.PartCount(rows) > 1 && t.Comparison.WantsInterval(m) {
			r.At[c] = len(asked)
			asked = append(asked, metrics.Cell{Metric: m.Name, Variant: m.Variant.Name, X: at.X, Y: at.Y})
		}
	}
	if len(asked) == 0 {
		return nil, nil
	}
	t.Inputs.Progress.Stage("intervals of "+t.Comparison.Name+t.Suffix(), float64(len(s.Sizes)), "groups left out")
	var err error
	r.Replicates, err = metrics.Jackknife(ctx, s.Whole, s.Groups(), progress.AfterFirst(t.Inputs.Progress, statistics(asked)))
	if errors.Is(err, metrics.ErrFewGroups) {
		t.Inputs.Progress.Note("comparison %s has no intervals: %v", t.Comparison.Name, err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// with adds the cells whose interval is that of a metric on groups, whose values without each group are at hand; r may be nil.
func (r *replicates) with(t *plan.Tile, parts [][]int, maps map[string]groupMap, cells []results.Cell) *replicates {
	for c := range cells {
		m, at := t.MeasureOf(c), t.PairOf(c)
		of := maps[m.Name]
		_, made := r.statistic(c)
		if made || of.OfGroups == nil || of.Left == nil || !m.FromGroups() && !m.WantsGroups() || len(of.Left.Sizes) < 2 || at.X == at.Y || !cells[c].OK() || !t.Comparison.WantsInterval(m) {
			continue
		}
		if r == nil {
			r = newReplicates()
			r.Parts = parts
		}
		r.At[c] = r.Append(of.Left, of.at[[2]int{at.X, at.Y}])
	}
	return r
}

func newReplicates() *replicates {
	return &replicates{Replicates: &metrics.Replicates{}, At: map[int]int{}}
}

// add adds what others, which may be nil, have of a cell of theirs, as that of cell c.
func (r *replicates) add(c int, others *replicates, theirs int) {
	if k, ok := others.statistic(theirs); ok {
		r.At[c], r.Parts = r.Append(others.Replicates, k), others.Parts
	}
}

// statistic is that of a cell, if it has one.
func (r *replicates) statistic(c int) (int, bool) {
	if r == nil {
		return 0, false
	}
	k, ok := r.At[c]
	return k, ok
}

// intervals gives cells their delete-a-group jackknife, and compares layers with each other.
func intervals(t *plan.Task, r *replicates, cells []results.Cell) []results.Difference {
	if r == nil {
		return nil
	}
	for c := range cells {
		k, ok := r.At[c]
		if !ok {
			continue
		}
		inference.Interval(&cells[c], r.Replicates, k)
	}
	return differences(t, r, cells)
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
