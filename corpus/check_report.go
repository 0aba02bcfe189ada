package corpus

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Report is what Check found. The same corpus gives the same report, byte for byte, with any number of workers.
type Report struct {
	Layout string `json:"layout"`
	Root   string `json:"root"`
	Audio  string `json:"audio"` // how deep the audio was read: none, header or full

	Utterances    int      `json:"utterances"` // that Open returned
	Aligned       int      `json:"aligned"`    // of these, with labels that can be read
	Speakers      int      `json:"speakers"`   // of the utterances that are not refused, as Groups
	Female        int      `json:"female"`     // speakers
	Male          int      `json:"male"`
	Groups        int      `json:"groups"`
	Seconds       float64  `json:"seconds"`        // of audio; 0 if the audio was not read
	SpeechSeconds float64  `json:"speech_seconds"` // by the phone tier, else by the word tier
	SilenceShare  *float64 `json:"silence_share"`  // of the audio; nil without labels
	Words         int      `json:"words"`          // segments of the word tiers that are words
	WordTypes     int      `json:"word_types"`     // without regard to case
	Phones        int      `json:"phones"`         // segments of the phone tiers that are not silence
	PhoneTypes    int      `json:"phone_types"`
	Pronounced    *int     `json:"pronounced,omitempty"` // word types that the lexicon has; nil without a lexicon

	Labels []LabelCount `json:"labels"` // what labels were taken for that are not plain words or phones

	// Refused lists, in order of their IDs within Open's findings, Check's and the foreign alignments, the utterances with a
	// finding of SeverityError: what a run drops.
	Refused  []string  `json:"refused"`
	Summary  []Count   `json:"summary"`  // errors first, the most frequent kind first
	Findings []Finding `json:"findings"` // ordered like Summary, at most CheckOptions.Limit of a kind
}

// Count is how many findings there are of a kind, and how many of them Report.Findings holds.
type Count struct {
	Severity Severity `json:"severity"`
	Kind     Kind     `json:"kind"`
	Count    int      `json:"count"`
	Listed   int      `json:"listed"`
}

// LabelCount is how many labels of a tier are taken for something.
type LabelCount struct {
	LabelUse
	Count int `json:"count"`
}

func (n LabelCount) compare(m LabelCount) int {
	return cmp.Or(strings.Compare(m.Tier, n.Tier), strings.Compare(n.As, m.As), cmp.Compare(m.Count, n.Count), strings.Compare(n.Label, m.Label))
}

// Errors and Warnings count all findings, listed or not.
func (r *Report) Errors() int { return r.total(SeverityError) }

// Warnings: see Errors.
func (r *Report) Warnings() int { return r.total(SeverityWarning) }

func (r *Report) total(s Severity) int {
	n := 0
	for _, c := range r.Summary {
		if c.Severity == s {
			n += c.Count
		}
	}
	return n
}

// Add adds findings of what goes with the corpus.
func (r *Report) Add(more ...Finding) {
	counts := map[[2]string]int{}
	for _, c := range r.Summary {
		counts[[2]string{string(c.Severity), string(c.Kind)}] = c.Count
	}
	for _, f := range more {
		counts[[2]string{string(f.Severity), string(f.Kind)}]++
	}
	r.Findings = append(r.Findings, more...)
	r.summarize(counts)
}

