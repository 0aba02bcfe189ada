package corpus

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"speechsim/textgrid"
	"speechsim/tokenizer"
)

// Alignment is what an aligner (or, for TIMIT, a person) says was spoken when.
type Alignment struct {
	Words, Phones []Segment // in the order of the file, silences included; nil if there is no such tier

	Moved                 float64 // seconds that were taken off the times of a TextGrid that starts later than its audio
	End                   float64 // seconds: where the file says that the audio ends; the last label's end where it says nothing
	WordsFile, PhonesFile string  // where the tiers stand, for messages
}

// Segment is a labelled stretch. Seconds become samples here and nowhere else: From = round(Start * rate). TIMIT gives
// samples directly.
type Segment struct {
	Index      int     // in its tier, from 0, silences counted
	Label      string  // as in the file, without the blanks around it
	Start, End float64 // seconds, as in the file, from the beginning of the audio
	From, To   int     // samples at the corpus's rate: [From, To)
	Silent     bool    // no speech: see IsSilence
	Noise      bool    // sound that is no word, or no phone of a phone tier: <unk>, [laughter], {LG}
	Trimmed    bool    // the file has blanks around the label, or its accents apart
	Line       int     // in the file, 0 if it has no lines (the binary form)
}

// Text is what an utterance without a transcript is taken to say: the words of its alignment, joined by blanks.
func (a *Alignment) Text() string {
	var words []string
	for i := range a.Words {
		if s := &a.Words[i]; !s.Silent && !s.Noise {
			words = append(words, s.Label)
		}
	}
	return strings.Join(words, " ")
}

// Align reads the word and phone segments of u. It fails on what would poison the numbers that come after: a file that
// can't be parsed, segments that overlap, end before they start or lie before 0, an alignment with no tier of the
// expected name. Check lists these too, and the milder faults with them.
//
// A tier that is absent is nil, unless Spec.Tiers names it: then its absence is an error.
func (c *Corpus) Align(u *Utterance) (*Alignment, error) {
	a, findings := c.align(u)
	for i := range findings {
		if findings[i].Severity == SeverityError {
			return nil, findings[i].err()
		}
	}
	return a, nil
}

// align is Align with everything that is to be said about the files. The alignment is nil if it can't be read.
func (c *Corpus) align(u *Utterance) (*Alignment, []Finding) {
	v := findingList{utterance: u.ID}
	if u.WordsFile == "" && u.PhonesFile == "" {
		v.add(KindMissingAlignment, SeverityError, u.AudioPath, 0, "no alignment for %s: expected %s", u.ID, c.alignmentHint(u))
		return nil, v.list
	}
	a := &Alignment{WordsFile: u.WordsFile, PhonesFile: u.PhonesFile}
	var err error
	switch {
	case c.ctm != nil:
		err = c.alignCTM(u, a)
	case hasExt(u.WordsFile, ".textgrid"):
		err = c.alignTextGrid(&v, u, a)
	default:
		err = c.alignTIMIT(u, a)
	}
	if err != nil {
		v.addError(err)
		return nil, v.list
	}
	c.classify(a)
	rules := c.tierRules(u)
	v.checkTier(a.WordsFile, "word", a.Words, rules.words)
	v.checkTier(a.PhonesFile, "phone", a.Phones, rules.phones)
	if c.Spec.Layout == "timit" {
		c.foldPhones(&v, a)
	}
	return a, v.list
}

func (c *Corpus) alignmentHint(u *Utterance) string {
	switch name := stem(filepath.Base(u.AudioPath)); {
	case c.Spec.Layout == "timit":
		return name + ".PHN and " + name + ".WRD beside the audio"
	case c.Spec.Layout == "kaldi":
		return "words.ctm or phones.ctm with lines for it"
	case c.Spec.Layout == "table":
		return "a path in the column textgrid"
	case c.Spec.Alignments != "":
		return name + ".TextGrid below " + c.Spec.Alignments
	default:
		return name + ".TextGrid beside the audio (set alignments if they lie in a tree of their own)"
	}
}

// tierRule says what a kind of file allows.
type tierRule struct {
	gapless bool    // intervals should follow each other without gaps
	overlap float64 // seconds that two segments may overlap; more is an error
}

// tierRules: a TextGrid has no gaps and no overlap, but rounded numbers; CTM times are rounded to 10 ms, and start and
// duration separately; TIMIT's words overlap by intention where they share a phone ("did_you").
func (c *Corpus) tierRules(u *Utterance) (r struct{ words, phones tierRule }) {
	switch {
	case c.ctm != nil:
		r.words = tierRule{overlap: 0.0151}
		r.phones = r.words
	case hasExt(u.WordsFile, ".textgrid"):
		r.words = tierRule{gapless: true, overlap: 0.001}
		r.phones = r.words
	default:
		r.words = tierRule{overlap: math.Inf(1)}
		r.phones = tierRule{gapless: true, overlap: 0.5 / timitRate}
	}
	return r
}

