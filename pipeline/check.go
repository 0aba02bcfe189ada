package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"speechsim/configs"
	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/pipeline/features"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/join"
	"speechsim/pipeline/load"
	"speechsim/pipeline/study"
)

// Checked is what [Check] found: the corpus with everything that looks wrong, and what would become of its segments.
type Checked struct {
	*corpus.Report
	Rows    []join.Account  `json:"rows"`              // of each comparison on words or phones
	Skipped []store.Failure `json:"skipped"`           // utterances that a run skips
	Unknown string          `json:"unknown,omitempty"` // why rows could not be counted

	files       *load.Files
	undecodable map[string]string // by utterance: why its audio can't be decoded
}

// Check reads the config's corpus and reports what is there and everything that looks wrong, before any compute. full
// decodes the audio too. What it gives as errors is what a run would skip. Where the models can be opened, their segments
// are counted as a run will count them, to the row; audio that shows its fault only when it is decoded needs full.
func Check(ctx context.Context, cfg *configs.Config, full bool, o Options) (*Checked, error) {
	st, err := study.Resolve(cfg)
	if err != nil {
		return nil, err
	}
	f, err := load.OpenCorpus(ctx, st, Options{Workers: o.Workers, Store: o.Store, Progress: o.Progress}) // not strict: it is the report that says what is wrong
	if err != nil {
		return nil, err
	}
	audio := headers
	if full {
		audio = "full"
	}
	c := &Checked{files: f, Rows: []join.Account{}, undecodable: map[string]string{}}
	if c.Report, err = checkCorpus(ctx, f, audio); err != nil {
		return nil, err
	}
	speech, err := load.ReadSpeech(ctx, f)
	if speech != nil {
		c.Skipped = speech.Unreadable
	}
	if err == nil {
		if !full { // else the report has what all utterances say
			c.addHeard(speech)
		}
		c.findUndecodable(speech)
		err = c.countRows(ctx, speech)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		c.Unknown = err.Error()
	}
	for u, why := range c.undecodable {
		c.Skipped = append(c.Skipped, store.Failure{Utterance: u, Error: why})
	}
	c.Skipped = join.Distinct(c.Skipped)
	return c, nil
}

// headers are what [checkCorpus] reads of the audio where it is not to decode it.
const headers = "header"

// checkCorpus reads labels and audio, the latter as far as is asked, and reports what looks wrong.
func checkCorpus(ctx context.Context, f *load.Files, audio string) (*corpus.Report, error) {
	f.Progress.Stage("checking", float64(len(f.Corpus.Utterances)), "utterances")
	last, tiers := 0, load.Tiers(f.Study)
	check := corpus.CheckOptions{Audio: audio, Workers: f.Workers, LabelsOptional: len(tiers) == 0, Tiers: tiers,
		Progress: func(done, _ int) { f.Progress.Add(float64(done - last)); last = done }}
	var err error
	if check.Lexicon, err = load.ReadLexicon(f.Config, nil); err != nil {
		return nil, err
	}
	return f.Corpus.Check(ctx, check)
}

// countRows finds out which segments each comparison will use, by the steps of a run. Features are checked on the way.
func (c *Checked) countRows(ctx context.Context, speech *load.Speech) error {
	f := c.files
	hasFeatures := slices.ContainsFunc(f.Config.Models, func(m configs.Model) bool { return m.Features != "" })
	if len(speech.Segments) == 0 && !hasFeatures {
		return nil
	}
	if err := load.CheckFiles(f.Study, f.Options); err != nil {
		return err
	}
	sets, faults, err := load.OpenFeatures(ctx, f, speech)
	defer features.Close(sets)
	if err != nil {
		return err
	}
	c.addFeatures(sets, faults)
	if len(faults) > 0 {
		return errors.New("the features can't be used")
	}
	if len(speech.Segments) == 0 {
		return nil
	}
	if slices.ContainsFunc(f.Config.Models, func(m configs.Model) bool { return m.Vectors != "" || m.Checkpoint != "" }) {
		if err := f.OpenStore(); err != nil { // it keeps imported checkpoints, and remembers which vectors the corpus needs
			return err
		}
	}
	m, err := load.OpenModels(ctx, f, speech, sets)
	if err != nil {
		return err
	}
	defer m.Close()
	in := &load.Inputs{Files: f, Speech: speech, Models: m}
	for _, k := range f.Comparisons {
		if k.OnSegments() {
			candidates := speech.Segments[k.Rows.Unit]
			rows := join.Tables(f.Corpus, candidates, c.sides(in, k, candidates), k.Rows.Select, nil)
			c.Rows = append(c.Rows, rows.Account(k.Name, k.Rows.Unit, candidates.Dropped))
		}
	}
	return nil
}

// addHeard adds to the report what a sample of the utterances says.
func (c *Checked) addHeard(speech *load.Speech) {
	spec := c.files.Corpus.Spec
	for i, doubt := range speech.AboutHeard() {
		kind := corpus.KindShift
		if i < len(speech.Heard.Level) {
			kind = corpus.KindSignal
		}
		c.Report.Add(corpus.Finding{Kind: kind, Severity: corpus.SeverityWarning, File: cmp.Or(spec.Root, spec.Table), Message: doubt})
	}
}

// addFeatures adds to the report what is wrong and what is odd with features.
func (c *Checked) addFeatures(sets []*features.Set, faults map[string]*features.Error) {
	for i := range c.files.Config.Models {
		m := &c.files.Config.Models[i]
		add := func(severity corpus.Severity, what []string) {
			for _, message := range what {
				c.Report.Add(corpus.Finding{Kind: corpus.KindFeatures, Severity: severity, File: c.files.Config.Path(m.Features), Message: fmt.Sprintf("model %q: %s", m.Name, message)})
			}
		}
		if fault := faults[m.Name]; fault != nil {
			add(corpus.SeverityError, fault.Problems)
		}
		if sets[i] != nil {
			add(corpus.SeverityWarning, sets[i].Notes)
		}
	}
}

// sides are what the sources of a comparison have.
func (c *Checked) sides(in *load.Inputs, k *study.Comparison, candidates *extract.Table) []join.Side {
	var out []join.Side
	for _, s := range k.Sources {
		source, pooling, failed := in.Sources[s], extract.Centre, map[string]string(nil)
		if source.HasFrames() {
			pooling = extract.Pooling(k.Rows.Pooling)
		}
		if source.IsAudio() {
			failed = c.undecodable
		}
		out = append(out, join.Side{Name: source.Name, Table: in.Servable(s, candidates, pooling), Failed: failed})
	}
	return out
}

// findUndecodable finds, among what the report refuses, the utterances whose audio shows its fault only when it is decoded.
func (c *Checked) findUndecodable(speech *load.Speech) {
	refused := map[string]bool{}
	for _, id := range c.Refused {
		refused[id] = true
	}
	for i := range c.files.Corpus.Utterances {
		u := &c.files.Corpus.Utterances[i]
		if !refused[u.ID] || speech.Lengths[i] < 0 {
			continue
		}
		if _, err := c.files.Corpus.Audio(u); err != nil {
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
		fmt.Fprintf(&b, "\n%s: %d of %s\n", a.Comparison, a.Out, text.Count(a.In, a.Rows+" segment is a row", a.Rows+" segments are rows"))
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
	return files.Write(path, func(w io.Writer) error { return join.WriteDropped(w, c.files.Corpus, c.Rows, c.Skipped) })
}
