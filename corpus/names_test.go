package corpus

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// TestNamesOfBothForms: in every layout, the audio, the lists and the labels may have their names in other Unicode forms, as in a
// corpus whose audio went through macOS.
func TestNamesOfBothForms(t *testing.T) {
	sound := wav(16000, 1, tone(16000, 16000))
	g := grid(1, tier{norm.NFD.String("zoë - words"), labels("José", 1.)}, tier{"other - words", labels("x", 1.)})
	for name, forms := range map[string][2]norm.Form{"audio in NFD": {norm.NFD, norm.NFC}, "audio in NFC": {norm.NFC, norm.NFD}} {
		audio, other := forms[0].String, forms[1].String
		check := func(t *testing.T, s Spec, id string) {
			t.Helper()
			c := open(t, s)
			wantFindings(t, c.Findings)
			if len(c.Utterances) != 1 {
				t.Fatalf("%d utterances", len(c.Utterances))
			}
			u := &c.Utterances[0]
			if u.ID != norm.NFC.String(id) || u.Speaker != norm.NFC.String("zoë") || u.Group != "g" || u.Text != other("a José") {
				t.Errorf("%+v", u)
			}
			a, err := c.Align(u)
			if err != nil {
				t.Fatal(err)
			}
			if m := MatchWords(SplitWords(u.Text), a.Words); len(m) != 1 || m[0] != 1 {
				t.Errorf("the words match as %v", m)
			}
			if _, err := c.Audio(u); err != nil {
				t.Error(err)
			}
		}
		groups := filepath.Join(t.TempDir(), "groups.csv")
		write(t, groups, other("zoë,g\n"))

		t.Run("folder, "+name, func(t *testing.T) {
			root := t.TempDir()
			write(t, filepath.Join(root, audio("zoë/José.wav")), sound)
			write(t, filepath.Join(root, audio("zoë"), other("José.lab")), other("a José"))
			write(t, filepath.Join(root, audio("zoë"), other("José.TextGrid")), g)
			check(t, Spec{Layout: "folder", Root: root, Groups: groups}, "zoë/José")
			tree := t.TempDir()
			write(t, filepath.Join(tree, other("zoë/José.TextGrid")), g)
			check(t, Spec{Layout: "folder", Root: root, Groups: groups, Alignments: tree}, "zoë/José")
		})
		t.Run("librispeech, "+name, func(t *testing.T) {
			root, tree := t.TempDir(), t.TempDir()
			write(t, filepath.Join(root, "SPEAKERS.TXT"), other("zoë | F | dev\n"))
			write(t, filepath.Join(root, "dev", audio("zoë"), "1", audio("é-1.wav")), sound)
			write(t, filepath.Join(root, "dev", audio("zoë"), "1", "1.trans.txt"), other("é-1 a José\n"))
			write(t, filepath.Join(tree, other("zoë"), "1", other("é-1.TextGrid")), g)
			s := Spec{Layout: "librispeech", Root: root, Groups: groups, Alignments: tree}
			check(t, s, "é-1")
			if u := open(t, s).Utterances[0]; u.Sex != "F" {
				t.Errorf("%+v", u)
			}
		})
		t.Run("table, "+name, func(t *testing.T) {
			root := t.TempDir()
			write(t, filepath.Join(root, audio("é"), audio("José.wav")), sound)
			write(t, filepath.Join(root, audio("é"), other("José.TextGrid")), g)
			write(t, filepath.Join(root, "t.csv"), other("audio,text,speaker,textgrid\né/José.wav,a José,zoë,é/José.TextGrid\n"))
			check(t, Spec{Layout: "table", Table: filepath.Join(root, "t.csv"), Groups: groups}, "é/José")
		})
		t.Run("kaldi, "+name, func(t *testing.T) {
			root := t.TempDir()
			write(t, filepath.Join(root, audio("é"), audio("José.wav")), sound)
			write(t, filepath.Join(root, "wav.scp"), audio("José ")+other("é/José.wav\n"))
			write(t, filepath.Join(root, "segments"), audio("é-1 ")+other("José 0 1\n"))
			write(t, filepath.Join(root, "text"), other("é-1 a José\n"))
			write(t, filepath.Join(root, "utt2spk"), other("é-1 ")+audio("zoë\n"))
			write(t, filepath.Join(root, "spk2gender"), other("zoë f\n"))
			write(t, filepath.Join(root, "words.ctm"), other("é-1 1 0 1 ")+audio("José\n"))
			check(t, Spec{Layout: "kaldi", Root: root, Groups: groups}, "é-1")
		})
	}
	t.Run("timit", func(t *testing.T) {
		base := filepath.Join(t.TempDir(), "TRAIN", "DR1", "FCJF0")
		write(t, filepath.Join(base, norm.NFD.String("SXÉ.WAV")), sphere(16000, tone(12000, 16000)))
		for ext, text := range map[string]string{".PHN": sx1PHN, ".WRD": sx1WRD, ".TXT": sx1TXT} {
			write(t, filepath.Join(base, norm.NFC.String("SXÉ")+ext), text)
		}
		c := open(t, Spec{Layout: "timit", Root: filepath.Join(base, "..", "..", "..")})
		if wantFindings(t, c.Findings); ids(c) != norm.NFC.String("FCJF0_SXÉ") {
			t.Errorf("IDs %q", ids(c))
		}
	})
}