// samples turns seconds into a sample index at the corpus's rate.
func (c *Corpus) samples(seconds float64) int {
	return int(math.Round(seconds * float64(c.Spec.Audio.Rate)))
}

// maxSeconds is more than any recording lasts; beyond it, samples would overflow.
const maxSeconds = 1e7

func (c *Corpus) alignTIMIT(u *Utterance, a *Alignment) error {
	read := func(path string) ([]Segment, error) {
		if path == "" {
			return nil, nil
		}
		segments, err := readTIMITLabels(path)
		for i := range segments {
			s := &segments[i]
			if c.Spec.Audio.Rate != timitRate {
				s.From, s.To = c.samples(s.Start), c.samples(s.End)
			}
			a.End = max(a.End, s.End)
		}
		return segments, err
	}
	var err error
	if a.Words, err = read(u.WordsFile); err != nil {
		return err
	}
	a.Phones, err = read(u.PhonesFile)
	return err
}

func (c *Corpus) alignTextGrid(v *findingList, u *Utterance, a *Alignment) error {
	path := u.WordsFile
	tg, err := textgrid.ReadFile(path)
	if err != nil {
		return err
	}
	for _, w := range tg.Warnings {
		v.add(KindFormat, SeverityWarning, path, w.Line, "%s", w.Msg)
	}
	start, err := c.startOf(v, u, tg)
	if err != nil {
		return err
	}
	a.Moved, a.End = start, tg.End-start
	words, err := pickTier(tg, path, u.Speaker, c.Spec.Tiers.Words, "words", "word")
	if err != nil {
		return err
	}
	phones, err := pickTier(tg, path, u.Speaker, c.Spec.Tiers.Phones, "phones", "phone")
	if err != nil {
		return err
	}
	if words == nil && phones == nil {
		return &Error{File: path, Msg: fmt.Sprintf("no tier words or phones: the interval tiers are %s; name yours with words: and phones: in the corpus section of the config", tierNames(tg))}
	}
	if a.Words, err = c.segments(path, words, start); err != nil {
		return err
	}
	a.Phones, err = c.segments(path, phones, start)
	return err
}

// pickTier returns the interval tier that is named name, or, if name is "", one of the usual names, for this speaker.
// A tier without a speaker comes first, then the speaker's own, then the only one that ends in the name. nil means that
// there is none; an error, that there are several, or that a configured one is missing.
func pickTier(tg *textgrid.TextGrid, path, speaker, name string, usual ...string) (*textgrid.Tier, error) {
	wanted := usual
	if name != "" {
		wanted = []string{name}
	}
	var plain, own, other []*textgrid.Tier
	for i := range tg.Tiers {
		t := &tg.Tiers[i]
		if t.Kind != textgrid.IntervalTier {
			continue
		}
		who, what := textgrid.SplitName(tokenizer.TrimLabel(t.Name))
		switch {
		case foldIn(wanted, tokenizer.TrimLabel(t.Name)):
			plain = append(plain, t)
		case !foldIn(wanted, tokenizer.TrimLabel(what)):
		case strings.EqualFold(nfc(tokenizer.TrimLabel(who)), speaker):
			own = append(own, t)
		default:
			other = append(other, t)
		}
	}
	for _, found := range [][]*textgrid.Tier{plain, own, other} {
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return nil, &Error{File: path, Line: found[1].Line, Msg: fmt.Sprintf(
				"%d tiers could be the %s of speaker %q: the interval tiers are %s; name one with words: or phones: in the corpus section of the config",
				len(found), wanted[0], speaker, tierNames(tg))}
		}
	}
	if name != "" {
		return nil, &Error{File: path, Msg: fmt.Sprintf("no interval tier %q: the interval tiers are %s", name, tierNames(tg))}
	}
	return nil, nil
}

func foldIn(names []string, s string) bool {
	for _, n := range names {
		if strings.EqualFold(nfc(n), nfc(s)) {
			return true
		}
	}
	return false
}

func tierNames(tg *textgrid.TextGrid) string {
	var names []string
	for i := range tg.Tiers {
		if tg.Tiers[i].Kind == textgrid.IntervalTier {
			names = append(names, fmt.Sprintf("%q", tg.Tiers[i].Name))
		}
	}
	return orNone(names)
}

