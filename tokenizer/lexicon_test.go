package tokenizer

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The same few words as each of the published files writes them.
const (
	cmudict07b = ";;; # CMUdict  --  Major Version: 0.07\r\n" +
		";;;\r\n" +
		"!EXCLAMATION-POINT  EH2 K S K L AH0 M EY1 SH AH0 N P OY2 N T\r\n" +
		"#HASH-MARK  HH AE1 M AA2 R K\r\n" +
		"(PAREN  P ER0 EH1 N\r\n" +
		"'BOUT  B AW1 T\r\n" +
		"D\xc9J\xc0  D EY1 ZH AA1\r\n" +
		"READ  R EH1 D\r\n" +
		"READ(1)  R IY1 D\r\n" +
		"THE  DH AH0\r\n" +
		"THE(1)  DH AH1\r\n" +
		"THE(2)  DH IY0\r\n"
	cmudictNew = "'bout B AW1 T\n" +
		"aalborg AO1 L B AO0 R G # place, danish\n" +
		"read R EH1 D\n" +
		"read(2) R IY1 D # old\n" +
		"the DH AH0\n" +
		"the(2) DH AH1\n" +
		"the(3) DH IY0\n"
	librispeech = "'BOUT\tB AW1 T\n" +
		"READ\tR EH1 D\n" +
		"READ\tR IY1 D\n" +
		"THE   DH AH0\n" +
		"THE   DH AH1\n" +
		"THE   DH IY0\n"
	kaldiProbabilities = "'BOUT 1.0 B AW1 T\n" +
		"READ 0.65 R EH1 D\n" +
		"READ 1.0\tR IY1 D\n" +
		"THE\t0.99\t0.17\t1.0\t1.0\tDH AH0\n" +
		"THE\t0.2\t0.17\t1.0\t1.0\tDH AH1\n" +
		"THE\t0.1\t1.0e-3\t1.0\t1.0\tDH IY0\n"
	// As Kaldi's dict_dir_add_pronprobs.sh and MFA's train_dictionary write probabilities: the best is 1.
	kaldiWhole = "'BOUT 1 B AW1 T\nREAD 1 R EH1 D\nREAD 0.111111 R IY1 D\nTHE 1 DH AH0\nTHE 0.428571 DH AH1\nTHE 1e-05 DH IY0\n"
	mfaWhole   = "'bout\t1\t0.0\t0.0\t0.0\tB AW1 T\nread\t1\t0\t1.2\t0.9\tR EH1 D\nread\t0.99\t0.2\t1.0\t1\tR IY1 D\n" +
		"the\t1\t0\t2\t1\tDH AH0\nthe\t0.5\t0.17\t1.0\t1.0\tDH AH1\nthe\t1e-05\t0.17\t1.0\t1.0\tDH IY0\n"
	nltk = "'BOUT 1 B AW1 T\nREAD 1 R EH1 D\nREAD 2 R IY1 D\nTHE 1 DH AH0\nTHE 2 DH AH1\nTHE 3 DH IY0\n"
)

