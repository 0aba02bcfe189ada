package measure

import (
	"context"
	"math"
	"testing"

	"speechsim/metrics"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
	"speechsim/pipeline/results"
)

// TestRowSets: what is made part by part, and shared with the moments of all rows, is what the rows themselves give.
func TestRowSets(t *testing.T) {
	p := plantest.Plan(t, plantest.Config(t, plantest.Small,
		`comparisons=[{name: w, rows: {unit: word, level: [token, type], first: [7, 20, all]}, x: [hubert], y: [glove], metrics: [{cka: {variant: all}}], interval: none}]`),
		plantest.In(t.TempDir()), plan.Options{})
	ctx := context.Background()
	cells := allOf(t, p).Cells
	byKey := map[results.Key]*results.Cell{}
	for i := range cells {
		byKey[cells[i].Key()] = &cells[i]
	}
	all := p.Tasks[len(p.Tasks)-1].Tiles[0] // types of all rows
	j, err := all.Join(all.RowsFrom)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := readLayers(all, j, j.InOrder(), []int{all.X[0], all.Y[0]})
	if err != nil {
		t.Fatal(err)
	}
	for _, first := range []int{7, 20, 0} {
		n := len(j.Rows)
		if first > 0 {
			n = first
		}
		of, labels := (&join.Rows{Rows: j.Rows[:n]}).Types()
		for _, level := range []string{"", results.TypeLevel} {
			var sides []metrics.Matrix
			want := n
			for _, side := range rows {
				m := metrics.Matrix{Rows: n, Cols: side.Cols, Data: side.Data[:n*side.Cols]}
				if level == results.TypeLevel {
					sums := metrics.NewTypeSums(len(labels), m.Cols, false)
					if err := sums.Add(m, of); err != nil {
						t.Fatal(err)
					}
					if m, _, err = sums.Means(); err != nil {
						t.Fatal(err)
					}
					want = len(labels)
				}
				sides = append(sides, m)
			}
			moments, err := metrics.NewMoments(p.Backend, []int{sides[0].Cols, sides[1].Cols}, metrics.Options{SquaredNorms: true})
			if err == nil {
				err = moments.Add(ctx, sides)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, variant := range []string{"debiased", "biased"} {
				v, err := metrics.CKA(moments, 0, 1, variant)
				if err != nil {
					t.Fatal(err)
				}
				key := results.Key{Comparison: "w", Metric: "cka", Variant: variant, X: results.Layer{Model: "hubert", Layer: "1"},
					Y: results.Layer{Model: "glove", Layer: "vector"}, Params: results.Params{First: first, Level: level}}
				c := byKey[key]
				switch {
				case c == nil || !c.OK():
					t.Errorf("%+v has no value", key)
				case c.N != want || math.Abs(*c.Value-v.Value) > 1e-5:
					t.Errorf("%s %v: %d rows give %v, want %d and %v", variant, key.Params, c.N, *c.Value, want, v.Value)
				}
			}
		}
	}
}
