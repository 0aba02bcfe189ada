package pipeline

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/extract"
	"speechsim/pipeline/results"
)

// TestFrameNull: the frames that are kept for a null are those that streamed by, all of them or one in so many.
func TestFrameNull(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct{ frames, step int }{{100000, 1}, {180, 2}} {
		o := Options{Workers: 4, Runs: filepath.Join(dir, fmt.Sprint(test.frames)), Store: filepath.Join(dir, "store")}
		p := prepareSmall(t, o, "comparisons.0.metrics=[cka]", "comparisons.0.null.draws=19", fmt.Sprint("comparisons.0.null.frames=", test.frames))
		outcome, err := p.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		b := p.bases[0]
		s, _, err := p.momentSums(b)
		if err != nil {
			t.Fatal(err)
		}
		n := &nullRows{plan: p, b: b}
		if n.joinedRows, err = p.join(b.k, p.pooledRowsOf(b.k, b.thinned, string(extract.Centre))); err != nil {
			t.Fatal(err)
		}
		n.order, _ = n.byGroup()
		own, err := n.ownMoments(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if test.step == 1 {
			if b.step != 1 || own.N() != s.whole.N() {
				t.Errorf("%d frames are kept of %d, 1 in %d", own.N(), s.whole.N(), b.step)
			}
			for i := range b.stack {
				for u, v := range s.whole.Variance(i) {
					if d := own.Variance(i)[u] - v; math.Abs(d) > 1e-6*v {
						t.Fatalf("unit %d of layer %d varies by %v, and by %v where it is kept", u, i, v, own.Variance(i)[u])
					}
				}
			}
		} else if b.step != test.step || own.N() > 200 || own.N() < 150 {
			t.Errorf("%d frames are kept, 1 in %d", own.N(), b.step)
		}
		cells, err := results.ReadFile(filepath.Join(outcome.Dir, "results.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cells {
			switch {
			case c.Comparison != "frames":
			case (c.X == c.Y) != (c.Null == nil):
				t.Errorf("%s with %s: null %v", c.X, c.Y, c.Null)
			case c.Null != nil && (c.Null.Mean > *c.Value/4 || *c.P != .05 || strings.Contains(c.Null.About, "1 frame in") != (b.step > 1)):
				t.Errorf("%s with %s: %v, p %v, null %+v", c.X, c.Y, *c.Value, *c.P, c.Null)
			}
		}
	}
}
