// Package inference turns numbers of metrics into what a cell of the results holds: a value or the reason why there is none, an
// interval, and what the value is by chance. Runs and the comparison of two matrices share it.
package inference

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// Value sets the value of a cell, or the reason why it is undefined on these data. Any other error is returned.
func Value(c *results.Cell, v metrics.Value, err error) error {
	var undefined *metrics.UndefinedError
	if errors.As(err, &undefined) {
		c.Error = undefined.Reason
		if v.N > 0 {
			c.N = v.N
		}
		return nil
	}
	if err != nil {
		return err
	}
	c.Value, c.N, c.DX, c.DY, c.Warnings = &v.Value, v.N, v.DX, v.DY, v.Warnings
	c.Approximation = v.Approximation
	return nil
}

// Interval sets the 95 % confidence interval of a cell from statistic k of the jackknife's replicates, or warns that there is none. It is about the
// bias-corrected value, of cells with [Groups] that of rows of different groups; a value that it is far from carries a warning.
func Interval(c *results.Cell, r *metrics.Replicates, k int) {
	i, ok := r.Interval(k)
	switch {
	case !c.OK():
	case !ok:
		c.Warnings = append(c.Warnings, "no interval: the metric is undefined without some group")
	default:
		c.Lo, c.Hi = &i.Lo, &i.Hi
		half := (i.Hi - i.Lo) / 2
		switch g := c.Groups; {
		case g != nil && g.Grouped != nil && math.Abs(*c.Value-*g.Grouped) > half:
			c.Warnings = append(c.Warnings, fmt.Sprintf("rows of one group are alike (%.0f %% of the variance of x is between groups, %.0f %% of y), and their pairs move the value: "+
				"the interval is of rows of different groups, on which it is %.4g (variant grouped)", 100*g.ShareX, 100*g.ShareY, *g.Grouped))
		case math.Abs(*c.Value-i.Centre) > half:
			c.Warnings = append(c.Warnings, fmt.Sprintf("the interval is about %.4g, the value less its bias as the jackknife sees it, which is larger than the half-width of the interval", i.Centre))
		}
	}
}

// Groups sets what the rows of a group have in common.
func Groups(c *results.Cell, e metrics.GroupEffect) {
	c.Groups = &results.Groups{ShareX: e.Shares[0], ShareY: e.Shares[1]}
	if !math.IsNaN(e.Grouped) {
		c.Groups.Grouped = &e.Grouped
	}
}

// Nulls sets p and the chance level of a family of cells, of which cell k is statistic k of the null distribution. about adds to how
// it was drawn, and correct is the p that decides what counts as significant: of the family (results.CorrectFamily), or another.
func Nulls(family []*results.Cell, null *metrics.Null, about, correct string) {
	var tested []*results.Cell
	for k, c := range family {
		if !c.OK() {
			continue
		}
		s, err := null.Summary(k, *c.Value)
		if err != nil {
			NoNull(c, err)
			continue
		}
		c.P = &s.P
		c.Null = &results.Null{Mean: s.Mean, Q95: s.Q95, Calibrated: &s.Calibrated, PMax: &s.FamilyP, Draws: len(null.Draws), About: null.About + about}
		if observed := null.Observed[k]; null.Part && (*c.Value > s.Q95) != (observed > s.Q95) {
			c.Warnings = append(c.Warnings, fmt.Sprintf("p and the null are of the rows that the null exchanges, on which the value is %.4g", observed))
		}
		if correct != results.CorrectFamily {
			c.Null.Correct = correct
		}
		tested = append(tested, c)
	}
	falseDiscovery(tested)
}

// falseDiscovery gives cells the p at which the false discovery rate is controlled (Benjamini and Hochberg 1995): of n tests, the
// smallest n p/rank of its rank and those above.
func falseDiscovery(tested []*results.Cell) {
	tested = slices.SortedStableFunc(slices.Values(tested), func(a, b *results.Cell) int { return cmp.Compare(*a.P, *b.P) })
	least := 1.0
	for k := len(tested) - 1; k >= 0; k-- {
		least = min(least, *tested[k].P*float64(len(tested))/float64(k+1))
		p := least
		tested[k].Null.PFDR = &p
	}
}

// NoNull says in a cell why it has a value and no p.
func NoNull(c *results.Cell, why error) {
	if c.OK() {
		c.Warnings = append(c.Warnings, fmt.Sprintf("no null: %v", why))
	}
}
