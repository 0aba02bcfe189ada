package corpus

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"speechsim/tokenizer"
)

// Spec says which corpus to read and how. Only Layout and Root (for tables: Table) must be set.
type Spec struct {
	Layout string // one of Layouts()
	Root   string // the corpus's folder; for Kaldi the data directory; for a table what its paths are relative to ("" = its folder)

	Subset     string // LibriSpeech: "dev-clean" or "dev-clean,dev-other", "" = all; TIMIT: "train", "test", "core-test", "" = train and test
	Alignments string // folder of a parallel tree of TextGrids, or of Kaldi's CTM files; "" = next to the audio (Kaldi: the data directory)
	Groups     string // CSV with the columns speaker,group: units of resampling larger than a speaker; "" = every speaker is a group
	Table      string // the table's file (layout table)
	AudioRoot  string // Kaldi: where relative paths in wav.scp start; "" = Root
	Speaker    string // folder layout: "folder" or "" = the folder of the file (MFA's rule), "top" = the first folder below Root, "none", or a regular expression with one group, the speaker in the ID

	SA     bool   // TIMIT: keep the two SA sentences that every speaker reads (both papers keep them; Default sets it)
	Phones string // TIMIT: "" or "61" as labelled, "48" or "39" folded (Lee and Hon 1989)

	Tiers   TierNames // names of the TextGrid tiers
	Silence []string  // labels that count as silence in addition to the usual ones (see IsSilence); on the word tier those of letters alone (sil, pau) are then words unless they are named
	Audio   AudioSpec
}

// TierNames are the TextGrid tiers to read. Empty names stand for "words" or "word", and "phones" or "phone", in any
// letter case, with or without MFA's "speaker - " before them.
type TierNames struct{ Words, Phones string }

// AudioSpec says what audio the models get, and what may be done to a file that is not so.
type AudioSpec struct {
	Rate      int    // samples a second; 0 = 16000
	Resample  bool   // resample files of another rate instead of refusing them
	Resampler string // the filter, for files and for models of another rate: one of Resamplers, "" = the first
	Channel   string // "" = refuse files with more than one channel; "mix" = their mean; "1", "2", ... = that channel
}

// Default returns a Spec with the usual choices for a layout; the caller fills in Root.
func Default(layout string) Spec {
	return Spec{Layout: layout, SA: true, Audio: AudioSpec{Rate: 16000}}
}

// Corpus is an opened corpus: its list of utterances, and the means to get the audio and the labels of each.
// Its methods are safe for concurrent use. Findings holds what Open met; an utterance that can't be used at all (a
// transcript without audio, say) is not among Utterances but has a Finding of SeverityError there.
type Corpus struct {
	Spec       Spec // completed: Audio.Rate is set
	Utterances []Utterance
	Findings   []Finding

	silence map[string]bool     // Spec.Silence, folded
	ctm     map[string]*ctmFile // Kaldi: the CTM files by path; nil in other layouts
	sharers map[string][]string // Kaldi: of recordings that are named like an utterance, the other utterances
}

// Utterance is one stretch of speech with its transcript. Paths are as given by the Spec (not made absolute), in the Unicode form of the disk.
type Utterance struct {
	ID      string // unique in the corpus; Utterances are sorted by it, bytewise
	Speaker string // "" if the corpus does not tell
	Sex     string // "F", "M" or "" if the corpus does not tell
	Group   string // unit of resampling for intervals: from the groups file, else the speaker, else the ID
	Text    string // the transcript as written, one line, without the ID; "" if there is none

	AudioPath string
	From, To  float64 // seconds in AudioPath (Kaldi segments), To 0 = its end; 0, 0 = the whole file
	Recording string  // Kaldi: the ID of the recording; else ""
	Channel   string  // "1", "2", ...: overrides AudioSpec.Channel where the corpus itself names the channel (Kaldi segments); else ""
	Call      string  // Kaldi: the ID of the file, such as a telephone call, that the recording is a side of (reco2file_and_channel); else ""
	Side      string  // Kaldi: which side of the call, "1", "2", ...: its channel where the audio has several; else ""

	WordsFile, PhonesFile string // where the labels stand; the same TextGrid twice is usual; "" if there are none

	TextFile string // where Text stands, for messages
	TextLine int    // 0 if Text is the whole file
}

