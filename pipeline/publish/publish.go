// Package publish writes the folder of a run: tables, figures, the page and the manifest; and draws figures and page again from
// that folder alone. No metric is computed here.
package publish

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"speechsim/corpus"
	"speechsim/extract/store"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/report"
	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// Outcome says what a run left.
type Outcome struct {
	Dir         string
	Cells       int
	Figures     []string // paths of the PNG files
	Report      string
	Failed      []store.Failure      // inputs that were skipped
	Undefined   results.AllUndefined // cells without a value
	Accounts    []join.Account       // what became of the segments of each comparison
	AlreadyDone bool                 // the run was complete before
	Seconds     float64
}

// Refuse is the error of inputs that were skipped, and of cells without a value, where strict refuses these.
func Refuse(skipped []store.Failure, undefined results.AllUndefined, strict bool) error {
	switch {
	case strict && len(skipped) > 0:
		return fmt.Errorf("%s skipped, and --strict refuses that; the first:\n%s", text.Count(len(skipped), "input was", "inputs were"), skipped[0].Error)
	case strict && len(undefined) > 0:
		return fmt.Errorf("%s no value, and --strict refuses that; the most frequent reason:\n%s", text.Count(undefined.Cells(), "cell has", "cells have"), undefined[0])
	}
	return nil
}

// Found is what a run found.
type Found struct {
	results.Set
	Accounts []join.Account
	Failed   []store.Failure
	Checked  *corpus.Report // what is odd about the corpus
}

// Write writes the folder of a run that began at some time. The manifest comes last: a run that has one is complete.
func Write(ctx context.Context, p *plan.Plan, found Found, began time.Time) (*Outcome, error) {
	set := found.Set
	o := &Outcome{Dir: p.RunDir, Cells: len(set.Cells), Failed: found.Failed, Undefined: set.Undefined(), Accounts: found.Accounts, Report: reportFile(p.RunDir)}
	clips, err := cutClips(ctx, p, set.Contributions)
	if err == nil {
		err = writeTables(p, set, clips, o)
	}
	if err != nil {
		return nil, err
	}
	page := pageOf(p, o)
	page.Findings = findingsOf(found.Checked)
	if err := writePageFile(p.RunDir, page); err != nil {
		return nil, err
	}
	page.Cells = set.Cells
	extra, err := readExtra(p.RunDir, set.Cells)
	if err != nil {
		return nil, err
	}
	page.Take(&extra)
	drawn, err := drawChanged(p, page, o)
	if err != nil {
		return nil, err
	}
	o.Seconds = time.Since(began).Seconds()
	if page.Manifest, err = makeManifest(p, o, drawn); err != nil {
		return nil, err
	}
	if err := sayMethods(&page); err != nil {
		return nil, err
	}
	if err := report.WritePage(o.Report, page); err != nil {
		return nil, err
	}
	return o, files.Write(manifestFile(p.RunDir), func(w io.Writer) error { _, err := w.Write(page.Manifest); return err })
}

// draw makes the figures of a page.
func draw(r progress.Reporter, page report.Page, o *Outcome) error {
	r.Stage("drawing", float64(len(page.Figures)), "figures")
	drawn, err := figures.DrawAll(o.Dir, page.Figures, page.Cells, page.FileFormats(), nil)
	if err != nil {
		return err
	}
	return o.keepFigures(drawn, page.FileFormats())
}

// keepFigures notes the figures of a run and removes all others.
func (o *Outcome) keepFigures(drawn []figures.Drawn, formats []string) error {
	dir := filepath.Join(o.Dir, "figures")
	kept := map[string]bool{}
	for _, one := range drawn {
		for _, file := range one.Files {
			kept[file] = true
		}
		o.Figures = append(o.Figures, filepath.Join(dir, one.Files[0]))
		if file := one.Name + "." + shown(formats); kept[file] {
			o.Figures[len(o.Figures)-1] = filepath.Join(dir, file)
		}
	}
	return removeOthers(dir, kept, formats)
}

// shown is the format that is easiest to look at.
func shown(formats []string) string {
	if slices.Contains(formats, "png") {
		return "png"
	}
	return formats[0]
}

// removeOthers removes figures that an earlier config of the same name drew: next to the new ones they would mislead.
func removeOthers(dir string, kept map[string]bool, formats []string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !kept[f.Name()] && !figures.Keeps(f.Name(), formats) {
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
