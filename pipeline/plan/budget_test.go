package plan_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"speechsim/pipeline/forecast"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
)

// TestBudget: memory: in a config decides for tiles, and for frames that are kept or made again; what it says it takes, it
// keeps to; and too little is refused with the least that would do.
func TestBudget(t *testing.T) {
	free := plantest.Plan(t, plantest.Config(t, plantest.Tiled), plantest.In(t.TempDir()), plan.Options{})
	models := plan.ModelMemoryOf(free.Inputs, free.Models.All()).Bytes
	most, least := int64(0), int64(math.MaxInt64)
	layerByLayer := plantest.Plan(t, plantest.Config(t, plantest.Tiled), plantest.In(t.TempDir()), plan.Options{Stretches: 8})
	for i, task := range free.Tasks {
		if task.RowUnit != "frame" {
			continue
		}
		whole, err := task.Tiles[0].Footprint(0)
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, whole.Collecting())
		for _, tile := range layerByLayer.Tasks[i].Tiles {
			f, err := tile.Footprint(0)
			if err != nil {
				t.Fatal(err)
			}
			least = min(least, f.Collecting())
		}
	}
	for _, c := range []struct {
		room   int64 // for moments, while models run
		frames string
		kept   bool
		passes bool // more than one
	}{{2 * most, "auto", false, false}, {2 * most, "keep", true, false}, {most / 2, "auto", true, false}, {most / 2, "never", false, true}} {
		budget := (plan.ProcessBytes(free.Workers) + models + c.room) * 10 / 9
		cfg := plantest.Config(t, plantest.Tiled, fmt.Sprintf("memory=%dB", budget), "store.frames="+c.frames)
		p := plantest.Plan(t, cfg, plantest.In(t.TempDir()), plan.Options{})
		tiles := 0
		for _, task := range p.Tasks {
			if !task.Whole() {
				tiles += len(task.Tiles)
			}
			if kept := !task.Streamed(); task.RowUnit == "frame" && kept != c.kept {
				t.Errorf("%+v: %s keeps frames: %v", c, task.Comparison.Name, kept)
			}
		}
		if (tiles > 0) != c.passes || (p.Passes > 1) != c.passes {
			t.Errorf("%+v: %d tiles, %d passes", c, tiles, p.Passes)
		}
		f, err := forecast.Run(context.Background(), p, false)
		if err != nil {
			t.Fatal(err)
		}
		if f.MemoryBytes > budget {
			t.Errorf("%+v: %d bytes are planned of %d", c, f.MemoryBytes, budget)
		}
		if text := f.String(); strings.Contains(text, "frames are kept") != c.kept || strings.Contains(text, "; made in ") != c.passes {
			t.Errorf("%+v: the plan does not say what it does:\n%s", c, text)
		}
	}
	for _, room := range []int64{-1, least / 2} {
		cfg := plantest.Config(t, plantest.Tiled, fmt.Sprintf("memory=%dB", (plan.ProcessBytes(free.Workers)+models+room)*10/9), "store.frames=never")
		_, err := plan.Make(plantest.Inputs(t, cfg, plantest.In(t.TempDir())), plan.Options{})
		if err == nil || !strings.HasPrefix(err.Error(), "--set memory=") || !strings.Contains(err.Error(), "The smallest memory that is enough is ") {
			t.Errorf("room of %d bytes: %v", room, err)
		}
	}
}
