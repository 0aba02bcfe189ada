package figures

import (
	"testing"

	"gonum.org/v1/plot/vg"
)

// TestNamesOfNarrowModels: a name that is wider than its model stays level where its neighbours' names leave room, touches none of them, and stands
// across the axis else.
func TestNamesOfNarrowModels(t *testing.T) {
	wide, narrow := Model{Name: "hubert", Layers: []string{"0", "1", "2", "3", "4"}}, Model{Name: "log-mel filters", Layers: []string{"logmel"}}
	long := Model{Name: "a wav2vec2 of a very long name", Layers: []string{"0", "1", "2", "3"}}
	for _, c := range []struct {
		name   string
		models []Model
		past   float64
		across []bool
		lines  int // of the last name
	}{
		{"beside a short name", []Model{wide, narrow}, 24, []bool{false, false}, 1},
		{"first", []Model{narrow, wide}, 24, []bool{false, false}, 1},
		{"with no room past the map", []Model{wide, narrow}, 0, []bool{false, true}, 1},
		{"with little", []Model{wide, narrow}, 12, []bool{false, false}, 2},
		{"beside another", []Model{wide, narrow, narrow, wide}, 24, []bool{false, true, true, false}, 1},
		{"beside a long name", []Model{long, narrow}, 24, []bool{false, true}, 1},
	} {
		a := newAxis(c.models, 18, 96, vg.Length(c.past), true)
		for i, want := range c.across {
			if got := a.blocks[i].across; got != want {
				t.Errorf("%s: name %d stands across: %v", c.name, i, got)
			}
		}
		if got := len(a.blocks[len(a.blocks)-1].name); got != c.lines && c.lines > 1 {
			t.Errorf("%s: the last name has %d lines", c.name, got)
		}
	}
}
