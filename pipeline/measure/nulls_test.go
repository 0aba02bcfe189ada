package measure

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
	"speechsim/pipeline/results"
	"speechsim/pipeline/sums"
)

// TestFrameNull: the frames that are kept for a null are those that streamed by, all of them or one in so many.
func TestFrameNull(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct{ frames, step int }{{100000, 1}, {1200, 2}} {
		p := plantest.Plan(t, plantest.Config(t, plantest.Small, "corpus.timit.split=", "comparisons.0.metrics=[cka, {cka: {variant: grouped}}]", "comparisons.0.null.draws=19", fmt.Sprint("comparisons.0.null.frames=", test.frames)),
			plantest.In(dir), plan.Options{})
		cells := allOf(t, p).Cells
		tile := p.Tasks[0].Tiles[0]
		s, err := sums.Moments(tile)
		if err != nil {
			t.Fatal(err)
		}
		n := &nullRows{tile: tile}
		if n.Rows, err = tile.Join(tile.NullFrames.Rows); err != nil {
			t.Fatal(err)
		}
		n.order, _ = n.ByGroup()
		own, err := n.ownMoments(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		step := tile.NullFrames.Step
		if test.step == 1 {
			if step != 1 || own.N() != s.Whole.N() {
				t.Errorf("%d frames are kept of %d, 1 in %d", own.N(), s.Whole.N(), step)
			}
			for i := range tile.Layers {
				for u, v := range s.Whole.Variance(i) {
					if d := own.Variance(i)[u] - v; math.Abs(d) > 1e-6*v {
						t.Fatalf("unit %d of layer %d varies by %v, and by %v where it is kept", u, i, v, own.Variance(i)[u])
					}
				}
			}
		} else if step != test.step || own.N() > 1200 || own.N() < 1000 {
			t.Errorf("%d frames are kept, 1 in %d", own.N(), step)
		}
		grouped := map[[2]results.Layer]*results.Cell{}
		for k, c := range cells {
			if c.Comparison == "frames" && c.Variant == "grouped" {
				grouped[[2]results.Layer{c.X, c.Y}] = &cells[k]
			}
		}
		for _, c := range cells {
			if g := grouped[[2]results.Layer{c.X, c.Y}]; c.Comparison == "frames" && c.X != c.Y && (c.Lo == nil || *c.Lo != *g.Lo || *c.Hi != *g.Hi) {
				t.Errorf("%s with %s, %s: the interval is not that on rows of different groups", c.X, c.Y, c.Variant)
			}
			switch {
			case c.Comparison != "frames":
			case (c.X == c.Y) != (c.Null == nil):
				t.Errorf("%s with %s: null %v", c.X, c.Y, c.Null)
			case c.Null != nil && (c.Null.Mean > *c.Value/4 || *c.P != .05 || strings.Contains(c.Null.About, "1 frame in") != (step > 1)):
				t.Errorf("%s with %s: %v, p %v, null %+v", c.X, c.Y, *c.Value, *c.P, c.Null)
			}
		}
	}
}