// TestTwoForms: two files whose names differ in Unicode form only are two files for one name.
func TestTwoForms(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, norm.NFD.String("é.wav")), wav(16000, 1, tone(1600, 16000)))
	write(t, filepath.Join(root, norm.NFC.String("é.wav")), wav(16000, 1, tone(1600, 16000)))
	write(t, filepath.Join(root, "é.lab"), "x")
	if names, err := os.ReadDir(root); err != nil || len(names) < 3 {
		t.Skip("this file system keeps one form")
	}
	c := open(t, Spec{Layout: "folder", Root: root})
	wantFindings(t, c.Findings, "warning duplicate")
	if m := c.Findings[0].Message; !strings.Contains(m, "differ in Unicode form only") {
		t.Error(m)
	}
}

// TestFoldersOfBothForms: where the folders are two, labels are told why they lack their audio.
func TestFoldersOfBothForms(t *testing.T) {
	root := filepath.Join(t.TempDir(), norm.NFD.String("é"))
	write(t, filepath.Join(root, norm.NFD.String("zoë/a.wav")), wav(16000, 1, tone(1600, 16000)))
	write(t, filepath.Join(root, norm.NFC.String("zoë/a.lab")), "x")
	if names, err := os.ReadDir(root); err != nil || len(names) < 2 {
		t.Skip("this file system keeps one form")
	}
	c := open(t, Spec{Layout: "folder", Root: norm.NFC.String(root)})
	wantFindings(t, c.Findings, "warning missing-transcript", "error missing-audio")
	if m := c.Findings[1].Message; !strings.Contains(m, "differs in Unicode form only") {
		t.Error(m)
	}
}

// TestFilesOfMacOS: a corpus is the same with what macOS leaves beside every file of it.
func TestFilesOfMacOS(t *testing.T) {
	tree := libriSpeech(t)
	for _, s := range []Spec{
		{Layout: "folder", Root: folder(t)},
		{Layout: "folder", Root: libriSpeech(t), Alignments: tree},
		{Layout: "librispeech", Root: libriSpeech(t)},
		{Layout: "librispeech", Root: libriSpeech(t), Alignments: tree},
		{Layout: "timit", Root: timit(t, true)},
		{Layout: "kaldi", Root: kaldi(t)},
	} {
		before := open(t, s)
		macOS(t, s.Root)
		if s.Alignments != "" {
			macOS(t, s.Alignments)
		}
		after := open(t, s)
		if ids(after) != ids(before) {
			t.Errorf("%s: IDs %q, want %q", s.Layout, ids(after), ids(before))
		}
		for i := range min(len(after.Utterances), len(before.Utterances)) {
			if after.Utterances[i] != before.Utterances[i] {
				t.Errorf("%s: %+v, want %+v", s.Layout, after.Utterances[i], before.Utterances[i])
			}
		}
		if len(after.Findings) != len(before.Findings) {
			t.Errorf("%s: findings %v, want %v", s.Layout, after.Findings, before.Findings)
		}
	}
}

// macOS puts beside every file its companion, into every folder its settings, and beside all of them the companions as zip files
// have them.
func macOS(t *testing.T, root string) {
	t.Helper()
	const companion = "\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "
	var files, dirs []string
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if ofMacOS(d.Name()) && d.IsDir() {
			return fs.SkipDir
		}
		if d.IsDir() {
			dirs = append(dirs, path)
		} else if !ofMacOS(d.Name()) {
			files = append(files, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		dir, name := filepath.Split(f)
		write(t, filepath.Join(dir, "._"+name), companion)
		write(t, filepath.Join(root, "__MACOSX", strings.TrimPrefix(dir, root), "._"+name), companion)
		write(t, filepath.Join(root, "__MACOSX", strings.TrimPrefix(dir, root), name), companion)
	}
	for _, d := range dirs {
		write(t, filepath.Join(d, ".DS_Store"), "\x00\x00\x00\x01Bud1")
	}
}

// TestTwinsOfLabels: of two TextGrids, or transcripts, whose names differ in Unicode form only the first is used, and that is told.
func TestTwinsOfLabels(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, norm.NFC.String("é.wav")), wav(16000, 1, tone(16000, 16000)))
	for _, form := range []norm.Form{norm.NFD, norm.NFC} {
		write(t, filepath.Join(root, form.String("é.lab")), "a")
		write(t, filepath.Join(root, form.String("é.TextGrid")), grid(1, tier{"words", labels("a", 1.)}))
	}
	if items, err := os.ReadDir(root); err != nil || len(items) != 5 {
		t.Skip("this file system keeps one form")
	}
	c := open(t, Spec{Layout: "folder", Root: root})
	told := 0
	for _, f := range c.Findings {
		if f.Kind == KindDuplicate && strings.Contains(f.Message, "is used, this one is not") {
			told++
		}
	}
	if told != 2 || len(c.Utterances) != 1 {
		t.Errorf("%d utterances, %v", len(c.Utterances), c.Findings)
	}
}
