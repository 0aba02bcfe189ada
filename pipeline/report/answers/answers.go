package answers

import (
	"fmt"
	"slices"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// Roles of a model in a comparison, other than that of a model that is asked about.
const (
	Control  = "control"  // another model without training
	Baseline = "baseline" // what the sound alone says
	Labels   = "labels"   // which phone, word or speaker it is
)

// Source is what the sentences know of a model.
type Source struct {
	Name     string   `json:"name"`
	Words    string   `json:"words,omitempty"` // what they call it; "" = its name
	Role     string   `json:"role,omitempty"`
	Controls []string `json:"controls,omitempty"` // the models that are this one without training
	Single   bool     `json:"single,omitempty"`   // it has one layer in all, which needs no name
	Text     bool     `json:"text,omitempty"`     // it reads text, and is nothing that sound alone could be
}

// Run is what the sentences are made of.
type Run struct {
	Sources     []Source
	Groups      int // that were left out for intervals; 0: not known
	Cells       []results.Cell
	Differences []results.Difference
	Figures     []figures.Figure

	Contributions []results.Contribution // words and phones that carry values
}

// Answer is what the run says to the question of one comparison.
type Answer struct {
	Title      string // what was asked for, in words
	Comparison string
	Y          string   // the model that all were compared with; "" where that is one another
	About      string   // metric, rows, and which layer of y
	Glance     []Glance // the same in a line for each model; none where models are compared with one another
	Sentences  []Sentence
	Evidence   []Evidence // of the sentences
}

// Glance is what a table at the top of the page says of one model.
type Glance struct {
	Model, Layer, Ties string // the best layer, and those that cannot be told from it
	Value, Interval    string
	Chance             string // whether that is above it
	Control, Baseline  string // how far it is above them
}

// Sentence is one statement, with the places of its evidence in the answer's.
type Sentence struct {
	Text     string
	Leads    bool   // it is the answer itself, and the next ones say more of it
	Begins   bool   // a paragraph
	Figure   string // the name of the one that shows it; "" = none
	Evidence []int
}

// Evidence is a number that a sentence rests on: of a cell, or of a difference of two.
type Evidence struct {
	What, Value, Interval, P string
	X, Y                     results.Layer // of the cell, or of the first of the two
	Measure                  results.Measure
}

// few is the number of groups below which intervals and p say little of other speakers.
const few = 10

// Caution is what limits all answers, "" where nothing does.
func (r *Run) Caution() string {
	if r.Groups == 0 || r.Groups >= few || len(r.Differences) == 0 {
		return ""
	}
	return fmt.Sprintf("All intervals and p rest on %s of speakers: what holds here need not hold for others.", figures.Plural(r.Groups, "group"))
}

// Scales says of each metric what its 0 and 1 are.
func (r *Run) Scales() (list []string) {
	seen := map[string]bool{}
	for i := range r.Cells {
		c := &r.Cells[i]
		if seen[c.Metric] {
			continue
		}
		seen[c.Metric] = true
		if scale := figures.ScaleOf(results.Measure{Metric: c.Metric}); scale != "" {
			list = append(list, scale+".")
		}
	}
	return list
}

// Of answers the questions of a run, in the order of its comparisons.
func Of(r *Run) []Answer {
	var list []Answer
	for _, g := range groupsOf(r.Cells) {
		measures := slices.DeleteFunc(g.measures, func(m *measured) bool {
			return m.Metric == "word_distance" // a distance is no likeness
		})
		if len(measures) < len(g.measures) {
			list = append(list, r.distances(g.comparison))
		}
		if len(measures) == 0 {
			continue
		}
		if measures[0].own() {
			list = append(list, r.pairs(g.comparison, measures))
			continue
		}
		for _, y := range measures[0].yModels() {
			if q := r.ask(g.comparison, measures, y); q != nil {
				list = append(list, q.answer())
			}
		}
	}
	return slices.DeleteFunc(list, func(a Answer) bool { return len(a.Sentences) == 0 })
}

// group is the cells of one comparison, by measures.
type group struct {
	comparison string
	measures   []*measured
}

// measured is the cells of one comparison and measure.
type measured struct {
	results.Measure
	cells []*results.Cell
}

// groupsOf splits cells by comparison and measure, in the order in which those first appear. Of measures that differ in their
// settings alone (the number of rows, say) the first is taken: the others are in the figures.
func groupsOf(cells []results.Cell) []*group {
	var list []*group
	at := map[string]*group{}
	taken := map[results.Key]*measured{}
	for i := range cells {
		c := &cells[i]
		g := at[c.Comparison]
		if g == nil {
			g = &group{comparison: c.Comparison}
			at[c.Comparison] = g
			list = append(list, g)
		}
		key := results.Key{Comparison: c.Comparison, Metric: c.Metric, Variant: c.Variant}
		m := taken[key]
		if m == nil {
			m = &measured{Measure: results.Measure{Metric: c.Metric, Variant: c.Variant, Params: c.Params}}
			taken[key] = m
			g.measures = append(g.measures, m)
		}
		if c.Params == m.Params {
			m.cells = append(m.cells, c)
		}
	}
	return list
}

// own says whether layers are compared with those of their own model.
func (m *measured) own() bool {
	return slices.ContainsFunc(m.cells, func(c *results.Cell) bool { return c.X.Model == c.Y.Model })
}

func (m *measured) yModels() (names []string) {
	for _, c := range m.cells {
		if !slices.Contains(names, c.Y.Model) {
			names = append(names, c.Y.Model)
		}
	}
	return names
}

// source returns what is known of a model.
func (r *Run) source(name string) Source {
	if i := slices.IndexFunc(r.Sources, func(s Source) bool { return s.Name == name }); i >= 0 {
		return r.Sources[i]
	}
	return Source{Name: name}
}

// words are what the sentences call a model.
func (r *Run) words(name string) string {
	if s := r.source(name); s.Words != "" {
		return s.Words
	}
	return name
}

// figure is the first that shows a measure of a comparison.
func (r *Run) figure(comparison string, m results.Measure) string {
	for i := range r.Figures {
		f := &r.Figures[i]
		if f.Comparison == comparison && slices.ContainsFunc(f.Measures(), m.Same) {
			return f.Name
		}
	}
	return ""
}

// say adds a sentence, with its evidence.
func (a *Answer) say(figure, text string, evidence ...Evidence) {
	if text == "" {
		return
	}
	s := Sentence{Text: text, Figure: figure}
	for _, e := range evidence {
		k := slices.Index(a.Evidence, e)
		if k < 0 {
			k = len(a.Evidence)
			a.Evidence = append(a.Evidence, e)
		}
		s.Evidence = append(s.Evidence, k)
	}
	a.Sentences = append(a.Sentences, s)
}
