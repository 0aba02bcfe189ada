package methods

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// Methods is what a paper says of a run.
type Methods struct {
	Text   string // a paragraph in plain text, then its references
	LaTeX  string // the same with \citep of natbib, or \cite without it
	BibTeX string // the entries that are cited
}

// Of writes the methods of a run from its manifest and cells.
func Of(manifest []byte, cells []results.Cell) (*Methods, error) {
	r, err := read(manifest)
	if err != nil {
		return nil, err
	}
	w := &writer{run: r, cells: cells}
	w.corpus()
	w.models()
	w.rows()
	w.comparisons()
	w.statistics()
	w.program()
	return w.methods(), nil
}

// writer gathers sentences. A citation stands in them as its keys between two bytes that no text has.
type writer struct {
	*run
	cells     []results.Cell
	sentences []string
	cited     []string
	hub       []reference // of the checkpoints
}

const mark = "\x00"

func (w *writer) say(format string, args ...any) {
	w.sentences = append(w.sentences, fmt.Sprintf(format, args...))
}

// cite refers to papers where they are first named.
func (w *writer) cite(keys ...string) string {
	keys = slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return slices.Contains(w.cited, k) })
	if len(keys) == 0 {
		return ""
	}
	w.cited = append(w.cited, keys...)
	return " " + mark + strings.Join(keys, ",") + mark
}

func (w *writer) corpus() {
	name := "The corpus was folder " + place(w.Corpus.Root)
	for layout, asked := range w.Config.Corpus {
		var part struct{ Subset, Split string }
		c, known := corpora[layout]
		if !known || json.Unmarshal(asked, &part) != nil {
			continue
		}
		cited := c.name + w.cite(c.key)
		switch subset := cmp.Or(part.Subset, part.Split); {
		case !c.own(subset, w.Corpus.Speakers):
			if subset != "" {
				name += ", part " + subset
			}
			name += ", speech in the layout of " + cited
		case subset == "":
			name = "The corpus was " + cited
		default:
			name = "The corpus was " + cited + ", part " + subset
		}
	}
	w.say("%s: %s of %s, %s.", name, figures.Plural(w.Corpus.Usable, "utterance"), figures.Plural(w.Corpus.Speakers, "speaker"), hours(w.Corpus.Hours))
	if n := len(w.Corpus.Groups); n != w.Corpus.Speakers && n > 1 {
		w.say("The %s belong to %s, which are taken to be independent of each other.", w.members(), figures.Plural(n, "group"))
	}
	if n := len(w.Skipped); n > 0 {
		w.say("%s could not be read and was left out.", figures.Plural(n, "utterance"))
	}
}

func hours(h float64) string {
	if h < 1 {
		return fmt.Sprintf("%.1f minutes", 60*h)
	}
	return fmt.Sprintf("%.1f hours", h)
}

// labelWords say what stands in the place of a model: in full, and in short where it is compared.
var labelWords = map[string][2]string{
	"phone": {"the identity of phones", "phone identity"}, "word": {"the identity of words", "word identity"}, "speaker": {"the identity of speakers", "speaker identity"},
	"logmel": {"80 log-mel filters", "log-mel filters"}, "mfcc": {"MFCC", "MFCC"}, "length": {"the length of segments", "segment length"},
}

// models says of each model where it is from and what it is; what stands in the place of one comes after them.
func (w *writer) models() {
	var parts, instead []string
	for i, m := range w.Models {
		if i >= len(w.Config.Models) {
			break
		}
		asked := &w.Config.Models[i]
		if words := labelWords[asked.Labels][0]; words != "" {
			if asked.Label != "" {
				words += " (" + asked.Label + ")"
			}
			instead = append(instead, words)
			continue
		}
		about := []string{w.called(m.Name)}
		if of := w.controlled(asked); len(of) > 0 {
			about = append(about, "the untrained control of "+and(w.allCalled(of)))
		}
		about = append(about, w.fileOf(asked, m.File)...)
		if f, known := families[m.Family]; known {
			about = append(about, "of the architecture of "+f.name+w.cite(f.key))
		}
		if f, known := vectorsOf(m.File); known && asked.Vectors != "" {
			about = append(about, f.name+w.cite(f.key))
		}
		switch {
		case len(m.Layers) == 1:
			about = append(about, figures.Plural(m.Units[0], "unit"))
		default:
			about = append(about, fmt.Sprintf("layers %s of %s", layers(m.Layers), units(m.Units)))
		}
		parts = append(parts, strings.Join(about, ", "))
	}
	if len(parts) > 0 {
		w.say("Compared were: %s.", strings.Join(parts, "; "))
	}
	if len(instead) > 0 {
		w.say("In the place of models stood %s.", and(instead))
	}
}

