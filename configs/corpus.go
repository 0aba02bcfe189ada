package configs

import (
	"regexp"
	"strings"
)

// Corpus names exactly one corpus by its layout, and what goes with any.
type Corpus struct {
	Pos         Pos
	LibriSpeech *LibriSpeech `yaml:"librispeech"`
	TIMIT       *TIMIT       `yaml:"timit"`
	Folder      *Folder      `yaml:"folder"`
	Table       *Table       `yaml:"table"`
	Kaldi       *Kaldi       `yaml:"kaldi"`
	Silence     []string     // labels that count as silence; then usual ones of letters alone are words of the word tier
	Lexicon     *Lexicon     // pronunciations of the words
}

// Lexicon is a pronunciation lexicon: CMUdict, LibriSpeech's, Kaldi's or MFA's. In YAML a file, or a mapping.
type Lexicon struct {
	Pos    Pos
	File   string `path:""`
	Choice string // of several pronunciations the first (default), the last, or the nearest to the aligned phones
	Stress bool   // AH0 and AH1 are two phones, default true
}

// LibriSpeech is the layout SUBSET/SPEAKER/CHAPTER of the corpus of that name.
type LibriSpeech struct {
	Pos        Pos
	Root       string `path:""`
	Subset     string
	Alignments string `path:""` // tree of TextGrids, "" = next to the audio
	Groups     string `path:""` // CSV speaker,group: the unit of resampling where it is not the speaker
	Words      string // tier names, "" = the usual ones
	Phones     string
}

// TIMIT is the layout TRAIN|TEST/DR*/SPEAKER of the corpus of that name.
type TIMIT struct {
	Pos    Pos
	Root   string `path:""`
	Split  string // train, test, core-test, or "" for train and test
	SA     *bool  `yaml:"sa"` // the two sentences that every speaker reads, default true
	Fold   int    // 61 (default), 48 or 39 phones
	Groups string `path:""`
}

// Folder is any folder of audio files with a TextGrid and a transcript of the same stem next to each.
type Folder struct {
	Pos        Pos
	Root       string `path:""`
	Speaker    string // folder (default), top, none, or a regular expression with one group
	Alignments string `path:""`
	Groups     string `path:""`
	Words      string
	Phones     string
}

// Table is a CSV or TSV file with the columns audio, text, speaker, textgrid.
type Table struct {
	Pos    Pos
	File   string `path:""`
	Root   string `path:""` // what its paths are relative to, "" = the table's own folder
	Groups string `path:""`
	Words  string
	Phones string
}

// Kaldi is a Kaldi data directory.
type Kaldi struct {
	Pos        Pos
	Root       string `path:""`
	Alignments string `path:""` // folder of the CTM files, "" = the data directory
	Audio      string `path:""` // where relative paths in wav.scp start, "" = the data directory
	Groups     string `path:""`
}

// At is where a mistake in the corpus is to be mended that others found: at the --set whose value the message has, else at the
// layout's root, or where the corpus is.
func (c *Corpus) At(mistake error) Pos {
	layout := c.layout()
	for _, at := range layout.elsewhere {
		if _, value, set := strings.Cut(at.Set, "="); set && strings.Contains(mistake.Error(), value) {
			return at
		}
	}
	if at := layout.Of("root", "file"); at.Set != c.Pos.Set || at.File != c.Pos.File {
		return at
	}
	return c.Pos
}

// layout is where the keys of the layout stand.
func (c *Corpus) layout() Pos {
	switch {
	case c.LibriSpeech != nil:
		return c.LibriSpeech.Pos
	case c.TIMIT != nil:
		return c.TIMIT.Pos
	case c.Folder != nil:
		return c.Folder.Pos
	case c.Table != nil:
		return c.Table.Pos
	case c.Kaldi != nil:
		return c.Kaldi.Pos
	}
	return c.Pos
}

var (
	speakers = []string{"folder", "top", "none"}
	choices  = []string{"first", "last", "nearest"}
)

func (c *Config) validateCorpus(oneOf func(Pos, string, *string, []string), bad func(Pos, string, ...any)) {
	n := 0
	root := func(p Pos, layout, root string) {
		n++
		if root == "" {
			bad(p, "corpus.%s.root is missing", layout)
		}
	}
	k := &c.Corpus
	if k.LibriSpeech != nil {
		root(k.LibriSpeech.Pos.Of("root"), "librispeech", k.LibriSpeech.Root)
	}
	if k.TIMIT != nil {
		root(k.TIMIT.Pos.Of("root"), "timit", k.TIMIT.Root)
		if f := k.TIMIT.Fold; f != 0 && f != 61 && f != 48 && f != 39 {
			bad(k.TIMIT.Pos.Of("fold"), "corpus.timit.fold is %d; it must be 61, 48 or 39", f)
		}
		if s := strings.ToLower(k.TIMIT.Split); s != "" && s != "train" && s != "test" && s != "core-test" {
			bad(k.TIMIT.Pos.Of("split"), "corpus.timit.split is %q; it must be train, test or core-test", k.TIMIT.Split)
		}
	}
	if k.Folder != nil {
		root(k.Folder.Pos.Of("root"), "folder", k.Folder.Root)
		if r, err := regexp.Compile(k.Folder.Speaker); k.Folder.Speaker != "" && !contains(speakers, k.Folder.Speaker) && (err != nil || r.NumSubexp() != 1) {
			bad(k.Folder.Pos.Of("speaker"), "corpus.folder.speaker is %q; it must be %s, or a regular expression with one group that finds the speaker in the name of an utterance, such as ([^/_]+)_",
				k.Folder.Speaker, strings.Join(speakers, ", "))
		}
	}
	if k.Table != nil {
		n++
		if k.Table.File == "" {
			bad(k.Table.Pos.Of("file"), "corpus.table.file is missing")
		}
	}
	if k.Kaldi != nil {
		root(k.Kaldi.Pos.Of("root"), "kaldi", k.Kaldi.Root)
	}
	if l := k.Lexicon; l != nil {
		if l.File == "" {
			bad(l.Pos.Of("file"), "corpus.lexicon.file is missing")
		}
		oneOf(l.Pos.Of("choice"), "corpus.lexicon.choice", &l.Choice, choices)
	}
	if n != 1 {
		p := k.Pos.Of("librispeech", "timit", "folder", "table", "kaldi")
		if p.Line == 0 && p.Set == "" {
			p = c.Pos
		}
		bad(p, "corpus must hold exactly one of librispeech, timit, folder, table, kaldi; it holds %d", n)
	}
}
