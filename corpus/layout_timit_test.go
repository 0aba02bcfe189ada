package corpus

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

const (
	sx1PHN = "0 1600 h#\n1600 3200 sh\n3200 4800 iy\n4800 5600 hv\n5600 7200 ae\n7200 7600 dcl\n7600 8000 jh\n8000 8800 q\n8800 9600 ih\n9600 12000 h#\n"
	sx1WRD = "1600 4800 she\n4800 8000 had\n7600 9600 you\n"
	sx1TXT = "0 12000 She had you.\n"
)

// timit makes a speaker a set, in the letter case of up.
func timit(t testing.TB, up bool) string {
	root := t.TempDir()
	cased := strings.ToLower
	if up {
		cased = strings.ToUpper
	}
	for _, dir := range []string{"TRAIN/DR1/FCJF0", "TRAIN/DR2/MABC0", "TEST/DR1/FELC0", "TEST/DR1/MXYZ0"} {
		for _, sentence := range []string{"SA1", "SX1"} {
			base := filepath.Join(root, cased(dir), cased(sentence))
			write(t, base+cased(".WAV"), sphere(16000, tone(12000, 16000)))
			write(t, base+cased(".PHN"), sx1PHN)
			write(t, base+cased(".WRD"), sx1WRD)
			write(t, base+cased(".TXT"), sx1TXT)
		}
	}
	write(t, filepath.Join(root, "README.DOC"), "")
	return root
}

func TestTIMIT(t *testing.T) {
	for _, up := range []bool{true, false} {
		root := timit(t, up)
		c := open(t, Spec{Layout: "timit", Root: root, SA: true})
		if got, want := ids(c), "FCJF0_SA1 FCJF0_SX1 FELC0_SA1 FELC0_SX1 MABC0_SA1 MABC0_SX1 MXYZ0_SA1 MXYZ0_SX1"; got != want {
			t.Fatalf("IDs %q, want %q", got, want)
		}
		wantFindings(t, c.Findings)
		u := &c.Utterances[1]
		if u.Speaker != "FCJF0" || u.Sex != "F" || u.Text != "She had you." || c.Utterances[7].Sex != "M" {
			t.Errorf("utterance %+v", u)
		}
		a, err := c.Align(u)
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Phones) != 10 || len(a.Words) != 3 || !a.Phones[0].Silent || a.Phones[5].Silent {
			t.Errorf("alignment %+v", a)
		}
		if w := a.Words[1]; w.From != 4800 || w.To != 8000 || w.Start != .3 || w.End != .5 || w.Line != 2 {
			t.Errorf("word %+v", w)
		}
		if x, err := c.Audio(u); err != nil || len(x.Samples) != 12000 {
			t.Errorf("Audio: %v", err)
		}
	}
}

func TestTIMITSubsets(t *testing.T) {
	root := timit(t, true)
	for subset, want := range map[string]string{
		"train": "FCJF0_SX1 MABC0_SX1", "test": "FELC0_SX1 MXYZ0_SX1", "core-test": "FELC0_SX1",
	} {
		if got := ids(open(t, Spec{Layout: "timit", Root: root, Subset: subset})); got != want {
			t.Errorf("%s without SA: %q, want %q", subset, got, want)
		}
	}
	if c := open(t, Spec{Layout: "timit", Root: filepath.Dir(root), Subset: "train"}.at(t, root)); len(c.Utterances) != 2 {
		t.Errorf("below TIMIT/: %d utterances", len(c.Utterances))
	}
	openError(t, Spec{Layout: "timit", Root: root, Subset: "dev"}, `no subset "dev"`, "core-test")
	openError(t, Spec{Layout: "timit", Root: filepath.Join(root, "TRAIN")}, "no folder TRAIN or TEST", "DR1, DR2")
}

// at puts the corpus below a folder TIMIT.
func (s Spec) at(t *testing.T, root string) Spec {
	s.Root = t.TempDir()
	link(t, root, filepath.Join(s.Root, "TIMIT"))
	return s
}