// summarize fills Summary and orders Findings like it. Within a kind the order of the findings stays.
func (r *Report) summarize(counts map[[2]string]int) {
	listed := map[[2]string]int{}
	for _, f := range r.Findings {
		listed[[2]string{string(f.Severity), string(f.Kind)}]++
	}
	r.Summary = []Count{}
	for key, n := range counts {
		r.Summary = append(r.Summary, Count{Severity(key[0]), Kind(key[1]), n, listed[key]})
	}
	slices.SortFunc(r.Summary, func(a, b Count) int {
		return cmp.Or(strings.Compare(string(a.Severity), string(b.Severity)), cmp.Compare(b.Count, a.Count), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	rank := map[[2]string]int{}
	for i, c := range r.Summary {
		rank[[2]string{string(c.Severity), string(c.Kind)}] = i
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Compare(rank[[2]string{string(a.Severity), string(a.Kind)}], rank[[2]string{string(b.Severity), string(b.Kind)}])
	})
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	if r.Refused == nil {
		r.Refused = []string{}
	}
}

// Write prints the report for a reader: what is in the corpus, then the findings by kind.
func (r *Report) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s  %s\n", r.Layout, oneLine(r.Root))
	row := func(name, format string, args ...any) {
		fmt.Fprintf(b, "  %-11s %s\n", name, fmt.Sprintf(format, args...))
	}
	row("utterances", "%d, %d with labels, %d refused", r.Utterances, r.Aligned, len(r.Refused))
	row("speakers", "%d (%d female, %d male), %s", r.Speakers, r.Female, r.Male, plural(r.Groups, "group"))
	if r.Audio != "none" {
		row("audio", "%s (%s read)", clock(r.Seconds), map[string]string{"header": "headers", "full": "everything"}[r.Audio])
	}
	row("words", "%d, %s", r.Words, plural(r.WordTypes, "type"))
	if r.Pronounced != nil {
		row("lexicon", "has %d of the %s", *r.Pronounced, plural(r.WordTypes, "type"))
	}
	row("phones", "%d, %s", r.Phones, plural(r.PhoneTypes, "type"))
	if r.SilenceShare != nil {
		row("silence", "%.1f %%", 100**r.SilenceShare)
	}
	for _, as := range []string{"silence", "noise", "word", "trimmed"} {
		if list := r.labelsAs(as); list != "" {
			row(map[string]string{"silence": "as silence", "noise": "as noise", "word": "as words", "trimmed": "trimmed"}[as], "%s", list)
		}
	}
	next := 0
	for _, s := range []Severity{SeverityError, SeverityWarning} {
		n := r.total(s)
		if n == 0 {
			continue
		}
		fmt.Fprintf(b, "\n%s\n", plural(n, string(s)))
		for _, c := range r.Summary {
			if c.Severity != s {
				continue
			}
			fmt.Fprintf(b, "  %s: %d\n", c.Kind, c.Count)
			for _, f := range r.Findings[next : next+c.Listed] {
				fmt.Fprintf(b, "    %s%s\n", place(f.File, f.Line, f.Col), oneLine(f.Message))
			}
			next += c.Listed
			if more := c.Count - c.Listed; more > 0 {
				fmt.Fprintf(b, "    and %d more\n", more)
			}
		}
	}
	if len(r.Summary) == 0 {
		fmt.Fprintln(b, "\nno problems found")
	}
	return b.Flush()
}

// labelsAs lists the labels that are taken for something, the most frequent ones of each tier: `words: 12 "", 3 "sil"; phones: 15 ""`.
func (r *Report) labelsAs(as string) string {
	const most = 8
	var tiers []string
	for _, tier := range []string{"word", "phone"} {
		var list []string
		for _, n := range r.Labels {
			if n.Tier == tier && n.As == as {
				list = append(list, fmt.Sprintf("%d %q", n.Count, n.Label))
			}
		}
		if more := len(list) - most; more > 0 {
			list = append(list[:most], fmt.Sprintf("and %s", plural(more, "other label")))
		}
		if len(list) > 0 {
			tiers = append(tiers, tier+"s: "+strings.Join(list, ", "))
		}
	}
	return strings.Join(tiers, "; ")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// clock prints a duration as people say it.
func clock(seconds float64) string {
	switch {
	case seconds < 120:
		return fmt.Sprintf("%.1f s", seconds)
	case seconds < 7200:
		return fmt.Sprintf("%.1f min", seconds/60)
	}
	return fmt.Sprintf("%.2f h", seconds/3600)
}