// segments converts a tier whose audio begins at start seconds; nil stays nil.
func (c *Corpus) segments(path string, t *textgrid.Tier, start float64) ([]Segment, error) {
	if t == nil {
		return nil, nil
	}
	if len(t.Intervals) == 0 {
		return nil, &Error{File: path, Line: t.Line, Msg: fmt.Sprintf("tier %q is empty: expected at least one interval", t.Name)}
	}
	out := make([]Segment, len(t.Intervals))
	for i, iv := range t.Intervals {
		if !(math.Abs(iv.Start) <= maxSeconds && math.Abs(iv.End) <= maxSeconds) {
			return nil, &Error{File: path, Line: iv.Line, Msg: fmt.Sprintf("interval from %g to %g: expected seconds up to %g", iv.Start, iv.End, maxSeconds)}
		}
		iv.Start, iv.End = iv.Start-start, iv.End-start
		label := tokenizer.TrimLabel(iv.Label)
		out[i] = Segment{Index: i, Label: label, Trimmed: label != iv.Label, Start: iv.Start, End: iv.End,
			From: c.samples(iv.Start), To: c.samples(iv.End), Line: iv.Line}
	}
	return out, nil
}

// Lacks reports, as an error that names the file, that the alignment has no tier of that name, "word" or "phone".
func (a *Alignment) Lacks(tier string) error {
	segments, file := a.Words, a.WordsFile
	if tier == "phone" {
		segments, file = a.Phones, a.PhonesFile
	}
	if segments != nil {
		return nil
	}
	if file == "" {
		file = labelFile(a)
	}
	return &Error{File: file, Msg: fmt.Sprintf("no %s tier, and the run needs one", tier)}
}

// endTolerance is how far labels may reach beyond the audio, in seconds: aligners count in frames of 10 ms, and round
// the last one up.
const endTolerance = 0.02

// Within reports whether the alignment fits audio of that many samples at rate. An error names the first segment with
// speech that ends later than 20 ms after the audio: then the labels belong to another recording, or the audio is cut.
func (a *Alignment) Within(samples, rate int) error {
	limit := samples + int(math.Round(endTolerance*float64(rate)))
	for _, t := range []struct {
		file, what string
		segments   []Segment
	}{{a.WordsFile, "word", a.Words}, {a.PhonesFile, "phone", a.Phones}} {
		for i := range t.segments {
			if s := &t.segments[i]; s.To > limit && !s.Silent {
				return &Error{File: t.file, Line: s.Line, Msg: fmt.Sprintf("%s %q ends at %.4g s, but the audio is %.4g s long: the alignment and the audio are not of one recording, or the audio was cut",
					t.what, s.Label, s.End, float64(samples)/float64(rate))}
			}
		}
	}
	return nil
}

// findingList collects findings of one utterance.
type findingList struct {
	utterance string
	list      []Finding
}

func (v *findingList) add(k Kind, s Severity, file string, line int, format string, args ...any) {
	v.list = append(v.list, Finding{Kind: k, Severity: s, Utterance: v.utterance, File: file, Line: line, Message: fmt.Sprintf(format, args...)})
}

// addError turns a parser's error into a finding with its place.
func (v *findingList) addError(err error) {
	f := Finding{Kind: KindUnreadable, Severity: SeverityError, Utterance: v.utterance}
	var own *Error
	var none *noAlignment
	var tg *textgrid.Error
	switch {
	case errors.As(err, &none):
		f.Kind, f.File, f.Message = KindMissingAlignment, none.file, none.msg
	case errors.As(err, &own):
		f.File, f.Line, f.Col, f.Message = own.File, own.Line, own.Col, own.Msg
	case errors.As(err, &tg):
		f.File, f.Line, f.Col, f.Message = tg.File, tg.Line, tg.Col, tg.Msg
	default:
		f.Message = err.Error()
	}
	v.list = append(v.list, f)
}

// checkTier lists what is wrong with the times of one tier.
func (v *findingList) checkTier(file, what string, segments []Segment, rule tierRule) {
	for i := range segments {
		s := &segments[i]
		switch {
		case s.Start < 0:
			v.add(KindTimes, SeverityError, file, s.Line, "%s %q starts at %g s, before the audio", what, s.Label, s.Start)
		case s.End < s.Start:
			v.add(KindTimes, SeverityError, file, s.Line, "%s %q ends at %g s, before it starts at %g s", what, s.Label, s.End, s.Start)
		case s.To == s.From:
			v.add(KindZeroLength, SeverityWarning, file, s.Line, "%s %q has no length: it is from %g to %g s", what, s.Label, s.Start, s.End)
		}
		if i == 0 {
			continue
		}
		switch d := s.Start - segments[i-1].End; {
		case -d > rule.overlap:
			v.add(KindOverlap, SeverityError, file, s.Line, "%s %q starts at %g s, before %q ends at %g s", what, s.Label, s.Start, segments[i-1].Label, segments[i-1].End)
		case rule.gapless && d > 0.001:
			v.add(KindGap, SeverityWarning, file, s.Line, "%.3g s without a label between %s %q and %q", d, what, segments[i-1].Label, s.Label)
		}
	}
}
