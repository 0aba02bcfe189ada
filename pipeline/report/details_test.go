package report

import (
	"slices"
	"testing"

	"speechsim/pipeline/results"
)

func TestDetails(t *testing.T) {
	x, y := results.Layer{Model: "a", Layer: "1"}, results.Layer{Model: "b", Layer: "2"}
	e := Extra{
		Matches: []results.Match{
			{Comparison: "k", Metric: "attention", Variant: "pearson", X: x, Y: y, Unit: 0, Matched: y, MatchedUnit: 3, Value: 0.5},
			{Comparison: "k", Metric: "attention", Variant: "pearson", X: x, Y: y, Unit: 1, Matched: y, MatchedUnit: 0, Value: -0.25},
			{Comparison: "k", Metric: "neuron_layer", Variant: "r", X: x, Y: y, Unit: 7, Matched: y, MatchedUnit: -1, Value: 0.9},
		},
		Differences: []results.Difference{{Comparison: "k", Metric: "cka", Variant: "debiased", Kind: results.Neighbours, X: x, Than: results.Layer{Model: "a", Layer: "0"}, Y: y, Value: 0.1, Lo: 0.05, Hi: 0.15, P: 0.001}},
		Retrieved: []results.Retrieved{
			{Comparison: "k", Metric: "asif", Variant: "cosine", X: x, Y: y, Word: "stone", Anchors: 4, Queries: 2, Right: 0, Rank: 1, Found: "bone"},
			{Comparison: "k", Metric: "asif", Variant: "cosine", X: x, Y: y, Word: "stone", Anchors: 4, Queries: 2, Right: 0, Rank: 2, Found: "stone"},
			{Comparison: "k", Metric: "asif", Variant: "cosine", X: x, Y: y, Word: "river", Anchors: 2, Queries: 1, Right: 1, Rank: 1, Found: "river"},
			{Comparison: "k", Metric: "asif", Variant: "cosine", X: x, Y: y, Word: "unseen", Queries: 1, Rank: 1, Found: "river"},
		},
	}
	got := map[string][][]string{}
	for _, d := range e.Details() {
		if d.X != x || d.Y != y {
			t.Errorf("%s is about %s and %s", d.Title, d.X, d.Y)
		}
		got[d.Title] = d.Rows
	}
	for title, want := range map[string][][]string{
		"Matches in y, Attention, pearson (k)":                            {{"0", "3", "0.500"}, {"1", "0", "\u22120.250"}},
		"Matches in y, Neuron to layer, r (k)":                            {{"7", "all units together", "0.900"}},
		"Is x more similar to y than another layer is? CKA, debiased (k)": {{"a 0", "the layer before", "0.100", "0.050 to 0.150", "0.001"}},
		"Words retrieved best, ASIF, cosine (k)":                          {{"river", "1", "1", "river"}, {"stone", "0", "2", "bone, stone"}},
	} {
		if !slices.EqualFunc(got[title], want, slices.Equal) {
			t.Errorf("%s: %v, expected %v", title, got[title], want)
		}
	}
	if n := len(got); n != 4 {
		t.Errorf("%d tables, expected 4: no word is left to be found worst", n)
	}
}
