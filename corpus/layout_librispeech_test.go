package corpus

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const speakersTXT = "; ID |SEX| SUBSET | MINUTES | NAME\n84   | F | dev-clean | 8.02 | Christie Nowak\n174  | M | dev-clean | 8.04 | Peter Eastman\n"

// libriSpeech makes two speakers with three utterances, TextGrids next to the audio.
func libriSpeech(t testing.TB) string {
	root := t.TempDir()
	write(t, filepath.Join(root, "SPEAKERS.TXT"), speakersTXT)
	dir := filepath.Join(root, "dev-clean", "84", "121123")
	write(t, filepath.Join(dir, "84-121123.trans.txt"), "84-121123-0000 GO DO YOU HEAR\n84-121123-0001 BUT IN LESS\n")
	for i := range 2 {
		id := fmt.Sprintf("84-121123-%04d", i)
		write(t, filepath.Join(dir, id+".wav"), wav(16000, 1, tone(16000, 16000)))
	}
	write(t, filepath.Join(dir, "84-121123-0000.TextGrid"), grid(1,
		tier{"words", labels("", .1, "go", .3, "do", .5, "you", .6, "hear", .9, "", 1.)},
		tier{"phones", labels("", .1, "G", .2, "OW1", .3, "D", .4, "UW1", .5, "Y", .55, "UW1", .6, "HH", .7, "IH1", .8, "R", .9, "sil", 1.)}))
	dir = filepath.Join(root, "dev-clean", "174", "50561")
	write(t, filepath.Join(dir, "174-50561.trans.txt"), "174-50561-0000 FORGOTTEN TOO\r\n")
	write(t, filepath.Join(dir, "174-50561-0000.wav"), wav(16000, 1, tone(8000, 16000)))
	return root
}

func TestLibriSpeech(t *testing.T) {
	c := open(t, Spec{Layout: "librispeech", Root: libriSpeech(t), Subset: "dev-clean"})
	if got, want := ids(c), "174-50561-0000 84-121123-0000 84-121123-0001"; got != want {
		t.Fatalf("IDs %q, want %q", got, want)
	}
	wantFindings(t, c.Findings)
	u := &c.Utterances[1]
	if u.Speaker != "84" || u.Sex != "F" || u.Group != "84" || u.Text != "GO DO YOU HEAR" || u.TextLine != 1 {
		t.Errorf("utterance %+v", u)
	}
	a, err := c.Align(u)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Words) != 6 || len(a.Phones) != 11 {
		t.Fatalf("%d words and %d phones", len(a.Words), len(a.Phones))
	}
	if w := a.Words[1]; w.Label != "go" || w.From != 1600 || w.To != 4800 || w.Silent || w.Index != 1 || w.Line == 0 {
		t.Errorf("word %+v", w)
	}
	if !a.Words[0].Silent || !a.Phones[10].Silent {
		t.Error("silence is not marked")
	}
	if got := MatchWords(SplitWords(u.Text), a.Words); fmt.Sprint(got) != "[-1 0 1 2 3 -1]" {
		t.Errorf("MatchWords = %v", got)
	}
	x, err := c.Audio(u)
	if err != nil || len(x.Samples) != 16000 || x.Rate != 16000 {
		t.Fatalf("Audio: %v", err)
	}
	if got, want := x.Samples[10], float32(tone(11, 16000)[10])/32768; got != want {
		t.Errorf("sample %v, want %v", got, want)
	}
	if _, err := c.Align(&c.Utterances[2]); err == nil || !strings.Contains(err.Error(), "84-121123-0001.TextGrid") {
		t.Errorf("Align without a TextGrid: %v", err)
	}
}

// moveGrids moves the TextGrids of libriSpeech's chapter to another tree.
func moveGrids(t *testing.T, root, to string) {
	t.Helper()
	from := filepath.Join(root, "dev-clean", "84", "121123", "84-121123-0000.TextGrid")
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(to, filepath.Base(from)), string(text))
	if err := os.Remove(from); err != nil {
		t.Fatal(err)
	}
}

func TestLibriSpeechParallelAlignments(t *testing.T) {
	for _, layout := range []string{"dev-clean/84/121123", "84/121123", "dev-clean/84", "84", "LibriSpeech/dev-clean/84/121123"} {
		t.Run(layout, func(t *testing.T) {
			root, tree := libriSpeech(t), t.TempDir()
			moveGrids(t, root, filepath.Join(tree, layout))
			c := open(t, Spec{Layout: "librispeech", Root: root, Alignments: tree})
			if _, err := c.Align(&c.Utterances[1]); err != nil {
				t.Error(err)
			}
			if _, err := c.Align(&c.Utterances[2]); err == nil || !strings.Contains(err.Error(), "below "+tree) {
				t.Errorf("a TextGrid that is not there: %v", err)
			}
		})
	}
	openError(t, Spec{Layout: "librispeech", Root: libriSpeech(t), Alignments: "nowhere"}, "nowhere", "alignments")
}

