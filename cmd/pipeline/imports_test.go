package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed says which packages of the module each package may import: docs/architecture.md explains why. Packages below
// a package's folder count as parts of their owner.
var allowed = map[string][]string{
	"configs":      {},
	"textgrid":     {},
	"tokenizer":    {},
	"models":       {},
	"metrics":      {},
	"corpus":       {"textgrid", "tokenizer"},
	"extract":      {"models", "corpus"},
	"pipeline":     {"configs", "textgrid", "tokenizer", "models", "metrics", "corpus", "extract"},
	"cmd/pipeline": {"configs", "pipeline"},
	// Tools of the repository, which are no part of the program.
	"cmd/internal":  {},
	"cmd/fetchlibs": {"cmd/internal"},
	"cmd/fetchreal": {"cmd/internal"},
}

// phases says the same of the packages below pipeline, and of those above them what each may import: data flows down the list,
// and a package may import only what stands above it. So no phase but load opens a corpus or a tokenizer, collect knows no
// report, measure runs no model, publish computes no metric, and study opens nothing.
var phases = []struct{ name, pipeline, above string }{
	{"progress", "", ""},
	{"internal/files", "", ""},
	{"internal/text", "", ""},
	{"internal/npy", "", ""},
	{"internal/kaldi", "", ""},
	{"slurm", "", ""},
	{"results", "internal/files", ""},
	{"published", "results", ""},
	{"native", "internal/files", "configs metrics models"},
	{"study", "results published", "configs metrics"},
	{"features", "progress internal/npy internal/kaldi", "corpus extract models"},
	{"checkpoints", "", "configs models"},
	{"vocabulary", "checkpoints internal/files", "configs models tokenizer"},
	{"load", "study published features checkpoints vocabulary native progress internal/files internal/text", "configs corpus extract metrics models tokenizer"},
	{"join", "", "corpus extract metrics"},
	{"plan", "study load join native results internal/text", "extract metrics models"},
	{"forecast", "study plan native internal/files internal/text", "extract metrics models"},
	{"sums", "plan join results", "extract metrics"},
	{"collect", "study plan sums", "extract metrics models"},
	{"inference", "results", "metrics"},
	{"measure", "study load plan join sums inference results progress", "extract metrics"},
	{"contributions", "study plan join sums results progress", "corpus metrics"},
	{"report/canvas", "", ""},
	{"report/figures", "report/canvas results published internal/files", ""},
	{"report/internal/synthetic", "results", ""},
	{"report/latextest", "", ""},
	{"report/heads", "results", ""},
	{"report/answers", "report/figures results", ""},
	{"report", "report/answers report/heads report/figures report/canvas results published internal/files", ""},
	{"methods", "report/figures results", ""},
	{"publish", "study load plan join inference contributions methods results published report report/answers report/figures native progress internal/files internal/text", "configs corpus extract models"},
	{"shard", "load plan internal/files internal/text", ""},
	{"matrices", "study inference results native progress internal/npy internal/text", "metrics"},
	{"inventory", "publish plan shard progress internal/text", "extract metrics"},
	{"modelcmd", "checkpoints native internal/files internal/text", "corpus extract models"},
	{"draft", "internal/files internal/text", "configs corpus metrics models"},
	{"fetch/hubtest", "", ""},
	{"fetch", "checkpoints native progress internal/files internal/text", "configs models"},
	{"plantest", "study load plan native", "configs"},
	{"", "study features load plan collect measure contributions publish forecast shard inventory join internal/files internal/text", "configs corpus extract"},
}

// fromCommands are the packages below pipeline that the commands go to.
const fromCommands = ". results publish shard slurm native matrices inventory modelcmd draft fetch progress"

// onlyIn are libraries that one package wraps.
var onlyIn = map[string]string{
	"github.com/yalue/onnxruntime_go": "models",
	"github.com/mewkiz/flac":          "corpus",
	"github.com/go-audio/wav":         "corpus",
	"gonum.org/v1/plot":               "pipeline/report",
	"codeberg.org/go-pdf/fpdf":        "pipeline/report",
	"gonum.org/v1/gonum/mat":          "metrics",
}

// imports are what each package of the module imports.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}}\t{{join .Imports \" \"}}", "speechsim/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		path, list, _ := strings.Cut(strings.TrimSpace(line), "\t")
		all[strings.TrimPrefix(path, "speechsim/")] = strings.Fields(list)
	}
	return all
}

func TestImports(t *testing.T) {
	for path, list := range imports(t) {
		from := owner(path)
		for _, imp := range list {
			for library, home := range onlyIn {
				if strings.HasPrefix(imp, library) && !strings.HasPrefix(path, home) {
					t.Errorf("%s imports %s: only %s may", path, imp, home)
				}
			}
			rest, ours := strings.CutPrefix(imp, "speechsim/")
			if !ours {
				continue
			}
			list, known := allowed[from]
			if to := owner(rest); to != from && (!known || !slices.Contains(list, to)) {
				t.Errorf("%s imports %s: package %s may import %v", path, imp, from, list)
			}
		}
	}
}

// TestPhases holds the packages below pipeline to their table, and the table to its order.
func TestPhases(t *testing.T) {
	position := map[string]int{}
	for i, p := range phases {
		position[p.name] = i
	}
	for path, list := range imports(t) {
		name, below := strings.CutPrefix(path, "pipeline")
		name = strings.TrimPrefix(name, "/")
		at, known := position[name]
		if below && !known {
			t.Errorf("package %s has no row in the table of phases", path)
		}
		for _, imp := range list {
			rest, ours := strings.CutPrefix(imp, "speechsim/")
			if !ours {
				continue
			}
			to, inPipeline := strings.CutPrefix(rest, "pipeline")
			to = strings.TrimPrefix(to, "/")
			switch {
			case path == "cmd/pipeline" && inPipeline:
				if to == "" {
					to = "."
				}
				if !slices.Contains(strings.Fields(fromCommands), to) {
					t.Errorf("%s imports %s: commands may import %s", path, imp, fromCommands)
				}
			case !below:
			case inPipeline && (!slices.Contains(strings.Fields(phases[at].pipeline), to) || position[to] >= at):
				t.Errorf("%s imports %s: it may import %q of the packages above it", path, imp, phases[at].pipeline)
			case !inPipeline && !slices.Contains(strings.Fields(phases[at].above), owner(rest)):
				t.Errorf("%s imports %s: it may import %q", path, imp, phases[at].above)
			}
		}
	}
}

// TestTopLevel checks that there are no packages but those of the design.
func TestTopLevel(t *testing.T) {
	for path := range imports(t) {
		name := owner(path)
		if _, ok := allowed[name]; !ok {
			t.Errorf("package %s: there is no %s in the design; a helper lives under its owner's internal folder", path, name)
		}
	}
}

// owner is the package of the design that a path belongs to.
func owner(path string) string {
	parts := strings.Split(path, "/")
	if parts[0] == "cmd" && len(parts) > 1 {
		return "cmd/" + parts[1]
	}
	return parts[0]
}
