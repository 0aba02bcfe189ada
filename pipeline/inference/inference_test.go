package inference

import (
	"math"
	"strings"
	"testing"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// TestCorrect: the p-values of Benjamini and Hochberg, as R's p.adjust(p, "BH") gives them; a cell without p takes no part.
func TestCorrect(t *testing.T) {
	var cells []*results.Cell
	for _, p := range []float64{.04, .001, .03, .5, .008} {
		cells = append(cells, &results.Cell{P: &p, Null: &results.Null{}})
	}
	cells = append(cells, &results.Cell{})
	Correct(cells, results.CorrectFDR)
	for k, want := range []float64{.05, .005, .05, .5, .02} {
		if got := *cells[k].Null.PFDR; math.Abs(got-want) > 1e-12 || cells[k].Significance() != cells[k].Null.PFDR {
			t.Errorf("cell %d: %v, want %v", k, got, want)
		}
	}
	if cells[5].Null != nil || cells[5].Significance() != nil {
		t.Errorf("%+v", cells[5])
	}
}

// TestGroupWarning: pairs of rows within groups that move a value beyond its interval are named.
func TestGroupWarning(t *testing.T) {
	for grouped, warns := range map[float64]bool{.45: false, .2: true, math.NaN(): false} {
		value := .5
		c := &results.Cell{Value: &value}
		Groups(c, metrics.GroupEffect{Shares: [2]float64{.3, .4}, Grouped: grouped})
		left := &metrics.Replicates{Whole: []float64{.5}, Left: [][]float64{{.48}, {.5}, {.52}}, Sizes: []int{5, 5, 5}}
		if !Interval(c, left, 0) {
			t.Fatal("no interval")
		}
		if got := strings.Contains(strings.Join(c.Warnings, " "), "30 % of the variance of x is between groups, 40 % of y"); got != warns {
			t.Errorf("grouped %v: warnings %q", grouped, c.Warnings)
		}
		if (c.Groups.Grouped == nil) != math.IsNaN(grouped) {
			t.Errorf("grouped %v: %+v", grouped, c.Groups)
		}
	}
}
