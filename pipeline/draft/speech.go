package draft

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"speechsim/corpus"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/internal/text"
)

// Place is where speech lies, as far as its owner says.
type Place struct {
	Folder     string // or the file of a table
	Layout     string // "" = found out
	Subset     string // "" = all
	Alignments string // "" = looked for
}

// Speech is what was found there.
type Speech struct {
	Place
	Subsets      []string // of LibriSpeech, where there are several
	Utterances   int
	Speakers     int
	Groups       int  // of resampling: the speakers, or the utterances where none is known
	Words        bool // a word tier
	Phones       bool
	Resample     bool // audio at another rate
	Mix          bool // audio of several channels
	Sound        string
	Speaker      string // where speakers may stand in file names, if folders do not tell them
	SpeakerGives string
	Notes        []string
}

func (s *Speech) String() string {
	labels := "without words and phones"
	switch {
	case s.Words && s.Phones:
		labels = "with words and phones"
	case s.Words:
		labels = "with words"
	case s.Phones:
		labels = "with phones"
	}
	speakers := "by " + text.Count(s.Speakers, "speaker", "speakers")
	if s.Speakers == 0 {
		speakers = "whose speakers are not known"
	}
	return fmt.Sprintf("%s: %s %s, %s", titles[s.Layout], text.Count(s.Utterances, "utterance", "utterances"), speakers, labels)
}

// titles are what people call the layouts.
var titles = map[string]string{"librispeech": "LibriSpeech's layout", "timit": "TIMIT's layout", "folder": "a folder of audio files", "table": "a table", "kaldi": "a data directory of Kaldi"}

// looked is how many utterances are opened to see what all are like.
const looked = 20

// LookAtSpeech finds out what lies in a place: the layout, subsets, alignments, speakers, tiers, and how the audio is kept.
func LookAtSpeech(ctx context.Context, p Place) (*Speech, error) {
	if _, err := os.Stat(p.Folder); err != nil {
		return nil, fmt.Errorf("the corpus %s can't be opened: %w", p.Folder, errors.Unwrap(err))
	}
	if p.Layout != "" && !slices.Contains(corpus.Layouts(), p.Layout) {
		return nil, fmt.Errorf("there is no layout %q (known: %s)", p.Layout, strings.Join(corpus.Layouts(), ", "))
	}
	s := &Speech{Place: p}
	c, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	if c, err = s.alignments(ctx, c); err != nil {
		return nil, err
	}
	s.Utterances = len(c.Utterances)
	s.subsets(c)
	s.speakers(ctx, c)
	s.labels(c)
	s.audio(c)
	return s, ctx.Err()
}

// spec is what package corpus is to open.
func (s *Speech) spec(layout string) corpus.Spec {
	spec := corpus.Default(layout)
	spec.Root, spec.Subset, spec.Alignments = s.Folder, s.Subset, s.Alignments
	if layout == "table" {
		spec.Root, spec.Table = "", s.Folder
	}
	return spec
}

