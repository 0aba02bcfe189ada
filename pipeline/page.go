package pipeline

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"speechsim/extract"
	"speechsim/pipeline/report"
)

// page gathers what the page of the run says and draws, but for the numbers.
func (p *Plan) page(o *Outcome) report.Page {
	k := p.counts()
	page := report.Page{
		Title: p.Config.Name, Figures: p.figures(),
		Lead: fmt.Sprintf("%d layers of %d models compared on %d utterances of %s.", p.countLayers(), len(p.sources), k.Usable, k.Root),
	}
	if note := p.Config.Note; note != "" {
		page.Title += " [" + note + "]"
	}
	for _, b := range p.bases {
		if s := p.sentence(b); !slices.Contains(page.Compared, s) {
			page.Compared = append(page.Compared, s)
		}
	}
	page.On = append(page.On,
		fmt.Sprintf("%d utterances (%.1f min) of %d speakers; %d groups are the unit of resampling.", k.Usable, 60*k.Hours, k.Speakers, len(k.Groups)))
	for _, s := range p.sources {
		page.On = append(page.On, "Model "+describeSource(s)+".")
		if d, ok := p.deviations[s.Name]; ok && !d.Within() {
			page.Warnings = append(page.Warnings, fmt.Sprintf("Model %s ran on a GPU and %v.", s.Name, d))
		}
	}
	if p.gpuProducts != nil && p.gpuOff > singlePrecision {
		page.Warnings = append(page.Warnings, fmt.Sprintf("P%s.", p.productsText()[1:]))
	}
	for i := range p.Config.Models {
		if m := &p.Config.Models[i]; m.Objective != "" && m.Size != "" {
			page.Traits = append(page.Traits, report.Trait{Model: m.Name, Objective: m.Objective, Size: m.Size})
		}
	}
	for _, a := range o.accounts {
		page.On = append(page.On, fmt.Sprintf("%s: %d of %d segments are rows.", a.Comparison, a.Out, a.In))
		page.Dropped = append(page.Dropped, p.droppedOf(a)...)
	}
	if n := len(k.Groups); n < 10 {
		page.Doubt = append(page.Doubt, fmt.Sprintf("There are %d independent groups of speakers only: what holds here need not hold for others.", n))
	}
	if n := len(o.Failed); n > 0 {
		page.Warnings = append(page.Warnings, fmt.Sprintf("%d inputs were skipped; the first: %s", n, o.Failed[0].Error))
	}
	return page
}

func (p *Plan) countLayers() int {
	n := 0
	for _, s := range p.sources {
		n += len(s.Layers())
	}
	return n
}

// sentence says what a basis compares.
func (p *Plan) sentence(b *basis) string {
	var metrics []string
	for _, m := range b.k.measuresOf(b.input) {
		if name := m.Title + " (" + m.variant.Name + ")"; !slices.Contains(metrics, name) {
			metrics = append(metrics, name)
		}
	}
	rows := b.unit + " rows"
	if n := len(b.k.Rows.First); n > 1 || b.k.Rows.First[0] != "all" {
		rows = fmt.Sprintf("the first %s %s", strings.Join(b.k.Rows.First, ", "), rows)
	}
	if slices.Contains(b.k.Rows.Level, "type") {
		rows += " by " + strings.Join(b.k.Rows.Level, " and by ")
	}
	if b.unit == "attention" {
		rows = "all cells of the attention maps"
	}
	sides := strings.Join(b.k.X, ", ") + " with " + strings.Join(b.k.Y, ", ")
	if len(b.k.Models) > 0 {
		sides = "all pairs of layers of " + strings.Join(b.k.Models, ", ")
	}
	return fmt.Sprintf("%s: %s, by %s, on %s.", b.k.Name, sides, strings.Join(metrics, ", "), rows)
}

// droppedExamples is how many examples of a reason the page shows; dropped.csv has all.
const droppedExamples = 3

func (p *Plan) droppedOf(a accounting) []report.Dropped {
	byReason := map[string]*report.Dropped{}
	for _, d := range a.list {
		if d.Reason == extract.Silence {
			continue // expected between words: the table lists what a reader may want to mend
		}
		r := byReason[d.Reason]
		if r == nil {
			r = &report.Dropped{Reason: a.Comparison + ": " + d.Reason}
			byReason[d.Reason] = r
		}
		r.Rows++
		if len(r.Examples) < droppedExamples {
			r.Examples = append(r.Examples, fmt.Sprintf("%s %.2f s %q", p.Corpus.Utterances[d.Utterance].ID, d.Start, d.Label))
		}
	}
	var out []report.Dropped
	for _, r := range byReason {
		out = append(out, *r)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Reason < out[j].Reason })
	return out
}
