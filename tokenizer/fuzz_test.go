package tokenizer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
)

// FuzzEncode checks what must hold of every text under every setting: the slices
// agree, offsets lie in the text and never go back, words count up without gaps,
// and the same text gives the same encoding.
func FuzzEncode(f *testing.F) {
	for _, c := range goldenCases(f, "testdata/wordpiece.json") {
		if len(c.Text) < 80 {
			f.Add(c.Text, uint8(len(c.Text)))
		}
	}
	f.Add("a\u302e\u0301b \u0344\u0f73\xff[MASK]\u0301", uint8(0))
	bert := bertVocabulary(f)
	f.Fuzz(func(t *testing.T, text string, setting uint8) {
		w := bert.WithOptions(Options{KeepCase: setting&1 != 0, KeepAccents: setting&2 != 0, KeepChinese: setting&4 != 0})
		e := w.Encode(text)
		checkEncoding(t, w, e)
		last, length := 0, utf8.RuneCountInString(text)
		for i := 1; i < len(e.IDs)-1; i++ {
			from, to := e.Offsets[i][0], e.Offsets[i][1]
			// Parts of one character share its place, so from may equal the last from.
			if from < last || to <= from || to > length {
				t.Fatalf("%q: offsets %v", text, e.Offsets)
			}
			last = from
			if step := e.Words[i] - e.Words[i-1]; step != 0 && step != 1 {
				t.Fatalf("%q: words %v", text, e.Words)
			}
		}
		if diff := cmp.Diff(e, w.Encode(text)); diff != "" {
			t.Fatalf("%q: a second time differs:\n%s", text, diff)
		}
	})
}

func checkEncoding(t *testing.T, w *WordPiece, e Encoding) {
	t.Helper()
	n := len(e.IDs)
	if n < 2 || len(e.Tokens) != n || len(e.Words) != n || len(e.Offsets) != n {
		t.Fatalf("lengths differ: %+v", e)
	}
	if e.Tokens[0] != classify || e.Tokens[n-1] != separator || e.Words[0] != -1 || e.Words[n-1] != -1 {
		t.Fatalf("not between [CLS] and [SEP]: %+v", e)
	}
	for i, id := range e.IDs {
		if w.Piece(id) != e.Tokens[i] {
			t.Fatalf("id %d is %q, not %q", id, w.Piece(id), e.Tokens[i])
		}
	}
}

