package forecast

import (
	"context"
	"strings"
	"testing"
	"time"

	"speechsim/pipeline/collect"
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