func TestTIMITFolding(t *testing.T) {
	root := timit(t, true)
	for set, want := range map[string]string{
		"":   "h# sh iy hv ae dcl jh q ih h#",
		"61": "h# sh iy hv ae dcl jh q ih h#",
		"48": "sil sh iy hh ae vcl jh ih sil",
		"39": "sil sh iy hh ae sil jh ih sil",
	} {
		c := open(t, Spec{Layout: "timit", Root: root, Phones: set})
		a, err := c.Align(&c.Utterances[0])
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range a.Phones {
			got = append(got, p.Label)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("set %q: %q, want %q", set, got, want)
		}
		if last := a.Phones[len(a.Phones)-1]; last.Index != 9 || !last.Silent || a.Phones[5].Silent {
			t.Errorf("set %q: index %d; a closure must not become silence", set, last.Index)
		}
	}
	openError(t, Spec{Layout: "timit", Root: root, Phones: "40"}, "61, 48 or 39")
	write(t, filepath.Join(root, "TRAIN/DR1/FCJF0/SX1.PHN"), "0 1600 xx\n")
	c := open(t, Spec{Layout: "timit", Root: root, Phones: "39"})
	if _, err := c.Align(&c.Utterances[0]); err == nil || !strings.Contains(err.Error(), `SX1.PHN:1: "xx"`) {
		t.Errorf("an unknown phone: %v", err)
	}
}

func TestTIMITResampled(t *testing.T) {
	c := open(t, Spec{Layout: "timit", Root: timit(t, true), Audio: AudioSpec{Rate: 24000, Resample: true}})
	a, err := c.Align(&c.Utterances[0])
	if err != nil {
		t.Fatal(err)
	}
	if w := a.Words[0]; w.From != 2400 || w.To != 7200 || w.Start != .1 {
		t.Errorf("word at 24 kHz: %+v", w)
	}
	if x, err := c.Audio(&c.Utterances[0]); err != nil || len(x.Samples) != 18000 {
		t.Errorf("Audio: %v", err)
	}
}

func TestTIMITFindings(t *testing.T) {
	root := timit(t, true)
	dir := filepath.Join(root, "TRAIN", "DR1", "XCJF0")
	write(t, filepath.Join(dir, "SX1.WAV"), sphere(16000, tone(12000, 16000)))
	write(t, filepath.Join(dir, "SX1.WAV.wav"), wav(16000, 1, tone(12000, 16000)))
	write(t, filepath.Join(dir, "sx1.wav"), wav(16000, 1, tone(12000, 16000)))
	write(t, filepath.Join(dir, "SX2.WAV.wav"), wav(16000, 1, tone(12000, 16000)))
	write(t, filepath.Join(dir, "SX2.TXT"), "0 12000\n")
	write(t, filepath.Join(dir, "SX3.PHN"), sx1PHN)
	write(t, filepath.Join(dir, "SX4.WAV"), "")
	write(t, filepath.Join(dir, "SX4.TXT"), "0 12000 Caf\xe9\n")
	write(t, filepath.Join(root, "TRAIN", "DR1", "FZZZ0", "sub", "SX1.WAV"), "")
	c := open(t, Spec{Layout: "timit", Root: root, Subset: "TRAIN"})
	if got, want := ids(c), "FCJF0_SX1 MABC0_SX1 XCJF0_SX1 XCJF0_SX2"; got != want {
		t.Errorf("IDs %q, want %q", got, want)
	}
	wantFindings(t, c.Findings, "warning missing-audio", "warning missing-speaker", "warning missing-transcript", "warning bad-transcript",
		"error missing-audio", "error not-utf-8", "warning duplicate")
	if u := c.Utterances[2]; !strings.HasSuffix(u.AudioPath, "SX1.WAV") {
		t.Errorf("the original is not used: %s", u.AudioPath)
	}
}

func TestParseTIMITLabels(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "f.phn: is empty: expected lines FROM TO LABEL",
		"0 10 a\n 5\tx b\n":      `f.phn:2:4: expected FROM TO LABEL, TO in samples, found "x"`,
		"zero 10 a\n":            `f.phn:1:1: expected FROM TO LABEL, FROM in samples, found "zero"`,
		"-1 10 a\n":              `f.phn:1:1: expected FROM TO LABEL, FROM in samples, found "-1"`,
		"0 99999999999999 a\n":   `f.phn:1:3: expected FROM TO LABEL, TO in samples, found "99999999999999"`,
		"0 10\n":                 `f.phn:1: expected FROM TO LABEL, found no label in "0 10"`,
		"0 10 a\n\n10 20 \xff\n": "f.phn:3:1: text is not UTF-8: convert the file, for example with iconv -f LATIN1 -t UTF-8",
	} {
		if _, err := parseTIMITLabels("f.phn", text); fmt.Sprint(err) != want {
			t.Errorf("%q: error %q, want %q", text, fmt.Sprint(err), want)
		}
	}
	got, err := parseTIMITLabels("f", "0 10 a\r\n10\t20  b c \r\n")
	if err != nil || len(got) != 2 || got[1].Label != "b c" || got[1].To != 20 || got[1].Index != 1 || got[1].Line != 2 {
		t.Errorf("%+v %v", got, err)
	}
}
