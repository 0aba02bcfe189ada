package pipeline

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"speechsim/configs"
	"speechsim/corpus"
	"speechsim/extract"
)

// Checked is what [Check] found: the corpus with everything that looks wrong, and what would become of its segments.
type Checked struct {
	*corpus.Report
	Rows    []accounting      `json:"rows"`              // of each comparison on words or phones
	Skipped []extract.Failure `json:"skipped"`           // utterances that a run skips
	Unknown string            `json:"unknown,omitempty"` // why rows could not be counted

	plan        *Plan
	undecodable map[string]string
}

// Check reads the config's corpus and reports what is there and everything that looks wrong, before any compute. full
// decodes the audio too. What it gives as errors is what a run would skip. Where the models can be opened, their segments
// are counted as a run will count them, to the row; audio that shows its fault only when it is decoded needs full.
func Check(ctx context.Context, cfg *configs.Config, full bool, o Options) (*Checked, error) {
	p, err := newPlan(cfg, o)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	p.opts.Strict = false // it is the report that says what is wrong
	if p.Corpus, err = corpus.Open(ctx, corpusSpec(cfg)); err != nil {
		return nil, err
	}
	p.opts.Progress.Stage("checking", float64(len(p.Corpus.Utterances)), "utterances")
	last, tiers := 0, p.tiers()
	check := corpus.CheckOptions{Audio: "header", Workers: o.Workers, LabelsOptional: len(tiers) == 0, Tiers: tiers,
		Progress: func(done, _ int) { p.opts.Progress.Add(float64(done - last)); last = done }}
	if check.Lexicon, err = loadLexicon(cfg, nil); err != nil {
		return nil, err
	}
	if full {
		check.Audio = "full"
	}
	c := &Checked{plan: p, Rows: []accounting{}}
	if c.Report, err = p.Corpus.Check(ctx, check); err != nil {
		return nil, err
	}
	if err := c.countRows(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		c.Unknown = err.Error()
	}
	for u, why := range c.undecodable {
		p.unreadable = append(p.unreadable, extract.Failure{Utterance: u, Error: why})
	}
	c.Skipped = distinct(p.unreadable)
	return c, nil
}

// countRows finds out which segments each comparison will use, by the steps of a run.
func (c *Checked) countRows(ctx context.Context) error {
	p := c.plan
	if err := p.checkCorpus(ctx); err != nil {
		return err
	}
	c.findUndecodable()
	if len(p.candidates) == 0 {
		return nil
	}
	if err := p.checkFiles(); err != nil {
		return err
	}
	if slices.ContainsFunc(p.Config.Models, func(m configs.Model) bool { return m.Vectors != "" }) {
		if err := p.openStore(); err != nil { // it remembers which vectors the corpus needs
			return err
		}
	}
	if err := p.loadSources(); err != nil {
		return err
	}
	for _, k := range p.comparisons {
		if !k.onSegments() {
			continue
		}
		failed := make([]map[string]string, len(k.sources))
		for i, s := range k.sources {
			p.serve(s, k.Rows.Unit, extract.Pooling(k.Rows.Pooling))
			if p.sources[s].IsAudio() {
				failed[i] = c.undecodable
			}
		}
		j, _ := p.match(k, p.pooledRowsOf(k, k.Rows.Unit, k.Rows.Pooling), failed)
		c.Rows = append(c.Rows, p.account(k, j))
	}
	return nil
}

// findUndecodable finds, among what the report refuses, the utterances whose audio shows its fault only when it is decoded.
func (c *Checked) findUndecodable() {
	refused := map[string]bool{}
	for _, id := range c.Refused {
		refused[id] = true
	}
	c.undecodable = map[string]string{}
	for i := range c.plan.Corpus.Utterances {
		u := &c.plan.Corpus.Utterances[i]
		if !refused[u.ID] || c.plan.samples[i] < 0 {
			continue
		}
		if _, err := c.plan.Corpus.Audio(u); err != nil {
			c.undecodable[u.ID] = err.Error()
		}
	}
}

// Write prints the report for a reader.
func (c *Checked) Write(w io.Writer) error {
	if err := c.Report.Write(w); err != nil {
		return err
	}
	var b strings.Builder
	for _, a := range c.Rows {
		fmt.Fprintf(&b, "\n%s: %d of %d %s segments are rows\n", a.Comparison, a.Out, a.In, a.Rows)
		for _, reason := range slices.Sorted(maps.Keys(a.Dropped)) {
			fmt.Fprintf(&b, "  %-11d %s\n", a.Dropped[reason], reason)
		}
		if a.NotAligned > 0 {
			fmt.Fprintf(&b, "  %-11d %s\n", a.NotAligned, "words of transcripts without a segment")
		}
	}
	if c.Unknown != "" {
		fmt.Fprintf(&b, "\nwhich segments are rows can't be said: %s\n", c.Unknown)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteDropped writes to a file what a run would write as dropped.csv.
func (c *Checked) WriteDropped(path string) error {
	return c.plan.writeDropped(path, c.Rows, c.Skipped)
}
