package measure

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"speechsim/pipeline/collect"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
	"speechsim/pipeline/results"
)

// TestTiles: a run whose moments are made in tiles gives what a run gives that has them whole: values, intervals,
// differences, matches and nulls, from frames that are kept and from several passes over the audio.
func TestTiles(t *testing.T) {
	whole := wholeRun(t)
	for _, c := range []struct {
		keep      bool
		stretches int
	}{{true, 5}, {false, 3}} { // TestTilesOnce has two stretches
		t.Run(fmt.Sprintf("keep=%v/%d", c.keep, c.stretches), func(t *testing.T) {
			p := tiled(t, t.TempDir(), plan.Options{Stretches: c.stretches, KeepFrames: c.keep})
			if p.Passes > 1 == c.keep {
				t.Errorf("%d passes", p.Passes)
			}
			sameResults(t, whole, allOf(t, p))
		})
	}
}

// TestTilesOnce: what a tile gave is in the store, and neither its rows nor its moments are needed again.
func TestTilesOnce(t *testing.T) {
	dir := t.TempDir()
	run := func(name string) results.Set {
		return allOf(t, tiled(t, dir, plan.Options{Stretches: 2, KeepFrames: true}, "name="+name))
	}
	first := run("first")
	sameResults(t, wholeRun(t), first)
	if parts, err := filepath.Glob(filepath.Join(dir, "store", "moments-*", "part-*")); err != nil || len(parts) > 0 {
		t.Errorf("moments of tiles were left: %v %v", parts, err)
	}
	layers, err := filepath.Glob(filepath.Join(dir, "store", "rows-*", "layer.*"))
	if err != nil || len(layers) == 0 {
		t.Fatal(layers, err)
	}
	for _, file := range layers {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	sameResults(t, first, run("second"))
}

// tiled plans the run of all metrics of moments in a folder.
func tiled(t *testing.T, dir string, o plan.Options, sets ...string) *plan.Plan {
	t.Helper()
	return plantest.Plan(t, plantest.Config(t, plantest.Tiled, sets...), plantest.In(dir), o)
}

// whole is what a run finds whose moments are made whole, which all tests here compare theirs with.
var whole struct {
	sync.Once
	set results.Set
}

func wholeRun(t *testing.T) results.Set {
	t.Helper()
	whole.Do(func() { whole.set = allOf(t, tiled(t, t.TempDir(), plan.Options{})) })
	return whole.set
}

// allOf is what a run finds, without what it writes and draws.
func allOf(t *testing.T, p *plan.Plan) results.Set {
	t.Helper()
	ctx, discard := context.Background(), p.Passes > 1
	err := collect.Passes(ctx, p, p.AllParts(), func(pass int) error {
		if pass == 0 {
			if err := collect.JoinRows(ctx, p); err != nil {
				return err
			}
		}
		if !discard {
			return nil
		}
		return Pass(ctx, p, pass)
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := Run(ctx, p, discard)
	if err != nil {
		t.Fatal(err)
	}
	return found.Set
}

// sameResults compares what two runs found, numbers to the rounding of float32 products, which depends on how a matrix is cut.
func sameResults(t *testing.T, want, got results.Set) {
	t.Helper()
	close := func(what string, a, b float64) {
		tolerance := 1e-7
		if strings.Contains(what, "cka grouped") || strings.Contains(what, "cka debiased") || strings.Contains(what, "difference") {
			tolerance = 1e-6 // what is left where the pairs within groups are taken away, of values and of intervals
		}
		if strings.Contains(what, "cca") || strings.Contains(what, "neuron_layer") {
			tolerance = 1e-5 // they divide by variances, small ones too
		}
		if math.Abs(a-b) > tolerance*max(1, math.Abs(a)) {
			t.Errorf("%s: %v, and %v in tiles", what, a, b)
		}
	}
	cells, differences, matches := want.Cells, want.Differences, want.Matches
	cells2, differences2, matches2 := got.Cells, got.Differences, got.Matches
	if len(cells) != len(cells2) || len(differences) != len(differences2) || len(matches) != len(matches2) {
		t.Fatalf("%d cells, %d differences, %d matches; in tiles %d, %d, %d", len(cells), len(differences), len(matches), len(cells2), len(differences2), len(matches2))
	}
	for k, c := range cells {
		d := cells2[k]
		name := fmt.Sprintf("%s %s %s %v %v %+v", c.Comparison, c.Metric, c.Variant, c.X, c.Y, c.Params)
		if c.Comparison != d.Comparison || c.Metric != d.Metric || c.Variant != d.Variant || c.X != d.X || c.Y != d.Y || c.N != d.N || c.Error != d.Error || !slices.Equal(c.Warnings, d.Warnings) {
			t.Fatalf("%s: %+v, and %+v in tiles", name, c, d)
		}
		for _, v := range [][2]*float64{{c.Value, d.Value}, {c.Lo, d.Lo}, {c.Hi, d.Hi}, {c.P, d.P}} {
			if (v[0] == nil) != (v[1] == nil) {
				t.Errorf("%s: %+v, and %+v in tiles", name, c, d)
			} else if v[0] != nil {
				close(name, *v[0], *v[1])
			}
		}
		if (c.Null == nil) != (d.Null == nil) {
			t.Errorf("%s: null %+v, and %+v in tiles", name, c.Null, d.Null)
		} else if c.Null != nil {
			close(name+" null", c.Null.Mean, d.Null.Mean)
			close(name+" p_max", *c.Null.PMax, *d.Null.PMax)
		}
	}
	for k, d := range differences {
		close(fmt.Sprintf("difference of %s %s", d.X, d.Than), d.SE, differences2[k].SE)
	}
	for k, m := range matches {
		if m.Matched != matches2[k].Matched || m.MatchedUnit != matches2[k].MatchedUnit {
			t.Errorf("matched %+v, and %+v in tiles", m, matches2[k])
		}
	}
}