func TestLibriSpeechRoots(t *testing.T) {
	root := libriSpeech(t)
	above := t.TempDir()
	if err := os.Symlink(root, filepath.Join(above, "LibriSpeech")); err != nil {
		t.Fatal(err)
	}
	for _, s := range []Spec{
		{Root: root}, {Root: filepath.Join(root, "dev-clean")}, {Root: above}, {Root: above, Subset: "dev-clean"},
		{Root: root, Subset: "dev-clean, dev-clean"},
	} {
		s.Layout = "librispeech"
		c := open(t, s)
		if len(c.Utterances) != 3 || c.Utterances[1].Sex != "F" {
			t.Errorf("%+v: %d utterances, sex %q", s, len(c.Utterances), c.Utterances[1].Sex)
		}
	}
	openError(t, Spec{Layout: "librispeech", Root: root, Subset: "dev-other"}, "dev-other", "dev-clean")
	openError(t, Spec{Layout: "librispeech", Root: root, Subset: "../" + filepath.Base(root)}, "no subset")
	openError(t, Spec{Layout: "librispeech", Root: filepath.Join(root, "nowhere")}, "nowhere", "be found")
	openError(t, Spec{Layout: "librispeech", Root: t.TempDir()}, "no *.trans.txt")
	openError(t, Spec{Layout: "librispeech"}, "not set")
	openError(t, Spec{Layout: "libri", Root: root}, `unknown layout "libri"`, "librispeech, timit")
	openError(t, Spec{Layout: "librispeech", Root: filepath.Join(root, "SPEAKERS.TXT")}, "is a file")
}

func TestLibriSpeechFindings(t *testing.T) {
	root := libriSpeech(t)
	dir := filepath.Join(root, "dev-clean", "84", "121123")
	write(t, filepath.Join(dir, "84-121123.trans.txt"), "\n84-121123-0000 GO DO YOU HEAR\n84-121123-0009 NO AUDIO\n84-121123-0001\n84-121123-0000 AGAIN\n84-121123-0002 CAF\xc9\n")
	write(t, filepath.Join(dir, "84-121123-0002.wav"), "")
	write(t, filepath.Join(dir, "84-121123-0003.wav"), "")
	write(t, filepath.Join(dir, "84-121123-0003.flac"), "")
	write(t, filepath.Join(root, "dev-clean", "84", "empty", "notes.md"), "")
	write(t, filepath.Join(root, "SPEAKERS.TXT"), "84 | X |\n174 | m | dev\nnonsense\n")
	c := open(t, Spec{Layout: "librispeech", Root: root})
	wantFindings(t, c.Findings,
		"warning missing-speaker", "warning missing-speaker",
		"warning missing-transcript", "warning duplicate",
		"error missing-audio", "warning bad-transcript", "error duplicate", "error not-utf-8", "warning missing-audio")
	if got, want := ids(c), "174-50561-0000 84-121123-0000 84-121123-0001 84-121123-0003"; got != want {
		t.Errorf("IDs %q, want %q", got, want)
	}
	if u := c.Utterances[1]; u.Text != "GO DO YOU HEAR" || u.TextLine != 2 {
		t.Errorf("the first of two lines is not used: %+v", u)
	}
	if u := c.Utterances[3]; filepath.Ext(u.AudioPath) != ".flac" {
		t.Errorf("FLAC is not preferred: %s", u.AudioPath)
	}
	last := c.Findings[len(c.Findings)-2]
	if last.Line != 6 || last.Col != 19 {
		t.Errorf("place of the byte that is not UTF-8: %v", last)
	}
}

// TestLibriTTS: its transcripts are a file an utterance, twice; the spoken form is read, in the layout of LibriSpeech and as any folder.
func TestLibriTTS(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "dev-clean", "84", "121123")
	sound := wav(24000, 1, tone(24000, 24000))
	for name, text := range map[string]string{
		"84_121123_000007_000001.wav": sound, "84_121123_000007_000001.original.txt": "Dr. Noirtier had 2 sons.\n", "84_121123_000007_000001.normalized.txt": "Doctor Noirtier had two sons.\n",
		"84_121123_000008_000000.wav": sound, "84_121123_000008_000000.original.txt": "“Alas,” he said.",
		"84_121123.trans.tsv": "84_121123_000007_000001\tDr. Noirtier\tDoctor Noirtier\n",
		// Sound that was itself normalised.
		"a.normalized.wav": sound, "a.normalized.txt": "one", "a.wav": sound, "a.txt": "two",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	write(t, filepath.Join(root, "SPEAKERS.TXT"), "84 | F | dev-clean | 8 | x\n")
	for _, layout := range []string{"librispeech", "folder"} {
		c := open(t, Spec{Layout: layout, Root: root, Audio: AudioSpec{Rate: 24000}})
		for i, want := range []string{"Doctor Noirtier had two sons.", "“Alas,” he said.", "two", "one"} {
			if u := c.Utterances[i]; u.Text != want || u.TextFile == "" {
				t.Errorf("%s: %s says %q in %s, want %q", layout, u.ID, u.Text, u.TextFile, want)
			}
		}
		if layout == "librispeech" {
			wantFindings(t, c.Findings)
		} else {
			wantFindings(t, c.Findings, "warning missing-audio") // SPEAKERS.TXT
		}
	}
}
