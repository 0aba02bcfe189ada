package answers

import (
	"strings"
	"testing"

	"speechsim/pipeline/results"
)

// change is a difference of two runs; p is that of there being none, 0 where it has no interval.
func change(x, y string, v, p float64) results.Cell {
	c := results.Cell{Comparison: "k", Metric: "cka", Variant: "debiased", X: at(x), Y: at(y), Value: &v}
	if p > 0 {
		d := less("", x, x, y, v, p)
		c.Lo, c.Hi, c.P = &d.Lo, &d.Hi, &p
	}
	return c
}

// TestBetween: what differs between two runs, how sure that is, and what is the same.
func TestBetween(t *testing.T) {
	r := &Run{Sources: []Source{{Name: "types", Words: "word identity", Role: Labels, Single: true}}, Cells: []results.Cell{
		change("hubert 0", "types word", .2, .001), change("hubert 1", "types word", .3, .001), change("hubert 2", "types word", -.1, .3),
		change("wavlm 0", "types word", 0, 0), change("wavlm 1", "types word", 0, 0)}}
	list, cells := Between(r, "trained", "drawn")
	if len(list) != 1 || len(cells) != 3 {
		t.Fatalf("%d answers, %d cells that differ", len(list), len(cells))
	}
	if got, want := list[0].Sentences[0].Text, "Word identity of hubert: of 3 values, 2 are higher in trained than in drawn, 2 significantly and 1 is lower, 0 significantly. The largest difference is that of layer 1 of hubert, 0.300 (95 % CI 0.150 to 0.450; Holm's p = 0.003)."; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := list[0].Sentences[1].Text; got != "The same in both: wavlm with word identity." {
		t.Error(got)
	}
}

// TestBetweenWithoutIntervals: nothing is said of how sure it is.
func TestBetweenWithoutIntervals(t *testing.T) {
	r := &Run{Cells: []results.Cell{change("a 0", "b 0", .2, 0), change("b 0", "a 0", .2, 0), change("a 0", "a 0", 0, 0)}}
	list, cells := Between(r, "one", "two")
	if got := list[0].Sentences[0].Text; got != "Likeness of a to b: the largest difference is that of layer 0 of a and layer 0 of b, 0.200, without an interval." {
		t.Error(got)
	}
	if n := len(list[0].Sentences); n != 2 || len(cells) != 2 { // a with itself is the same
		t.Errorf("%d sentences on a symmetric measure, %d cells", n, len(cells))
	}
}

// TestBetweenCountsOnce: a symmetric measure has each pair of layers twice, and p is corrected for their number, not for twice that.
func TestBetweenCountsOnce(t *testing.T) {
	r := &Run{Cells: []results.Cell{change("a 0", "a 1", .2, .02), change("a 1", "a 0", .2, .02), change("a 0", "a 2", .1, .03), change("a 2", "a 0", .1, .03)}}
	list, cells := Between(r, "one", "two")
	if got := list[0].Sentences[0].Text; !strings.HasPrefix(got, "Likeness of the layers of a to one another: of 2 values, 2 are higher in one than in two, 2 significantly.") {
		t.Error(got)
	}
	for _, c := range cells {
		if *c.P != .04 {
			t.Errorf("%v and %v: p = %g", c.X, c.Y, *c.P)
		}
	}
}

// TestBetweenTheSame: one line.
func TestBetweenTheSame(t *testing.T) {
	list, cells := Between(&Run{Cells: []results.Cell{change("a 0", "b 0", 0, 0), change("a 0", "c 0", 0, 0)}}, "one", "two")
	if len(list) != 1 || len(cells) != 0 || len(list[0].Sentences) != 1 || !strings.HasPrefix(list[0].Sentences[0].Text, "No value of the two runs differs") {
		t.Errorf("%+v, %d cells", list, len(cells))
	}
}
