package load

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/configs"
	"speechsim/extract"
	"speechsim/tokenizer"
)

// TestPronunciations: of several, the first, the last, or the nearest to the phones of most tokens.
func TestPronunciations(t *testing.T) {
	read := func(u int) extract.Row { return extract.Row{Utterance: u, Label: "Read", From: 0, To: 300} }
	phones := func(u int, labels string) (out []extract.Row) {
		for i, l := range strings.Fields(labels) {
			out = append(out, extract.Row{Utterance: u, Label: l, From: 100 * i, To: 100 * (i + 1)})
		}
		return out
	}
	join := func(lists ...[]extract.Row) *extract.Table {
		table := &extract.Table{Begin: []int{0}}
		for _, l := range lists {
			table.Rows = append(table.Rows, l...)
			table.Begin = append(table.Begin, len(table.Rows))
		}
		return table
	}
	unknown := extract.Row{Utterance: 0, Label: "zyx", From: 300, To: 400}
	cfg := &configs.Config{}
	s := &Speech{Segments: map[string]*extract.Table{
		"word":  join([]extract.Row{read(0), unknown}, []extract.Row{read(1)}, []extract.Row{read(2)}),
		"phone": join(phones(0, "R IY1 D S"), phones(1, "R EH1 D"), phones(2, "R IY0 D")),
	}}
	var err error
	s.Lexicon, err = tokenizer.ReadLexicon(strings.NewReader("READ  R EH1 D\nREAD(1)  R IY1 D\nREAD(2)  R AE1 D\n"), "l", tokenizer.LexiconOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for choice, want := range map[string]string{"first": "[R EH1 D]", "last": "[R AE1 D]", "nearest": "[R IY1 D]"} {
		cfg.Corpus.Lexicon = &configs.Lexicon{Choice: choice}
		got := s.Pronunciations(cfg)
		if len(got) != 1 || fmt.Sprint(got["read"]) != want {
			t.Errorf("%s: %v, want %s", choice, got, want)
		}
	}
}

// TestLexiconEncodings: a lexicon is read in the encodings in which labels and transcripts are.
func TestLexiconEncodings(t *testing.T) {
	const text = "CAF\u00c9  K AE0 F EY1\n"
	utf16LE := []byte("\xff\xfe")
	for _, r := range text {
		utf16LE = append(utf16LE, byte(r), byte(r>>8))
	}
	for name, tt := range map[string]struct {
		data []byte
		want string // the error
	}{
		"UTF-8":   {[]byte(text), ""},
		"UTF-16":  {utf16LE, ""},
		"Latin-1": {[]byte(strings.Replace(text, "\u00c9", "\xc9", 1)), ""},
		"UTF-32":  {[]byte("\xff\xfe\x00\x00C\x00\x00\x00"), "is UTF-32: convert it"},
		"pointer": {[]byte("version https://git-lfs.github.com/spec/v1\n"), "is a Git LFS pointer"},
	} {
		path := filepath.Join(t.TempDir(), "lexicon.txt")
		if err := os.WriteFile(path, tt.data, 0o666); err != nil {
			t.Fatal(err)
		}
		cfg := &configs.Config{}
		cfg.Corpus.Lexicon = &configs.Lexicon{File: path}
		l, err := ReadLexicon(cfg, nil)
		switch {
		case tt.want != "":
			if err == nil || !strings.Contains(err.Error(), path+": the file can't be read: "+tt.want) {
				t.Errorf("%s: error %v does not say %q", name, err, tt.want)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case !l.Has("caf\u00e9"):
			t.Errorf("%s: the word is not found", name)
		}
	}
}