func lexiconOf(t testing.TB, text string, o LexiconOptions) *Lexicon {
	t.Helper()
	l, err := ReadLexicon(strings.NewReader(text), "lexicon.txt", o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLexiconFormats(t *testing.T) {
	for name, text := range map[string]string{
		"cmudict 0.7b": cmudict07b, "cmudict new": cmudictNew, "librispeech": librispeech, "kaldi": kaldiProbabilities,
		"kaldi, 1": kaldiWhole, "mfa, 1": mfaWhole, "nltk": nltk,
	} {
		t.Run(name, func(t *testing.T) {
			l := lexiconOf(t, text, LexiconOptions{})
			for word, want := range map[string][][]string{
				"read":  {{"R", "EH1", "D"}, {"R", "IY1", "D"}},
				"THE":   {{"DH", "AH0"}, {"DH", "AH1"}, {"DH", "IY0"}},
				"'Bout": {{"B", "AW1", "T"}},
				"none":  nil,
				"":      nil,
			} {
				if diff := cmp.Diff(want, l.Pronunciations(word)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", word, diff)
				}
			}
		})
	}
}

func TestLexiconDetails(t *testing.T) {
	l := lexiconOf(t, cmudict07b+cmudictNew, LexiconOptions{})
	if l.Len() != 8 {
		t.Errorf("got %d words, want 8", l.Len())
	}
	for word, want := range map[string]string{
		"#hash-mark":         "HH AE1 M AA2 R K", // not a comment
		"(paren":             "P ER0 EH1 N",      // no number of a variant
		"DÉJÀ":               "D EY1 ZH AA1",     // Latin-1 in the file
		"déjà":               "D EY1 ZH AA1",     // letter case beyond ASCII
		"aalborg":            "AO1 L B AO0 R G",  // a comment after the phones
		"the":                "DH AH0",           // variants of both files under one word
		";;;":                "",                 // a comment, no word
		"!exclamation-point": "EH2 K S K L AH0 M EY1 SH AH0 N P OY2 N T",
	} {
		phones, ok := l.Pronunciation(word, First, nil)
		if ok != (want != "") || strings.Join(phones, " ") != want {
			t.Errorf("%s: got %v, %t, want %s", word, phones, ok, want)
		}
	}
	if n := len(l.Pronunciations("the")); n != 6 {
		t.Errorf("THE has %d pronunciations, want 6", n)
	}
}

// TestLexiconNumbers: whether a number is a phone is decided by all lines of the file.
func TestLexiconNumbers(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"SAMPA", "schön S 2: n\nÖl 2 l\nHärte 1 9\n", "S 2: n, 2 l, 1 9"},
		{"SAMPA, one word", "Öl 2 l\n", "2 l"},
		{"SAMPA with probabilities", "Öl 1 2 l\nSchön 0.5 S 2: n\nÖre 1e-05 2 r @\n", "2 l, S 2: n, 2 r @"},
		{"SAMPA with MFA's numbers", "Öl\t1\t0\t0\t0\t2 l\nÖre\t0.5\t0.2\t1\t1\t2 9\n", "2 l, 2 9"},
		{"all words begin with a number", "Öl 1 2 l\nÖre 1 2 r\n", "2 l, 2 r"},
		{"an added line among MFA's", "a 1 0.0 0.0 0.0 AH0\nnew N UW1\n", "AH0, N UW1"},
		{"whole numbers after a decimal of MFA's, beside a line with one", "a 1 0.1 1 1 AH0\nthe 1 DH AH\n", "AH0, DH AH"},
		{"whole numbers after a decimal of MFA's, beside a line with none", "a 0.9 1 1 1 AH0\nthe DH AH\n", "AH0, DH AH"},
		{"an added line among probabilities", "a 0.5 AH0\nb 1e-05 B\nnew N UW1\n", "AH0, B, N UW1"},
		{"comments and a byte order mark", "\ufeff;;; 1\n\na 1 AH0 # 1\nb 0.5 B\n", "AH0, B"},
		{"names of numbers", "a nan inf\nb 0x1 b\n", "nan inf, 0x1 b"},
	} {
		var got []string
		err := ScanLexicon(strings.NewReader(test.text), "l.txt", func(p Pronunciation) error {
			got = append(got, strings.Join(p.Phones, " "))
			return nil
		})
		if err != nil || strings.Join(got, ", ") != test.want {
			t.Errorf("%s: got %q, %v, want %q", test.name, strings.Join(got, ", "), err, test.want)
		}
	}
}

// TestLexiconUndecided: where most lines, but not all, have a 1 before the phones, it is not taken for a phone in silence.
func TestLexiconUndecided(t *testing.T) {
	err := ScanLexicon(strings.NewReader("a 1 AH0\nb 1 B IY\nnew N UW1\nc 1 S IY\n"), "l.txt", func(Pronunciation) error { return nil })
	if want := "l.txt:3:1: 3 of 4 lines have a number before the phones, and that of \"new\" has none"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v", err)
	}
}

