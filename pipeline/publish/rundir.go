package publish

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/load"
	"speechsim/pipeline/native"
	"speechsim/pipeline/report"
	"speechsim/pipeline/results"
)

// readExtra reads the tables that a run directory holds in addition to its cells; a run that asked for none of a kind has no file of
// it.
func readExtra(dir string) (report.Extra, error) {
	var e report.Extra
	var err error
	read := func(name string, into func(path string) error) {
		if failed := into(filepath.Join(dir, name)); err == nil && !errors.Is(failed, fs.ErrNotExist) {
			err = failed
		}
	}
	read("matches.csv", func(path string) (err error) { e.Matches, err = results.ReadMatchesFile(path); return err })
	read("differences.csv", func(path string) (err error) { e.Differences, err = results.ReadDifferencesFile(path); return err })
	read("retrieval.csv", func(path string) (err error) { e.Retrieved, err = results.ReadRetrievedFile(path); return err })
	return e, err
}

// pageName is the file of a run directory that says what its figures and page show, but for the numbers.
const pageName = "page.json"

// pageFormat changes with the form of page.json.
const pageFormat = 1

type pageFile struct {
	Format  int         `json:"format"`
	Version string      `json:"version"` // of the program that wrote it
	Page    report.Page `json:"page"`
}

func writePageFile(dir string, page report.Page) error {
	text, err := json.Marshal(pageFile{pageFormat, native.Version, page})
	if err != nil {
		return err
	}
	return files.Write(filepath.Join(dir, pageName), func(w io.Writer) error { _, err := w.Write(append(text, '\n')); return err })
}

// FindRun resolves the argument by which a user names a run: its folder, or its name among the runs.
func FindRun(run, runs string) (string, error) {
	runs = cmp.Or(runs, "runs")
	for _, dir := range []string{run, filepath.Join(runs, run)} {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir, nil
		}
	}
	var there []string
	entries, err := os.ReadDir(runs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	for _, e := range entries {
		if files.Exists(manifestFile(filepath.Join(runs, e.Name()))) {
			there = append(there, e.Name())
		}
	}
	if len(there) == 0 {
		return "", fmt.Errorf("%s: there is no such run, and %s holds none: pipeline run CONFIG makes one", run, runs)
	}
	return "", fmt.Errorf("%s: there is no such run; %s holds %s", run, runs, strings.Join(there, ", "))
}

// readRun reads what a run directory shows: its page with the cells and the manifest.
func readRun(dir string) (report.Page, error) {
	var none report.Page
	manifest, err := os.ReadFile(manifestFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return none, fmt.Errorf("%s holds no finished run (it has no manifest.json): pipeline run with its config goes on from where it stopped", dir)
	}
	if err != nil {
		return none, err
	}
	text, err := os.ReadFile(filepath.Join(dir, pageName))
	if errors.Is(err, fs.ErrNotExist) {
		return none, fmt.Errorf("%s lacks %s: pipeline run with its config makes it again; what is in the store is not computed again", dir, pageName)
	}
	if err != nil {
		return none, err
	}
	var head struct {
		Format  int
		Version string
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return none, fmt.Errorf("%s: %w", filepath.Join(dir, pageName), err)
	}
	if head.Format != pageFormat {
		return none, fmt.Errorf("%s was made by version %s of the program, whose %s has format %d; this version (%s) reads %d: pipeline run with its config makes it again",
			dir, head.Version, pageName, head.Format, native.Version, pageFormat)
	}
	var file pageFile
	if err := json.Unmarshal(text, &file); err != nil {
		return none, fmt.Errorf("%s: %w", filepath.Join(dir, pageName), err)
	}
	page := file.Page
	page.Manifest = manifest
	if page.Cells, err = results.ReadFile(filepath.Join(dir, "results.jsonl")); err != nil {
		return none, err
	}
	extra, err := readExtra(dir)
	page.Details = extra.Details()
	return page, err
}

// Finished returns the outcome of an earlier run when its manifest carries the stamp of these files and its own are there; nil
// when there is none.
func Finished(f *load.Files) *Outcome {
	data, err := os.ReadFile(manifestFile(f.RunDir))
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			f.Progress.Note("%v: the run is made again", err)
		}
		return nil
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil || m.Inputs.Stamp != f.Stamp {
		if err == nil && len(m.Inputs.Stamp) > 0 {
			f.Progress.Note("%s holds a run of %s made from another config, program or inputs, which a run replaces; what both share comes from the store",
				f.RunDir, m.Finished.Format("2006-01-02 15:04"))
		}
		return nil
	}
	o := &Outcome{Dir: f.RunDir, Cells: m.Cells, Undefined: m.Undefined, Failed: m.Skipped, AlreadyDone: true, Seconds: m.Seconds, Report: reportFile(f.RunDir)}
	need := []string{"results.jsonl", "results.csv", "matches.csv", "differences.csv", "dropped.csv", pageName, "report.html"}
	for _, figure := range m.Figures {
		need = append(need, figure)
		o.Figures = append(o.Figures, filepath.Join(f.RunDir, filepath.FromSlash(figure)))
	}
	for _, name := range need {
		if !files.Exists(filepath.Join(f.RunDir, filepath.FromSlash(name))) {
			f.Progress.Note("%s lacks %s: the run is finished again", f.RunDir, name)
			return nil
		}
	}
	return o
}