// layout reads the list of utterances of one kind of corpus into b.
type layout struct {
	name    string
	expects string // what the folder should look like, for error messages
	open    func(ctx context.Context, b *builder) error
}

func layouts() []layout {
	return []layout{
		{"librispeech", "ROOT/SUBSET/SPEAKER/CHAPTER/*.trans.txt with *.flac", openLibriSpeech},
		{"timit", "ROOT/TRAIN|TEST/DR*/SPEAKER/*.WAV with .PHN .WRD .TXT", openTIMIT},
		{"folder", "ROOT/**/NAME.wav|flac|sph with NAME.TextGrid and NAME.lab or NAME.txt", openFolder},
		{"table", "a CSV or TSV file with the columns audio, text, speaker, textgrid", openTable},
		{"kaldi", "a data directory with wav.scp and text, utt2spk, segments, spk2gender", openKaldi},
	}
}

// Layouts returns the names that Spec.Layout may have.
func Layouts() []string {
	var names []string
	for _, l := range layouts() {
		names = append(names, l.name)
	}
	return names
}

// Open reads the list of utterances: names of files, transcripts, speakers. It decodes no audio and reads no alignment,
// and costs seconds for 300 000 utterances. The result is sorted by ID and does not depend on the order of the file
// system.
//
// An error means that there is nothing to work with: no such folder, a malformed groups file or table header, not one
// usable utterance. Faults of single utterances are collected in Corpus.Findings.
func Open(ctx context.Context, s Spec) (*Corpus, error) {
	all := layouts()
	i := slices.IndexFunc(all, func(l layout) bool { return l.name == s.Layout })
	if i < 0 {
		return nil, fmt.Errorf("corpus: unknown layout %q: expected one of %s", s.Layout, strings.Join(Layouts(), ", "))
	}
	if s.Audio.Rate == 0 {
		s.Audio.Rate = 16000
	}
	if err := s.validate(); err != nil {
		return nil, err
	}
	for _, path := range []*string{&s.Root, &s.Alignments, &s.AudioRoot} {
		*path = onDisk(*path)
	}
	b := &builder{spec: s, layout: all[i]}
	if s.Layout != "table" {
		if err := b.mustBeFolder(s.Root, "corpus root"); err != nil {
			return nil, err
		}
	}
	if err := all[i].open(ctx, b); err != nil {
		return nil, err
	}
	return b.finish()
}

func (s *Spec) validate() error {
	switch {
	case s.Audio.Rate < 1000 || s.Audio.Rate > 384000:
		return fmt.Errorf("corpus: audio rate %d Hz: expected 1000 to 384000 (16000 for all models of the wav2vec 2.0 family)", s.Audio.Rate)
	case !slices.Contains([]string{"", "61", "48", "39"}, s.Phones):
		return fmt.Errorf("corpus: phones %q: expected 61, 48 or 39", s.Phones)
	case s.speakerPattern() == nil && !slices.Contains([]string{"", "folder", "top", "none"}, s.Speaker):
		return fmt.Errorf("corpus: speaker %q: expected folder, top, none, or a regular expression with one group", s.Speaker)
	}
	return s.Audio.validate()
}

// speakerPattern is Spec.Speaker as a regular expression with one group, nil when it is none.
func (s *Spec) speakerPattern() *regexp.Regexp {
	r, err := regexp.Compile(s.Speaker)
	if err != nil || r.NumSubexp() != 1 {
		return nil
	}
	return r
}

// builder collects what a layout finds.
type builder struct {
	spec       Spec
	layout     layout
	utterances []Utterance
	findings   []Finding
	counts     map[findingKey]int
	ctm        map[string]*ctmFile
	sharers    map[string][]string
}

// add adds an utterance, whose names are compared with those of other files from here on.
func (b *builder) add(u Utterance) {
	u.ID, u.Speaker, u.Group = nfc(u.ID), nfc(u.Speaker), nfc(u.Group)
	b.utterances = append(b.utterances, u)
}

// findingsOfAFile is how many findings of a kind one file may have before the others are only counted: a file that is not
// what its name says must not fill the memory with complaints.
const findingsOfAFile = 10_000

