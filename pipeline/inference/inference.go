// Package inference turns numbers of metrics into what a cell of the results holds: a value or the reason why there is none, an
// interval, and what the value is by chance. Runs and the comparison of two matrices share it.
package inference

import (
	"errors"

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
	return nil
}

// Interval sets the 95 % confidence interval of a cell from statistic k of the jackknife's replicates, and says whether there
// is one.
func Interval(c *results.Cell, r *metrics.Replicates, k int) bool {
	i, ok := r.Interval(k)
	if ok && c.OK() {
		c.Lo, c.Hi = &i.Lo, &i.Hi
	}
	return ok
}

// Null sets p and the chance level of a cell from statistic k of a null distribution. family says whether the null is that of a
// whole map, over which a family-wise p is taken; about adds to how it was drawn.
func Null(c *results.Cell, null *metrics.Null, k int, family bool, about string) {
	if !c.OK() {
		return
	}
	s, ok := null.Summary(k, *c.Value)
	if !ok {
		return
	}
	c.P = &s.P
	c.Null = &results.Null{Mean: s.Mean, Q95: s.Q95, Calibrated: &s.Calibrated, Draws: len(null.Draws), About: null.About + about}
	if family {
		c.Null.PMax = &s.FamilyP
	}
}
