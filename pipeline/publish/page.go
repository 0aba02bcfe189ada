package publish

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/pipeline/contributions"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/join"
	"speechsim/pipeline/load"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/report"
	"speechsim/pipeline/report/answers"
	"speechsim/pipeline/results"
)

// pageOf gathers what the page of the run says and draws, but for the numbers.
func pageOf(p *plan.Plan, o *Outcome) report.Page {
	k := p.Counts()
	page := report.Page{
		Title: p.Config.Name, Figures: figuresOf(p), Formats: p.Config.Formats, Sources: sourcesOf(p), Groups: len(k.Groups),
		Lead: fmt.Sprintf("%s of %s compared on %s of %s.", text.Count(p.CountLayers(), "layer", "layers"), text.Count(len(p.Sources), "model", "models"), text.Count(k.Usable, "utterance", "utterances"), k.Root),
	}
	for _, h := range p.Heads {
		if page.FrameSeconds == nil {
			page.FrameSeconds = map[string]float64{}
		}
		source := p.Sources[h.Source]
		page.FrameSeconds[source.Name] = float64(source.Card().Hop) / float64(source.Card().SampleRate)
	}
	page.Audio = contributions.Relative(p.RunDir, contributions.Folder(p.Corpus))
	if note := p.Config.Note; note != "" {
		page.Title += " [" + note + "]"
	}
	for _, t := range p.Tasks {
		if s := sentence(t); !slices.Contains(page.Compared, s) {
			page.Compared = append(page.Compared, s)
		}
	}
	page.On = append(page.On,
		fmt.Sprintf("%s (%.1f min) of %s; %s the unit of resampling.", text.Count(k.Usable, "utterance", "utterances"), 60*k.Hours,
			text.Count(k.Speakers, "speaker", "speakers"), text.Count(len(k.Groups), "group is", "groups are")))
	if spec := p.Corpus.Spec.Audio; p.Resampled > 0 {
		page.On = append(page.On, fmt.Sprintf("%s converted to %d Hz (%s).", text.Count(p.Resampled, "utterance was", "utterances were"), spec.Rate, spec.Filter()))
	}
	for _, s := range p.Sources {
		page.On = append(page.On, "Model "+load.DescribeSource(s)+".")
		if d, ok := p.Deviations[s.Name]; ok && !d.Within() {
			page.Warnings = append(page.Warnings, fmt.Sprintf("Model %s ran on a GPU and %v.", s.Name, d))
		}
	}
	if skipped := k.Utterances - k.Usable; skipped > 0 {
		page.Doubt = append(page.Doubt, fmt.Sprintf("%d of %s could not be used; dropped.csv says why.", skipped, text.Count(k.Utterances, "utterance", "utterances")))
	}
	if len(p.Moved) > 0 {
		page.Doubt = append(page.Doubt, "I"+p.AboutMoved()[1:]+".")
	}
	page.Doubt = append(page.Doubt, repeatedVectors(p)...)
	for _, doubt := range p.AboutHeard() {
		page.Doubt = append(page.Doubt, "T"+doubt[1:]+".")
	}
	for _, s := range p.Sources {
		if s.Model == nil {
			continue
		}
		for _, doubt := range s.Model.Doubts() {
			page.Doubt = append(page.Doubt, fmt.Sprintf("Model %s: %s.", s.Name, doubt))
		}
	}
	if len(p.Foreign) > 0 {
		page.Doubt = append(page.Doubt, "T"+p.AboutForeign()[1:]+".")
	}
	if p.Imprecise() {
		page.Warnings = append(page.Warnings, fmt.Sprintf("P%s.", p.DescribeProducts()[1:]))
	}
	for i := range p.Config.Models {
		if m := &p.Config.Models[i]; m.Objective != "" && m.Size != "" {
			page.Traits = append(page.Traits, report.Trait{Model: m.Name, Objective: m.Objective, Size: m.Size})
		}
	}
	for _, a := range o.Accounts {
		page.On = append(page.On, fmt.Sprintf("%s: %d of %d segments are rows.", a.Comparison, a.Out, a.In))
		page.Dropped = append(page.Dropped, droppedOf(p, a)...)
	}
	if p.Alone != "" {
		page.Doubt = append(page.Doubt, fmt.Sprintf("The table of groups puts all utterances in the group %q. The utterances are taken for groups, as if they were independent of each other, so intervals are too narrow and p-values too small.", p.Alone))
	}
	if n := len(k.Groups); n < 10 {
		page.Doubt = append(page.Doubt, fmt.Sprintf("Only %s of speakers: what holds here need not hold for others.", text.Count(n, "independent group", "independent groups")))
	}
	if n := len(o.Failed); n > 0 {
		page.Warnings = append(page.Warnings, fmt.Sprintf("%s skipped; the first: %s", text.Count(n, "input was", "inputs were"), o.Failed[0].Error))
	}
	return page
}