// FuzzVocabulary checks that no file makes the reader panic, that errors have a
// place, and that a vocabulary which is taken reads the same when written again.
func FuzzVocabulary(f *testing.F) {
	f.Add([]byte("[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\n##s\n"), "thes THE")
	f.Add([]byte("\ufeff[UNK]\r\n[CLS]\r\n[SEP]\r\n##\r\n#"), "## #")
	f.Add([]byte("[UNK]\n[UNK]\n\xff\n\n"), "")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		w, err := ReadVocabulary(strings.NewReader(string(data)), "vocab.txt")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "vocab.txt:") {
				t.Fatalf("an error without a place: %v", err)
			}
			return
		}
		checkEncoding(t, w, w.Encode(text))
		var pieces []string
		for id := range w.Size() {
			pieces = append(pieces, w.Piece(int64(id)))
		}
		again, err := ReadVocabulary(strings.NewReader("\ufeff"+strings.Join(pieces, "\n")+"\n"), "vocab.txt")
		if err != nil {
			t.Fatalf("%q read once, not twice: %v", data, err)
		}
		if diff := cmp.Diff(w.Encode(text), again.Encode(text)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzOptions checks that no tokenizer_config.json makes the reader panic and that
// valid JSON objects fail only for a key that is read.
func FuzzOptions(f *testing.F) {
	f.Add([]byte(`{"do_lower_case": false, "strip_accents": null}`))
	f.Add([]byte("{\n\"do_lower_case\": 1}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := ReadOptions(strings.NewReader(string(data)), "c.json")
		if err == nil && !json.Valid(data) {
			t.Fatalf("%q is taken", data)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "c.json:") {
			t.Fatalf("an error without a place: %v", err)
		}
	})
}

// FuzzLexicon checks that no file makes the reader panic, that every choice is one
// of the pronunciations, and that the lexicon reads the same when written again.
func FuzzLexicon(f *testing.F) {
	for _, text := range []string{cmudict07b, cmudictNew, librispeech, kaldiProbabilities, kaldiWhole, mfaWhole, nltk, "A(1)(2) x\n(1) y\nB\n;;; c\n\xe9 a"} {
		f.Add([]byte(text), "DH IY0", false)
		f.Add([]byte(text), "r iy d", true)
	}
	f.Fuzz(func(t *testing.T, data []byte, aligned string, strip bool) {
		if len(data) > maxLine/2 {
			return // the line written again would be too long
		}
		o := LexiconOptions{StripStress: strip}
		l, err := ReadLexicon(strings.NewReader(string(data)), "l.txt", o)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "l.txt:") {
				t.Fatalf("an error without a place: %v", err)
			}
			return
		}
		written := new(strings.Builder)
		written.WriteString("\n") // a byte order mark is one on the first line only
		var words []string
		err = ScanLexicon(strings.NewReader(string(data)), "l.txt", func(p Pronunciation) error {
			words = append(words, p.Word)
			// With a number of its own a word keeps one that it ends in; after MFA's numbers a phone may be a number.
			fmt.Fprintf(written, "%s(0) 0.5 0.5 0.5 0.5 %s\n", p.Word, strings.Join(p.Phones, " "))
			return nil
		})
		if err != nil {
			t.Fatalf("read but not scanned: %v", err)
		}
		again, err := ReadLexicon(strings.NewReader(written.String()), "l.txt", o)
		if err != nil {
			t.Fatalf("read once, not twice: %v", err)
		}
		for _, word := range words {
			all := l.Pronunciations(word)
			if diff := cmp.Diff(all, again.Pronunciations(word)); diff != "" {
				t.Fatalf("%q written again (-once +twice):\n%s", word, diff)
			}
			for _, choice := range []Choice{First, Last, Nearest} {
				got, ok := l.Pronunciation(word, choice, strings.Fields(aligned))
				if !ok || !slices.ContainsFunc(all, func(p []string) bool { return slices.Equal(p, got) }) {
					t.Fatalf("%s %q: %v is none of %v", choice, word, got, all)
				}
			}
		}
		if l.Len() != again.Len() {
			t.Fatalf("%d words, %d when written again", l.Len(), again.Len())
		}
	})
}

// FuzzLevenshtein checks the axioms of a metric.
// FuzzFold: a folded word is folded, and letters taken apart from their accents make no difference.
func FuzzFold(f *testing.F) {
	for _, word := range []string{"Don’t", "ΟΔΟΣ", "İstanbul", "ı", "e\u0301\u00ad", "\xff"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		folded := Fold(word)
		if again := Fold(folded); again != folded {
			t.Errorf("%q folds to %q, and that to %q", word, folded, again)
		}
		if apart := Fold(norm.NFD.String(word)); utf8.ValidString(word) && apart != folded {
			t.Errorf("%q folds to %q, and apart to %q", word, folded, apart)
		}
	})
}

func FuzzLevenshtein(f *testing.F) {
	f.Add("kitten", "sitting", "mitten")
	f.Add("", "a", strings.Repeat("ab", 40))
	f.Fuzz(func(t *testing.T, a, b, c string) {
		x, y, z := strings.Split(a, ""), strings.Split(b, ""), strings.Split(c, "")
		if len(x)+len(y)+len(z) > 600 {
			return
		}
		xy, yz, xz := Levenshtein(x, y), Levenshtein(y, z), Levenshtein(x, z)
		shorter, longer := min(len(x), len(y)), max(len(x), len(y))
		switch {
		case xy != Levenshtein(y, x):
			t.Fatalf("%q, %q: not symmetric", a, b)
		case (xy == 0) != (a == b):
			t.Fatalf("%q, %q: distance %d", a, b, xy)
		case xy > longer || xy < longer-shorter:
			t.Fatalf("%q, %q: distance %d is out of bounds", a, b, xy)
		case xz > xy+yz:
			t.Fatalf("%q, %q, %q: %d > %d + %d", a, b, c, xz, xy, yz)
		}
	})
}
