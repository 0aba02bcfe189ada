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
	"speechsim/pipeline/internal/files"
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
	p.releaseModels()
	all, accounts, err := p.measure(ctx)
	if err != nil {
		return nil, err
	}
	failed := distinct(append(append([]extract.Failure{}, p.unreadable...), all.failed...))
	if len(failed) > 0 && p.opts.Strict {
		return nil, fmt.Errorf("%d inputs were skipped, and --strict refuses that; the first:\n%s", len(failed), failed[0].Error)
	}
	o := &Outcome{Dir: p.RunDir, Cells: len(all.cells), Failed: failed, Report: reportFile(p.RunDir), accounts: accounts}
	return o, p.diskError(p.finish(o, all, start))
}

// finish writes the run directory. The manifest comes last: a run that has one is complete.
func (p *Plan) finish(o *Outcome, all found, start time.Time) error {
	if err := p.write(all, o.accounts, o.Failed); err != nil {
		return err
	}
	page := p.page(o)
	if err := writePageFile(p.RunDir, page); err != nil {
		return err
	}
	page.Cells = all.cells
	extra, err := readExtra(p.RunDir)
	if err != nil {
		return err
	}
	page.Details = extra.Details()
	if err := draw(p.opts.Progress, page, o); err != nil {
		return err
	}
	o.Seconds = time.Since(start).Seconds()
	if page.Manifest, err = p.makeManifest(o); err != nil {
		return err
	}
	if err := report.WritePage(o.Report, page); err != nil {
		return err
	}
	return files.Write(manifestFile(p.RunDir), func(w io.Writer) error { _, err := w.Write(page.Manifest); return err })
}

// extractAll makes the products that need walks over the corpus. Rows are made in the first.
func (p *Plan) extractAll(ctx context.Context) error {
	all := make([]int, len(p.parts))
	for part := range p.parts {
		all[part] = part
	}
	p.discards = p.walks() > 1 && !p.merges
	return p.extractParts(ctx, all, func(walk int) error {
		if walk == 0 {
			if err := p.joinRows(ctx); err != nil {
				return err
			}
		}
		if p.discards {
			return p.measureWalk(ctx, walk)
		}
		return nil
	})
}

// joinRows joins the parts of pooled rows.
func (p *Plan) joinRows(ctx context.Context) error {
	utterances := make([][]int, len(p.parts))
	for part := range p.parts {
		utterances[part] = p.usable(part)
	}
	p.opts.Progress.Stage("joining rows", float64(len(p.pooled)), "sources")
	for _, key := range p.pooledKeys() {
		r := p.pooled[key]
		if err := r.entry.Finish(ctx, p.Corpus, r.table, p.form(r.source), utterances); err != nil {
			return p.diskError(err)
		}
		p.opts.Progress.Add(1)
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
	found
	plan     *Plan
	rows     map[view]*joinedRows
	accounts []accounting
}

// found is what bases give.
type found struct {
	cells       []results.Cell
	matches     []results.Match
	differences []results.Difference
	retrieved   []results.Retrieved
	failed      []extract.Failure
}

// measure makes the cells, comparison by comparison.
func (p *Plan) measure(ctx context.Context) (all found, accounts []accounting, err error) {
	total := 0
	for _, b := range p.bases {
		total += len(b.measures()) * len(b.cells)
	}
	p.opts.Progress.Stage("measuring", float64(total), "cells")
	m := &measuring{plan: p, rows: map[view]*joinedRows{}}
	for _, b := range p.bases {
		f, err := m.basis(ctx, b)
		if err != nil {
			return all, nil, err
		}
		m.cells = append(m.cells, f.cells...)
		m.matches = append(m.matches, f.matches...)
		m.differences = append(m.differences, f.differences...)
		m.retrieved = append(m.retrieved, f.retrieved...)
		m.failed = append(m.failed, f.failed...)
	}
	return m.found, m.accounts, nil
}

// account adds up what became of the segments of a comparison, and lists what its sources could not read.
func (m *measuring) account(k *comparison, j *joinedRows) error {
	m.accounts = append(m.accounts, m.plan.account(k, j))
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
func (m *measuring) basis(ctx context.Context, b *basis) (f found, err error) {
	if b.frames != "" {
		if b.rows, err = m.plan.join(b.k, m.plan.storedRows(b)); err != nil {
			return f, err
		}
	}
	if b.onSegments() {
		all, err := m.joined(b)
		if err != nil {
			return f, err
		}
		if b.view.first > len(all.rows) {
			f.cells, _, err = m.plan.cellsOf(ctx, b, len(all.rows), func(_ *results.Cell, v measure, _, _ int) (metrics.Value, error) {
				return metrics.Value{}, &metrics.UndefinedError{Metric: v.Name, Variant: v.variant.Name,
					Reason: fmt.Sprintf("the first %d rows are asked for, and there are %d", b.view.first, len(all.rows))}
			})
			return f, err
		}
		if b.rows, err = m.rowsOf(ctx, b, all); err != nil {
			return f, err
		}
	}
	return m.plan.judged(ctx, b)
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
func (p *Plan) write(all found, accounts []accounting, failed []extract.Failure) error {
	at := func(name string) string { return filepath.Join(p.RunDir, name) }
	prefixes := results.Prefixes(all.cells)
	err := errors.Join(
		results.WriteFile(at("results.jsonl"), all.cells),
		results.WriteCSVFile(at("results.csv"), all.cells),
		results.WriteMatchesFile(at("matches.csv"), all.matches),
		results.WriteDifferencesFile(at("differences.csv"), all.differences),
		writeIf(len(prefixes) > 0, at("prefixes.csv"), func(path string) error { return results.WritePrefixesFile(path, prefixes) }),
		writeIf(len(all.retrieved) > 0, at("retrieval.csv"), func(path string) error { return results.WriteRetrievedFile(path, all.retrieved) }))
	if err != nil {
		return err
	}
	return p.writeDropped(filepath.Join(p.RunDir, "dropped.csv"), accounts, failed)
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