// TestLexiconForms: a word is one in however many characters an accent is written.
func TestLexiconForms(t *testing.T) {
	l := lexiconOf(t, "\u00e9t\u00e9 E T E\n", LexiconOptions{})
	if !l.Has("e\u0301te\u0301") || !l.Has("\u00e9t\u00e9") {
		t.Error("one of the two forms is not there")
	}
}

// Two letters of Turkish, and an apostrophe in two spellings.
func TestLexiconFolds(t *testing.T) {
	l, err := ReadLexicon(strings.NewReader("kır k ɯ r\nkir k i r\ndon't d o n t\nοδος o ð o s\n"), "l", LexiconOptions{Words: map[string]bool{"Kır": true, "KIR": true, "don’t": true, "ΟΔΟΣ": true}})
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]string{"Kır": "k ɯ r", "Kir": "k i r", "DON’T": "d o n t", "ΟΔΟΣ": "o ð o s"} {
		if got := l.Pronunciations(word); len(got) != 1 || strings.Join(got[0], " ") != want {
			t.Errorf("%s: %v, want %s alone", word, got, want)
		}
	}
}

func TestLexiconOptions(t *testing.T) {
	l := lexiconOf(t, cmudict07b, LexiconOptions{StripStress: true, Words: map[string]bool{"the": true, "READ": true, "none": true, "'bout": false}})
	if l.Len() != 2 {
		t.Errorf("got %d words, want 2", l.Len())
	}
	want := [][]string{{"DH", "AH"}, {"DH", "AH"}, {"DH", "IY"}}
	if diff := cmp.Diff(want, l.Pronunciations("The")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"AH", "D", "DH", "EH", "IY", "R"}, slices.Sorted(slices.Values(l.names))); diff != "" {
		t.Errorf("inventory (-want +got):\n%s", diff)
	}
	if none := lexiconOf(t, cmudict07b, LexiconOptions{Words: map[string]bool{}}); none.Len() != 0 {
		t.Errorf("an empty set of words keeps %d", none.Len())
	}
}

func TestPronunciationChoice(t *testing.T) {
	l := lexiconOf(t, cmudict07b+"TOMATO  T AH0 M EY1 T OW2\nTOMATO(1)  T AH0 M AA1 T OW2\n", LexiconOptions{})
	for _, test := range []struct {
		word    string
		choice  Choice
		aligned string
		want    string
	}{
		{"the", First, "DH IY0", "DH AH0"},
		{"the", Last, "DH AH0", "DH IY0"},
		{"the", Nearest, "DH IY0", "DH IY0"},
		{"the", Nearest, "dh iy", "DH IY0"},                      // TIMIT's letter case, no stress
		{"the", Nearest, "DH AH1", "DH AH1"},                     // stress decides among equals
		{"the", Nearest, "dh ah", "DH AH0"},                      // the first of equals
		{"the", Nearest, "", "DH AH0"},                           // nothing aligned
		{"tomato", Nearest, "t m aa dx ow", "T AH0 M AA1 T OW2"}, // reduced as speech is
		{"read", Nearest, "R IY1 D", "R IY1 D"},
		{"'bout", Nearest, "Z", "B AW1 T"},
	} {
		got, ok := l.Pronunciation(test.word, test.choice, strings.Fields(test.aligned))
		if !ok || strings.Join(got, " ") != test.want {
			t.Errorf("%s, %s, aligned %q: got %v, want %s", test.word, test.choice, test.aligned, got, test.want)
		}
	}
	if got, ok := l.Pronunciation("xyzzy", Nearest, []string{"Z"}); ok || got != nil {
		t.Errorf("a word that is not there: got %v, %t", got, ok)
	}
}

