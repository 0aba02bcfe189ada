package publish

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"speechsim/pipeline/inference"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/methods"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/report"
	"speechsim/pipeline/results"
)

// Redraw makes the figures and the page of a finished run again from its directory. Nothing is computed.
func Redraw(dir string, r progress.Reporter) (*Outcome, error) {
	page, err := readRun(dir)
	if err != nil {
		return nil, err
	}
	if err := sayMethods(&page); err != nil {
		return nil, err
	}
	return show(dir, page, r)
}

// sayMethods gives a page the paragraph on its methods.
func sayMethods(page *report.Page) error {
	m, err := methods.Of(page.Manifest, page.Cells)
	if err == nil {
		page.Methods, page.BibTeX = m.Text, m.BibTeX
	}
	return err
}

// Versus makes a page and figures of what two finished runs say differently, in a folder of the first: ours minus
// theirs, cell by cell, and what changed in config, inputs and versions.
func Versus(dir, other string, r progress.Reporter) (*Outcome, error) {
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
	pairing, err := pair(dir, other, ours.Cells, theirs.Cells)
	if err != nil {
		return nil, err
	}
	page, err := report.Versus(name, otherName, ours, theirs, changes, pairing)
	if err != nil {
		return nil, err
	}
	return show(filepath.Join(dir, "versus", text.FileName(otherName)), page, r)
}

// pair sets the differences of two runs against their groups.
func pair(dir, other string, ours, theirs []results.Cell) (p report.Pairing, err error) {
	runs := [2]inference.Run{{Cells: ours}, {Cells: theirs}}
	for i, dir := range []string{dir, other} {
		path := filepath.Join(dir, replicatesName)
		runs[i].Replicates, err = results.ReadReplicatesFile(path, len(runs[i].Cells))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return report.Pairing{Why: filepath.ToSlash(dir) + " holds no " + replicatesName + ", in which a run with intervals keeps what these are made of"}, nil
		case err != nil:
			return p, err
		}
	}
	p.Found = inference.Between(&runs[0], &runs[1])
	p.Why = "no cell has an interval in both runs on the same groups of speakers"
	return p, nil
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

// WriteMethods writes what a paper says of a finished run into its folder, and returns the paragraph and the files.
func WriteMethods(dir string) (text string, paths []string, err error) {
	page, err := readRun(dir)
	if err != nil {
		return "", nil, err
	}
	m, err := methods.Of(page.Manifest, page.Cells)
	if err != nil {
		return "", nil, err
	}
	for _, f := range []struct{ name, text string }{{"methods.txt", m.Text}, {"methods.tex", m.LaTeX}, {"methods.bib", m.BibTeX}} {
		path := filepath.Join(dir, f.name)
		if err := files.Write(path, func(w io.Writer) error { _, err := io.WriteString(w, f.text); return err }); err != nil {
			return "", nil, err
		}
		paths = append(paths, path)
	}
	return m.Text, paths, nil
}