// layers lists names of layers, numbers that follow one another as a range.
func layers(names []string) string {
	first, err := strconv.Atoi(names[0])
	for i, name := range names {
		if n, wrong := strconv.Atoi(name); err != nil || wrong != nil || n != first+i || len(names) < 3 {
			return and(names)
		}
	}
	return names[0] + " to " + names[len(names)-1]
}

func units(list []int) string {
	lo, hi := slices.Min(list), slices.Max(list)
	if lo == hi {
		return figures.Plural(lo, "unit")
	}
	return fmt.Sprintf("%d to %d units", lo, hi)
}

// fileOf says where a model is from: its id, revision and commit on the hub, where it is known by these, else its file.
func (w *writer) fileOf(asked *model, file string) []string {
	o := w.Inputs.Checkpoints[asked.Name]
	about := []string{"file " + place(file)}
	if asked.Checkpoint != "" {
		about = []string{"checkpoint " + place(file)}
	}
	if o.ID != "" {
		about = []string{"checkpoint " + o.ID}
		if o.Revision != "" {
			about = append(about, "revision "+o.Revision)
		}
		if o.Commit != "" {
			about = append(about, fmt.Sprintf("commit %.12s", o.Commit))
		}
		key := strings.ReplaceAll(o.ID, "/", ":")
		if !slices.ContainsFunc(w.hub, func(r reference) bool { return r.key == key }) {
			w.hub = append(w.hub, reference{key, o.ID, "@misc{%s,\n  title        = {" + figures.EscapeTeX(o.ID) + "},\n  howpublished = {Hugging Face hub, commit " + figures.EscapeTeX(o.Commit) + "}\n}"})
		}
		about[len(about)-1] += w.cite(key)
	}
	if asked.Weights == "random" {
		about = append(about, fmt.Sprintf("with weights drawn anew (seed %d)", asked.Seed))
	}
	return about
}

// poolings say how the frames of a segment become a row.
var poolings = map[string]string{
	"centre": "the mean of the frames whose centre lies in the segment", "bolanos2024": "the mean of its frames, both ends included", "pasad2021": "the mean of its frames",
	"middle": "the mean of the frames in its middle third", "max": "the largest value of each unit over its frames", "first": "its first frame",
}

// rows says what rows are, once for all comparisons that have the same.
func (w *writer) rows() {
	units := map[string][]string{}
	var order []string
	for i := range w.Config.Comparisons {
		k := &w.Config.Comparisons[i]
		if k.Rows.Unit == "frame" || w.onAttention(k) {
			continue
		}
		how := poolings[k.Rows.Pooling]
		if k.Rows.Pooling == "bolanos2024" || k.Rows.Pooling == "pasad2021" {
			how += w.cite(k.Rows.Pooling)
		}
		if units[how] == nil {
			order = append(order, how)
		}
		if unit := "a " + k.Rows.Unit; !slices.Contains(units[how], unit) {
			units[how] = append(units[how], unit)
		}
	}
	for _, how := range order {
		w.say("A layer's row of %s is %s.", strings.Join(units[how], " or "), how)
	}
}

// onAttention says whether a comparison is of attention maps alone.
func (w *writer) onAttention(k *comparison) bool {
	measures := measuresOf(w.cells, k.Name)
	return len(measures) > 0 && !slices.ContainsFunc(measures, func(m results.Measure) bool { return m.Metric != "attention" })
}

