package methods

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// Methods is what a paper says of a run.
type Methods struct {
	Text   string // a paragraph in plain text, then its references
	LaTeX  string // the same with \citep, for natbib
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

// cite refers to papers.
func (w *writer) cite(keys ...string) string {
	if len(keys) == 0 {
		return ""
	}
	for _, k := range keys {
		if !slices.Contains(w.cited, k) {
			w.cited = append(w.cited, k)
		}
	}
	return " " + mark + strings.Join(keys, ",") + mark
}

func (w *writer) corpus() {
	name := place(w.Corpus.Root)
	for layout, asked := range w.Config.Corpus {
		var part struct{ Subset, Split string }
		if c, known := corpora[layout]; known && json.Unmarshal(asked, &part) == nil {
			for _, p := range []string{part.Subset, part.Split} {
				if p != "" {
					name += ", part " + p
				}
			}
			name += ", in the layout of " + c.name + w.cite(c.key)
		}
	}
	w.say("The corpus was %s: %s of %s, %s.", name, figures.Plural(w.Corpus.Usable, "utterance"), figures.Plural(w.Corpus.Speakers, "speaker"), hours(w.Corpus.Hours))
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

// labelWords say what stands in the place of a model.
var labelWords = map[string]string{"phone": "the identity of phones", "word": "the identity of words", "speaker": "the identity of speakers", "logmel": "80 log-mel filters", "mfcc": "MFCC", "length": "the length of segments"}

func (w *writer) models() {
	var parts []string
	for i, m := range w.Models {
		if i >= len(w.Config.Models) {
			break
		}
		asked := &w.Config.Models[i]
		if words := labelWords[asked.Labels]; words != "" {
			parts = append(parts, m.Name+" ("+words+")")
			continue
		}
		about := w.fileOf(asked, m.File)
		f, known := families[m.Family]
		if asked.Vectors != "" {
			f, known = vectorsOf(m.File)
		}
		if known {
			about += fmt.Sprintf(", %s%s", f.name, w.cite(f.key))
		}
		switch {
		case len(m.Layers) == 1:
			about += fmt.Sprintf(", %s", figures.Plural(m.Units[0], "unit"))
		default:
			about += fmt.Sprintf(", layers %s of %s", layers(m.Layers), units(m.Units))
		}
		parts = append(parts, m.Name+" ("+about+")")
	}
	w.say("Compared were %s.", and(parts))
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
func (w *writer) fileOf(asked *model, file string) string {
	o := w.Inputs.Checkpoints[asked.Name]
	about := "file " + place(file)
	if asked.Checkpoint != "" {
		about = "checkpoint " + place(file)
	}
	if o.ID != "" {
		about = "checkpoint " + o.ID
		if o.Revision != "" {
			about += ", revision " + o.Revision
		}
		if o.Commit != "" {
			about += ", commit " + o.Commit
		}
		key := strings.ReplaceAll(o.ID, "/", ":")
		if !slices.ContainsFunc(w.hub, func(r reference) bool { return r.key == key }) {
			w.hub = append(w.hub, reference{key, o.ID, "@misc{%s,\n  title        = {" + escape(o.ID) + "},\n  howpublished = {Hugging Face hub, commit " + o.Commit + "}\n}"})
		}
		about += w.cite(key)
	}
	if asked.Weights == "random" {
		about += fmt.Sprintf(", with weights drawn anew (seed %d): the untrained control", asked.Seed)
	}
	return about
}

// poolings say how the frames of a segment become a row.
var poolings = map[string]string{
	"centre": "the mean of the frames whose centre lies in the segment", "bolanos2024": "the mean of its frames, both ends included", "pasad2021": "the mean of its frames",
	"middle": "the mean of the frames in its middle third", "max": "the largest value of each unit over its frames", "first": "its first frame",
}

// comparisons says for each comparison what was a row, what was dropped, and how rows were compared.
func (w *writer) comparisons() {
	for i := range w.Config.Comparisons {
		k := &w.Config.Comparisons[i]
		sides := fmt.Sprintf("%s were compared with %s", and(k.X), and(k.Y))
		if len(k.Models) > 0 {
			sides = fmt.Sprintf("the layers of %s were compared with one another", and(k.Models))
		}
		rows := "all frames"
		if k.Rows.Unit != "frame" {
			rows = fmt.Sprintf("one row a %s, %s", k.Rows.Unit, poolings[k.Rows.Pooling])
			if k.Rows.Pooling == "bolanos2024" || k.Rows.Pooling == "pasad2021" {
				rows += w.cite(k.Rows.Pooling)
			}
		}
		measures := measuresOf(w.cells, k.Name)
		if !slices.ContainsFunc(measures, func(m results.Measure) bool { return m.Metric != "attention" }) {
			rows = "attention maps"
		}
		if slices.Contains(k.Rows.Level, results.TypeLevel) {
			rows += ", by the mean of each " + k.Rows.Unit + " type"
			if len(k.Rows.Level) > 1 {
				rows += " and by tokens"
			}
		}
		if k.Rows.Select == "bolanos2024" {
			rows += ", one of each word in an utterance" + w.cite("bolanos2024")
		}
		var metrics []string
		for _, m := range measures {
			keys, own := sourcesOf[m.Metric+" "+m.Variant]
			if !own {
				keys = sourcesOf[m.Metric]
			}
			metrics = append(metrics, figures.Label(m)+w.cite(keys...))
		}
		w.say("In %s, %s by %s on %s%s.", k.Name, sides, and(metrics), rows, w.counts(k.Name))
	}
}

// counts says how many rows there were, and what was dropped.
func (w *writer) counts(name string) string {
	for _, a := range w.Rows {
		if a.Comparison != name {
			continue
		}
		text := fmt.Sprintf(": %s of %s segments", figures.Grouped(a.Used), figures.Grouped(a.Segments))
		var reasons []string
		for reason := range a.Dropped {
			reasons = append(reasons, reason)
		}
		slices.Sort(reasons)
		for i, reason := range reasons {
			reasons[i] = fmt.Sprintf("%s (%d)", reason, a.Dropped[reason])
		}
		if len(reasons) > 0 {
			text += "; left out were " + and(reasons)
		}
		return text
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

// statistics says what intervals, differences and p are.
func (w *writer) statistics() {
	if slices.ContainsFunc(w.cells, func(c results.Cell) bool { return c.Lo != nil }) {
		w.say("Confidence intervals (95 %%) are those of a jackknife that leaves out one group of speakers at a time (%s), about the value less its bias%s, with standard errors for groups of unequal size%s and Student's t. "+
			"Differences between layers and models leave the same group out of both values.", figures.Plural(len(w.Corpus.Groups), "group"), w.cite("busing1999"), w.cite("mackinnon2023"))
		if slices.ContainsFunc(w.cells, func(c results.Cell) bool { return c.Groups != nil && c.Groups.Grouped != nil }) {
			w.say("Those of debiased CKA are of pairs of rows of different groups alone. They hold the truths under whose own variance the estimate is likely, that variance having a part which grows with the truth, and one from pairs of groups, "+
				"which the jackknife alone counts twice%s.", w.cite("efron1981"))
		}
	}
	w.chance()
}

// chance says what was permuted in each comparison, and for how many tests p is corrected.
func (w *writer) chance() {
	var permuted, corrections []string
	for i := range w.Config.Comparisons {
		k := &w.Config.Comparisons[i]
		at := slices.IndexFunc(w.cells, func(c results.Cell) bool { return c.Comparison == k.Name && c.Null != nil })
		if k.Null == nil || at < 0 {
			continue
		}
		permuted = append(permuted, fmt.Sprintf("in %s %s (%d draws)", k.Name, w.cells[at].Null.About, w.cells[at].Null.Draws))
		var correction string
		switch k.Null.Correct {
		case results.CorrectFamily, "":
			correction = "corrected over all cells of a comparison by the largest standardised cell of each draw" + w.cite("westfall1993")
		case results.CorrectFDR:
			correction = "corrected over all cells of a comparison for the false discovery rate" + w.cite("benjamini1995")
		case results.CorrectNone:
			correction = "of each cell, without a correction for their number"
		}
		if !slices.Contains(corrections, correction) {
			corrections = append(corrections, correction)
		}
	}
	if len(permuted) > 0 {
		w.say("Chance is the metric on permuted rows: %s. The p by which a value counts as above chance is %s.", strings.Join(permuted, "; "), strings.Join(corrections, ", or "))
	}
}

func (w *writer) program() {
	var libraries []string
	if v := w.Versions["onnxruntime"]; v != "" {
		libraries = append(libraries, "ONNX Runtime "+v)
	}
	if v := w.Versions["blas"]; v != "" {
		libraries = append(libraries, v)
	}
	w.say("Computed with pipeline %s (%s); SHA-256 of the corpus: %.12s.", w.Versions["pipeline"], strings.Join(libraries, ", "), w.Inputs.Corpus)
}

func and(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
