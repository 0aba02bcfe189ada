package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"syscall"
	"time"

	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/pipeline/report"
	"speechsim/pipeline/results"
)

// Outcome says what a run left.
type Outcome struct {
	Dir         string
	Cells       int
	Figures     []string // paths of the PNG files
	Report      string
	Failed      []extract.Failure // inputs that were skipped
	AlreadyDone bool              // the run was complete before
	Seconds     float64
	accounts    []accounting
}

// Run makes what is missing and writes the run directory. Work that is in the store is not done again; when Run is
// interrupted, the parts that are complete stay there.
func (p *Plan) Run(ctx context.Context) (*Outcome, error) {
	if p.finished != nil {
		return p.finished, nil
	}
	start := time.Now()
	if err := os.MkdirAll(p.RunDir, 0o755); err != nil {
		return nil, err
	}
	if err := p.extractAll(ctx); err != nil {
		return nil, err
	}
	cells, accounts, failed, err := p.measure(ctx)
	if err != nil {
		return nil, err
	}
	failed = distinct(append(append([]extract.Failure{}, p.unreadable...), failed...))
	if len(failed) > 0 && p.opts.Strict {
		return nil, fmt.Errorf("%d inputs were skipped, and --strict refuses that; the first:\n%s", len(failed), failed[0].Error)
	}
	o := &Outcome{Dir: p.RunDir, Cells: len(cells), Failed: failed, Report: reportFile(p.RunDir), accounts: accounts}
	return o, p.diskError(p.finish(o, cells, start))
}

// finish writes the run directory. The manifest comes last: a run that has one is complete.
func (p *Plan) finish(o *Outcome, cells []results.Cell, start time.Time) error {
	if err := p.write(cells, o.accounts, o.Failed); err != nil {
		return err
	}
	page := p.page(o)
	if err := writePageFile(p.RunDir, page); err != nil {
		return err
	}
	page.Cells = cells
	if err := draw(p.opts.Progress, page, o); err != nil {
		return err
	}
	o.Seconds = time.Since(start).Seconds()
	var err error
	if page.Manifest, err = p.makeManifest(o); err != nil {
		return err
	}
	if err := report.WritePage(o.Report, page); err != nil {
		return err
	}
	return extract.WriteFile(manifestFile(p.RunDir), func(w io.Writer) error { _, err := w.Write(page.Manifest); return err })
}

// extractAll makes the products that need a walk over the corpus, and joins the parts of pooled rows.
func (p *Plan) extractAll(ctx context.Context) error {
	p.opts.Progress.Stage("extracting", p.Seconds(), "s of audio")
	if err := p.extractParts(ctx); err != nil {
		return err
	}
	utterances := make([][]int, len(p.parts))
	for part := range p.parts {
		utterances[part] = p.usable(part)
	}
	for _, key := range p.pooledKeys() {
		r := p.pooled[key]
		if err := r.entry.Finish(p.Corpus, r.table, p.sources[r.source].Layers(), utterances); err != nil {
			return p.diskError(err)
		}
	}
	return nil
}

func (p *Plan) pooledKeys() []poolKey {
	keys := make([]poolKey, 0, len(p.pooled))
	for k := range p.pooled {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		a, b := keys[i], keys[j]
		if a.source != b.source {
			return a.source < b.source
		}
		if a.unit != b.unit {
			return a.unit < b.unit
		}
		return a.pooling < b.pooling
	})
	return keys
}

// measuring is what turning moments and rows into cells gathers on the way.
type measuring struct {
	plan     *Plan
	rows     map[view]*joinedRows
	accounts []accounting
	failed   []extract.Failure
}

// measure makes the cells, comparison by comparison.
func (p *Plan) measure(ctx context.Context) (cells []results.Cell, accounts []accounting, failed []extract.Failure, err error) {
	total := 0
	for _, b := range p.bases {
		total += len(b.measures()) * len(b.x) * len(b.y)
	}
	p.opts.Progress.Stage("measuring", float64(total), "cells")
	m := &measuring{plan: p, rows: map[view]*joinedRows{}}
	for _, b := range p.bases {
		c, err := m.basis(ctx, b)
		if err != nil {
			return nil, nil, nil, err
		}
		cells = append(cells, c...)
	}
	return cells, m.accounts, m.failed, nil
}

