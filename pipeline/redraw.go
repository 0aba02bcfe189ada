package pipeline

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
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/native"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/report"
	"speechsim/pipeline/results"
)

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

// Redraw makes the figures and the page of a finished run again from its directory. Nothing is computed.
func Redraw(dir string, r progress.Reporter) (*Outcome, error) {
	page, err := readRun(dir)
	if err != nil {
		return nil, err
	}
	return show(dir, page, r)
}

// RedrawVersus makes a page and figures of what two finished runs say differently, in a folder of the first: ours minus
// theirs, cell by cell, and what changed in config, inputs and versions.
func RedrawVersus(dir, other string, r progress.Reporter) (*Outcome, error) {
	ours, err := readRun(dir)
	if err != nil {
		return nil, err
	}
	theirs, err := readRun(other)
	if err != nil {
		return nil, err
	}
	changes, err := report.Changes(ours.Manifest, theirs.Manifest)
	if err != nil {
		return nil, err
	}
	name, otherName := ours.Title, theirs.Title
	if name == otherName {
		name, otherName = filepath.ToSlash(dir), filepath.ToSlash(other)
	}
	page, err := report.Versus(name, otherName, ours, theirs, changes)
	if err != nil {
		return nil, err
	}
	return show(filepath.Join(dir, "versus", text.FileName(otherName)), page, r)
}

// show draws a page and its figures into a folder.
func show(dir string, page report.Page, r progress.Reporter) (*Outcome, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	o := &Outcome{Dir: dir, Cells: len(page.Cells), Report: reportFile(dir)}
	if err := draw(r, page, o); err != nil {
		return nil, err
	}
	return o, report.WritePage(o.Report, page)
}