// wordsOf are what sentences call the labels of a corpus that stand in the place of a model.
var wordsOf = map[string]string{"phone": "phone identity", "word": "word identity", "speaker": "speaker identity", "logmel": "log-mel filters", "mfcc": "MFCC", "length": "segment length"}

// sourcesOf says what the sentences of the page know of the models.
func sourcesOf(p *plan.Plan) (list []answers.Source) {
	c := p.Config
	for i := range c.Models {
		m := &c.Models[i]
		s := answers.Source{Name: m.Name, Words: cmp.Or(m.Label, wordsOf[m.Labels]), Controls: c.ControlsOf(m.Name), Single: single(p.Sources[i]), Text: p.Sources[i].Text != nil || m.Vectors != ""}
		switch {
		case m.Baseline():
			s.Role = answers.Baseline
		case m.Labels != "":
			s.Role = answers.Labels
		case c.IsControl(m.Name):
			s.Role = answers.Control
		}
		list = append(list, s)
	}
	return list
}

// repeatedVectors names the comparisons of words with word vectors whose null exchanges speakers. A vector repeats with its word, which alone
// makes layers alike, and only an exchange of word types keeps that.
func repeatedVectors(p *plan.Plan) (doubts []string) {
	for _, t := range p.Tasks {
		k := t.Comparison
		vectors := slices.ContainsFunc(t.Y, func(y int) bool { return p.Sources[t.Layers[y].Source].Vectors != nil })
		if vectors && k.Null != nil && k.Null.Permute == "group" && t.RowUnit == "word" && t.RowSet.Level != results.TypeLevel {
			doubts = append(doubts, fmt.Sprintf("%s: a word vector repeats with its word, which alone makes layers alike; the null exchanges speakers and does not keep that, so values above its chance may be so for that reason. "+
				"null: {permute: word_type} keeps it.", k.Name))
		}
	}
	return doubts
}

// sentence says what a task compares.
func sentence(t *plan.Task) string {
	var metrics []string
	for _, m := range t.Comparison.MeasuresOf(t.Input) {
		if name := m.Title + " (" + m.Variant.Name + ")"; !slices.Contains(metrics, name) {
			metrics = append(metrics, name)
		}
	}
	rows := t.RowUnit + " rows"
	if n := len(t.Comparison.Rows.First); n > 1 || t.Comparison.Rows.First[0] != "all" {
		rows = fmt.Sprintf("the first %s %s", strings.Join(t.Comparison.Rows.First, ", "), rows)
	}
	if slices.Contains(t.Comparison.Rows.Level, "type") {
		rows += " by " + strings.Join(t.Comparison.Rows.Level, " and by ")
	}
	if t.RowUnit == "attention" {
		rows = "all cells of the attention maps"
	}
	sides := strings.Join(t.Comparison.X, ", ") + " with " + strings.Join(t.Comparison.Y, ", ")
	if len(t.Comparison.Models) > 0 {
		sides = "all pairs of layers of " + strings.Join(t.Comparison.Models, ", ")
	}
	return fmt.Sprintf("%s: %s, by %s, on %s.", t.Comparison.Name, sides, strings.Join(metrics, ", "), rows)
}

// findingsOf are the kinds of what pipeline check finds in the corpus, with an example each.
func findingsOf(checked *corpus.Report) (list []report.Finding) {
	for _, c := range checked.Summary {
		f := report.Finding{Kind: string(c.Kind), Severity: string(c.Severity), Count: c.Count}
		if at := slices.IndexFunc(checked.Findings, func(f corpus.Finding) bool { return f.Kind == c.Kind && f.Severity == c.Severity }); at >= 0 {
			f.Example = checked.Findings[at].String()
		}
		list = append(list, f)
	}
	return list
}

// droppedExamples is how many examples of a reason the page shows; dropped.csv has all.
const droppedExamples = 3

func droppedOf(p *plan.Plan, a join.Account) []report.Dropped {
	byReason := map[string]*report.Dropped{}
	for _, d := range a.Segments {
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
