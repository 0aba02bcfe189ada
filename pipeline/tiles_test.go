package pipeline

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"speechsim/configs"
)

const tiledRun = `name: tiled
corpus: {timit: {root: ../corpus/demo/TIMIT}}
models:
  - {name: hubert, onnx: ../models/demo/hubert.onnx, layers: 0-2}
  - {name: wav2vec2, onnx: ../models/demo/wav2vec2.onnx, layers: 1-2}
  - {name: phones, labels: phone}
comparisons:
  - {name: frames, models: [hubert, wav2vec2, phones], metrics: [{cka: {variant: all}}], null: {draws: 19, frames: 900}}
  - {name: units, models: [hubert, wav2vec2], metrics: [neuron_neuron, svcca]}
  - {name: phones, rows: {unit: phone}, x: [hubert, phones], y: [wav2vec2, phones], metrics: [cka, neuron_neuron], null: {draws: 19}}
  - {name: spaces, rows: {unit: phone}, x: [hubert], y: [wav2vec2], metrics: [procrustes, neuron_layer, pwcca]}
  - {name: views, rows: {unit: phone, first: [300, all], level: [token, type]}, x: [hubert], y: [wav2vec2], metrics: [cka], null: {draws: 19}}
`

func prepareTiled(t *testing.T, dir string, sets ...string) *Plan {
	t.Helper()
	needRuntime(t)
	cfg, err := configs.Parse([]byte(tiledRun), "tiled.yaml", sets)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := Prepare(context.Background(), cfg, Options{Workers: 2, Runs: filepath.Join(dir, "runs"), Store: filepath.Join(dir, "store")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(plan.Close)
	return plan
}

// intoTiles cuts each basis on layers as fit would with little memory: the frames kept, or heard in a walk for each tile.
func intoTiles(t *testing.T, p *Plan, stretches int, keep bool) {
	t.Helper()
	f := &fitting{Plan: p}
	for _, b := range p.bases {
		if b.input != layers {
			continue
		}
		if b.unit == "frame" && keep {
			if err := f.keepFrames(b); err != nil {
				t.Fatal(err)
			}
		}
		b.tiles = b.cut(stretches)
		for k, tile := range b.tiles {
			if b.unit == "frame" && !keep {
				tile.walk = k
			}
			if err := p.openEntries(tile); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestTiles: a run whose moments are made in tiles gives what a run gives that has them whole: values, intervals,
// differences, matches and nulls, from frames that are kept and from frames that are heard again.
func TestTiles(t *testing.T) {
	whole := allOf(t, prepareTiled(t, t.TempDir()))
	for _, c := range []struct {
		keep      bool
		stretches int
	}{{true, 2}, {true, 8}, {false, 3}} {
		t.Run(fmt.Sprintf("keep=%v/%d", c.keep, c.stretches), func(t *testing.T) {
			dir := t.TempDir()
			p := prepareTiled(t, dir)
			intoTiles(t, p, c.stretches, c.keep)
			if walks := p.walks(); walks > 1 == c.keep {
				t.Errorf("%d walks", walks)
			}
			sameResults(t, whole, allOf(t, p))
		})
	}
}

// TestBudget: memory: in a config decides for tiles, and for frames that are kept or heard again; what it says it takes, it
// keeps to; and too little is refused with the least that would do.
func TestBudget(t *testing.T) {
	free := prepareTiled(t, t.TempDir())
	models := free.modelMemory(free.allSources()).bytes
	most, least := int64(0), int64(math.MaxInt64)
	for _, b := range free.bases {
		if b.unit != "frame" {
			continue
		}
		n, err := free.needOf(b, 0)
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, n.walking())
		for _, tile := range b.cut(len(b.stack)) {
			if n, err = free.needOf(tile, 0); err != nil {
				t.Fatal(err)
			}
			least = min(least, n.walking())
		}
	}
	for _, c := range []struct {
		room   int64 // for moments, while models run
		frames string
		kept   bool
		again  bool // heard
	}{{2 * most, "auto", false, false}, {2 * most, "keep", true, false}, {most / 2, "auto", true, false}, {most / 2, "never", false, true}} {
		budget := (processBytes + models + c.room) * 10 / 9
		p := prepareTiled(t, t.TempDir(), fmt.Sprintf("memory=%dB", budget), "store.frames="+c.frames)
		tiles := 0
		for _, b := range p.bases {
			tiles += len(b.tiles)
			if kept := b.frames != ""; b.unit == "frame" && kept != c.kept {
				t.Errorf("%+v: %s keeps frames: %v", c, b.k.Name, kept)
			}
		}
		if (tiles > 0) != c.again || (p.walks() > 1) != c.again {
			t.Errorf("%+v: %d tiles, %d walks", c, tiles, p.walks())
		}
		e, err := p.Estimate(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if e.MemoryBytes > budget {
			t.Errorf("%+v: %d bytes are planned of %d", c, e.MemoryBytes, budget)
		}
		if text := e.String(); strings.Contains(text, "frames are kept") != c.kept || strings.Contains(text, "walks over the audio") != c.again {
			t.Errorf("%+v: the plan does not say what it does:\n%s", c, text)
		}
	}
	for _, room := range []int64{-1, least / 2} {
		needRuntime(t)
		cfg, err := configs.Parse([]byte(tiledRun), "tiled.yaml", []string{fmt.Sprintf("memory=%dB", (processBytes+models+room)*10/9), "store.frames=never"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = Prepare(context.Background(), cfg, Options{Workers: 2, Runs: t.TempDir(), Store: t.TempDir()})
		if err == nil || !strings.HasPrefix(err.Error(), "tiled.yaml:") || !strings.Contains(err.Error(), "the smallest memory that can do is ") {
			t.Errorf("room of %d bytes: %v", room, err)
		}
	}
}

// TestTilesOnce: what a tile gave is in the store, and neither its rows nor its moments are needed again.
func TestTilesOnce(t *testing.T) {
	dir := t.TempDir()
	run := func(name string) found {
		p := prepareTiled(t, dir, "name="+name)
		intoTiles(t, p, 2, true)
		return allOf(t, p)
	}
	first := run("first")
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

// allOf is what a run finds, without what it writes and draws.
func allOf(t *testing.T, p *Plan) found {
	t.Helper()
	if err := p.extractAll(context.Background()); err != nil {
		t.Fatal(err)
	}
	all, _, err := p.measure(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// sameResults compares what two runs found, numbers to the rounding of float32 products, which depends on how a matrix is cut.
func sameResults(t *testing.T, want, got found) {
	t.Helper()
	close := func(what string, a, b float64) {
		tolerance := 1e-7
		if strings.Contains(what, "cca") || strings.Contains(what, "neuron_layer") {
			tolerance = 1e-5 // they divide by variances, small ones too
		}
		if math.Abs(a-b) > tolerance*max(1, math.Abs(a)) {
			t.Errorf("%s: %v, and %v in tiles", what, a, b)
		}
	}
	cells, differences, matches := want.cells, want.differences, want.matches
	cells2, differences2, matches2 := got.cells, got.differences, got.matches
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
