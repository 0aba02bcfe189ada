package forecast

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"speechsim/pipeline/collect"
	"speechsim/pipeline/load"
	"speechsim/pipeline/measure"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
)

// TestClock: what others take of the processors is no time of ours, and is said.
func TestClock(t *testing.T) {
	c := &clock{}
	work := func() error {
		time.Sleep(100 * time.Millisecond) // as if another program ran
		for end := processorSeconds() + .02; processorSeconds() < end; {
		}
		return nil
	}
	seconds, err := c.shortest(1, work)
	if err != nil || seconds < .02 || seconds > .09 {
		t.Errorf("%g s, %v", seconds, err)
	}
	if c.busy() < 1.5 {
		t.Errorf("busy %g", c.busy())
	}
	if seconds, err = c.shortest(0, work); err != nil || seconds < .12 {
		t.Errorf("waiting for a device: %g s, %v", seconds, err)
	}
	if idle := (&clock{}).busy(); idle != 1 {
		t.Errorf("busy %g before anything is tried", idle)
	}
}

// TestForecast: what is in the store takes no time any more, and a complete run takes none.
func TestForecast(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	makePlan := func() *plan.Plan {
		return plantest.Plan(t, plantest.Config(t, plantest.Small), plantest.In(dir), plan.Options{})
	}
	p := makePlan()
	f, err := Run(ctx, p, false)
	if err != nil {
		t.Fatal(err)
	}
	if f.Seconds <= 0 || f.Measured <= 0 || f.Drawn <= 0 || f.All < f.Seconds+f.Measured+f.Drawn || f.Busy < 1 {
		t.Errorf("%+v", f)
	}
	if f.StayBytes <= 0 || f.StayBytes >= f.StoreBytes || f.ModelBytes != 0 {
		t.Errorf("%d bytes of %d stay", f.StayBytes, f.StoreBytes)
	}
	if s := f.String(); !strings.Contains(s, "\ntime        about ") || !strings.Contains(s, " of extraction (") || !strings.Contains(s, " of intervals and nulls, ") {
		t.Error(s)
	}
	if err := collect.Passes(ctx, p, p.AllParts(), func(int) error { return collect.JoinRows(ctx, p) }); err != nil {
		t.Fatal(err)
	}
	if _, err := measure.Run(ctx, p, false); err != nil {
		t.Fatal(err)
	}
	if f, err = Run(ctx, makePlan(), false); err != nil {
		t.Fatal(err)
	}
	if f.Seconds != 0 || f.Measured != 0 || f.MomentHours > 1e-6 || f.Drawn <= 0 || f.StoreBytes > 0 {
		t.Errorf("of what is in the store: %+v", f)
	}
	if f, err = Run(ctx, makePlan(), true); err != nil {
		t.Fatal(err)
	}
	if f.All != 0 || strings.Contains(f.String(), "\ntime") {
		t.Errorf("of a complete run:\n%s", f)
	}
}

// TestContributions: words and phones that carry values take time, their clips more, and neither where the store has the cells.
func TestContributions(t *testing.T) {
	ctx := context.Background()
	run := func(sets ...string) *Forecast {
		f, err := Run(ctx, plantest.Plan(t, plantest.Config(t, plantest.Small, sets...), plantest.In(t.TempDir()), plan.Options{}), false)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	links, clips := run(), run("report.audio=clips")
	if links.Contributed <= 0 || clips.Contributed <= links.Contributed || links.Reading <= 0 {
		t.Errorf("%g s with links, %g s with clips, %g s of reading", links.Contributed, clips.Contributed, links.Reading)
	}
	if s := links.String(); !strings.Contains(s, " of reading, ") || !strings.Contains(s, " of contributions, ") {
		t.Error(s)
	}
}

// TestAskSeconds: knn searches each row among all, CKA multiplies each layer with itself and the other, and asif has its answer.
func TestAskSeconds(t *testing.T) {
	f := &forecaster{Plan: &plan.Plan{Inputs: &load.Inputs{Files: &load.Files{Options: load.Options{Workers: 2}}}}, Forecast: &Forecast{Products: 2e9}}
	if got := f.askSeconds("asif", 1000, 30, 10, 20); got != 0 {
		t.Errorf("asif: %g s", got)
	}
	if got, want := f.askSeconds("knn", 1000, 30, 10, 20), askSeconds+.03; math.Abs(got-want) > 1e-9 {
		t.Errorf("knn: %g s, want %g", got, want)
	}
	if got, want := f.askSeconds("cka", 1000, 30, 10, 20), askSeconds+4*.7e-3+9e4/numbersPerSecond; math.Abs(got-want) > 1e-9 {
		t.Errorf("cka: %g s, want %g", got, want)
	}
}