// account adds up what became of the segments of a comparison, and lists what its sources could not read.
func (m *measuring) account(b *basis, j *joinedRows) error {
	m.accounts = append(m.accounts, m.plan.account(b, j))
	for _, r := range j.pooled {
		list, err := r.entry.Failures()
		if err != nil {
			return err
		}
		for u, why := range list {
			m.failed = append(m.failed, extract.Failure{Utterance: u, Error: why})
		}
	}
	return nil
}

// basis makes the cells of a basis, of the rows of its view where it is on words or phones.
func (m *measuring) basis(ctx context.Context, b *basis) ([]results.Cell, error) {
	if b.onSegments() {
		all, err := m.joined(b)
		if err != nil {
			return nil, err
		}
		if b.view.first > len(all.rows) {
			return m.plan.cellsOf(ctx, b, len(all.rows), func(v measure, _, _ int) (metrics.Value, error) {
				return metrics.Value{}, &metrics.UndefinedError{Metric: v.Name, Variant: v.variant.Name,
					Reason: fmt.Sprintf("the first %d rows are asked for, and there are %d", b.view.first, len(all.rows))}
			})
		}
		if b.rows, err = m.rowsOf(ctx, b, all); err != nil {
			return nil, err
		}
		if b.input == layers {
			if err := m.plan.segmentMoments(ctx, b); err != nil {
				return nil, err
			}
		}
	}
	cells, failed, err := m.plan.measureBasis(ctx, b)
	m.failed = append(m.failed, failed...)
	return cells, err
}

// measureBasis computes the cells of one basis with their intervals and nulls.
func (p *Plan) measureBasis(ctx context.Context, b *basis) ([]results.Cell, []extract.Failure, error) {
	if b.input == queries {
		rows, failed, err := p.totalRows(b)
		if err != nil {
			return nil, nil, err
		}
		cells, err := p.cellsOf(ctx, b, 0, func(m measure, i, j int) (metrics.Value, error) { return rows.Value(i, j, m.variant.Name) })
		return cells, failed, err
	}
	if b.input == kept {
		w := p.newRowwise(b, b.rows)
		cells, err := p.cellsOf(ctx, b, len(b.rows.rows), func(m measure, i, j int) (metrics.Value, error) { return w.value(ctx, m, i, j) })
		return cells, nil, err
	}
	whole, failed, err := p.total(b)
	if err != nil {
		return nil, nil, err
	}
	var groups []*metrics.Moments
	if b.needsGroups() {
		if groups, err = p.groupMoments(b); err != nil {
			return nil, nil, err
		}
	}
	cells, err := p.cellsOf(ctx, b, whole.N(), func(m measure, i, j int) (metrics.Value, error) {
		if m.heldOut() {
			return metrics.NeuronLayerHeldOut(groups, i, j)
		}
		return metrics.Compute(whole, m.Name, m.variant.Name, i, j)
	})
	if err == nil {
		err = p.intervals(ctx, b, cells)
	}
	if err == nil && b.onSegments() {
		err = p.nulls(ctx, b, whole, cells)
	}
	return cells, failed, err
}

func distinct(list []extract.Failure) []extract.Failure {
	sort.Slice(list, func(i, j int) bool {
		return list[i].Utterance < list[j].Utterance || list[i].Utterance == list[j].Utterance && list[i].Error < list[j].Error
	})
	var out []extract.Failure
	for _, f := range list {
		if n := len(out); n == 0 || out[n-1] != f {
			out = append(out, f)
		}
	}
	return out
}

// write writes the tables of the run.
func (p *Plan) write(cells []results.Cell, accounts []accounting, failed []extract.Failure) error {
	if err := results.WriteFile(filepath.Join(p.RunDir, "results.jsonl"), cells); err != nil {
		return err
	}
	if err := results.WriteCSVFile(filepath.Join(p.RunDir, "results.csv"), cells); err != nil {
		return err
	}
	prefixes := results.Prefixes(cells)
	err := writeIf(len(prefixes) > 0, filepath.Join(p.RunDir, "prefixes.csv"), func(path string) error { return results.WritePrefixesFile(path, prefixes) })
	if err != nil {
		return err
	}
	return p.writeDropped(accounts, failed)
}

// writeIf writes a table that not every run has; one that an earlier config of the same name left is removed.
func writeIf(there bool, path string, write func(path string) error) error {
	if there {
		return write(path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// diskError says what a full disk means: what is complete stays, and how much there is room for.
func (p *Plan) diskError(err error) error {
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return err
	}
	return fmt.Errorf("%w: the disk is full; what was complete stays in %s, and the next run goes on from there once there is room (pipeline plan says how much is needed)", err, p.store.Dir)
}
