package textgrid

import (
	"fmt"
	"strings"
)

// Tolerance is how far two times may lie apart, in seconds, and still be one
// moment for Check. Decimal fractions do not survive arithmetic in float64, and
// 10 microseconds are less than a sample of any speech corpus (62.5 at 16 kHz).
const Tolerance = 1e-5

// Problem names a kind of Finding.
type Problem string

// The problems that Check finds. Those that make times contradict each other are
// errors, the others warnings; Finding.Severity says which.
const (
	WrongCount    Problem = "wrong-count"    // the file holds more than it declares (Warnings)
	GridBounds    Problem = "grid-bounds"    // the TextGrid does not end after it starts
	TierBounds    Problem = "tier-bounds"    // a tier does not start and end with the TextGrid
	DuplicateTier Problem = "duplicate-tier" // two tiers have one name
	EmptyTier     Problem = "empty-tier"     // a tier without intervals or points
	Reversed      Problem = "reversed"       // an interval ends before it starts
	ZeroLength    Problem = "zero-length"    // an interval ends where it starts
	Overlap       Problem = "overlap"        // an interval starts before the one before it ends
	Gap           Problem = "gap"            // no interval covers a part of the tier
	OutOfTier     Problem = "out-of-tier"    // an interval or point lies outside its tier
	PastEnd       Problem = "past-end"       // a labelled interval or a point lies past the end of the audio
	PointOrder    Problem = "point-order"    // a point is not later than the point before it
)

// Severity of a Finding.
type Severity string

const (
	SeverityError   Severity = "error"   // the times cannot be right
	SeverityWarning Severity = "warning" // unusual, and often meant
)

// Finding is one anomaly of a TextGrid.
type Finding struct {
	Problem  Problem
	Severity Severity
	Tier     int     // index in Tiers, -1 for the TextGrid itself
	Index    int     // index of the interval or point, -1 for the tier itself
	Start    float64 // seconds: the stretch of time that is wrong
	End      float64
	Line     int    // in the file, 0 in the binary form
	Msg      string // one line that names tier, interval, times and label
}

// CheckOptions are what Check cannot see in the TextGrid.
type CheckOptions struct {
	Duration  float64 // of the audio in seconds; 0: unknown, nothing is past its end
	Tolerance float64 // in seconds; 0: Tolerance
}

// Check lists what is wrong or unusual in the TextGrid, in the order of the file.
// A gap without any interval is a warning: silence is usually, but not by every
// program, written as an interval with an empty label.
func (t *TextGrid) Check(o CheckOptions) []Finding {
	c := checker{grid: t, tolerance: o.Tolerance, duration: o.Duration}
	if c.tolerance == 0 {
		c.tolerance = Tolerance
	}
	c.checkGrid()
	first := map[string]int{}
	for i := range t.Tiers {
		c.tier = i
		c.checkTier(&t.Tiers[i], first)
	}
	return c.findings
}

type checker struct {
	grid      *TextGrid
	tolerance float64
	duration  float64
	tier      int
	findings  []Finding
}

func (c *checker) checkGrid() {
	c.tier = -1
	for _, w := range c.grid.Warnings {
		c.add(Finding{Problem: WrongCount, Severity: SeverityWarning, Index: -1, Line: w.Line, Msg: w.Msg})
	}
	if g := c.grid; g.End <= g.Start {
		c.add(Finding{Problem: GridBounds, Severity: SeverityError, Index: -1, Start: g.Start, End: g.End, Line: g.Line,
			Msg: fmt.Sprintf("the TextGrid starts at %s s and ends at %s s", seconds(g.Start), seconds(g.End))})
	}
}

// checkTier checks the tier as a whole, then its intervals or points. first maps
// the names seen so far to their tiers.
func (c *checker) checkTier(t *Tier, first map[string]int) {
	whole := Finding{Index: -1, Start: t.Start, End: t.End, Line: t.Line, Severity: SeverityWarning}
	if before, seen := first[t.Name]; seen {
		f := whole
		f.Problem = DuplicateTier
		f.Msg = fmt.Sprintf("%s has the same name as tier %d", c.place(), before+1)
		c.add(f)
	} else {
		first[t.Name] = c.tier
	}
	if c.apart(t.Start, c.grid.Start) || c.apart(t.End, c.grid.End) {
		f := whole
		f.Problem = TierBounds
		f.Msg = fmt.Sprintf("%s runs from %s to %s s, the TextGrid from %s to %s s", c.place(), seconds(t.Start), seconds(t.End), seconds(c.grid.Start), seconds(c.grid.End))
		c.add(f)
	}
	if len(t.Intervals)+len(t.Points) == 0 {
		f := whole
		f.Problem = EmptyTier
		f.Msg = c.place() + " is empty"
		c.add(f)
		return
	}
	if t.Kind == TextTier {
		c.checkPoints(t)
		return
	}
	c.checkIntervals(t)
}

