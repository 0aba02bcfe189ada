package report

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"speechsim/pipeline/results"
)

// TestGrouping: layers that are alike by objective are said to be, with the p of 12 blocks, and the exception is named.
func TestGrouping(t *testing.T) {
	traits := []Trait{{"hb", "hubert", "base"}, {"hl", "hubert", "large"}, {"wb", "wav2vec2", "base"}, {"wl", "wav2vec2", "large"}}
	g := &group{measure: results.Measure{Metric: "pwcca", Variant: "textbook"}}
	for _, a := range traits {
		for _, b := range traits {
			for i := range 6 {
				for j := range 6 {
					v := 0.1
					if a.Objective == b.Objective {
						v = 0.5
					}
					if a.Model == "hl" && i == 5 && b.Model == "wl" {
						v = 0.6
					}
					g.cells = append(g.cells, &results.Cell{Metric: "pwcca", X: results.Layer{Model: a.Model, Layer: fmt.Sprint(i)}, Y: results.Layer{Model: b.Model, Layer: fmt.Sprint(j)}, Value: &v})
				}
			}
		}
	}
	got := g.grouping(traits, false)
	for _, want := range []string{"23 of 24 layers", "p = 0.00049 that objective and size matter equally", "exceptions: hl 5."} {
		if !strings.Contains(got, want) {
			t.Errorf("%q, expected %q in it", got, want)
		}
	}
	if got := g.grouping(traits[:2], false); got != "" {
		t.Errorf("of one objective: %q", got)
	}
}

func TestSignFlips(t *testing.T) {
	for _, test := range []struct {
		terms []float64
		want  float64
	}{{[]float64{1, 1, 1}, 0.25}, {[]float64{1, -1}, 1}, {[]float64{3, 1, 1}, 0.25}, {make([]float64, 30), 1}} {
		if got := signFlips(test.terms); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("%v: p = %v, expected %v", test.terms, got, test.want)
		}
	}
}
