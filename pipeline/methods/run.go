package methods

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"speechsim/pipeline/results"
)

// run is what the manifest says, as far as a paper says it too.
type run struct {
	Name   string
	Config struct {
		Corpus      map[string]json.RawMessage
		Audio       struct{ Rate int }
		Models      []model
		Comparisons []comparison
	}
	Inputs struct {
		Corpus      string
		Checkpoints map[string]origin
	}
	Versions map[string]string
	Corpus   struct {
		Root     string
		Usable   int
		Hours    float64
		Speakers int
		Groups   []string
	}
	Models []struct {
		Name   string
		File   string
		Family string
		Layers []string
		Units  []int
	}
	Rows []struct {
		Comparison     string
		Segments, Used int
		Dropped        map[string]int
	}
	Skipped []json.RawMessage
}

type model struct {
	Name, Label, Weights, Labels        string
	Seed                                int
	Checkpoint, Revision, Vectors, ONNX string
	Control                             []string
}

// origin is where a checkpoint is from.
type origin struct{ Path, ID, Revision, Commit string }

type comparison struct {
	Name   string
	X, Y   []string
	Models []string
	Rows   struct {
		Unit, Pooling, Select string
		Level                 []string
	}
	Null    *struct{ Correct string }
	Metrics []struct{ Name string }
}

func read(manifest []byte) (*run, error) {
	var r run
	if err := json.Unmarshal(manifest, &r); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return &r, nil
}

// members are what groups consist of; where there is one group only, utterances are left out in its place.
func (r *run) members() string {
	if n := len(r.Corpus.Groups); n > r.Corpus.Speakers || n == 1 {
		return "utterances"
	}
	return "speakers"
}

// called is what figures and tables call a model too.
func (r *run) called(name string) string {
	i := slices.IndexFunc(r.Config.Models, func(m model) bool { return m.Name == name })
	if i < 0 {
		return name
	}
	m := &r.Config.Models[i]
	return cmp.Or(m.Label, labelWords[m.Labels][1], m.Name)
}

func (r *run) allCalled(names []string) (list []string) {
	for _, name := range names {
		list = append(list, r.called(name))
	}
	return list
}

// controlled are the models that name this one as their control, or whose checkpoint it is with other weights.
func (r *run) controlled(control *model) (list []string) {
	for _, m := range r.Config.Models {
		drawn := control.Weights == "random" && m.Weights == "" && m.Checkpoint != "" && m.Checkpoint == control.Checkpoint && m.Revision == control.Revision
		if slices.Contains(m.Control, control.Name) || drawn {
			list = append(list, m.Name)
		}
	}
	return list
}

// place names a file for a reader who has another disk.
func place(path string) string { return filepath.Base(filepath.ToSlash(path)) }

// measuresOf are the metrics and variants of a comparison, in the order of its cells.
func measuresOf(cells []results.Cell, name string) (list []results.Measure) {
	seen := map[results.Measure]bool{}
	for i := range cells {
		c := &cells[i]
		m := results.Measure{Metric: c.Metric, Variant: c.Variant}
		if c.Comparison == name && !seen[m] {
			seen[m] = true
			list = append(list, m)
		}
	}
	return list
}