// findingKey is what is counted together.
type findingKey struct {
	file     string
	kind     Kind
	severity Severity
}

func (b *builder) find(f Finding) {
	if b.counts == nil {
		b.counts = map[findingKey]int{}
	}
	key := findingKey{f.File, f.Kind, f.Severity}
	if b.counts[key]++; b.counts[key] <= findingsOfAFile {
		b.findings = append(b.findings, f)
	}
}

// overflow says how many findings were only counted.
func (b *builder) overflow() []Finding {
	var out []Finding
	for key, n := range b.counts {
		if n > findingsOfAFile {
			out = append(out, Finding{Kind: key.kind, Severity: key.severity, File: key.file, More: n - findingsOfAFile,
				Message: fmt.Sprintf("%d more such places in this file: is it what its name says?", n-findingsOfAFile)})
		}
	}
	sortFindings(out)
	return out
}

// mustBeFolder returns a clear error when path is not a readable folder.
func (b *builder) mustBeFolder(path, what string) error {
	if path == "" {
		return fmt.Errorf("corpus: %s is not set: layout %s expects %s", what, b.layout.name, b.layout.expects)
	}
	info, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		return fmt.Errorf("%s: the %s can't be found: layout %s expects %s", path, what, b.layout.name, b.layout.expects)
	case err != nil:
		return fmt.Errorf("%s: %s can't be read: %w", path, what, err)
	case !info.IsDir():
		return fmt.Errorf("%s: %s is a file, expected a folder: layout %s expects %s", path, what, b.layout.name, b.layout.expects)
	}
	return nil
}

// finish sorts, refuses bad names and doubles, and assigns groups.
func (b *builder) finish() (*Corpus, error) {
	slices.SortStableFunc(b.utterances, func(x, y Utterance) int { return strings.Compare(x.ID, y.ID) })
	kept := b.utterances[:0]
	for i := range b.utterances {
		u := b.utterances[i]
		switch {
		case !plainName(u.ID) || !plainName(u.AudioPath):
			b.find(Finding{Kind: KindName, Severity: SeverityError, Utterance: u.ID, File: u.AudioPath,
				Message: "the name has control characters or is not UTF-8; such a name can't stand in a table of results: rename the file"})
		case len(kept) > 0 && kept[len(kept)-1].ID == u.ID:
			first := kept[len(kept)-1]
			// Finding.Utterance stays empty: the utterance of that ID is used.
			b.find(Finding{Kind: KindDuplicate, Severity: SeverityError, File: u.source(), Line: u.TextLine,
				Message: fmt.Sprintf("utterance %s was already given at %s; the first is used", u.ID, strings.TrimSuffix(place(first.source(), first.TextLine, 0), ": "))})
		default:
			kept = append(kept, u)
		}
	}
	b.utterances = slices.Clip(kept)
	sortFindings(b.findings)
	b.findings = append(b.findings, b.overflow()...)
	if len(b.utterances) == 0 {
		where := b.spec.Root
		if b.spec.Layout == "table" {
			where = b.spec.Table
		}
		if len(b.findings) > 0 {
			first := b.findings[max(0, slices.IndexFunc(b.findings, func(f Finding) bool { return f.Severity == SeverityError }))]
			return nil, fmt.Errorf("%s: no usable utterance, %s, the first: %s", where, plural(len(b.findings), "finding"), first)
		}
		return nil, fmt.Errorf("%s: no utterances found: layout %s expects %s", where, b.layout.name, b.layout.expects)
	}
	if err := b.assignGroups(); err != nil {
		return nil, err
	}
	c := &Corpus{Spec: b.spec, Utterances: b.utterances, Findings: b.findings, ctm: b.ctm, sharers: b.sharers, silence: map[string]bool{}}
	for _, label := range b.spec.Silence {
		c.silence[strings.ToLower(tokenizer.TrimLabel(label))] = true
	}
	return c, nil
}

// source is the file that introduces the utterance: its transcript if it has one, else its audio.
func (u *Utterance) source() string {
	if u.TextFile != "" {
		return u.TextFile
	}
	return u.AudioPath
}