func TestLexiconErrors(t *testing.T) {
	tooMany := new(strings.Builder)
	for i := range maxPhones + 1 {
		fmt.Fprintf(tooMany, "W p%d\n", i)
	}
	for _, test := range []struct{ name, text, want string }{
		{"no phones", "A AH0\n\nB\nC # only a comment\n", "l.txt:3:1: expected a word and its phones, found the word \"B\" alone; " +
			"add its phones or delete the line\nl.txt:4:1: expected a word and its phones, found the word \"C\" alone; add its phones or delete the line"},
		{"only a probability", "A 1 AH0\nB 1\n", "l.txt:2:1: expected a word and its phones, found the word \"B\" alone; add its phones or delete the line"},
		{"only probabilities", "A 1.0 0.5\n", "l.txt:1:1: expected a word and its phones, found the word \"A\" alone; add its phones or delete the line"},
		{"Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n", "l.txt:1:1: found a Git LFS pointer, not the file that it stands for; fetch it with `git lfs pull`"},
		{"web page", "\ufeff\n<!DOCTYPE HTML>\n<html>\n", "l.txt:1:1: found a web page, probably the answer to a download that failed; download the file again"},
		{"binary", "A AH0\nB\x00C\n", "l.txt:2:2: expected text, found a zero byte; is this a pronunciation lexicon in UTF-8?"},
		{"long word", strings.Repeat("é", 50), "l.txt:1:1: expected a word and its phones, found the word \"" + strings.Repeat("é", 40) +
			"...\" alone; add its phones or delete the line"},
		{"long line", "A " + strings.Repeat("a ", maxLine), "l.txt:1:65536: expected lines of at most 65536 bytes, found a longer one; is this a text file?"},
		{"phones without end", tooMany.String(), "l.txt:4097:1: expected at most 4096 different phones, found more: is this a pronunciation lexicon?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ReadLexicon(strings.NewReader(test.text), "l.txt", LexiconOptions{})
			if err == nil || err.Error() != test.want {
				t.Errorf("got\n%v\nwant\n%s", err, test.want)
			}
			if placed := (*Error)(nil); !errors.As(err, &placed) || placed.File != "l.txt" {
				t.Errorf("%T holds no *Error with the file", err)
			}
		})
	}
}

func TestScanLexiconStops(t *testing.T) {
	stop := errors.New("enough")
	lines := 0
	err := ScanLexicon(strings.NewReader(cmudictNew), "l.txt", func(p Pronunciation) error {
		lines++
		if p.Word == "read" && p.Line == 4 {
			return stop
		}
		return nil
	})
	if err != stop || lines != 4 {
		t.Errorf("got %v after %d lines, want the caller's error after 4", err, lines)
	}
}

func TestReadFailure(t *testing.T) {
	broken := func() *failing { return &failing{text: "A AH0\nB B"} }
	if _, err := ReadLexicon(broken(), "l.txt", LexiconOptions{}); !errors.Is(err, errDisk) || err.Error() != "l.txt: after line 1: disk" {
		t.Errorf("lexicon: got %v", err)
	}
	if _, err := ReadLexicon(&failing{text: "A 1 AH0\nB 1 B", once: true}, "l.txt", LexiconOptions{}); !errors.Is(err, errDisk) {
		t.Errorf("lexicon, from a reader that fails once: got %v", err)
	}
	if _, err := ReadVocabulary(broken(), "v.txt"); !errors.Is(err, errDisk) {
		t.Errorf("vocabulary: got %v", err)
	}
	if _, err := ReadOptions(broken(), "c.json"); !errors.Is(err, errDisk) {
		t.Errorf("options: got %v", err)
	}
}

var errDisk = errors.New("disk")

// failing is a reader that gives its text and then fails, always or once: then it says that the file ends.
type failing struct {
	text         string
	once, failed bool
}

func (f *failing) Read(p []byte) (int, error) {
	switch {
	case f.text == "" && f.once && f.failed:
		return 0, io.EOF
	case f.text == "":
		f.failed = true
		return 0, errDisk
	}
	n := copy(p, f.text)
	f.text = f.text[n:]
	return n, nil
}

func ExampleLexicon_Pronunciation() {
	text := "READ  R EH1 D\nREAD(1)  R IY1 D\n"
	lexicon, err := ReadLexicon(strings.NewReader(text), "cmudict.txt", LexiconOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	aligned := []string{"r", "iy", "d"}
	for _, choice := range []Choice{First, Last, Nearest} {
		phones, _ := lexicon.Pronunciation("read", choice, aligned)
		fmt.Println(choice, phones)
	}
	// Output:
	// first [R EH1 D]
	// last [R IY1 D]
	// nearest [R IY1 D]
}
