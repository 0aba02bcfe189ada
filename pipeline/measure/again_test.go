package measure

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/results"
)

// stages notes what a run does.
type stages struct {
	progress.Quiet
	names []string
}

func (s *stages) Stage(name string, _ float64, _ string) { s.names = append(s.names, name) }

// again has a task of every input, with intervals and nulls.
const again = `name: again
corpus: {timit: {root: corpus/demo/TIMIT}}
models:
  - {name: hubert, onnx: models/demo/hubert.onnx, layers: 1-2}
  - {name: glove, vectors: models/demo/vectors.txt}
comparisons:
  - {name: frames, models: [hubert], metrics: [cka, attention, {attention: {variant: js}}]}
  - {name: words, rows: {unit: word}, x: [hubert], y: [glove], metrics: [cka, {asif: {k: [5, 20], p: 2}}], null: {draws: 19}}
  - {name: distances, rows: {unit: word}, x: [hubert], y: [glove], metrics: [{word_distance: {variant: [phonetic, random], thresholds: [0.2, 0.4]}}]}
`

// runAgain runs a config over a store and says what it did besides reading its inputs and joining.
func runAgain(t *testing.T, dir, config string, sets ...string) (results.Set, []string) {
	t.Helper()
	s := &stages{}
	o := plantest.In(dir)
	o.Progress = s
	set := allOf(t, plantest.Plan(t, plantest.Config(t, config, sets...), o, plan.Options{}))
	return set, slices.DeleteFunc(s.names, func(name string) bool {
		return strings.HasPrefix(name, "reading ") || strings.HasPrefix(name, "joining ")
	})
}

// TestOnlyWhatIsNew: what was computed is found again, under whatever names; what anything that it depends on changes is computed
// anew, alone, and has the values of a run that found nothing.
func TestOnlyWhatIsNew(t *testing.T) {
	dir := t.TempDir()
	first, did := runAgain(t, dir, again)
	if len(did) < 7 || did[0] != "extracting" {
		t.Fatalf("the first run did %q", did)
	}
	for _, c := range []struct {
		name string
		old  string
		new  string
		did  []string
	}{
		{name: "the same"},
		{name: "the names of run, comparison and model", old: `\b(again|frames|words|hubert)\b([^.])`, new: `other-$1$2`},
		{name: "the config of figures", old: `name: frames`, new: `name: frames, figure: {heatmap: {caption: new}}`},
		{name: "one metric more", old: `asif:`, new: `cka: {variant: biased}}, {asif:`, did: []string{"cells of words", "intervals of words", "null of cka, words"}},
		{name: "a metric that needs rows", old: `\[cka, \{asif`, new: `[cka, knn, {asif`, did: []string{"cells of words", "null of knn, words"}},
		{name: "a setting", old: `k: \[5, 20\]`, new: `k: [5, 10]`, did: []string{"cells of words", "null of asif, words", "null of asif, words"}},
		{name: "a threshold", old: `\[0.2, 0.4\]`, new: `[0.2, 0.5]`, did: []string{"cells of distances"}},
		{name: "an interval", old: `name: frames`, new: `interval: none, name: frames`, did: []string{"cells of frames", "cells of frames", "cells of frames"}},
		{name: "the seed", old: `draws: 19`, new: `draws: 19, seed: 3`, did: []string{"cells of words", "null of cka, words", "cells of words", "null of asif, words", "null of asif, words"}},
		{name: "x and y", old: `x: \[hubert\], y: \[glove\], metrics: \[cka, .*\], null`, new: `y: [hubert], x: [glove], metrics: [cka], null`, did: []string{"cells of words", "null of cka, words"}},
		{name: "the first rows", old: `unit: word`, new: `unit: word, first: [40, all]`, did: nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := again
			if c.old != "" {
				config = regexp.MustCompile(c.old).ReplaceAllString(again, c.new)
				if config == again {
					t.Fatal("nothing is changed")
				}
			}
			got, did := runAgain(t, dir, config)
			if c.name != "the first rows" && !slices.Equal(did, c.did) {
				t.Errorf("it did %q, not %q", did, c.did)
			}
			empty := t.TempDir()
			if err := os.CopyFS(filepath.Join(empty, "store"), os.DirFS(filepath.Join(dir, "store"))); err != nil {
				t.Fatal(err)
			}
			cells, err := filepath.Glob(filepath.Join(empty, "store", "cells-*"))
			if err != nil || len(cells) == 0 {
				t.Fatal(cells, err)
			}
			for _, entry := range cells {
				if err := os.RemoveAll(entry); err != nil {
					t.Fatal(err)
				}
			}
			fresh, _ := runAgain(t, empty, config)
			if diff := cmp.Diff(fresh, got); diff != "" {
				t.Errorf("it does not find what it finds in a store without cells:\n%s", diff)
			}
			if len(got.Retrieved) == 0 && len(first.Retrieved) > 0 && c.name == "the same" {
				t.Error("no retrieved words")
			}
		})
	}
}

// TestStoreOfRows: what the store keeps of words and phones is little more than their rows.
func TestStoreOfRows(t *testing.T) {
	dir := t.TempDir()
	runAgain(t, dir, `name: rows
corpus: {librispeech: {root: corpus/demo/LibriSpeech, subset: demo, groups: corpus/demo/groups.csv}}
models:
  - {name: hubert, onnx: models/demo/hubert.onnx}
  - {name: wav2vec2, onnx: models/demo/wav2vec2.onnx}
comparisons:
  - {name: words, rows: {unit: word}, x: [hubert], y: [wav2vec2], metrics: [cka]}
  - {name: phones, rows: {unit: phone, first: [300, all]}, x: [hubert], y: [wav2vec2], metrics: [cka]}
`)
	var rows, all int64
	err := filepath.WalkDir(filepath.Join(dir, "store"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			all += info.Size()
			if strings.HasSuffix(path, ".npy") {
				rows += info.Size()
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if rows == 0 || float64(all) > 1.2*float64(rows) {
		t.Errorf("the store has %d bytes, of which rows %d", all, rows)
	}
}

// TestDamagedCells: cells that do not hold what was written are refused, with what to do.
func TestDamagedCells(t *testing.T) {
	dir := t.TempDir()
	runAgain(t, dir, again)
	parts, err := filepath.Glob(filepath.Join(dir, "store", "cells-*", "part-0000"))
	if err != nil || len(parts) == 0 {
		t.Fatal(parts, err)
	}
	data, err := os.ReadFile(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(parts[0], data, 0o644); err != nil {
		t.Fatal(err)
	}
	p := plantest.Plan(t, plantest.Config(t, again), plantest.In(dir), plan.Options{})
	_, err = Run(t.Context(), p, false)
	if err == nil || !strings.Contains(err.Error(), parts[0]+" is damaged") || !strings.Contains(err.Error(), "store verify --mend") {
		t.Errorf("error %v", err)
	}
}