// comparisons says for each comparison how what was compared with what, on how many rows.
func (w *writer) comparisons() {
	var before []string
	for i := range w.Config.Comparisons {
		k := &w.Config.Comparisons[i]
		x := and(w.allCalled(k.X))
		if len(k.X) > 2 && slices.Equal(k.X, before) {
			x = fmt.Sprintf("the same %d", len(k.X))
		}
		before = k.X
		sides := fmt.Sprintf("%s were compared with %s", x, and(w.allCalled(k.Y)))
		if len(k.X) == 1 {
			sides = strings.Replace(sides, " were ", " was ", 1)
		}
		if len(k.Models) > 0 {
			before = nil
			sides = fmt.Sprintf("the layers of %s were compared with one another", and(w.allCalled(k.Models)))
		}
		on := k.Rows.Unit + "s"
		switch {
		case w.onAttention(k):
			on = "attention maps"
		case k.Rows.Unit == "frame":
			on = "all frames"
		}
		if k.Rows.Select == "bolanos2024" {
			on += ", one of each word in an utterance" + w.cite("bolanos2024")
		}
		if slices.Contains(k.Rows.Level, results.TypeLevel) {
			on += ", by the mean of each " + k.Rows.Unit + " type"
			if len(k.Rows.Level) > 1 {
				on += " and by tokens"
			}
		}
		w.say("In %s, %s %s, on %s%s.", k.Name, sides, w.metrics(k), on, w.counts(k.Name))
	}
	w.leftOut()
}

// metrics lists the metrics of a comparison, each with its sources where they are first named.
func (w *writer) metrics(k *comparison) string {
	var list []string
	for _, m := range measuresOf(w.cells, k.Name) {
		keys, own := sourcesOf[m.Metric+" "+m.Variant]
		if !own {
			keys = sourcesOf[m.Metric]
		}
		list = append(list, "by "+figures.Label(m)+w.cite(keys...))
	}
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], "; ") + "; and " + list[len(list)-1]
}

// counts says how many rows there were.
func (w *writer) counts(name string) string {
	for _, a := range w.Rows {
		if a.Comparison == name {
			return fmt.Sprintf(": %s of %s segments", figures.Grouped(a.Used), figures.Grouped(a.Segments))
		}
	}
	lo, hi := 0, 0
	for i := range w.cells {
		if c := &w.cells[i]; c.Comparison == name && c.N > 0 {
			if lo == 0 || c.N < lo {
				lo = c.N
			}
			hi = max(hi, c.N)
		}
	}
	switch {
	case hi == 0:
		return ""
	case lo == hi:
		return " (n = " + figures.Grouped(lo) + ")"
	}
	return " (n = " + figures.Grouped(lo) + " to " + figures.Grouped(hi) + ")"
}

// leftOut says why segments are no rows, once for comparisons that left out the same.
func (w *writer) leftOut() {
	var texts []string
	in := map[string][]string{}
	for _, a := range w.Rows {
		var reasons []string
		for _, reason := range slices.Sorted(maps.Keys(a.Dropped)) {
			reasons = append(reasons, fmt.Sprintf("%s as %s", figures.Grouped(a.Dropped[reason]), reason))
		}
		if len(reasons) == 0 {
			continue
		}
		text := and(reasons)
		if in[text] == nil {
			texts = append(texts, text)
		}
		in[text] = append(in[text], a.Comparison)
	}
	if len(texts) == 0 {
		return
	}
	for i, text := range texts {
		if len(w.Rows) > 1 {
			texts[i] = "in " + and(in[text]) + " " + text
		}
	}
	w.say("Segments were left out: %s.", strings.Join(texts, "; "))
}

