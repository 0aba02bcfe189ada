package answers

import (
	"strings"
	"testing"

	"speechsim/pipeline/results"
)

// TestDistances: layers are ranked by their distances next to those of random pairs, at the smallest threshold at which all have a value of enough pairs.
func TestDistances(t *testing.T) {
	var r Run
	add := func(variant, x string, threshold, v float64, warnings ...string) {
		r.Cells = append(r.Cells, results.Cell{Comparison: "k", Metric: "word_distance", Variant: variant, X: at(x), Y: at("glove vector"), Rows: "word", N: 88, Value: &v, Warnings: warnings,
			Params: results.Params{Threshold: threshold}})
	}
	for layer, random := range map[string]float64{"hubert 1": .5, "hubert 2": .2, "text t": .4} {
		add("random", layer, 0, random)
	}
	add("phonetic", "hubert 1", .1, .01)
	add("phonetic", "hubert 2", .1, .01, "the mean of 3 pairs of words only")
	add("phonetic", "hubert 1", .2, .25) // half as far as random pairs
	add("phonetic", "hubert 2", .2, .15)
	add("phonetic", "hubert 2", .3, .01)
	add("semantic", "hubert 1", .2, .6)
	add("semantic", "hubert 2", .2, .21)
	add("phonetic", "text t", .2, .5)
	add("semantic", "text t", .2, .3)
	r.Cells = append(r.Cells, results.Cell{Comparison: "k", Metric: "word_distance", Variant: "semantic", X: at("hubert 1"), Y: at("glove vector"), Error: "no two words", Params: results.Params{Threshold: .05}})
	list := Of(&r)
	if len(list) != 1 || list[0].Title != "Distances of words" || list[0].About != "word distance; 88 word types; vectors of glove" {
		t.Fatalf("%+v", list)
	}
	got := text(t, &r)
	for _, want := range []string{
		"Of hubert's 2 layers, layer 1 places words that sound alike (distance of their phones below 0.2) closest together next to random pairs: mean distance 0.250 against 0.500 of random pairs.",
		"No layer of hubert places words that mean alike (distance of their word vectors below 0.2) closer together than random pairs; layer 2 comes nearest to it: mean distance 0.210 against 0.200 of random pairs.",
		"text does not place words that sound alike (distance of their phones below 0.2) closer together than random pairs: mean distance 0.500 against 0.400 of random pairs.",
		"text places words that mean alike (distance of their word vectors below 0.2) closer together than random pairs: mean distance 0.300 against 0.400 of random pairs.",
		"Not known: how sure this is, because these distances have no intervals.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not said in\n%s", want, got)
		}
	}
	r.Cells = r.Cells[:3]
	if list := Of(&r); len(list) > 0 {
		t.Errorf("of random pairs alone: %+v", list)
	}
}
