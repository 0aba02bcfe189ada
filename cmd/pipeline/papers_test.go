package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"speechsim/configs"
)

var demoLine = regexp.MustCompile(`(?m)^# demo: pipeline (.*)$`)

// TestPaperConfigs runs every shipped config, which are the first study and the figures and tables of the papers, on the demo corpora with the demo
// models, by the command that stands in its config. They share a store, as a user's would. The pictures are SVG alone: the demo draws all formats.
func TestPaperConfigs(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every figure of the papers")
	}
	t.Parallel() // beside other whole runs, so that no core waits
	needRuntime(t)
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	papers := 0
	for _, name := range configs.Shipped() {
		if name == "demo.yaml" || name == "real.yaml" { // scripts run the one; make real, which fetches models, the other
			continue
		}
		papers++
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(root, "configs", filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			found := demoLine.FindSubmatch(text)
			if found == nil {
				t.Fatal("the config does not say how it runs on the demo corpus")
			}
			cmd := exec.Command("sh", "-c", `exec "$0" `+string(found[1])+` "$@"`, bin, "--set", "formats=[svg, csv, tex]", "--runs", dir, "--store", filepath.Join(dir, "store"))
			cmd.Dir = root
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if withoutValue := errors.As(err, &exit) && exit.ExitCode() == exitSkipped; err != nil && !withoutValue { // checkPaperRun says which cells may have none
				t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
			}
			checkPaperRun(t, filepath.Join(dir, strings.ReplaceAll(strings.TrimSuffix(name, ".yaml"), "/", "-")))
		})
	}
	if papers < 20 {
		t.Errorf("%d configs of the papers", papers)
	}
}

// tooFew are the reasons for which a small corpus has no value where the papers' have one.
var tooFew = regexp.MustCompile(`"error":"(\d+ anchors are fewer than k = \d+|no two words are closer than [\d.]+)"`)

// checkPaperRun: every cell has a value that this corpus allows, and every figure says what it was made on.
func checkPaperRun(t *testing.T, dir string) {
	cells, err := os.ReadFile(filepath.Join(dir, "results.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(tooFew.ReplaceAll(cells, nil), []byte(`"error"`)) {
		t.Error("a metric could not be computed")
	}
	figures, err := filepath.Glob(filepath.Join(dir, "figures", "*.svg"))
	if err != nil || len(figures) == 0 {
		t.Fatalf("no figures: %v", err)
	}
	for _, f := range figures {
		svg, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(svg, []byte("demo corpus, demo models")) {
			t.Errorf("%s does not say what it was made on", f)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "report.html")); err != nil {
		t.Error(err)
	}
}