func (c *checker) checkIntervals(t *Tier) {
	covered := t.Start // the latest end so far
	for i, v := range t.Intervals {
		c.checkInterval(t, i)
		if v.End < v.Start {
			continue // which of its ends is wrong, and so what it covers, is unknown
		}
		switch {
		case v.Start < covered-c.tolerance && i > 0:
			c.addInterval(Overlap, SeverityError, v, i, v.Start, min(covered, v.End),
				"starts at %s s, before %s s, where an interval before it ends", seconds(v.Start), seconds(covered))
		case v.Start > covered+c.tolerance:
			c.addInterval(Gap, SeverityWarning, v, i, covered, v.Start,
				"starts at %s s, but nothing covers the time from %s s", seconds(v.Start), seconds(covered))
		}
		covered = max(covered, v.End)
	}
	if last := len(t.Intervals) - 1; covered < t.End-c.tolerance {
		c.addInterval(Gap, SeverityWarning, t.Intervals[last], last, covered, t.End,
			"is the last, but nothing covers the time from %s s to the end of the tier at %s s", seconds(covered), seconds(t.End))
	}
}

// checkInterval checks the interval by itself.
func (c *checker) checkInterval(t *Tier, i int) {
	v := t.Intervals[i]
	switch {
	case v.End < v.Start:
		c.addInterval(Reversed, SeverityError, v, i, v.End, v.Start, "starts at %s s and ends before, at %s s", seconds(v.Start), seconds(v.End))
	case v.End == v.Start:
		c.addInterval(ZeroLength, SeverityWarning, v, i, v.Start, v.End, "starts and ends at %s s", seconds(v.Start))
	}
	if v.Start < t.Start-c.tolerance || v.End > t.End+c.tolerance {
		c.addInterval(OutOfTier, SeverityError, v, i, v.Start, v.End, "from %s to %s s lies outside the tier, which runs from %s to %s s",
			seconds(v.Start), seconds(v.End), seconds(t.Start), seconds(t.End))
	}
	if c.duration > 0 && v.End > c.duration+c.tolerance && v.Label != "" {
		c.addInterval(PastEnd, SeverityError, v, i, max(v.Start, c.duration), v.End, "ends at %s s, past the end of the audio at %s s",
			seconds(v.End), seconds(c.duration))
	}
}

func (c *checker) checkPoints(t *Tier) {
	for i, v := range t.Points {
		if i > 0 && v.Time <= t.Points[i-1].Time {
			c.addPoint(PointOrder, v, i, "at %s s is not later than the point before it at %s s", seconds(v.Time), seconds(t.Points[i-1].Time))
		}
		if v.Time < t.Start-c.tolerance || v.Time > t.End+c.tolerance {
			c.addPoint(OutOfTier, v, i, "at %s s lies outside the tier, which runs from %s to %s s", seconds(v.Time), seconds(t.Start), seconds(t.End))
		}
		if c.duration > 0 && v.Time > c.duration+c.tolerance {
			c.addPoint(PastEnd, v, i, "at %s s lies past the end of the audio at %s s", seconds(v.Time), seconds(c.duration))
		}
	}
}

func (c *checker) addInterval(p Problem, s Severity, v Interval, index int, start, end float64, format string, args ...any) {
	c.add(Finding{Problem: p, Severity: s, Index: index, Start: start, End: end, Line: v.Line,
		Msg: fmt.Sprintf("interval %d of %s, %s, ", index+1, c.place(), quote(v.Label)) + fmt.Sprintf(format, args...)})
}

func (c *checker) addPoint(p Problem, v Point, index int, format string, args ...any) {
	c.add(Finding{Problem: p, Severity: SeverityError, Index: index, Start: v.Time, End: v.Time, Line: v.Line,
		Msg: fmt.Sprintf("point %d of %s, %s, ", index+1, c.place(), quote(v.Label)) + fmt.Sprintf(format, args...)})
}

func (c *checker) add(f Finding) {
	f.Tier = c.tier
	c.findings = append(c.findings, f)
}

func (c *checker) apart(a, b float64) bool {
	return a-b > c.tolerance || b-a > c.tolerance
}

// place names the tier as readers count it, from 1.
func (c *checker) place() string {
	return fmt.Sprintf("tier %d %s", c.tier+1, quote(c.grid.Tiers[c.tier].Name))
}

// seconds prints a time to the microsecond, without idle zeros.
func seconds(v float64) string {
	s := fmt.Sprintf("%.6f", v)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
