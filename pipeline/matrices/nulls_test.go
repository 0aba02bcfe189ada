package matrices

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"speechsim/metrics"
)

// TestEveryMatrixNull: of matrices too. Unrelated ones are at chance in every metric, and alike ones above it.
func TestEveryMatrixNull(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(8, 1))
	const rows, types = 600, 60
	x, unrelated := gaussian(r, rows, 6), gaussian(r, rows, 5)
	alike := mixed(r, x, 5)
	at := func(name string) string { return filepath.Join(dir, name) }
	x.save(t, at("x.npy"), "f4", false, nil)
	unrelated.save(t, at("unrelated.npy"), "f4", false, nil)
	alike.save(t, at("alike.npy"), "f4", false, nil)
	words := []string{"word"}
	for k := range rows {
		words = append(words, fmt.Sprint("w", k%types))
	}
	groups := []string{"group"}
	for k := range rows {
		groups = append(groups, fmt.Sprint("g", k/30))
	}
	var names []string
	for _, info := range metrics.All() {
		if info.Name != "attention" && info.Name != "word_distance" {
			names = append(names, info.Name)
		}
	}
	for _, y := range []string{"unrelated", "alike"} {
		job := Job{X: at("x.npy"), Y: at(y + ".npy"), Metrics: names, Variants: []string{"all"}, Groups: saveLines(t, at("groups"), groups), Labels: saveLines(t, at("words"), words), Null: 199, Seed: 1}
		job.ASIF.K = []int{50}
		seen := map[string]bool{}
		for _, c := range runJob(t, job).Cells {
			name := fmt.Sprintf("%s: %s %s %v %s", y, c.Metric, c.Variant, c.Params, c.Comparison)
			if c.Null == nil || c.P == nil {
				if c.Variant != "heldout_r2" && !(c.Variant == "grouped" && c.Comparison == "word types") {
					t.Errorf("%s has no null: %+v", name, c)
				}
				continue
			}
			seen[c.Metric] = true
			byWord := c.Metric == "asif" || c.Comparison == "word types" // the matrices hold no words
			switch {
			case *c.P < 1.0/200 || *c.P > 1 || *c.Null.Calibrated < 0 || *c.Null.Calibrated > 1:
				t.Errorf("%s: p %v, null %+v", name, *c.P, c.Null)
			case y == "unrelated" && (*c.P < .01 || *c.Null.Calibrated > .15):
				t.Errorf("%s: p %v, calibrated %v", name, *c.P, *c.Null.Calibrated)
			case y == "alike" && !byWord && (*c.P > 1.0/200+1e-9 || *c.Null.Calibrated < .02):
				t.Errorf("%s: p %v, calibrated %v, value %v", name, *c.P, *c.Null.Calibrated, *c.Value)
			}
		}
		for _, name := range names {
			if !seen[name] {
				t.Errorf("%s: no null of %s", y, name)
			}
		}
	}
}

// TestNullOfTooFewRows: a metric that is defined on all rows but not on those that a null exchanges has its value, and a warning.
func TestNullOfTooFewRows(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(8, 2))
	x := gaussian(r, 31, 4)
	y := mixed(r, x, 4)
	at := func(name string) string { return filepath.Join(dir, name) }
	x.save(t, at("x.npy"), "f4", false, nil)
	y.save(t, at("y.npy"), "f4", false, nil)
	groups := []string{"group", "a", "b", "c", "d", "e"} // of one row each, and one of 26
	for range 26 {
		groups = append(groups, "f")
	}
	cells := runJob(t, Job{X: at("x.npy"), Y: at("y.npy"), Metrics: []string{"knn", "cka"}, Groups: saveLines(t, at("groups"), groups), Null: 19, Seed: 1}).Cells
	for _, c := range cells {
		said := slices.ContainsFunc(c.Warnings, func(w string) bool { return strings.HasPrefix(w, "no null: ") })
		if c.Variant == "grouped" { // has no null
			continue
		}
		if !c.OK() || said != (c.P == nil) || c.Metric == "knn" && !said {
			t.Errorf("%s %s: value %v, p %v, warnings %q", c.Metric, c.Variant, c.Value, c.P, c.Warnings)
		}
	}
}
