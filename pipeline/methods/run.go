package methods

import (
	"encoding/json"
	"fmt"
	"path/filepath"

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
