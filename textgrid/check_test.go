package textgrid

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	intervals := func(v ...Interval) *TextGrid {
		for i := range v {
			v[i].Line = 10 * (i + 1)
			v[i].Label = string(rune('a' + i))
		}
		return &TextGrid{End: 2, Line: 4, Tiers: []Tier{{Name: "w", End: 2, Intervals: v, Line: 8}}}
	}
	points := func(v ...float64) *TextGrid {
		tier := Tier{Name: "p", Kind: TextTier, End: 2, Line: 8}
		for i, time := range v {
			tier.Points = append(tier.Points, Point{Time: time, Label: string(rune('a' + i)), Line: 10 * (i + 1)})
		}
		return &TextGrid{End: 2, Line: 4, Tiers: []Tier{tier}}
	}
	third := 1.
	for range 10 {
		third -= 0.07 // 0.3, but for the last digits
	}
	for _, c := range []struct {
		name    string
		grid    *TextGrid
		options CheckOptions
		want    []string // line severity problem tier/index start-end: message
	}{
		{"sound", sample(), CheckOptions{Duration: 1.5}, nil},
		{"rounding is no gap", intervals(Interval{0, third, "", 0}, Interval{0.3, 2, "", 0}), CheckOptions{}, nil},
		{"a tenth of a millisecond is one", intervals(Interval{0, 0.3, "", 0}, Interval{0.3001, 2, "", 0}), CheckOptions{}, []string{
			`20 warning gap 0/1 0.3-0.3001: interval 2 of tier 1 "w", "b", starts at 0.3001 s, but nothing covers the time from 0.3 s`}},
		{"unless tolerated", intervals(Interval{0, 0.3, "", 0}, Interval{0.3001, 2, "", 0}), CheckOptions{Tolerance: 0.001}, nil},
		{"overlap", intervals(Interval{0, 1, "", 0}, Interval{0.5, 0.75, "", 0}, Interval{0.75, 2, "", 0}), CheckOptions{}, []string{
			`20 error overlap 0/1 0.5-0.75: interval 2 of tier 1 "w", "b", starts at 0.5 s, before 1 s, where an interval before it ends`,
			`30 error overlap 0/2 0.75-1: interval 3 of tier 1 "w", "c", starts at 0.75 s, before 1 s, where an interval before it ends`}},
		{"gaps at both ends", intervals(Interval{0.5, 1, "", 0}, Interval{1, 1.5, "", 0}), CheckOptions{}, []string{
			`10 warning gap 0/0 0-0.5: interval 1 of tier 1 "w", "a", starts at 0.5 s, but nothing covers the time from 0 s`,
			`20 warning gap 0/1 1.5-2: interval 2 of tier 1 "w", "b", is the last, but nothing covers the time from 1.5 s to the end of the tier at 2 s`}},
		{"zero length", intervals(Interval{0, 1, "", 0}, Interval{1, 1, "", 0}, Interval{1, 2, "", 0}), CheckOptions{}, []string{
			`20 warning zero-length 0/1 1-1: interval 2 of tier 1 "w", "b", starts and ends at 1 s`}},
		{"reversed", intervals(Interval{0, 1, "", 0}, Interval{1.5, 1.25, "", 0}, Interval{1, 2, "", 0}), CheckOptions{}, []string{
			`20 error reversed 0/1 1.25-1.5: interval 2 of tier 1 "w", "b", starts at 1.5 s and ends before, at 1.25 s`}},
		{"out of the tier", intervals(Interval{-0.5, 1, "", 0}, Interval{1, 2.5, "", 0}), CheckOptions{}, []string{
			`10 error out-of-tier 0/0 -0.5-1: interval 1 of tier 1 "w", "a", from -0.5 to 1 s lies outside the tier, which runs from 0 to 2 s`,
			`20 error out-of-tier 0/1 1-2.5: interval 2 of tier 1 "w", "b", from 1 to 2.5 s lies outside the tier, which runs from 0 to 2 s`}},
		{"past the end of the audio", intervals(Interval{0, 1, "", 0}, Interval{1, 2, "", 0}), CheckOptions{Duration: 1.9}, []string{
			`20 error past-end 0/1 1.9-2: interval 2 of tier 1 "w", "b", ends at 2 s, past the end of the audio at 1.9 s`}},
		{"silence past the end", &TextGrid{End: 2, Tiers: []Tier{{End: 2, Intervals: []Interval{{End: 2}}}}}, CheckOptions{Duration: 1.9}, nil},
		{"points", points(0, 0.5, 0.5, 0.25, -1, 3), CheckOptions{Duration: 2.5}, []string{
			`30 error point-order 0/2 0.5-0.5: point 3 of tier 1 "p", "c", at 0.5 s is not later than the point before it at 0.5 s`,
			`40 error point-order 0/3 0.25-0.25: point 4 of tier 1 "p", "d", at 0.25 s is not later than the point before it at 0.5 s`,
			`50 error point-order 0/4 -1--1: point 5 of tier 1 "p", "e", at -1 s is not later than the point before it at 0.25 s`,
			`50 error out-of-tier 0/4 -1--1: point 5 of tier 1 "p", "e", at -1 s lies outside the tier, which runs from 0 to 2 s`,
			`60 error out-of-tier 0/5 3-3: point 6 of tier 1 "p", "f", at 3 s lies outside the tier, which runs from 0 to 2 s`,
			`60 error past-end 0/5 3-3: point 6 of tier 1 "p", "f", at 3 s lies past the end of the audio at 2.5 s`}},
		{"tiers", &TextGrid{End: 2, Tiers: []Tier{{Name: "a", End: 2, Line: 5}, {Name: "b", End: 2.5, Line: 6}, {Name: "a", Start: 1, End: 2, Line: 7}}}, CheckOptions{}, []string{
			`5 warning empty-tier 0/-1 0-2: tier 1 "a" is empty`,
			`6 warning tier-bounds 1/-1 0-2.5: tier 2 "b" runs from 0 to 2.5 s, the TextGrid from 0 to 2 s`,
			`6 warning empty-tier 1/-1 0-2.5: tier 2 "b" is empty`,
			`7 warning duplicate-tier 2/-1 1-2: tier 3 "a" has the same name as tier 1`,
			`7 warning tier-bounds 2/-1 1-2: tier 3 "a" runs from 1 to 2 s, the TextGrid from 0 to 2 s`,
			`7 warning empty-tier 2/-1 1-2: tier 3 "a" is empty`}},
		{"bounds of the TextGrid", &TextGrid{Start: 1, End: 1, Line: 4}, CheckOptions{}, []string{
			`4 error grid-bounds -1/-1 1-1: the TextGrid starts at 1 s and ends at 1 s`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, f := range c.grid.Check(c.options) {
				got = append(got, fmt.Sprintf("%d %s %s %d/%d %s-%s: %s", f.Line, f.Severity, f.Problem, f.Tier, f.Index, seconds(f.Start), seconds(f.End), f.Msg))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
		})
	}
}

func TestCheckRepeatsWarnings(t *testing.T) {
	grid, err := Read(strings.NewReader(strings.Replace(long, "intervals: size = 2", "intervals: size = 1", 1)), "x")
	if err != nil {
		t.Fatal(err)
	}
	want := []Finding{{Problem: WrongCount, Severity: SeverityWarning, Tier: -1, Index: -1, Line: 14,
		Msg: `tier 1 "words" declares 1 intervals, but 2 follow; all were read`}}
	if d := cmp.Diff(want, grid.Check(CheckOptions{})); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
}