// statistics says what p, intervals and differences are.
func (w *writer) statistics() {
	w.chance()
	if !slices.ContainsFunc(w.cells, func(c results.Cell) bool { return c.Lo != nil }) {
		return
	}
	groups := ""
	if n := len(w.Corpus.Groups); n > 1 {
		groups = " (" + figures.Plural(n, "group") + ")"
	}
	w.say("Confidence intervals (95 %%) are those of a jackknife that leaves out one group of %s at a time%s, about the value less its bias%s, with standard errors for groups of unequal size%s and Student's t.",
		w.members(), groups, w.cite("busing1999"), w.cite("mackinnon2023"))
	if slices.ContainsFunc(w.cells, func(c results.Cell) bool { return c.Groups != nil && c.Groups.Grouped != nil }) {
		w.say("The interval beside debiased CKA is that of CKA from pairs of rows of different groups alone, since rows of one group resemble each other whatever the layers. "+
			"It holds every true value that this estimate does not contradict at the level of 5 %%. The standard error is taken anew at each true value, because one part of it grows with the true value; "+
			"the other comes from pairs of groups and is there at a true value of 0 too, and the jackknife alone would count it twice%s.", w.cite("efron1981"))
	}
	w.say("Differences between layers and models leave the same group out of both values.")
}

// chance says what was exchanged in each comparison, which rows p is of, and for how many tests it is corrected.
func (w *writer) chance() {
	var abouts, corrections []string
	in := map[string][]string{}
	groups, types, part := false, false, false
	for i := range w.Config.Comparisons {
		k := &w.Config.Comparisons[i]
		at := slices.IndexFunc(w.cells, func(c results.Cell) bool { return c.Comparison == k.Name && c.Null != nil })
		if k.Null == nil || at < 0 {
			continue
		}
		null := w.cells[at].Null
		var n int
		if _, err := fmt.Sscanf(null.About, "%d groups", &n); err == nil {
			groups = true
			part = part || strings.Contains(null.About, " rows") && strings.Contains(null.About, " of like size, ")
		} else {
			types = true
		}
		about := fmt.Sprintf("%s, %d draws", null.About, null.Draws)
		if in[about] == nil {
			abouts = append(abouts, about)
		}
		in[about] = append(in[about], k.Name)
		if correct := cmp.Or(k.Null.Correct, results.CorrectFamily); !slices.Contains(corrections, correct) {
			corrections = append(corrections, correct)
		}
	}
	if len(abouts) == 0 {
		return
	}
	for i, about := range abouts {
		abouts[i] = fmt.Sprintf("in %s %s", and(in[about]), about)
	}
	w.say("Chance is the metric where rows of one side are exchanged: %s.", strings.Join(abouts, "; "))
	if groups {
		text := "Whole groups are exchanged, row by row, because rows of a group resemble each other"
		if part {
			text += "; each is cut to as many rows as the shortest that it is exchanged with, so p and the chance level are of fewer rows than the value beside them, and the value that the draws are compared with is that of these rows"
		}
		w.say("%s.", text)
	}
	if types {
		w.say("Word types are exchanged with all their rows.")
	}
	for i, correct := range corrections {
		corrections[i] = map[string]string{
			results.CorrectFamily: "is corrected over all cells of a comparison by the largest standardised cell of each draw",
			results.CorrectFDR:    "is corrected over all cells of a comparison for the false discovery rate",
			results.CorrectNone:   "is that of each cell, without a correction for their number",
		}[correct] + w.cite(map[string][]string{results.CorrectFamily: {"westfall1993"}, results.CorrectFDR: {"benjamini1995"}}[correct]...)
	}
	w.say("p is (1 + the number of draws that are at least as high as the value) / (1 + draws), and %s.", strings.Join(corrections, ", or "))
}

// program says what it takes to get the same numbers.
func (w *writer) program() {
	parts := []string{"pipeline " + w.Versions["pipeline"]}
	if v := w.Versions["onnxruntime"]; v != "" {
		parts = append(parts, "ONNX Runtime "+v)
	}
	if v := w.Versions["blas"]; v != "" {
		parts = append(parts, "linear algebra by "+v)
	}
	w.say("To get the same numbers: %s, and a corpus whose SHA-256 begins with %.12s.", strings.Join(parts, ", "), w.Inputs.Corpus)
}

func and(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
