package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed says which packages of the module each package may import: docs/architecture.md explains why. Packages below
// a package's internal folder, and those below metrics and pipeline, count as parts of their owner.
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
}

// onlyIn are libraries that one package wraps.
var onlyIn = map[string]string{
	"github.com/yalue/onnxruntime_go": "models",
	"github.com/mewkiz/flac":          "corpus",
	"github.com/go-audio/wav":         "corpus",
	"gonum.org/v1/plot":               "pipeline",
	"gonum.org/v1/gonum/mat":          "metrics",
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}}\t{{join .Imports \" \"}}", "speechsim/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		path, imports, _ := strings.Cut(line, "\t")
		from := owner(strings.TrimPrefix(path, "speechsim/"))
		for _, imp := range strings.Fields(imports) {
			for library, home := range onlyIn {
				if strings.HasPrefix(imp, library) && from != home {
					t.Errorf("%s imports %s: only %s may", path, imp, home)
				}
			}
			rest, ours := strings.CutPrefix(imp, "speechsim/")
			if !ours {
				continue
			}
			to := owner(rest)
			list, known := allowed[from]
			if to != from && (!known || !slices.Contains(list, to)) {
				t.Errorf("%s imports %s: package %s may import %v", path, imp, from, list)
			}
			if path != "speechsim/pipeline" && strings.HasPrefix(path, "speechsim/pipeline/") && imp == "speechsim/pipeline" {
				t.Errorf("%s imports speechsim/pipeline, which imports it", path)
			}
		}
	}
}

// TestTopLevel checks that there are no packages but those of the design.
func TestTopLevel(t *testing.T) {
	out, err := exec.Command("go", "list", "speechsim/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(out)) {
		name := owner(strings.TrimPrefix(path, "speechsim/"))
		if _, ok := allowed[name]; !ok && name != "cmd/fetchlibs" {
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
