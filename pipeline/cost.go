package pipeline

import (
	"fmt"
	"time"

	"speechsim/metrics"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/results"
)

// uncertaintyCost is what the intervals and the null of a basis take, from counting: seconds for orders of magnitude.
type uncertaintyCost struct {
	Groups          int     `json:"interval_groups,omitempty"`
	IntervalSeconds float64 `json:"interval_seconds,omitempty"`
	Draws           int     `json:"null_draws,omitempty"`
	NullSeconds     float64 `json:"null_seconds,omitempty"`
	NullBytes       int64   `json:"null_bytes,omitempty"`
}

// Beside the products, whose speed is measured: reading numbers from memory or the store, and the factorisations of d³
// metrics, which do some 20 d³ multiplications in double precision at a sixth of the speed of products in single precision.
const (
	numbersPerSecond = 250e6
	factorProducts   = 120
)

// uncertainty counts the cost of intervals and nulls. speed is that of products, in multiplications a second.
func (p *Plan) uncertainty(b *basis, rows int, state int64, speed float64) uncertaintyCost {
	var c uncertaintyCost
	pairs := float64(len(b.cells))
	products := 0.0 // of one row: all pairs of units that are compared
	for _, pair := range b.pairs {
		products += float64(b.stack[pair[0]].units) * float64(b.stack[pair[1]].units)
	}
	d := 0.0 // units of a layer
	for _, l := range b.stack {
		d += float64(l.units) / float64(len(b.stack))
	}
	statistic := func(m measure) float64 { // all cells, once
		if m.Cost == metrics.Cubic {
			return (pairs + float64(len(b.stack))) * factorProducts * d * d * d / speed
		}
		return products / numbersPerSecond
	}
	groups := p.groupCount(b, rows)
	for _, m := range b.measures() {
		if groups > 1 && b.wantsInterval(m) {
			c.Groups = groups
			c.IntervalSeconds += float64(groups) * statistic(m)
		}
		if b.k.Null == nil || !m.hasNull() {
			continue
		}
		c.Draws = b.k.Null.Draws
		if m.input() == kept { // nothing is multiplied again
			continue
		}
		draw := float64(rows)*products/speed + statistic(m)
		if b.projects(m) {
			draw = float64(rows) * pairs * metrics.SketchWidth * metrics.SketchWidth / speed
		}
		c.NullSeconds += float64(c.Draws) * draw
	}
	c.NullBytes = p.nullBytes(b, rows, state)
	if c.Groups > 0 {
		c.IntervalSeconds += float64(groups) * 2 * float64(state/8) / numbersPerSecond // read, and taken from the whole
	}
	return c
}

// nullBytes is the memory that the nulls of a basis take beside its moments of so many bytes.
func (p *Plan) nullBytes(b *basis, rows int, state int64) int64 {
	if b.k.Null == nil {
		return 0
	}
	most := int64(0)
	for _, m := range b.measures() {
		switch {
		case !m.hasNull(), m.input() == kept:
		case b.projects(m):
			most = max(most, 4*int64(rows)*metrics.SketchWidth*int64(len(b.stack)+len(b.y)))
		default: // all rows of both sides, and the moments of two draws
			units := 0
			for _, side := range [][]int{b.x, b.y} {
				for _, i := range side {
					units += b.stack[i].units
				}
			}
			most = max(most, 4*int64(rows)*int64(units)+2*state)
		}
	}
	return most
}

// groupCount is the number of groups of intervals, before rows are matched.
func (p *Plan) groupCount(b *basis, rows int) int {
	if b.view.level == results.TypeLevel {
		return min(MaxParts, rows)
	}
	return len(p.parts)
}

// projects says whether the null of a metric is drawn from projections of the rows.
func (b *basis) projects(m measure) bool {
	return m.Name == "cka" && (b.k.Null.Permute == "group" || b.view.level == results.TypeLevel)
}

// words says the cost, "" where there is none.
func (c uncertaintyCost) words() string {
	var s string
	if c.Groups > 0 {
		s = fmt.Sprintf("; intervals of %d groups, about %s", c.Groups, duration(c.IntervalSeconds))
	}
	if c.Draws > 0 {
		s += fmt.Sprintf("; null of %d draws, about %s, %s of memory", c.Draws, duration(c.NullSeconds), text.Bytes(c.NullBytes))
	}
	return s
}

func duration(seconds float64) time.Duration {
	return time.Duration(max(1, seconds) * float64(time.Second)).Round(time.Second)
}
