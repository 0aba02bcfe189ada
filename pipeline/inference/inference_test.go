package inference

import (
	"math"
	"strings"
	"testing"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// TestNulls: p of each cell alone, and those of Benjamini and Hochberg as R's p.adjust(p, "BH") gives them; a cell without a value takes no part.
func TestNulls(t *testing.T) {
	var family []*results.Cell
	null := &metrics.Null{Observed: []float64{7, 9.5, 0, 7.5, 3}}
	for k := range null.Observed {
		c := &results.Cell{Value: &null.Observed[k]}
		if k == 2 {
			c.Value = nil
		}
		family = append(family, c)
	}
	for d := range 9 { // draws 1 to 9 of every statistic
		draw := make([]float64, len(family))
		for k := range draw {
			draw[k] = float64(d + 1)
		}
		null.Draws = append(null.Draws, draw)
	}
	Nulls(family, null, "", results.CorrectFDR)
	p := []float64{.4, .1, 0, .3, .8}
	fdr := []float64{4 * .4 / 3, 4 * .1, 0, 4 * .4 / 3, .8}
	for k, c := range family {
		switch {
		case k == 2:
			if c.P != nil || c.Null != nil || c.Significance() != nil {
				t.Errorf("%+v", c)
			}
		case math.Abs(*c.P-p[k]) > 1e-12 || math.Abs(*c.Null.PFDR-fdr[k]) > 1e-12 || c.Significance() != c.Null.PFDR:
			t.Errorf("cell %d: p %v, FDR %v; want %v, %v", k, *c.P, *c.Null.PFDR, p[k], fdr[k])
		}
	}
}

// TestGroupWarning: pairs of rows within groups that move a value beyond its interval are named.
func TestGroupWarning(t *testing.T) {
	for grouped, warns := range map[float64]bool{.45: false, .2: true, math.NaN(): false} {
		value := .5
		c := &results.Cell{Value: &value}
		Groups(c, metrics.GroupEffect{Shares: [2]float64{.3, .4}, Grouped: grouped})
		left := &metrics.Replicates{Whole: []float64{.5}, Left: [][]float64{{.48}, {.5}, {.52}}, Sizes: []int{5, 5, 5}}
		if Interval(c, left, 0); c.Lo == nil {
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
