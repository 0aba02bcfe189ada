package plan_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/pipeline/load"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
)

// TestFramesOfFeatures: features are asked at the frames of a model, where these are not closer together; without a model, at those
// of the features of the longest hop.
func TestFramesOfFeatures(t *testing.T) {
	const before = "name: t\ncorpus: {timit: {root: corpus/demo/TIMIT}}\nmodels:\n"
	const hubert = "  - {name: hubert, onnx: models/demo/hubert.onnx, layers: 1-2}\n"
	comparison := func(x, y string) string {
		return fmt.Sprintf("comparisons:\n  - {name: frames, x: [%s], y: [%s], metrics: [cka], null: {draws: 19, frames: 100}}\n", x, y)
	}
	speech := plantest.Inputs(t, plantest.Config(t, before+hubert+comparison("hubert", "hubert")), plantest.In(t.TempDir()))
	models := before + hubert + writeFeatures(t, speech, .01) + writeFeatures(t, speech, .04)

	p := plantest.Plan(t, plantest.Config(t, models+comparison("hubert", "ms10")), plantest.In(t.TempDir()), plan.Options{})
	task := p.Tasks[0]
	if name := p.Sources[task.Tiles[0].FrameSource()].Name; name != "hubert" {
		t.Errorf("the frames are those of %s", name)
	}
	p = plantest.Plan(t, plantest.Config(t, models+comparison("ms10", "ms40")), plantest.In(t.TempDir()), plan.Options{})
	task = p.Tasks[0]
	frames := 0
	for u, samples := range p.Lengths {
		frames += p.Sources[2].Frames(p.Corpus, u, samples)
	}
	if name := p.Sources[task.Tiles[0].FrameSource()].Name; name != "ms40" || task.RowCount() != frames {
		t.Errorf("%d frames, those of %s; want %d of ms40", task.RowCount(), name, frames)
	}
	in := plantest.Inputs(t, plantest.Config(t, models+comparison("hubert", "ms40")), plantest.In(t.TempDir()))
	if _, err := plan.Make(in, plan.Options{}); err == nil || !strings.Contains(err.Error(), `the frames of "ms40" (40 ms, first centre 0 ms) are further apart than those of "hubert" (20 ms, first centre 12.5 ms)`) {
		t.Errorf("error %v", err)
	}
}

// writeFeatures writes features of one unit for a corpus, and returns the line of the config that names them, after their hop.
func writeFeatures(t *testing.T, in *load.Inputs, hop float64) string {
	t.Helper()
	dir := t.TempDir()
	for u := range in.Corpus.Utterances {
		frames := int(float64(in.Lengths[u]) / 16000 / hop)
		dict := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 1), }\n", frames)
		b := bytes.NewBufferString("\x93NUMPY\x01\x00")
		for _, part := range []any{uint16(len(dict)), []byte(dict), make([]float32, frames)} {
			if err := binary.Write(b, binary.LittleEndian, part); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, in.Corpus.Utterances[u].ID+".npy"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("  - {name: ms%.0f, features: %s, hop: %g}\n", 1000*hop, dir, hop)
}
