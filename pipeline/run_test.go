package pipeline

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/pipeline/plantest"
	"speechsim/pipeline/publish"
	"speechsim/pipeline/results"
)

// TestRun runs the whole flow, under the race detector in the suite: the numbers add up, the plan counted the same rows, and
// a second run finds the first.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	o := Options{Workers: 4, Runs: filepath.Join(dir, "runs"), Store: filepath.Join(dir, "store")}
	run := prepareSmall(t, o)
	estimate, err := run.Forecast(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	planned := map[string]int{}
	for _, c := range estimate.Comparisons {
		planned[c.Name+" "+c.Unit] = c.Rows
	}
	outcome, err := run.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	cells, err := results.ReadFile(filepath.Join(outcome.Dir, "results.jsonl"))
	if err != nil || len(cells) != outcome.Cells {
		t.Fatalf("%d cells of %d: %v", len(cells), outcome.Cells, err)
	}
	for _, c := range cells {
		if !c.OK() {
			t.Errorf("%s %s %s: %s", c.Comparison, c.X, c.Y, c.Error)
		} else if c.X == c.Y && (*c.Value < 1-1e-9 || *c.Value > 1+1e-9) {
			t.Errorf("%s %s: a layer with itself gives %v", c.Comparison, c.X, *c.Value)
		}
	}
	for _, c := range cells {
		if want := planned[c.Comparison+" "+c.Rows]; c.N != want {
			t.Errorf("%s: %d %s rows, planned %d", c.Comparison, c.N, c.Rows, want)
		}
	}
	checkTables(t, outcome.Dir, cells)
	for _, a := range outcome.Accounts {
		in := a.Out
		for _, n := range a.Dropped {
			in += n
		}
		if in != a.In || a.Out == 0 {
			t.Errorf("%s: %d segments, %d rows and %v dropped", a.Comparison, a.In, a.Out, a.Dropped)
		}
	}
	again, err := prepareSmall(t, o).Run(context.Background())
	if err != nil || !again.AlreadyDone || again.Cells != outcome.Cells {
		t.Errorf("the second run: %+v %v", again, err)
	}
}

// checkTables: differences and matches are those of the cells.
func checkTables(t *testing.T, dir string, cells []results.Cell) {
	t.Helper()
	values := map[string]float64{}
	for _, c := range cells {
		values[c.Comparison+c.Metric+c.X.String()+c.Y.String()] = *c.Value
	}
	differences, err := results.ReadDifferencesFile(filepath.Join(dir, "differences.csv"))
	if err != nil || len(differences) == 0 {
		t.Fatalf("%d differences: %v", len(differences), err)
	}
	for _, d := range differences {
		want := values[d.Comparison+d.Metric+d.X.String()+d.Y.String()] - values[d.Comparison+d.Metric+d.Than.String()+d.Y.String()]
		if d.Comparison == "words" || math.Abs(d.Value-want) > 1e-12 || d.Lo > d.Value || d.Hi < d.Value {
			t.Errorf("%+v, want a difference of %v", d, want)
		}
	}
	matches, err := results.ReadMatchesFile(filepath.Join(dir, "matches.csv"))
	if err != nil || len(matches) == 0 {
		t.Fatalf("%d matches: %v", len(matches), err)
	}
	sums, heads := map[string]float64{}, map[string]float64{}
	for _, m := range matches {
		key := m.Comparison + m.Metric + m.X.String() + m.Y.String()
		sums[key] += m.Value
		heads[key]++
	}
	for key, sum := range sums {
		if math.Abs(sum/heads[key]-values[key]) > 1e-12 {
			t.Errorf("%s: the mean over heads is %v, and the value %v", key, sum/heads[key], values[key])
		}
	}
}

// TestOneAtATime: while a process makes a run, another of that name is refused, before anything is read and also when it was
// prepared before. Plans and shards are not.
func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	o := Options{Workers: 2, Runs: filepath.Join(dir, "runs"), Store: filepath.Join(dir, "store")}
	early := prepareSmall(t, o)
	if err := os.MkdirAll(early.RunDir, 0o755); err != nil {
		t.Fatal(err)
	}
	unlock, err := publish.Lock(early.RunDir)
	if err != nil {
		t.Fatal(err)
	}
	const refused = " is being made by process "
	if _, err := early.Run(context.Background()); err == nil || !strings.Contains(err.Error(), refused) {
		t.Errorf("a run that was prepared: %v", err)
	}
	if _, err := Prepare(context.Background(), plantest.Config(t, plantest.Small), o); err == nil || !strings.Contains(err.Error(), refused) {
		t.Errorf("a run: %v", err)
	}
	planned, shared := o, o
	planned.Cards, shared.Shared = true, true
	prepareSmall(t, planned)
	prepareSmall(t, shared)
	unlock()
	prepareSmall(t, o)
}

func prepareSmall(t *testing.T, o Options) *Prepared {
	t.Helper()
	plantest.NeedRuntime(t)
	run, err := Prepare(context.Background(), plantest.Config(t, plantest.Small), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run.Close)
	return run
}