// open opens the corpus, by the one layout that has utterances there.
func (s *Speech) open(ctx context.Context) (*corpus.Corpus, error) {
	if info, err := os.Stat(s.Folder); s.Layout == "" && err == nil && !info.IsDir() {
		if ext := strings.ToLower(filepath.Ext(s.Folder)); ext != ".csv" && ext != ".tsv" {
			return nil, fmt.Errorf("%s is a file: the folder of a corpus is wanted, or a table, NAME.csv or NAME.tsv", s.Folder)
		}
		s.Layout = "table"
	}
	if s.Layout != "" {
		return corpus.Open(ctx, s.spec(s.Layout))
	}
	var found *corpus.Corpus
	var names []string
	var why error
	for _, layout := range []string{"kaldi", "timit", "librispeech"} { // these say what they are
		c, err := corpus.Open(ctx, s.spec(layout))
		switch {
		case layout == "librispeech" && s.Subset != "" && err != nil:
			why = err // it names the subsets that are there
		case err != nil, layout == "librispeech" && !hasTranscripts(c):
		default:
			found, names = c, append(names, layout)
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case len(names) == 1:
		s.Layout = names[0]
		return found, nil
	case len(names) > 1:
		return nil, fmt.Errorf("%s can be read by the layouts %s: give the folder of one corpus, or --layout", s.Folder, strings.Join(names, " and "))
	case why != nil:
		return nil, why
	}
	c, err := corpus.Open(ctx, s.spec("folder"))
	if err != nil {
		return nil, fmt.Errorf("%s is no corpus that is known: it has neither the folders of LibriSpeech or TIMIT, nor the wav.scp of Kaldi, nor audio files (%w)", s.Folder, err)
	}
	s.Layout = "folder"
	return c, nil
}

// hasTranscripts says whether a corpus has the transcripts of LibriSpeech or LibriTTS, which other folders of three levels have not.
func hasTranscripts(c *corpus.Corpus) bool {
	return slices.ContainsFunc(c.Utterances, func(u corpus.Utterance) bool {
		return strings.HasSuffix(u.TextFile, ".trans.txt") || strings.HasSuffix(u.TextFile, ".normalized.txt")
	})
}

// alignments looks for TextGrids where the corpus has none beside its audio: in folders beside it that are named for that.
func (s *Speech) alignments(ctx context.Context, c *corpus.Corpus) (*corpus.Corpus, error) {
	if s.Alignments != "" || aligned(c) > 0 || s.Layout != "librispeech" && s.Layout != "folder" {
		if s.Alignments != "" && aligned(c) == 0 {
			return nil, fmt.Errorf("%s has the alignment of no utterance of %s", s.Alignments, s.Folder)
		}
		return c, nil
	}
	whole, err := filepath.Abs(s.Folder)
	if err != nil {
		return nil, err
	}
	for i, parent := range []string{s.Folder, filepath.Join(s.Folder, ".."), filepath.Join(s.Folder, "..", "..")} {
		if i == 2 && filepath.Dir(whole) == filepath.Dir(filepath.Dir(whole)) {
			break
		}
		items, _ := os.ReadDir(parent) // what can't be read holds nothing
		for _, item := range items {
			if !strings.Contains(strings.ToLower(item.Name()), "align") {
				continue
			}
			tried := *s
			tried.Alignments = filepath.Join(parent, item.Name())
			if found, err := corpus.Open(ctx, tried.spec(s.Layout)); err == nil && aligned(found) > 0 {
				s.Alignments = tried.Alignments
				return found, nil
			}
		}
	}
	return c, ctx.Err()
}

// aligned counts the utterances with labels.
func aligned(c *corpus.Corpus) (n int) {
	for i := range c.Utterances {
		if u := &c.Utterances[i]; files.Exists(u.WordsFile) || files.Exists(u.PhonesFile) {
			n++
		}
	}
	return n
}

// subsets finds the subsets of LibriSpeech.
func (s *Speech) subsets(c *corpus.Corpus) {
	if s.Layout != "librispeech" || s.Subset != "" {
		return
	}
	for i := range c.Utterances {
		subset := filepath.Dir(filepath.Dir(filepath.Dir(c.Utterances[i].AudioPath)))
		if name := filepath.Base(subset); filepath.Clean(subset) != filepath.Clean(s.Folder) && !slices.Contains(s.Subsets, name) {
			s.Subsets = append(s.Subsets, name)
		}
	}
	slices.Sort(s.Subsets)
}

// inNames are places of the speaker in the name of a file, such as mary_012.wav.
var inNames = []string{`([^/_]+)_[^/]*$`, `([^/-]+)-[^/]*$`}

// speakers counts the speakers. Where folders do not tell them, names of files may.
func (s *Speech) speakers(ctx context.Context, c *corpus.Corpus) {
	s.Speakers, s.Groups = distinct(c)
	if s.Layout != "folder" || s.Speakers > 1 || s.Utterances < 4 {
		return
	}
	for _, rule := range append([]string{"top"}, inNames...) {
		spec := s.spec(s.Layout)
		spec.Speaker = rule
		if tried, err := corpus.Open(ctx, spec); err == nil {
			if n, _ := distinct(tried); n > 1 && 2*n <= s.Utterances {
				s.Speaker, s.SpeakerGives = rule, text.Count(n, "speaker", "speakers")
				return
			}
		}
	}
}

// distinct counts the speakers of a corpus, and its groups.
func distinct(c *corpus.Corpus) (speakers, groups int) {
	known, all := map[string]bool{}, map[string]bool{}
	for i := range c.Utterances {
		u := &c.Utterances[i]
		all[u.Group] = true
		if u.Speaker != "" {
			known[u.Speaker] = true
		}
	}
	return len(known), len(all)
}

// spread are a few utterances of a corpus, from all of it.
func spread(list []*corpus.Utterance) []*corpus.Utterance {
	if len(list) <= looked {
		return list
	}
	out := make([]*corpus.Utterance, looked)
	for i := range out {
		out[i] = list[i*len(list)/looked]
	}
	return out
}

// labels finds out which tiers the alignments have.
func (s *Speech) labels(c *corpus.Corpus) {
	var list []*corpus.Utterance
	for i := range c.Utterances {
		if u := &c.Utterances[i]; files.Exists(u.WordsFile) || files.Exists(u.PhonesFile) {
			list = append(list, u)
		}
	}
	var fault error
	for _, u := range spread(list) {
		a, err := c.Align(u)
		if err != nil {
			fault = err
			continue
		}
		s.Words, s.Phones = s.Words || a.Words != nil, s.Phones || a.Phones != nil
	}
	if fault != nil && !s.Words && !s.Phones {
		s.Notes = append(s.Notes, oneLine(fmt.Sprintf("the alignments can't be used: %v", fault)))
	}
	if n := s.Utterances - len(list); len(list) > 0 && n > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%d of %d utterances have no alignment", n, s.Utterances))
	}
}

// audio finds out whether the audio is kept as models take it.
func (s *Speech) audio(c *corpus.Corpus) {
	all := make([]*corpus.Utterance, len(c.Utterances))
	for i := range all {
		all[i] = &c.Utterances[i]
	}
	var sound []string
	note := func(what string) {
		if !slices.Contains(sound, what) {
			sound = append(sound, what)
		}
	}
	for _, u := range spread(all) {
		info, err := c.AudioInfo(u)
		if err != nil {
			continue // `pipeline check` tells
		}
		if info.Rate != c.Spec.Audio.Rate {
			s.Resample = true
			note(fmt.Sprintf("some files have %d Hz", info.Rate))
		}
		if info.Channels > 1 && u.Channel == "" {
			s.Mix = true
			note(text.Count(info.Channels, "channel", "channels"))
		}
	}
	s.Sound = strings.Join(sound, ", ")
}

var lineBreaks = regexp.MustCompile(`\s*[\r\n]+\s*`)

// oneLine is text as a comment can hold it.
func oneLine(s string) string { return lineBreaks.ReplaceAllString(s, " ") }
