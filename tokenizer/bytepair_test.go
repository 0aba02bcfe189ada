package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func smallBytePair(t testing.TB) *BytePair {
	t.Helper()
	b, err := LoadBytePair("testdata/bytepair/vocab.json", "testdata/bytepair/merges.txt")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type bytePairGolden struct {
	Cases      []goldenCase `json:"cases"`
	BlankFirst []goldenCase `json:"blank_first"`
}

func readBytePairGolden(t testing.TB) (golden bytePairGolden) {
	t.Helper()
	data, err := os.ReadFile("testdata/bytepair.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	return golden
}

// TestGoldenBytePair compares with Hugging Face's tokenizers: ids, pieces, words and offsets.
func TestGoldenBytePair(t *testing.T) {
	plain, golden := smallBytePair(t), readBytePairGolden(t)
	blank := plain.WithOptions(Options{BlankFirst: true})
	if len(golden.Cases) < 90 || len(golden.BlankFirst) < 50 {
		t.Fatalf("%d and %d golden cases", len(golden.Cases), len(golden.BlankFirst))
	}
	for _, c := range golden.Cases {
		if diff := cmp.Diff(c.encoding(), plain.Encode(c.Text)); diff != "" {
			t.Errorf("Encode(%q) (-want +got):\n%s", c.Text, diff)
		}
	}
	for _, c := range golden.BlankFirst {
		if diff := cmp.Diff(c.encoding(), blank.Encode(c.Text)); diff != "" {
			t.Errorf("with a blank first, Encode(%q) (-want +got):\n%s", c.Text, diff)
		}
	}
}

// A vocabulary that is damaged or of another kind is refused with the place.
func TestBytePairRefused(t *testing.T) {
	vocabulary, err := os.ReadFile("testdata/bytepair/vocab.json")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, vocabulary, merges, want string }{
		{"no object", "[1]", "", `vocab.json:1:1: expected a vocabulary, {"PIECE": ID, ...}`},
		{"Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "", "vocab.json:1:1: found a Git LFS pointer"},
		{"cut short", string(vocabulary[:100]), "", "vocab.json:1:"},
		{"a piece twice", `{"a": 0,` + "\n" + `"a": 1}`, "", `vocab.json:2:6: expected every piece once, found "a" again`},
		{"an id twice", `{"a": 0, "b": 0}`, "", `expected every id once, found 0 of "a" and of "b"`},
		{"a text for an id", `{"a": "0"}`, "", `expected the id of "a", a number from 0 to 4194303, found 0`},
		{"a fraction", `{"a": 0.5}`, "", `expected the id of "a", a number from 0 to 4194303, found 0.5`},
		{"a large id", `{"a": 4194304}`, "", `found 4194304`},
		{"a gap", `{"a": 0, "b": 70000}`, "", `expected ids without large gaps, found 2 pieces and the id 70000`},
		{"a negative id", `{"a": -1}`, "", `found -1`},
		{"more behind it", string(vocabulary) + "{}", "", "expected nothing after the vocabulary"},
		{"no begin", strings.Replace(string(vocabulary), `"<s>"`, `"<a>"`, 1), "", `vocab.json:1:1: expected the piece that begins a text, "<s>", in the vocabulary, found 480 pieces without it`},
		{"a byte is missing", strings.Replace(string(vocabulary), `"Ċ"`, `"ĊĊĊ"`, 1), "", `expected a piece for byte 10, "Ċ"`},
		{"no pair", string(vocabulary), "#version: 0.2\nth\n", `merges.txt:2:1: expected two pieces with a blank between them, found "th"`},
		{"an unknown piece", string(vocabulary), "t h\nq q\n", `merges.txt:2:1: expected pieces of the vocabulary, which has no "qq"`},
	}
	for _, tt := range tests {
		_, err := ReadBytePair(strings.NewReader(tt.vocabulary), strings.NewReader(tt.merges), "vocab.json", "merges.txt")
		var placed *Error
		if err == nil || !strings.Contains(err.Error(), tt.want) || !errors.As(err, &placed) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	b := smallBytePair(t)
	if b.Size() != 480 || b.Piece(0) != "<s>" || b.Piece(480) != "" || b.Piece(-1) != "" || b.CheckSize(480) != nil || b.CheckSize(500) == nil {
		t.Errorf("size %d, piece 0 %q, %v, %v", b.Size(), b.Piece(0), b.CheckSize(480), b.CheckSize(500))
	}
}

// FuzzBytePair checks what must hold of every text: the pieces are those of the text's bytes in their order, offsets lie in the text
// and never go back, and words are the same as in the text that they make.
func FuzzBytePair(f *testing.F) {
	for _, c := range readBytePairGolden(f).Cases {
		f.Add(c.Text, len(c.Text)%2 == 0)
	}
	f.Add("a\xff\xfe<s>\xc3", true)
	plain := smallBytePair(f)
	byteOf := map[rune]byte{}
	for b, r := range byteRunes {
		byteOf[r] = byte(b)
	}
	f.Fuzz(func(t *testing.T, text string, blankFirst bool) {
		b := plain.WithOptions(Options{BlankFirst: blankFirst})
		e := b.Encode(text)
		n, last, length := len(e.IDs), 0, utf8.RuneCountInString(text)
		if n < 2 || len(e.Tokens) != n || len(e.Words) != n || len(e.Offsets) != n || e.Tokens[0] != beginOfText || e.Tokens[n-1] != endOfText {
			t.Fatalf("%q: %+v", text, e)
		}
		var spelt []byte
		for i := 1; i < n-1; i++ {
			from, to := e.Offsets[i][0], e.Offsets[i][1]
			if from < last || to < from || to > length || b.Piece(e.IDs[i]) != e.Tokens[i] {
				t.Fatalf("%q: offsets %v, tokens %q", text, e.Offsets, e.Tokens)
			}
			last = from
			if step := e.Words[i] - e.Words[i-1]; step != 0 && step != 1 {
				t.Fatalf("%q: words %v", text, e.Words)
			}
			for _, r := range e.Tokens[i] {
				if of, ok := byteOf[r]; ok {
					spelt = append(spelt, of)
				} else {
					t.Fatalf("%q: token %q", text, e.Tokens[i])
				}
			}
		}
		if want := strings.ToValidUTF8(string([]rune(text)), ""); !blankFirst && string(spelt) != want {
			t.Fatalf("%q is spelt as %q", want, spelt)
		}
	})
}

// FuzzBytePairFiles checks that no files make the reader panic, and that what is taken can be used. The vocabulary is a whole file, or
// what stands in it behind the pieces that every one has.
func FuzzBytePairFiles(f *testing.F) {
	must := `{"<s>":300,"</s>":301`
	for b, r := range byteRunes {
		piece, err := json.Marshal(string(r))
		if err != nil {
			f.Fatal(err)
		}
		must += fmt.Sprintf(",%s:%d", piece, b)
	}
	f.Add([]byte(`,"th":400,"the":401}`), []byte("#version: 0.2\nt h\nth e\n"), "the <s>", false)
	f.Add([]byte(`{"a": 1, "b": [`), []byte("a b"), "a", true)
	f.Fuzz(func(t *testing.T, vocabulary, merges []byte, text string, whole bool) {
		given := string(vocabulary)
		if !whole {
			given = must + given
		}
		b, err := ReadBytePair(strings.NewReader(given), strings.NewReader(string(merges)), "vocab.json", "merges.txt")
		if err != nil {
			return
		}
		for _, id := range b.Encode(text).IDs {
			if id < 0 || id >= int64(b.Size()) {
				t.Fatalf("id %d of %d", id, b.Size())
			}
		}
	})
}
