package load

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/study"
	"speechsim/tokenizer"
)

// Speech is the corpus as it was read: labels and audio headers.
type Speech struct {
	Lengths    []int                     // samples of each utterance at the corpus rate, -1 where it can't be used
	Segments   map[string]*extract.Table // by tier (word, phone): the segments that could be rows
	Resampled  int                       // utterances whose files have another rate than the corpus
	Unreadable []store.Failure           // what can't be used, and why
	Alone      string                    // the one group that the table of groups puts all utterances in
	Foreign    []string                  // utterances whose alignments lack most words of their transcripts
	Moved      []string                  // utterances whose TextGrids start later than their audio, and were moved to it
	Heard      corpus.Heard              // what a sample of the utterances says
	Parts      []Part
	Lexicon    *tokenizer.Lexicon // nil without one

	rate int // of the corpus: samples a second
}

// ReadSpeech reads the labels of all utterances and the headers of their audio. What is wrong with single utterances is
// kept as Unreadable; a fault that the config can mend, such as another sample rate, is an error; the speech is then returned
// as far as it was read.
func ReadSpeech(ctx context.Context, f *Files) (*Speech, error) {
	c, tiers := f.Corpus, Tiers(f.Study)
	r := &labelReader{corpus: c, tiers: tiers, tables: map[string][]*extract.Table{}, lengths: make([]int, len(c.Utterances)), rates: make([]int, len(c.Utterances)),
		faults: make([]error, len(c.Utterances)), refused: make([]error, len(c.Utterances)),
		foreign: make([]error, len(c.Utterances)), telling: make([]bool, len(c.Utterances)), moved: make([]bool, len(c.Utterances))}
	for _, tier := range tiers {
		r.tables[tier] = make([]*extract.Table, len(c.Utterances))
	}
	f.Progress.Stage("reading labels", float64(len(c.Utterances)), "utterances")
	err := progress.Each(ctx, f.Workers, len(c.Utterances), f.Progress, func(i int) error {
		r.read(i)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.refuseForeign()
	s := &Speech{Lengths: r.lengths, Segments: map[string]*extract.Table{}, Parts: partition(c, r.lengths), rate: c.Spec.Audio.Rate}
	for i, rate := range r.rates {
		if s.Lengths[i] >= 0 && rate != s.rate {
			s.Resampled++
		}
	}
	for _, tier := range tiers {
		s.Segments[tier] = extract.Concat(r.tables[tier])
	}
	if s.Foreign = foreign(c, s.Segments["word"]); len(s.Foreign) > 0 {
		f.Progress.Note("%s", s.AboutForeign())
		if f.Strict {
			return s, fmt.Errorf("%s of another utterance, and --strict refuses that", text.Count(len(s.Foreign), "alignment seems to be that", "alignments seem to be those"))
		}
	}
	for i, moved := range r.moved {
		if moved && r.lengths[i] >= 0 {
			s.Moved = append(s.Moved, c.Utterances[i].ID)
		}
	}
	if len(s.Moved) > 0 {
		f.Progress.Note("%s", s.AboutMoved())
	}
	if err := s.listen(ctx, f, tiers); err != nil {
		return s, err
	}
	if s.Alone = aloneIn(c, r.lengths); s.Alone != "" {
		f.Progress.Note("all utterances are of one group, %q: the utterances are taken for groups, as if they were independent of each other", s.Alone)
	}
	for _, finding := range c.Findings {
		if finding.Severity == corpus.SeverityError {
			s.Unreadable = append(s.Unreadable, store.Failure{Utterance: finding.Utterance, Error: finding.String()})
		}
	}
	for i, err := range r.faults {
		if err != nil {
			s.Unreadable = append(s.Unreadable, store.Failure{Utterance: c.Utterances[i].ID, Error: err.Error()})
		}
	}
	if n, first := firstError(r.refused); n > 0 {
		return s, fmt.Errorf("%w (%d of %d utterances)", first, n, len(c.Utterances))
	}
	if len(s.Unreadable) > 0 && f.Strict {
		return s, fmt.Errorf("%s be skipped, and --strict refuses that; the first:\n%s", text.Count(len(s.Unreadable), "input would", "inputs would"), s.Unreadable[0].Error)
	}
	if s.CountUsable() == 0 {
		return s, fmt.Errorf("no utterance of %d can be used; the first fault:\n%s", len(c.Utterances), s.Unreadable[0].Error)
	}
	return s, nil
}

// listen listens to a few utterances.
func (s *Speech) listen(ctx context.Context, f *Files, tiers []string) (err error) {
	usable := slices.Sorted(slices.Values(slices.Concat(s.UsableParts()...)))
	if s.Heard, err = f.Corpus.Listen(ctx, usable, len(tiers) > 0, f.Workers); err != nil {
		return err
	}
	for _, doubt := range s.AboutHeard() {
		f.Progress.Note("%s", doubt)
		if f.Strict {
			return fmt.Errorf("--strict refuses a corpus of which this is so: %s", doubt)
		}
	}
	return nil
}

// foreign lists the utterances of whose transcripts most words are not in the alignment: it may be that of another utterance.
func foreign(c *corpus.Corpus, words *extract.Table) []string {
	if words == nil {
		return nil
	}
	lacking := map[int]int{}
	for _, d := range words.Dropped {
		if d.Reason == extract.NotAligned {
			lacking[d.Utterance]++
		}
	}
	var ids []string
	for _, u := range slices.Sorted(maps.Keys(lacking)) {
		if 2*lacking[u] > len(corpus.SplitWords(c.Utterances[u].Text)) {
			ids = append(ids, c.Utterances[u].ID)
		}
	}
	return ids
}

// aloneIn is the one group that a table of groups puts all usable utterances in, "" where there are several or no table.
func aloneIn(c *corpus.Corpus, lengths []int) string {
	groups, usable := map[string]bool{}, 0
	for i := range c.Utterances {
		if lengths[i] >= 0 {
			groups[c.Utterances[i].Group] = true
			usable++
		}
	}
	if c.Spec.Groups == "" || usable < 2 || len(groups) > 1 {
		return ""
	}
	for group := range groups {
		return group
	}
	return ""
}

// AboutForeign says what is odd about foreign alignments.
func (s *Speech) AboutForeign() string {
	return fmt.Sprintf("the alignment lacks most words of the transcript in %d utterances, such as %s: is it that of another utterance? Their segments are rows all the same; pipeline check names the words",
		len(s.Foreign), s.Foreign[0])
}

// AboutHeard says what is odd with the sound.
func (s *Speech) AboutHeard() []string {
	doubts := slices.Clone(s.Heard.Level)
	if s.Heard.Shift != nil {
		doubts = append(doubts, fmt.Sprintf("%s that were listened to: are the times of the labels those of another cut of the audio? Rows are taken where the labels say; pipeline check --audio listens to all utterances", s.Heard.Shift))
	}
	return doubts
}

// AboutMoved says that TextGrids were moved.
func (s *Speech) AboutMoved() string {
	return fmt.Sprintf("in %d of %d utterances, such as %s, the TextGrid starts later than the audio and is as long: its times were moved to the beginning of the audio; pipeline check names the seconds",
		len(s.Moved), len(s.Lengths), s.Moved[0])
}

// labelReader gathers what the headers and labels of utterances say.
type labelReader struct {
	corpus  *corpus.Corpus
	tiers   []string
	tables  map[string][]*extract.Table // by tier, of each utterance
	lengths []int
	rates   []int   // of the files, in Hz
	faults  []error // why utterances can't be used
	refused []error // what the config can mend
	foreign []error // why alignments seem to be those of other utterances
	telling []bool  // the words of the alignment tell whether it is
	moved   []bool  // the TextGrid starts later than the audio, and was moved to it
}

func (r *labelReader) read(i int) {
	u := &r.corpus.Utterances[i]
	r.lengths[i] = -1
	info, err := r.corpus.AudioInfo(u)
	if err != nil {
		r.faults[i] = err
		return
	}
	r.rates[i] = info.Rate
	if err := r.corpus.Accepts(u, info); err != nil {
		r.refused[i] = err
		return
	}
	n, err := lengthOf(r.corpus, u, info)
	if err != nil {
		r.faults[i] = err
		return
	}
	if n == 0 {
		r.faults[i] = &corpus.Error{File: u.AudioPath, Msg: "the audio has no samples"}
		return
	}
	r.lengths[i] = n
	if len(r.tiers) == 0 {
		return
	}
	a, err := r.corpus.Align(u)
	if err == nil {
		err = r.corpus.Fits(u, a, n)
	}
	for _, tier := range r.tiers {
		if err == nil {
			err = a.Lacks(tier)
		}
	}
	if err != nil {
		r.faults[i] = err
		r.lengths[i] = -1
		return
	}
	r.moved[i] = a.Moved != 0
	r.telling[i], r.foreign[i] = r.corpus.WordsTell(u, a)
	for _, tier := range r.tiers {
		r.tables[tier][i] = extract.Segments(r.corpus, i, a, tier)
	}
}

// refuseForeign skips the alignments of other utterances, unless most alignments seem to be so.
func (r *labelReader) refuseForeign() {
	foreign, _ := firstError(r.foreign)
	telling := 0
	for _, tells := range r.telling {
		if tells {
			telling++
		}
	}
	if !corpus.Foreign(foreign, telling) {
		return
	}
	for i, err := range r.foreign {
		if err == nil {
			continue
		}
		r.faults[i], r.lengths[i] = err, -1
		for _, tier := range r.tiers {
			r.tables[tier][i] = nil
		}
	}
}

func firstError(errs []error) (n int, first error) {
	for _, err := range errs {
		if err != nil {
			if n == 0 {
				first = err
			}
			n++
		}
	}
	return n, first
}

// lengthOf is the length of an utterance in samples at the corpus rate, from the header where that says it.
func lengthOf(c *corpus.Corpus, u *corpus.Utterance, info corpus.AudioInfo) (int, error) {
	if n := info.SamplesAt(c.Spec.Audio.Rate); n >= 0 {
		return n, nil
	}
	a, err := c.Audio(u)
	if err != nil {
		return 0, err
	}
	return len(a.Samples), nil
}

// Tiers are the tiers of the alignments that a study needs: for the rows of a comparison, or for labels in the place of a model.
func Tiers(st *study.Study) []string {
	needed := map[string]bool{}
	for _, k := range st.Comparisons {
		if k.OnSegments() {
			needed[k.Rows.Unit] = true
		}
		needed["phone"] = needed["phone"] || k.AlignedPhones(st.Config)
	}
	for _, m := range st.Config.Models {
		needed[extract.LabelTier(m.Labels)] = true
	}
	if l := st.Config.Corpus.Lexicon; l != nil && l.Choice == string(tokenizer.Nearest) {
		needed["word"], needed["phone"] = true, true
	}
	var out []string
	for _, tier := range []string{"word", "phone"} {
		if needed[tier] {
			out = append(out, tier)
		}
	}
	return out
}

// Usable are the utterances of a part that passed the checks.
func (s *Speech) Usable(part int) []int {
	var out []int
	for _, u := range s.Parts[part].Utterances {
		if s.Lengths[u] >= 0 {
			out = append(out, u)
		}
	}
	return out
}

// UsableParts are the usable utterances of each part.
func (s *Speech) UsableParts() [][]int {
	out := make([][]int, len(s.Parts))
	for part := range s.Parts {
		out[part] = s.Usable(part)
	}
	return out
}

// CountUsable counts the usable utterances.
func (s *Speech) CountUsable() int {
	n := 0
	for _, length := range s.Lengths {
		if length >= 0 {
			n++
		}
	}
	return n
}

// Vocabulary is every word label of the corpus, as word vectors are looked up.
func (s *Speech) Vocabulary() map[string]bool {
	words := map[string]bool{}
	if t := s.Segments["word"]; t != nil {
		for i := range t.Rows {
			words[t.Rows[i].Label] = true
		}
	}
	return words
}

// SecondsOf is the length of some usable utterances.
func (s *Speech) SecondsOf(utterances []int) float64 {
	n := 0
	for _, u := range utterances {
		n += s.Lengths[u]
	}
	return float64(n) / float64(s.rate)
}

// Seconds is the length of the audio that can be used.
func (s *Speech) Seconds() float64 {
	n := 0
	for _, length := range s.Lengths {
		n += max(length, 0)
	}
	return float64(n) / float64(s.rate)
}

// PartSeconds is the length of the usable utterances of each part.
func (s *Speech) PartSeconds() []float64 {
	out := make([]float64, len(s.Parts))
	for part := range s.Parts {
		out[part] = s.SecondsOf(s.Usable(part))
	}
	return out
}

// Counts are a corpus in numbers.
type Counts struct {
	Root       string   `json:"root"`
	Utterances int      `json:"utterances"`
	Usable     int      `json:"usable"`
	Hours      float64  `json:"hours"`
	Speakers   int      `json:"speakers"` // of the usable utterances
	Groups     []string `json:"groups"`   // left out one at a time for intervals
}

// Counts counts the corpus: speakers and groups are those of what can be used.
func (in *Inputs) Counts() Counts {
	speakers := map[string]bool{}
	spec := in.Corpus.Spec
	k := Counts{Root: cmp.Or(spec.Root, spec.Table), Utterances: len(in.Corpus.Utterances), Usable: in.CountUsable(), Hours: in.Seconds() / 3600}
	for i := range in.Corpus.Utterances {
		if speaker := in.Corpus.Utterances[i].Speaker; in.Lengths[i] >= 0 && speaker != "" {
			speakers[speaker] = true
		}
	}
	k.Speakers = len(speakers)
	for _, part := range in.Parts {
		k.Groups = append(k.Groups, part.Name)
	}
	return k
}

// Describe says in a few lines what a run is made of.
func (in *Inputs) Describe() string {
	k := in.Counts()
	var b strings.Builder
	fmt.Fprintf(&b, "corpus %s: %s, %.1f min, %s, %s\n", k.Root, text.Count(k.Usable, "utterance", "utterances"), 60*k.Hours,
		text.Count(k.Speakers, "speaker", "speakers"), text.Count(len(k.Groups), "group", "groups"))
	for _, s := range in.Sources {
		fmt.Fprintf(&b, "model %s\n", DescribeSource(s))
	}
	return b.String()
}
